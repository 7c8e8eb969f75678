// A written gradient is called with inputs, outputs and gradients of the outputs; a function without one is differentiated
// through, and stays a call where no gradient flows.
// RUN: %nn-opt --nn-autodiff %s | FileCheck %s

// CHECK-LABEL: func.func @written
// CHECK-SAME:    %[[X:.*]]: tensor<4xf32>
// CHECK:         %[[Y:.*]]:2 = nn.call @halve(%[[X]])
// CHECK:         %[[DY:.*]] = nn.broadcast
// CHECK:         %[[DX:.*]] = nn.call @halve_gradient(%[[X]], %[[Y]]#0, %[[Y]]#1, %[[DY]])
// CHECK:         return %{{.*}}, %[[DX]]
func.func @written(%x: tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>) {
  %l, %d = nn.value_and_grad @loss(%x) {wrt = array<i64: 0>} : (tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
  return %l, %d : tensor<f32>, tensor<4xf32>
}
func.func private @loss(%x: tensor<4xf32>) -> tensor<f32> {
  %y, %saved = nn.call @halve(%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  %l = nn.reduce_sum %y {axes = array<i64: 0>} : tensor<4xf32> -> tensor<f32>
  return %l : tensor<f32>
}
func.func private @halve(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
    attributes {nn.gradient = @halve_gradient, nn.kernel_fn = "halve"} {
  %half = nn.constant dense<0.5> : tensor<4xf32>
  %y = nn.mul %x, %half : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %y, %half : tensor<4xf32>, tensor<4xf32>
}
func.func private @halve_gradient(%x: tensor<4xf32>, %y: tensor<4xf32>, %saved: tensor<4xf32>, %dy: tensor<4xf32>)
    -> tensor<4xf32> {
  %dx = nn.mul %dy, %saved : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %dx : tensor<4xf32>
}

// CHECK-LABEL: func.func @through
// CHECK-SAME:    %[[X:.*]]: tensor<4xf32>, %[[C:.*]]: tensor<4xf32>
// CHECK-DAG:     %[[S:.*]] = nn.tanh %[[X]]
// CHECK-DAG:     nn.call @squash(%[[C]])
// CHECK:         return
func.func @through(%x: tensor<4xf32>, %c: tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>) {
  %l, %d = nn.value_and_grad @both(%x, %c) {wrt = array<i64: 0>}
    : (tensor<4xf32>, tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
  return %l, %d : tensor<f32>, tensor<4xf32>
}
func.func private @both(%x: tensor<4xf32>, %c: tensor<4xf32>) -> tensor<f32> {
  %s = nn.call @squash(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %t = nn.call @squash(%c) : (tensor<4xf32>) -> tensor<4xf32>
  %y = nn.mul %s, %t : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %l = nn.reduce_sum %y {axes = array<i64: 0>} : tensor<4xf32> -> tensor<f32>
  return %l : tensor<f32>
}
func.func private @squash(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = nn.tanh %x : tensor<4xf32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// A derivative of the written gradient reads saved results: by them the body is differentiated.
// CHECK-LABEL: func.func @second
// CHECK-SAME:    %[[X:.*]]: tensor<4xf32>
// CHECK:         nn.call @scaled(%[[X]])
// CHECK:         %[[E:.*]] = nn.exp %[[X]]
// CHECK:         %[[DX:.*]] = nn.mul %{{.*}}, %[[E]]
// CHECK:         return %{{.*}}, %[[DX]]
func.func @second(%x: tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>) {
  %l, %d = nn.value_and_grad @slope(%x) {wrt = array<i64: 0>} : (tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
  return %l, %d : tensor<f32>, tensor<4xf32>
}
func.func private @slope(%x: tensor<4xf32>) -> tensor<f32> {
  %y, %saved = nn.call @scaled(%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  %l = nn.reduce_sum %saved {axes = array<i64: 0>} : tensor<4xf32> -> tensor<f32>
  return %l : tensor<f32>
}
func.func private @scaled(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
    attributes {nn.gradient = @scaled_gradient, nn.saved = 1 : i64} {
  %e = nn.exp %x : tensor<4xf32> -> tensor<4xf32>
  return %x, %e : tensor<4xf32>, tensor<4xf32>
}
func.func private @scaled_gradient(%x: tensor<4xf32>, %y: tensor<4xf32>, %saved: tensor<4xf32>, %dy: tensor<4xf32>) -> tensor<4xf32> {
  return %dy : tensor<4xf32>
}
