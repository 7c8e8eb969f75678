// What cannot be differentiated says so.
// RUN: %nn-opt --nn-autodiff --split-input-file --verify-diagnostics %s

func.func @f(%x: tensor<f32>) -> tensor<f32> {
  %l, %d = nn.value_and_grad @loss(%x) {wrt = array<i64: 0>} : (tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}
func.func private @loss(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @below {{has no derivative rule, and does not say that it has no gradient}}
  %l = arith.negf %x : tensor<f32>
  return %l : tensor<f32>
}

// -----

func.func @f(%x: tensor<f32>) -> tensor<f32> {
  %l, %d = nn.value_and_grad @loss(%x) {wrt = array<i64: 0>} : (tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}
func.func private @loss(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @below {{does not match its gradient @g_gradient, which takes inputs, outputs and the gradients of the outputs}}
  %l = nn.call @g(%x) : (tensor<f32>) -> tensor<f32>
  return %l : tensor<f32>
}
func.func private @g(%x: tensor<f32>) -> tensor<f32> attributes {nn.gradient = @g_gradient} {
  return %x : tensor<f32>
}
func.func private @g_gradient(%dy: tensor<f32>) -> tensor<f32> {
  return %dy : tensor<f32>
}
