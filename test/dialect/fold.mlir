// Neutral elements and splat constants fold; what would change a bit of a result does not.
// RUN: %nn-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: @neutral
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
// CHECK-NEXT: return %[[X]], %[[X]], %[[X]]
func.func @neutral(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %one = nn.constant dense<1.0> : tensor<4xf32>
  %zero = nn.constant dense<0.0> : tensor<4xf32>
  %a = nn.mul %x, %one : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %b = nn.div %x, %one : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %c = nn.sub %x, %zero : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %a, %b, %c : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// x + 0 is 0 where x is -0; x * 0 is NaN where x is infinite.
// CHECK-LABEL: @kept
// CHECK: nn.add
// CHECK: nn.mul
func.func @kept(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %zero = nn.constant dense<0.0> : tensor<4xf32>
  %a = nn.add %x, %zero : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %b = nn.mul %x, %zero : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: @constants
// CHECK-NEXT: %[[C:.*]] = nn.constant dense<2.500000e+00> : tensor<4xf32>
// CHECK-NEXT: return %[[C]]
func.func @constants() -> tensor<4xf32> {
  %i = nn.constant dense<2> : tensor<i32>
  %f = nn.cast %i : tensor<i32> -> tensor<f32>
  %half = nn.constant dense<0.5> : tensor<f32>
  %sum = nn.add %f, %half : tensor<f32>, tensor<f32> -> tensor<f32>
  %y = nn.broadcast %sum {dims = array<i64>} : tensor<f32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: @moves
// CHECK-SAME: %[[X:.*]]: tensor<4x6xf32>
// CHECK-NEXT: return %[[X]], %[[X]], %[[X]]
func.func @moves(%x: tensor<4x6xf32>) -> (tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>) {
  %flat = nn.reshape %x : tensor<4x6xf32> -> tensor<24xf32>
  %a = nn.reshape %flat : tensor<24xf32> -> tensor<4x6xf32>
  %b = nn.transpose %x {permutation = array<i64: 0, 1>} : tensor<4x6xf32> -> tensor<4x6xf32>
  %c = nn.reduce_sum %x {axes = array<i64>} : tensor<4x6xf32> -> tensor<4x6xf32>
  return %a, %b, %c : tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>
}
