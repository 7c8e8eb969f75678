// The derivative of a derivative: the inner one is expanded first and differentiated like any code.
// RUN: %nn-opt --nn-autodiff --nn-simplify %s | FileCheck %s

// d2/dx2 sum(x^3), by the gradient of sum(d/dx): 6x.
// CHECK-LABEL: func.func @second
// CHECK-NOT:     nn.value_and_grad
// CHECK:         return
func.func @second(%x: tensor<4xf32>) -> tensor<4xf32> {
  %l, %d = nn.value_and_grad @slope(%x) {wrt = array<i64: 0>} : (tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
  return %d : tensor<4xf32>
}
func.func private @slope(%x: tensor<4xf32>) -> tensor<f32> {
  %l, %d = nn.value_and_grad @cube(%x) {wrt = array<i64: 0>} : (tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
  %s = nn.reduce_sum %d {axes = array<i64: 0>} : tensor<4xf32> -> tensor<f32>
  return %s : tensor<f32>
}
func.func private @cube(%x: tensor<4xf32>) -> tensor<f32> {
  %y = nn.mul %x, %x : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %z = nn.mul %y, %x : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %l = nn.reduce_sum %z {axes = array<i64: 0>} : tensor<4xf32> -> tensor<f32>
  return %l : tensor<f32>
}
