// A value that is used twice gets the sum of both gradients; constants and inputs that are not asked for get none.
// RUN: %nn-opt --nn-autodiff %s | FileCheck %s

// CHECK-LABEL: func.func @gradients
// CHECK-SAME:    %[[X:.*]]: tensor<4xf32>, %[[W:.*]]: tensor<4xf32>
// CHECK:         %[[Y:.*]] = nn.mul %[[X]], %[[W]]
// CHECK:         %[[Z:.*]] = nn.mul %[[Y]], %[[Y]]
// CHECK:         %[[LOSS:.*]] = nn.reduce_sum %[[Z]]
// CHECK:         %[[D:.*]] = nn.broadcast
// CHECK:         %[[LEFT:.*]] = nn.mul %[[D]], %[[Y]]
// CHECK:         %[[RIGHT:.*]] = nn.mul %[[D]], %[[Y]]
// CHECK:         %[[DY:.*]] = nn.add %[[LEFT]], %[[RIGHT]]
// CHECK:         %[[DW:.*]] = nn.mul %[[DY]], %[[X]]
// CHECK:         return %[[LOSS]], %[[DW]]
// CHECK-NOT:   @loss
func.func @gradients(%x: tensor<4xf32>, %w: tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>) {
  %l, %dw = nn.value_and_grad @loss(%x, %w) {wrt = array<i64: 1>}
    : (tensor<4xf32>, tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
  return %l, %dw : tensor<f32>, tensor<4xf32>
}
func.func private @loss(%x: tensor<4xf32>, %w: tensor<4xf32>) -> tensor<f32> {
  %y = nn.mul %x, %w : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %z = nn.mul %y, %y : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %l = nn.reduce_sum %z {axes = array<i64: 0>} : tensor<4xf32> -> tensor<f32>
  return %l : tensor<f32>
}
