// The reference lowering sees through groups, kernels and launches, drops layouts, and makes bytes i8.
// RUN: %nn-opt %s --nn-lower-to-reference | FileCheck %s

// CHECK-NOT: = nn.

// CHECK-LABEL: func.func @bytes(
// CHECK-SAME: tensor<4xi8> {nn.role = "record"}) -> tensor<4xf32>
// CHECK: linalg.generic
// CHECK: arith.uitofp
func.func @bytes(%x: tensor<4xui8> {nn.role = "record"}) -> tensor<4xf32> {
  %y = nn.cast %x : tensor<4xui8> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @grouped(
// CHECK: linalg.generic
// CHECK: math.tanh
func.func @grouped(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = nn.group (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    %t = nn.tanh %a : tensor<4xf32> -> tensor<4xf32>
    nn.yield %t : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// A launch may see a tensor as another of equally many elements: by their order in memory.
// CHECK-LABEL: func.func @launched(
// CHECK-SAME: %[[X:.*]]: tensor<2x3xf32>
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[X]] : tensor<2x3xf32>) outs({{.*}} : tensor<3x2xf32>) permutation = [1, 0]
// CHECK: tensor.collapse_shape %[[T]]
// CHECK: math.exp
func.func @launched(%x: tensor<2x3xf32, #nn.layout<[1, 0]>>) -> tensor<6xf32> {
  %y = nn.launch @flat(%x) : (tensor<2x3xf32, #nn.layout<[1, 0]>>) -> tensor<6xf32>
  return %y : tensor<6xf32>
}
nn.kernel @flat(%a: tensor<6xf32>) -> tensor<6xf32> tasks 1 {
  %y = nn.exp %a : tensor<6xf32> -> tensor<6xf32>
  nn.yield %y : tensor<6xf32>
}

// CHECK-LABEL: func.func @called(
// CHECK: call @twice(
// CHECK: func.func private @twice(
func.func @called(%x: tensor<f32>) -> tensor<f32> {
  %y = nn.call @twice(%x) : (tensor<f32>) -> tensor<f32>
  return %y : tensor<f32>
}
func.func private @twice(%x: tensor<f32>) -> tensor<f32> attributes {nn.gradient = @twice_gradient} {
  %y = nn.add %x, %x : tensor<f32>, tensor<f32> -> tensor<f32>
  return %y : tensor<f32>
}
