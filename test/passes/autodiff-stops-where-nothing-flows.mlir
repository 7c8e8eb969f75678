// No gradient passes an op without derivative; an input without influence gets zeros.
// RUN: %nn-opt --nn-autodiff %s | FileCheck %s

// CHECK-LABEL: func.func @gradients
// CHECK:         %[[ZERO:.*]] = nn.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK:         return %{{.*}}, %[[ZERO]]
func.func @gradients(%w: tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>) {
  %l, %dw = nn.value_and_grad @loss(%w) {wrt = array<i64: 0>} : (tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
  return %l, %dw : tensor<f32>, tensor<4xf32>
}
func.func private @loss(%w: tensor<4xf32>) -> tensor<f32> {
  %s = nn.stop_gradient %w : tensor<4xf32> -> tensor<4xf32>
  %l = nn.reduce_sum %s {axes = array<i64: 0>} : tensor<4xf32> -> tensor<f32>
  return %l : tensor<f32>
}
