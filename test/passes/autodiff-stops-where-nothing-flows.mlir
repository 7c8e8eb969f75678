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

// A loop whose steps make of their inputs nothing that has a gradient has no loop for its derivative.
// CHECK-LABEL: func.func @steps
// CHECK:         nn.scan
// CHECK-NOT:     nn.scan
// CHECK:         %[[NONE:.*]] = nn.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK:         return %{{.*}}, %[[NONE]]
func.func @steps(%w: tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>) {
  %l, %dw = nn.value_and_grad @ignoring(%w) {wrt = array<i64: 0>} : (tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
  return %l, %dw : tensor<f32>, tensor<4xf32>
}
func.func private @ignoring(%w: tensor<4xf32>) -> tensor<f32> {
  %v = nn.tanh %w : tensor<4xf32> -> tensor<4xf32>
  %s = nn.scan with(%v : tensor<4xf32>) {trips = 3 : i64} -> (tensor<3x4xf32>) {
  ^bb0(%t: tensor<i32>, %x: tensor<4xf32>):
    %a = nn.constant dense<0.5> : tensor<4xf32>
    %b = nn.tanh %a : tensor<4xf32> -> tensor<4xf32>
    nn.emit %b : tensor<4xf32>
  }
  %l = nn.reduce_sum %s {axes = array<i64: 0, 1>} : tensor<3x4xf32> -> tensor<f32>
  return %l : tensor<f32>
}
