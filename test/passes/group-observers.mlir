// What only the log reads does not change how the step is grouped: its ops come last, in groups of their own.
// RUN: %nn-opt --nn-group %s | FileCheck %s

// CHECK-LABEL: func.func @logged
// CHECK:         %[[S:.*]]:2 = nn.group {{.*}} -> (tensor<512xf32>, tensor<512xf32>) {
// CHECK:           nn.reduce_sum
// CHECK-NEXT:      nn.sub
// CHECK-NEXT:      nn.yield
// CHECK:         nn.group (%{{.*}} = %[[S]]#1
// CHECK-NEXT:      nn.mul
// CHECK-NEXT:      nn.reduce_sum
// CHECK-NEXT:      nn.yield
// CHECK:         return
func.func @logged(%d: tensor<64x512xf32>, %w: tensor<512xf32> {nn.role = "param", nn.name = "w"})
    -> (tensor<512xf32> {nn.role = "param", nn.name = "w"}, tensor<f32> {nn.role = "norm", nn.name = "norm"}) {
  %g = nn.reduce_sum %d {axes = array<i64: 0>} : tensor<64x512xf32> -> tensor<512xf32>
  %n = nn.sub %w, %g : tensor<512xf32>, tensor<512xf32> -> tensor<512xf32>
  %q = nn.mul %g, %g : tensor<512xf32>, tensor<512xf32> -> tensor<512xf32>
  %s = nn.reduce_sum %q {axes = array<i64: 0>} : tensor<512xf32> -> tensor<f32>
  return %n, %s : tensor<512xf32>, tensor<f32>
}

// A product that the log reads stands alone: the kernel of entries that return the gradient.
// CHECK-LABEL: func.func @logged_product
// CHECK:         nn.group
// CHECK-NEXT:      %[[G:.*]] = nn.contract
// CHECK-NEXT:      nn.yield %[[G]]
// CHECK:         nn.group
// CHECK:           nn.sub
// CHECK:         return
func.func @logged_product(%d: tensor<64x512xf32>, %x: tensor<64x300xf32>, %w: tensor<512x300xf32> {nn.role = "param", nn.name = "w"})
    -> (tensor<512x300xf32> {nn.role = "param", nn.name = "w"}, tensor<f32> {nn.role = "norm", nn.name = "norm"}) {
  %g = nn.contract %d, %x {lhs = array<i64: 1, 2>, out = array<i64: 2, 0>, rhs = array<i64: 1, 0>} : tensor<64x512xf32>, tensor<64x300xf32> -> tensor<512x300xf32>
  %n = nn.sub %w, %g : tensor<512x300xf32>, tensor<512x300xf32> -> tensor<512x300xf32>
  %q = nn.mul %g, %g : tensor<512x300xf32>, tensor<512x300xf32> -> tensor<512x300xf32>
  %s = nn.reduce_sum %q {axes = array<i64: 0, 1>} : tensor<512x300xf32> -> tensor<f32>
  return %n, %s : tensor<512x300xf32>, tensor<f32>
}
