// Reductions: kept and reduced lanes, several at once, with maps before and behind, softmax-like groups.
nn.kernel @everything(%a: tensor<5x7x11xf32>) -> tensor<f32> tasks 1 {
  %y = nn.reduce_sum %a {axes = array<i64: 0, 1, 2>} : tensor<5x7x11xf32> -> tensor<f32>
  nn.yield %y : tensor<f32>
}
nn.kernel @norm(%a: tensor<61706xf32>) -> tensor<f32> tasks 1 {
  %s = nn.mul %a, %a : tensor<61706xf32>, tensor<61706xf32> -> tensor<61706xf32>
  %y = nn.reduce_sum %s {axes = array<i64: 0>} : tensor<61706xf32> -> tensor<f32>
  %r = nn.sqrt %y : tensor<f32> -> tensor<f32>
  nn.yield %r : tensor<f32>
}
nn.kernel @rows(%a: tensor<9x37xf32>) -> tensor<9xf32> tasks 1 {
  %e = nn.exp %a : tensor<9x37xf32> -> tensor<9x37xf32>
  %y = nn.reduce_sum %e {axes = array<i64: 1>} : tensor<9x37xf32> -> tensor<9xf32>
  nn.yield %y : tensor<9xf32>
}
nn.kernel @columns(%a: tensor<37x19xf32>) -> tensor<19xf32> tasks 1 {
  %y = nn.reduce_max %a {axes = array<i64: 0>} : tensor<37x19xf32> -> tensor<19xf32>
  nn.yield %y : tensor<19xf32>
}
nn.kernel @small_rows(%a: tensor<64x10xf32>) -> (tensor<64xf32>, tensor<64xi32>) tasks 1 {
  %y = nn.reduce_max %a {axes = array<i64: 1>} : tensor<64x10xf32> -> tensor<64xf32>
  %i = nn.argmax %a {axis = 1 : i64} : tensor<64x10xf32> -> tensor<64xi32>
  nn.yield %y, %i : tensor<64xf32>, tensor<64xi32>
}
nn.kernel @counted(%a: tensor<29x3xi1>) -> tensor<3xi32> tasks 1 {
  %c = nn.cast %a : tensor<29x3xi1> -> tensor<29x3xi32>
  %y = nn.reduce_sum %c {axes = array<i64: 0>} : tensor<29x3xi32> -> tensor<3xi32>
  nn.yield %y : tensor<3xi32>
}
nn.kernel @doubles(%a: tensor<29x13xf64>) -> tensor<29xf64> tasks 1 {
  %y = nn.reduce_min %a {axes = array<i64: 1>} : tensor<29x13xf64> -> tensor<29xf64>
  nn.yield %y : tensor<29xf64>
}
nn.kernel @bias_grad(%d: tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>, %y: tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<6xf32> tasks 1 {
  %p = nn.mul %d, %y : tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>, tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>
  %s = nn.reduce_sum %p {axes = array<i64: 0, 2, 3>} : tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<6xf32>
  nn.yield %s : tensor<6xf32>
}
nn.kernel @bias_grad_rows(%d: tensor<32x128xf32>) -> tensor<128xf32> tasks 1 {
  %s = nn.reduce_sum %d {axes = array<i64: 0>} : tensor<32x128xf32> -> tensor<128xf32>
  nn.yield %s : tensor<128xf32>
}
nn.kernel @softmax(%a: tensor<33x10xf32>) -> tensor<33x10xf32> tasks 1 {
  %m = nn.reduce_max %a {axes = array<i64: 1>} : tensor<33x10xf32> -> tensor<33xf32>
  %mb = nn.broadcast %m {dims = array<i64: 0>} : tensor<33xf32> -> tensor<33x10xf32>
  %c = nn.sub %a, %mb : tensor<33x10xf32>, tensor<33x10xf32> -> tensor<33x10xf32>
  %e = nn.exp %c : tensor<33x10xf32> -> tensor<33x10xf32>
  %s = nn.reduce_sum %e {axes = array<i64: 1>} : tensor<33x10xf32> -> tensor<33xf32>
  %sb = nn.broadcast %s {dims = array<i64: 0>} : tensor<33xf32> -> tensor<33x10xf32>
  %y = nn.div %e, %sb : tensor<33x10xf32>, tensor<33x10xf32> -> tensor<33x10xf32>
  nn.yield %y : tensor<33x10xf32>
}
nn.kernel @softmax_batch_innermost(%a: tensor<67x10xf32, #nn.layout<[1, 0]>>) -> tensor<67x10xf32, #nn.layout<[1, 0]>> tasks 1 {
  %m = nn.reduce_max %a {axes = array<i64: 1>} : tensor<67x10xf32, #nn.layout<[1, 0]>> -> tensor<67xf32>
  %mb = nn.broadcast %m {dims = array<i64: 0>} : tensor<67xf32> -> tensor<67x10xf32, #nn.layout<[1, 0]>>
  %c = nn.sub %a, %mb : tensor<67x10xf32, #nn.layout<[1, 0]>>, tensor<67x10xf32, #nn.layout<[1, 0]>> -> tensor<67x10xf32, #nn.layout<[1, 0]>>
  %e = nn.exp %c : tensor<67x10xf32, #nn.layout<[1, 0]>> -> tensor<67x10xf32, #nn.layout<[1, 0]>>
  %s = nn.reduce_sum %e {axes = array<i64: 1>} : tensor<67x10xf32, #nn.layout<[1, 0]>> -> tensor<67xf32>
  %sb = nn.broadcast %s {dims = array<i64: 0>} : tensor<67xf32> -> tensor<67x10xf32, #nn.layout<[1, 0]>>
  %y = nn.div %e, %sb : tensor<67x10xf32, #nn.layout<[1, 0]>>, tensor<67x10xf32, #nn.layout<[1, 0]>> -> tensor<67x10xf32, #nn.layout<[1, 0]>>
  nn.yield %y : tensor<67x10xf32, #nn.layout<[1, 0]>>
}
nn.kernel @cross_entropy(%a: tensor<64x10xf32, #nn.layout<[1, 0]>>, %l: tensor<64xi32>) -> (tensor<f32>, tensor<64x10xf32, #nn.layout<[1, 0]>>) tasks 1 {
  %m = nn.reduce_max %a {axes = array<i64: 1>} : tensor<64x10xf32, #nn.layout<[1, 0]>> -> tensor<64xf32>
  %mb = nn.broadcast %m {dims = array<i64: 0>} : tensor<64xf32> -> tensor<64x10xf32>
  %c = nn.sub %a, %mb : tensor<64x10xf32, #nn.layout<[1, 0]>>, tensor<64x10xf32> -> tensor<64x10xf32>
  %e = nn.exp %c : tensor<64x10xf32> -> tensor<64x10xf32>
  %s = nn.reduce_sum %e {axes = array<i64: 1>} : tensor<64x10xf32> -> tensor<64xf32>
  %ls = nn.log %s : tensor<64xf32> -> tensor<64xf32>
  %i = nn.iota {axis = 1 : i64} : tensor<64x10xi32>
  %lb = nn.broadcast %l {dims = array<i64: 0>} : tensor<64xi32> -> tensor<64x10xi32>
  %q = nn.compare eq, %i, %lb : tensor<64x10xi32>, tensor<64x10xi32> -> tensor<64x10xi1>
  %h = nn.cast %q : tensor<64x10xi1> -> tensor<64x10xf32>
  %hc = nn.mul %h, %c : tensor<64x10xf32>, tensor<64x10xf32> -> tensor<64x10xf32>
  %picked = nn.reduce_sum %hc {axes = array<i64: 1>} : tensor<64x10xf32> -> tensor<64xf32>
  %row = nn.sub %ls, %picked : tensor<64xf32>, tensor<64xf32> -> tensor<64xf32>
  %t = nn.reduce_sum %row {axes = array<i64: 0>} : tensor<64xf32> -> tensor<f32>
  %n = nn.constant dense<0.015625> : tensor<f32>
  %loss = nn.mul %t, %n : tensor<f32>, tensor<f32> -> tensor<f32>
  %sb = nn.broadcast %s {dims = array<i64: 0>} : tensor<64xf32> -> tensor<64x10xf32>
  %p = nn.div %e, %sb : tensor<64x10xf32>, tensor<64x10xf32> -> tensor<64x10xf32>
  %g = nn.sub %p, %h : tensor<64x10xf32>, tensor<64x10xf32> -> tensor<64x10xf32, #nn.layout<[1, 0]>>
  nn.yield %loss, %g : tensor<f32>, tensor<64x10xf32, #nn.layout<[1, 0]>>
}
nn.kernel @variance(%a: tensor<17x6x5x5xf32>) -> (tensor<6xf32>, tensor<6xf32>) tasks 1 {
  %k = nn.constant dense<0.002352941> : tensor<6xf32>
  %s = nn.reduce_sum %a {axes = array<i64: 0, 2, 3>} : tensor<17x6x5x5xf32> -> tensor<6xf32>
  %m = nn.mul %s, %k : tensor<6xf32>, tensor<6xf32> -> tensor<6xf32>
  %mb = nn.broadcast %m {dims = array<i64: 1>} : tensor<6xf32> -> tensor<17x6x5x5xf32>
  %c = nn.sub %a, %mb : tensor<17x6x5x5xf32>, tensor<17x6x5x5xf32> -> tensor<17x6x5x5xf32>
  %q = nn.mul %c, %c : tensor<17x6x5x5xf32>, tensor<17x6x5x5xf32> -> tensor<17x6x5x5xf32>
  %t = nn.reduce_sum %q {axes = array<i64: 0, 2, 3>} : tensor<17x6x5x5xf32> -> tensor<6xf32>
  %v = nn.mul %t, %k : tensor<6xf32>, tensor<6xf32> -> tensor<6xf32>
  nn.yield %m, %v : tensor<6xf32>, tensor<6xf32>
}
nn.kernel @product(%a: tensor<9x21xf32>, %b: tensor<21x18xf32>, %c: tensor<18xf32>) -> tensor<9x18xf32> tasks 1 {
  %p = nn.contract %a, %b {lhs = array<i64: 0, 2>, rhs = array<i64: 2, 1>, out = array<i64: 0, 1>} : tensor<9x21xf32>, tensor<21x18xf32> -> tensor<9x18xf32>
  %w = nn.broadcast %c {dims = array<i64: 1>} : tensor<18xf32> -> tensor<9x18xf32>
  %y = nn.add %p, %w : tensor<9x18xf32>, tensor<9x18xf32> -> tensor<9x18xf32>
  nn.yield %y : tensor<9x18xf32>
}
nn.kernel @conv(%x: tensor<3x2x9x8xf32>, %w: tensor<5x2x3x3xf32>) -> tensor<3x5x9x8xf32> tasks 1 {
  %y = nn.conv %x, %w {strides = array<i64: 1, 1>, low = array<i64: 1, 1>, high = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 1 : i64} : tensor<3x2x9x8xf32>, tensor<5x2x3x3xf32> -> tensor<3x5x9x8xf32>
  nn.yield %y : tensor<3x5x9x8xf32>
}
nn.kernel @whole_mean(%a: tensor<40x40xf32>) -> tensor<40x40xf32> tasks 1 {
  %s = nn.reduce_sum %a {axes = array<i64: 0, 1>} : tensor<40x40xf32> -> tensor<f32>
  %b = nn.broadcast %s {dims = array<i64>} : tensor<f32> -> tensor<40x40xf32>
  %y = nn.sub %a, %b : tensor<40x40xf32>, tensor<40x40xf32> -> tensor<40x40xf32>
  nn.yield %y : tensor<40x40xf32>
}
nn.kernel @bytes(%a: tensor<33x70xui8>) -> (tensor<33xui8>, tensor<33xui8>, tensor<33xi32>) tasks 1 {
  %h = nn.reduce_max %a {axes = array<i64: 1>} : tensor<33x70xui8> -> tensor<33xui8>
  %l = nn.reduce_min %a {axes = array<i64: 1>} : tensor<33x70xui8> -> tensor<33xui8>
  %p = nn.argmax %a {axis = 1 : i64} : tensor<33x70xui8> -> tensor<33xi32>
  nn.yield %h, %l, %p : tensor<33xui8>, tensor<33xui8>, tensor<33xi32>
}
