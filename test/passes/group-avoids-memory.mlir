// What can be computed from a value that lies in memory anyway is computed by its only reader, not stored beside the value.
// RUN: %nn-opt --nn-group %s | FileCheck %s

// y is needed twice, 1 - y*y only by the gradient.
// CHECK-LABEL: func.func @activation_gradient
// CHECK:         %[[Y:.*]] = nn.group {{.*}} -> tensor<256x256xf32> {
// CHECK-NEXT:      nn.contract
// CHECK-NEXT:      nn.tanh
// CHECK-NEXT:      nn.yield
// CHECK:         nn.group
// CHECK:           nn.contract
// CHECK-NOT:     nn.group
// CHECK:         return
func.func @activation_gradient(%x: tensor<256x256xf32>, %w: tensor<256x256xf32>) -> tensor<256x256xf32> {
  %p = nn.contract %x, %w {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>}
    : tensor<256x256xf32>, tensor<256x256xf32> -> tensor<256x256xf32>
  %y = nn.tanh %p : tensor<256x256xf32> -> tensor<256x256xf32>
  %one = nn.constant dense<1.0> : tensor<256x256xf32>
  %q = nn.mul %y, %y : tensor<256x256xf32>, tensor<256x256xf32> -> tensor<256x256xf32>
  %s = nn.sub %one, %q : tensor<256x256xf32>, tensor<256x256xf32> -> tensor<256x256xf32>
  %d = nn.contract %y, %w {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>}
    : tensor<256x256xf32>, tensor<256x256xf32> -> tensor<256x256xf32>
  %g = nn.mul %d, %s : tensor<256x256xf32>, tensor<256x256xf32> -> tensor<256x256xf32>
  return %g : tensor<256x256xf32>
}

// A gradient that is also an output is updated where it is computed, not read again.
// CHECK-LABEL: func.func @logged_update
// CHECK:         nn.group {{.*}} -> (tensor<256x256xf32>, tensor<256x256xf32>, tensor<256x256xf32>) {
// CHECK-NEXT:      nn.contract
// CHECK-NOT:     nn.group
// CHECK:         return
func.func @logged_update(%x: tensor<256x256xf32>, %d: tensor<256x256xf32>, %w: tensor<256x256xf32>, %v: tensor<256x256xf32>)
    -> (tensor<256x256xf32>, tensor<256x256xf32>, tensor<256x256xf32>) {
  %g = nn.contract %d, %x {lhs = array<i64: 2, 0>, rhs = array<i64: 2, 1>, out = array<i64: 0, 1>}
    : tensor<256x256xf32>, tensor<256x256xf32> -> tensor<256x256xf32>
  %v1 = nn.add %v, %g : tensor<256x256xf32>, tensor<256x256xf32> -> tensor<256x256xf32>
  %w1 = nn.sub %w, %v1 : tensor<256x256xf32>, tensor<256x256xf32> -> tensor<256x256xf32>
  return %g, %w1, %v1 : tensor<256x256xf32>, tensor<256x256xf32>, tensor<256x256xf32>
}
