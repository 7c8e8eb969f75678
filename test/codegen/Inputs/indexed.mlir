// Gathers inside other kernels and sums at indices: odd extents, every layout of the operands, many and few columns.
nn.kernel @rows(%x: tensor<13x37xf32>, %i: tensor<61xui8>) -> tensor<61x37xf32> tasks 1 {
  %y = nn.gather %x, %i {axis = 0 : i64} : tensor<13x37xf32>, tensor<61xui8> -> tensor<61x37xf32>
  %z = nn.tanh %y : tensor<61x37xf32> -> tensor<61x37xf32>
  nn.yield %z : tensor<61x37xf32>
}
nn.kernel @columns(%x: tensor<13x37xf32>, %i: tensor<5x7xi32>) -> tensor<13x5x7xf32, #nn.layout<[1, 2, 0]>> tasks 1 {
  %y = nn.gather %x, %i {axis = 1 : i64} : tensor<13x37xf32>, tensor<5x7xi32> -> tensor<13x5x7xf32, #nn.layout<[1, 2, 0]>>
  nn.yield %y : tensor<13x5x7xf32, #nn.layout<[1, 2, 0]>>
}
nn.kernel @chosen(%x: tensor<33x10xf32>, %i: tensor<33xui8>) -> tensor<f32> tasks 1 {
  %f = nn.reshape %x : tensor<33x10xf32> -> tensor<330xf32>
  %y = nn.gather %f, %i {axis = 0 : i64} : tensor<330xf32>, tensor<33xui8> -> tensor<33xf32>
  %s = nn.reduce_sum %y {axes = array<i64: 0>} : tensor<33xf32> -> tensor<f32>
  nn.yield %s : tensor<f32>
}
nn.kernel @sums(%d: tensor<61x37xf32>, %i: tensor<61xui8>) -> tensor<13x37xf32> tasks 1 {
  %y = nn.scatter_sum %d, %i {axis = 0 : i64} : tensor<61x37xf32>, tensor<61xui8> -> tensor<13x37xf32>
  nn.yield %y : tensor<13x37xf32>
}
nn.kernel @many_columns(%d: tensor<33x1000xf32>, %i: tensor<33xui8>) -> tensor<200x1000xf32> tasks 8 {
  %y = nn.scatter_sum %d, %i {axis = 0 : i64} : tensor<33x1000xf32>, tensor<33xui8> -> tensor<200x1000xf32>
  nn.yield %y : tensor<200x1000xf32>
}
nn.kernel @batch_innermost(%d: tensor<33x9x20xf32, #nn.layout<[1, 2, 0]>>, %i: tensor<33x9xi32, #nn.layout<[1, 0]>>) -> tensor<11x20xf32> tasks 1 {
  %y = nn.scatter_sum %d, %i {axis = 0 : i64} : tensor<33x9x20xf32, #nn.layout<[1, 2, 0]>>, tensor<33x9xi32, #nn.layout<[1, 0]>> -> tensor<11x20xf32>
  nn.yield %y : tensor<11x20xf32>
}
nn.kernel @inner_axis(%d: tensor<4x7x3xf64>, %i: tensor<3xi64>) -> tensor<4x7x5xf64> tasks 1 {
  %y = nn.scatter_sum %d, %i {axis = 2 : i64} : tensor<4x7x3xf64>, tensor<3xi64> -> tensor<4x7x5xf64>
  nn.yield %y : tensor<4x7x5xf64>
}
nn.kernel @histogram(%d: tensor<100xf32>, %i: tensor<100xi32>) -> tensor<10xf32> tasks 1 {
  %y = nn.scatter_sum %d, %i {axis = 0 : i64} : tensor<100xf32>, tensor<100xi32> -> tensor<10xf32>
  nn.yield %y : tensor<10xf32>
}
