// One value for two arguments: the gradient is that of the listed argument alone.
// RUN: %nn-opt --nn-autodiff --canonicalize %s | FileCheck %s

// d/da sum(a * b) = b, not a + b.
// CHECK-LABEL: func.func @gradients
// CHECK-SAME:    %[[X:.*]]: tensor<4xf32>
// CHECK-NOT:     nn.add
// CHECK:         return
func.func @gradients(%x: tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>) {
  %l, %d = nn.value_and_grad @loss(%x, %x) {wrt = array<i64: 0>}
    : (tensor<4xf32>, tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
  return %l, %d : tensor<f32>, tensor<4xf32>
}
func.func private @loss(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<f32> {
  %y = nn.mul %a, %b : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %l = nn.reduce_sum %y {axes = array<i64: 0>} : tensor<4xf32> -> tensor<f32>
  return %l : tensor<f32>
}
