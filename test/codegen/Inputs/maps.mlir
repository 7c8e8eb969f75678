// Maps: flat, broadcast, transposed, several results, other types, tails of every kind.
nn.kernel @scalar(%a: tensor<f32>, %b: tensor<f64>) -> tensor<f32> tasks 1 {
  %c = nn.cast %b : tensor<f64> -> tensor<f32>
  %y = nn.mul %a, %c : tensor<f32>, tensor<f32> -> tensor<f32>
  nn.yield %y : tensor<f32>
}
nn.kernel @flat_one(%a: tensor<1xf32>) -> tensor<1xf32> tasks 1 {
  %y = nn.exp %a : tensor<1xf32> -> tensor<1xf32>
  nn.yield %y : tensor<1xf32>
}
nn.kernel @flat_prime(%a: tensor<10007xf32>, %b: tensor<10007xf32>) -> tensor<10007xf32> tasks 1 {
  %t = nn.mul %a, %b : tensor<10007xf32>, tensor<10007xf32> -> tensor<10007xf32>
  %y = nn.add %t, %a : tensor<10007xf32>, tensor<10007xf32> -> tensor<10007xf32>
  nn.yield %y : tensor<10007xf32>
}
nn.kernel @flat_large(%a: tensor<200003xf32>, %b: tensor<200003xf32>) -> (tensor<200003xf32>, tensor<200003xi1>) tasks 1 {
  %t = nn.mul %a, %b : tensor<200003xf32>, tensor<200003xf32> -> tensor<200003xf32>
  %c = nn.compare gt, %t, %b : tensor<200003xf32>, tensor<200003xf32> -> tensor<200003xi1>
  nn.yield %t, %c : tensor<200003xf32>, tensor<200003xi1>
}
nn.kernel @double(%a: tensor<5x13xf64>) -> tensor<5x13xf64> tasks 1 {
  %y = nn.sqrt %a : tensor<5x13xf64> -> tensor<5x13xf64>
  %z = nn.abs %a : tensor<5x13xf64> -> tensor<5x13xf64>
  %m = nn.compare lt, %a, %z : tensor<5x13xf64>, tensor<5x13xf64> -> tensor<5x13xi1>
  %n = nn.sqrt %z : tensor<5x13xf64> -> tensor<5x13xf64>
  %w = nn.select %m, %n, %y : tensor<5x13xi1>, tensor<5x13xf64>, tensor<5x13xf64> -> tensor<5x13xf64>
  nn.yield %w : tensor<5x13xf64>
}
nn.kernel @bias(%a: tensor<7x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>>, %b: tensor<6xf32>) -> tensor<7x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %w = nn.broadcast %b {dims = array<i64: 1>} : tensor<6xf32> -> tensor<7x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>>
  %s = nn.add %a, %w : tensor<7x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>>, tensor<7x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<7x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>>
  %y = nn.tanh %s : tensor<7x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<7x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %y : tensor<7x6x5x5xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @row_bias(%a: tensor<32x128xf32>, %b: tensor<128xf32>) -> tensor<32x128xf32> tasks 1 {
  %w = nn.broadcast %b {dims = array<i64: 1>} : tensor<128xf32> -> tensor<32x128xf32>
  %s = nn.add %a, %w : tensor<32x128xf32>, tensor<32x128xf32> -> tensor<32x128xf32>
  %z = nn.constant dense<0.0> : tensor<32x128xf32>
  %y = nn.max %s, %z : tensor<32x128xf32>, tensor<32x128xf32> -> tensor<32x128xf32>
  nn.yield %y : tensor<32x128xf32>
}
nn.kernel @bytes(%a: tensor<64x1x28x28xui8>) -> tensor<64x1x28x28xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %f = nn.cast %a : tensor<64x1x28x28xui8> -> tensor<64x1x28x28xf32, #nn.layout<[1, 2, 3, 0]>>
  %c = nn.constant dense<255.0> : tensor<64x1x28x28xf32>
  %y = nn.div %f, %c : tensor<64x1x28x28xf32, #nn.layout<[1, 2, 3, 0]>>, tensor<64x1x28x28xf32> -> tensor<64x1x28x28xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %y : tensor<64x1x28x28xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @bytes_odd(%a: tensor<33x1x5x7xui8>) -> tensor<33x1x5x7xf32, #nn.layout<[1, 2, 3, 0]>> tasks 1 {
  %f = nn.cast %a : tensor<33x1x5x7xui8> -> tensor<33x1x5x7xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %f : tensor<33x1x5x7xf32, #nn.layout<[1, 2, 3, 0]>>
}
nn.kernel @relayout(%a: tensor<64x400xf32, #nn.layout<[1, 0]>>) -> tensor<64x400xf32> tasks 1 {
  %f = nn.neg %a : tensor<64x400xf32, #nn.layout<[1, 0]>> -> tensor<64x400xf32>
  nn.yield %f : tensor<64x400xf32>
}
nn.kernel @copy(%a: tensor<33x5xf32, #nn.layout<[1, 0]>>) -> tensor<33x5xf32, #nn.layout<[1, 0]>> tasks 1 {
  nn.yield %a : tensor<33x5xf32, #nn.layout<[1, 0]>>
}
nn.kernel @transposed(%a: tensor<19x35xf32>, %b: tensor<35x19xf32>) -> tensor<35x19xf32> tasks 1 {
  %t = nn.transpose %a {permutation = array<i64: 1, 0>} : tensor<19x35xf32> -> tensor<35x19xf32>
  %y = nn.add %t, %b : tensor<35x19xf32>, tensor<35x19xf32> -> tensor<35x19xf32>
  nn.yield %y : tensor<35x19xf32>
}
nn.kernel @flatten(%a: tensor<64x16x5x5xf32, #nn.layout<[1, 2, 3, 0]>>) -> tensor<64x400xf32, #nn.layout<[1, 0]>> tasks 1 {
  %t = nn.reshape %a : tensor<64x16x5x5xf32, #nn.layout<[1, 2, 3, 0]>> -> tensor<64x400xf32, #nn.layout<[1, 0]>>
  %y = nn.tanh %t : tensor<64x400xf32, #nn.layout<[1, 0]>> -> tensor<64x400xf32, #nn.layout<[1, 0]>>
  nn.yield %y : tensor<64x400xf32, #nn.layout<[1, 0]>>
}
nn.kernel @sliced(%a: tensor<9x40xf32>) -> tensor<4x19xf32> tasks 1 {
  %y = nn.slice %a {offsets = array<i64: 1, 2>, strides = array<i64: 2, 2>} : tensor<9x40xf32> -> tensor<4x19xf32>
  nn.yield %y : tensor<4x19xf32>
}
nn.kernel @padded(%a: tensor<4x19xf32>) -> tensor<9x43xf32> tasks 1 {
  %y = nn.pad %a {low = array<i64: 1, 2>, high = array<i64: 1, 4>, interior = array<i64: 1, 1>} : tensor<4x19xf32> -> tensor<9x43xf32>
  nn.yield %y : tensor<9x43xf32>
}
nn.kernel @padded_lanes(%a: tensor<4x37xf32>, %b: tensor<4xf32>) -> tensor<4x43xf32> tasks 1 {
  %w = nn.broadcast %b {dims = array<i64: 0>} : tensor<4xf32> -> tensor<4x37xf32>
  %s = nn.add %a, %w : tensor<4x37xf32>, tensor<4x37xf32> -> tensor<4x37xf32>
  %y = nn.pad %s {low = array<i64: 0, 2>, high = array<i64: 0, 4>, interior = array<i64: 0, 0>} : tensor<4x37xf32> -> tensor<4x43xf32>
  nn.yield %y : tensor<4x43xf32>
}
nn.kernel @joined(%a: tensor<4x19xf32>, %b: tensor<4x24xf32>) -> tensor<4x43xf32> tasks 1 {
  %y = nn.concat %a, %b {axis = 1 : i64} : tensor<4x19xf32>, tensor<4x24xf32> -> tensor<4x43xf32>
  nn.yield %y : tensor<4x43xf32>
}
nn.kernel @joined_rows(%a: tensor<4x19xf32>, %b: tensor<3x19xf32>) -> tensor<7x19xf32> tasks 1 {
  %y = nn.concat %a, %b {axis = 0 : i64} : tensor<4x19xf32>, tensor<3x19xf32> -> tensor<7x19xf32>
  nn.yield %y : tensor<7x19xf32>
}
nn.kernel @onehot(%l: tensor<13xi32>) -> tensor<13x10xf32> tasks 1 {
  %i = nn.iota {axis = 1 : i64} : tensor<13x10xi32>
  %b = nn.broadcast %l {dims = array<i64: 0>} : tensor<13xi32> -> tensor<13x10xi32>
  %c = nn.compare eq, %i, %b : tensor<13x10xi32>, tensor<13x10xi32> -> tensor<13x10xi1>
  %y = nn.cast %c : tensor<13x10xi1> -> tensor<13x10xf32>
  nn.yield %y : tensor<13x10xf32>
}
nn.kernel @random(%seed: tensor<i64>, %step: tensor<i64>) -> tensor<37x21xf32, #nn.layout<[1, 0]>> tasks 1 {
  %y = nn.random_uniform %seed, %step {path = 7 : i64, draw = 1 : i64, application = 0 : i64} : tensor<i64>, tensor<i64> -> tensor<37x21xf32, #nn.layout<[1, 0]>>
  nn.yield %y : tensor<37x21xf32, #nn.layout<[1, 0]>>
}
nn.kernel @momentum(%w: tensor<61706xf32>, %g: tensor<61706xf32>, %v: tensor<61706xf32>, %lr: tensor<f64>) -> (tensor<61706xf32>, tensor<61706xf32>) tasks 1 {
  %r = nn.cast %lr : tensor<f64> -> tensor<f32>
  %rb = nn.broadcast %r {dims = array<i64>} : tensor<f32> -> tensor<61706xf32>
  %m = nn.constant dense<0.9> : tensor<61706xf32>
  %a = nn.mul %v, %m : tensor<61706xf32>, tensor<61706xf32> -> tensor<61706xf32>
  %b = nn.mul %g, %rb : tensor<61706xf32>, tensor<61706xf32> -> tensor<61706xf32>
  %nv = nn.add %a, %b : tensor<61706xf32>, tensor<61706xf32> -> tensor<61706xf32>
  %nw = nn.sub %w, %nv : tensor<61706xf32>, tensor<61706xf32> -> tensor<61706xf32>
  nn.yield %nw, %nv : tensor<61706xf32>, tensor<61706xf32>
}
nn.kernel @two_shapes(%w: tensor<61x3xf32>, %g: tensor<70xf32>) -> (tensor<61x3xf32>, tensor<70xf32>) tasks 1 {
  %nw = nn.neg %w : tensor<61x3xf32> -> tensor<61x3xf32>
  %ng = nn.abs %g : tensor<70xf32> -> tensor<70xf32>
  nn.yield %nw, %ng : tensor<61x3xf32>, tensor<70xf32>
}
nn.kernel @bytes_compared(%a: tensor<5x67xui8>, %b: tensor<5x67xui8>) -> (tensor<5x67xui8>, tensor<5x67xui8>, tensor<5x67xi1>) tasks 1 {
  %h = nn.max %a, %b : tensor<5x67xui8>, tensor<5x67xui8> -> tensor<5x67xui8>
  %l = nn.min %a, %b : tensor<5x67xui8>, tensor<5x67xui8> -> tensor<5x67xui8>
  %c = nn.compare gt, %a, %b : tensor<5x67xui8>, tensor<5x67xui8> -> tensor<5x67xi1>
  nn.yield %h, %l, %c : tensor<5x67xui8>, tensor<5x67xui8>, tensor<5x67xi1>
}
nn.kernel @integers_divided(%a: tensor<5x67xi32>, %b: tensor<5x67xui8>) -> (tensor<5x67xi32>, tensor<5x67xi32>) tasks 1 {
  %s = nn.cast %b : tensor<5x67xui8> -> tensor<5x67xi32>
  %q = nn.div %a, %s : tensor<5x67xi32>, tensor<5x67xi32> -> tensor<5x67xi32>
  %r = nn.mod %s, %a : tensor<5x67xi32>, tensor<5x67xi32> -> tensor<5x67xi32>
  nn.yield %q, %r : tensor<5x67xi32>, tensor<5x67xi32>
}
nn.kernel @truncated(%x: tensor<5x67xf32>) -> (tensor<5x67xi32>, tensor<5x67xui8>) tasks 1 {
  %k = nn.constant dense<1.0e10> : tensor<5x67xf32>
  %y = nn.mul %x, %k : tensor<5x67xf32>, tensor<5x67xf32> -> tensor<5x67xf32>
  %i = nn.cast %y : tensor<5x67xf32> -> tensor<5x67xi32>
  %b = nn.cast %y : tensor<5x67xf32> -> tensor<5x67xui8>
  nn.yield %i, %b : tensor<5x67xi32>, tensor<5x67xui8>
}
