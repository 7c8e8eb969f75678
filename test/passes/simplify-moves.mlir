// Moves disappear into contractions and behind elementwise ops.
// RUN: %nn-opt --nn-simplify %s | FileCheck %s

// CHECK-LABEL: func.func @transposes_become_labels
// CHECK-SAME:    %[[A:.*]]: tensor<5x4xf32>, %[[B:.*]]: tensor<5x3xf32>
// CHECK-NEXT:    %[[Y:.*]] = nn.contract %[[A]], %[[B]] {lhs = array<i64: 2, 0>, out = array<i64: 1, 0>, rhs = array<i64: 2, 1>}
// CHECK-NEXT:    return %[[Y]]
func.func @transposes_become_labels(%a: tensor<5x4xf32>, %b: tensor<5x3xf32>) -> tensor<3x4xf32> {
  %t = nn.transpose %a {permutation = array<i64: 1, 0>} : tensor<5x4xf32> -> tensor<4x5xf32>
  %p = nn.contract %t, %b {lhs = array<i64: 0, 2>, rhs = array<i64: 2, 1>, out = array<i64: 0, 1>}
    : tensor<4x5xf32>, tensor<5x3xf32> -> tensor<4x3xf32>
  %y = nn.transpose %p {permutation = array<i64: 1, 0>} : tensor<4x3xf32> -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @scalars_before_their_broadcast
// CHECK:         nn.mul {{.*}} : tensor<f32>, tensor<f32> -> tensor<f32>
// CHECK-NEXT:    nn.broadcast
// CHECK-NEXT:    return
func.func @scalars_before_their_broadcast(%a: tensor<f32>, %b: tensor<f32>) -> tensor<8xf32> {
  %x = nn.broadcast %a {dims = array<i64>} : tensor<f32> -> tensor<8xf32>
  %y = nn.broadcast %b {dims = array<i64>} : tensor<f32> -> tensor<8xf32>
  %z = nn.mul %x, %y : tensor<8xf32>, tensor<8xf32> -> tensor<8xf32>
  return %z : tensor<8xf32>
}

// CHECK-LABEL: func.func @sum_of_broadcast_is_a_product
// CHECK-SAME:    %[[A:.*]]: tensor<3xf32>
// CHECK:         %[[C:.*]] = nn.constant dense<8.000000e+00> : tensor<3xf32>
// CHECK:         %[[Y:.*]] = nn.mul %[[A]], %[[C]]
// CHECK:         return %[[Y]]
func.func @sum_of_broadcast_is_a_product(%a: tensor<3xf32>) -> tensor<3xf32> {
  %x = nn.broadcast %a {dims = array<i64: 1>} : tensor<3xf32> -> tensor<8x3xf32>
  %y = nn.reduce_sum %x {axes = array<i64: 0>} : tensor<8x3xf32> -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// CHECK-LABEL: func.func @exact_casts_join
// CHECK-SAME:    %[[A:.*]]: tensor<4xui8>
// CHECK-NEXT:    nn.cast %[[A]] : tensor<4xui8> -> tensor<4xf32>
// CHECK-NEXT:    return
func.func @exact_casts_join(%a: tensor<4xui8>) -> tensor<4xf32> {
  %x = nn.cast %a : tensor<4xui8> -> tensor<4xi32>
  %y = nn.cast %x : tensor<4xi32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @rounding_casts_stay
// CHECK:         nn.cast {{.*}} : tensor<4xf32> -> tensor<4xi32>
// CHECK:         nn.cast {{.*}} : tensor<4xi32> -> tensor<4xf32>
func.func @rounding_casts_stay(%a: tensor<4xf32>) -> tensor<4xf32> {
  %x = nn.cast %a : tensor<4xf32> -> tensor<4xi32>
  %y = nn.cast %x : tensor<4xi32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// The elementwise op meets the contraction that computes its operand.
// CHECK-LABEL: func.func @elementwise_before_reshape
// CHECK:         %[[P:.*]] = nn.contract
// CHECK:         %[[M:.*]] = nn.reshape %{{.*}} : tensor<4x3x2xf32> -> tensor<4x6xf32>
// CHECK:         nn.mul %[[P]], %[[M]] : tensor<4x6xf32>
// CHECK:         nn.reshape
// CHECK-NEXT:    return
func.func @elementwise_before_reshape(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>, %m: tensor<4x3x2xf32>) -> tensor<4x3x2xf32> {
  %p = nn.contract %a, %b {lhs = array<i64: 0, 2>, rhs = array<i64: 2, 1>, out = array<i64: 0, 1>}
    : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<4x6xf32>
  %r = nn.reshape %p : tensor<4x6xf32> -> tensor<4x3x2xf32>
  %y = nn.mul %r, %m : tensor<4x3x2xf32>, tensor<4x3x2xf32> -> tensor<4x3x2xf32>
  return %y : tensor<4x3x2xf32>
}

// CHECK-LABEL: func.func @part_of_what_was_joined
// CHECK-SAME:    %[[A:.*]]: tensor<2x3xf32>, %[[B:.*]]: tensor<2x4xf32>
// CHECK-NEXT:    %[[S:.*]] = nn.concat
// CHECK-NEXT:    %[[C:.*]] = nn.slice %[[S]]
// CHECK-NEXT:    return %[[B]], %[[C]]
func.func @part_of_what_was_joined(%a: tensor<2x3xf32>, %b: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %s = nn.concat %a, %b {axis = 1 : i64} : tensor<2x3xf32>, tensor<2x4xf32> -> tensor<2x7xf32>
  %p = nn.slice %s {offsets = array<i64: 0, 3>, strides = array<i64: 1, 1>} : tensor<2x7xf32> -> tensor<2x4xf32>
  %q = nn.slice %s {offsets = array<i64: 0, 2>, strides = array<i64: 1, 1>} : tensor<2x7xf32> -> tensor<2x4xf32>
  return %p, %q : tensor<2x4xf32>, tensor<2x4xf32>
}
