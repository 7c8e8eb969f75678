// Windows: overlapping, padded, disjoint with and without rest, batch innermost and row-major, with maps around them.
nn.kernel @sum_disjoint(%x: tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<64x6x14x14xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %t = nn.abs %x : tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>
  %y = nn.window_sum %t {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>, high = array<i64: 0, 0>} : tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<64x6x14x14xf32, #nn.layout<[1, 2, 3, 0]>>
  %z = nn.neg %y : tensor<64x6x14x14xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<64x6x14x14xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %z : tensor<64x6x14x14xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @spread_disjoint(%d: tensor<64x6x14x14xf32, #nn.layout<[1, 2, 3, 0]>>, %x: tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %y = nn.window_spread %d {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>, high = array<i64: 0, 0>} : tensor<64x6x14x14xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>
  %z = nn.mul %y, %x : tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>, tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %z : tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @max_disjoint(%x: tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<64x6x14x14xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %y = nn.window_max %x {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>, high = array<i64: 0, 0>} : tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<64x6x14x14xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %y : tensor<64x6x14x14xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @max_spread_disjoint(%x: tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>, %d: tensor<64x6x14x14xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %y = nn.window_max_spread %x, %d {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>, high = array<i64: 0, 0>} : tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>, tensor<64x6x14x14xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %y : tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @max_pick_disjoint(%x: tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>, %v: tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<64x6x14x14xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %y = nn.window_max_pick %x, %v {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>, high = array<i64: 0, 0>} : tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>, tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<64x6x14x14xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %y : tensor<64x6x14x14xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @sum_disjoint_rows(%x: tensor<5x6x8x8xf32>) -> tensor<5x6x4x4xf32> tasks 1 {
  %t = nn.abs %x : tensor<5x6x8x8xf32> -> tensor<5x6x8x8xf32>
  %y = nn.window_sum %t {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>, high = array<i64: 0, 0>} : tensor<5x6x8x8xf32> -> tensor<5x6x4x4xf32>
  %z = nn.neg %y : tensor<5x6x4x4xf32> -> tensor<5x6x4x4xf32>
  nn.yield %z : tensor<5x6x4x4xf32>
}
nn.kernel @spread_disjoint_rows(%d: tensor<5x6x4x4xf32>, %x: tensor<5x6x8x8xf32>) -> tensor<5x6x8x8xf32> tasks 1 {
  %y = nn.window_spread %d {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>, high = array<i64: 0, 0>} : tensor<5x6x4x4xf32> -> tensor<5x6x8x8xf32>
  %z = nn.mul %y, %x : tensor<5x6x8x8xf32>, tensor<5x6x8x8xf32> -> tensor<5x6x8x8xf32>
  nn.yield %z : tensor<5x6x8x8xf32>
}
nn.kernel @max_disjoint_rows(%x: tensor<5x6x8x8xf32>) -> tensor<5x6x4x4xf32> tasks 1 {
  %y = nn.window_max %x {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>, high = array<i64: 0, 0>} : tensor<5x6x8x8xf32> -> tensor<5x6x4x4xf32>
  nn.yield %y : tensor<5x6x4x4xf32>
}
nn.kernel @max_spread_disjoint_rows(%x: tensor<5x6x8x8xf32>, %d: tensor<5x6x4x4xf32>) -> tensor<5x6x8x8xf32> tasks 1 {
  %y = nn.window_max_spread %x, %d {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>, high = array<i64: 0, 0>} : tensor<5x6x8x8xf32>, tensor<5x6x4x4xf32> -> tensor<5x6x8x8xf32>
  nn.yield %y : tensor<5x6x8x8xf32>
}
nn.kernel @max_pick_disjoint_rows(%x: tensor<5x6x8x8xf32>, %v: tensor<5x6x8x8xf32>) -> tensor<5x6x4x4xf32> tasks 1 {
  %y = nn.window_max_pick %x, %v {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>, high = array<i64: 0, 0>} : tensor<5x6x8x8xf32>, tensor<5x6x8x8xf32> -> tensor<5x6x4x4xf32>
  nn.yield %y : tensor<5x6x4x4xf32>
}
nn.kernel @sum_rest(%x: tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<17x6x4x4xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %t = nn.abs %x : tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>
  %y = nn.window_sum %t {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>, high = array<i64: 0, 0>} : tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<17x6x4x4xf32, #nn.layout<[1, 2, 3, 0]>>
  %z = nn.neg %y : tensor<17x6x4x4xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<17x6x4x4xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %z : tensor<17x6x4x4xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @spread_rest(%d: tensor<17x6x4x4xf32, #nn.layout<[1, 2, 3, 0]>>, %x: tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %y = nn.window_spread %d {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>, high = array<i64: 0, 0>} : tensor<17x6x4x4xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>
  %z = nn.mul %y, %x : tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>, tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %z : tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @max_rest(%x: tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<17x6x4x4xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %y = nn.window_max %x {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>, high = array<i64: 0, 0>} : tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<17x6x4x4xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %y : tensor<17x6x4x4xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @max_spread_rest(%x: tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>, %d: tensor<17x6x4x4xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %y = nn.window_max_spread %x, %d {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>, high = array<i64: 0, 0>} : tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>, tensor<17x6x4x4xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %y : tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @max_pick_rest(%x: tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>, %v: tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<17x6x4x4xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %y = nn.window_max_pick %x, %v {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>, high = array<i64: 0, 0>} : tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>, tensor<17x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<17x6x4x4xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %y : tensor<17x6x4x4xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @sum_overlap(%x: tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<19x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %t = nn.abs %x : tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>
  %y = nn.window_sum %t {window = array<i64: 3, 3>, strides = array<i64: 2, 2>, low = array<i64: 1, 1>, high = array<i64: 1, 1>} : tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<19x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>>
  %z = nn.neg %y : tensor<19x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<19x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %z : tensor<19x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @spread_overlap(%d: tensor<19x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>>, %x: tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %y = nn.window_spread %d {window = array<i64: 3, 3>, strides = array<i64: 2, 2>, low = array<i64: 1, 1>, high = array<i64: 1, 1>} : tensor<19x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>
  %z = nn.mul %y, %x : tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>, tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %z : tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @max_overlap(%x: tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<19x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %y = nn.window_max %x {window = array<i64: 3, 3>, strides = array<i64: 2, 2>, low = array<i64: 1, 1>, high = array<i64: 1, 1>} : tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<19x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %y : tensor<19x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @max_spread_overlap(%x: tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>, %d: tensor<19x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %y = nn.window_max_spread %x, %d {window = array<i64: 3, 3>, strides = array<i64: 2, 2>, low = array<i64: 1, 1>, high = array<i64: 1, 1>} : tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>, tensor<19x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %y : tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @max_pick_overlap(%x: tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>, %v: tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<19x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %y = nn.window_max_pick %x, %v {window = array<i64: 3, 3>, strides = array<i64: 2, 2>, low = array<i64: 1, 1>, high = array<i64: 1, 1>} : tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>>, tensor<19x6x9x9xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<19x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %y : tensor<19x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @sum_overlap_rows(%x: tensor<2x6x9x9xf32>) -> tensor<2x6x8x8xf32> tasks 1 {
  %t = nn.abs %x : tensor<2x6x9x9xf32> -> tensor<2x6x9x9xf32>
  %y = nn.window_sum %t {window = array<i64: 3, 3>, strides = array<i64: 1, 1>, low = array<i64: 1, 1>, high = array<i64: 0, 0>} : tensor<2x6x9x9xf32> -> tensor<2x6x8x8xf32>
  %z = nn.neg %y : tensor<2x6x8x8xf32> -> tensor<2x6x8x8xf32>
  nn.yield %z : tensor<2x6x8x8xf32>
}
nn.kernel @spread_overlap_rows(%d: tensor<2x6x8x8xf32>, %x: tensor<2x6x9x9xf32>) -> tensor<2x6x9x9xf32> tasks 1 {
  %y = nn.window_spread %d {window = array<i64: 3, 3>, strides = array<i64: 1, 1>, low = array<i64: 1, 1>, high = array<i64: 0, 0>} : tensor<2x6x8x8xf32> -> tensor<2x6x9x9xf32>
  %z = nn.mul %y, %x : tensor<2x6x9x9xf32>, tensor<2x6x9x9xf32> -> tensor<2x6x9x9xf32>
  nn.yield %z : tensor<2x6x9x9xf32>
}
nn.kernel @max_overlap_rows(%x: tensor<2x6x9x9xf32>) -> tensor<2x6x8x8xf32> tasks 1 {
  %y = nn.window_max %x {window = array<i64: 3, 3>, strides = array<i64: 1, 1>, low = array<i64: 1, 1>, high = array<i64: 0, 0>} : tensor<2x6x9x9xf32> -> tensor<2x6x8x8xf32>
  nn.yield %y : tensor<2x6x8x8xf32>
}
nn.kernel @max_spread_overlap_rows(%x: tensor<2x6x9x9xf32>, %d: tensor<2x6x8x8xf32>) -> tensor<2x6x9x9xf32> tasks 1 {
  %y = nn.window_max_spread %x, %d {window = array<i64: 3, 3>, strides = array<i64: 1, 1>, low = array<i64: 1, 1>, high = array<i64: 0, 0>} : tensor<2x6x9x9xf32>, tensor<2x6x8x8xf32> -> tensor<2x6x9x9xf32>
  nn.yield %y : tensor<2x6x9x9xf32>
}
nn.kernel @max_pick_overlap_rows(%x: tensor<2x6x9x9xf32>, %v: tensor<2x6x9x9xf32>) -> tensor<2x6x8x8xf32> tasks 1 {
  %y = nn.window_max_pick %x, %v {window = array<i64: 3, 3>, strides = array<i64: 1, 1>, low = array<i64: 1, 1>, high = array<i64: 0, 0>} : tensor<2x6x9x9xf32>, tensor<2x6x9x9xf32> -> tensor<2x6x8x8xf32>
  nn.yield %y : tensor<2x6x8x8xf32>
}
