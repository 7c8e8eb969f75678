// What is less work than a launch becomes one group whatever its shapes; scalars of a schedule are computed once, not by
// every kernel that reads them.
// RUN: %nn-opt --nn-group %s | FileCheck %s

// CHECK-LABEL: func.func @softmax_of_few
// CHECK:         nn.group
// CHECK:           nn.reduce_max
// CHECK:           nn.reduce_sum
// CHECK:           nn.div
// CHECK-NOT:     nn.group
// CHECK:         return
func.func @softmax_of_few(%x: tensor<32x10xf32>) -> tensor<32x10xf32> {
  %m = nn.reduce_max %x {axes = array<i64: 1>} : tensor<32x10xf32> -> tensor<32xf32>
  %mb = nn.broadcast %m {dims = array<i64: 0>} : tensor<32xf32> -> tensor<32x10xf32>
  %c = nn.sub %x, %mb : tensor<32x10xf32>, tensor<32x10xf32> -> tensor<32x10xf32>
  %e = nn.exp %c : tensor<32x10xf32> -> tensor<32x10xf32>
  %s = nn.reduce_sum %e {axes = array<i64: 1>} : tensor<32x10xf32> -> tensor<32xf32>
  %sb = nn.broadcast %s {dims = array<i64: 0>} : tensor<32xf32> -> tensor<32x10xf32>
  %y = nn.div %e, %sb : tensor<32x10xf32>, tensor<32x10xf32> -> tensor<32x10xf32>
  return %y : tensor<32x10xf32>
}

// CHECK-LABEL: func.func @schedule
// CHECK:         %[[RATE:.*]] = nn.group
// CHECK:           nn.cos
// CHECK:           nn.yield
// CHECK:         nn.group (%{{.*}} = %[[RATE]] : tensor<f64>
// CHECK-NOT:       nn.cos
// CHECK:         return
func.func @schedule(%step: tensor<f64>, %w: tensor<512x256xf32>) -> tensor<512x256xf32> {
  %c = nn.cos %step : tensor<f64> -> tensor<f64>
  %b = nn.broadcast %c {dims = array<i64>} : tensor<f64> -> tensor<512x256xf64>
  %r = nn.cast %b : tensor<512x256xf64> -> tensor<512x256xf32>
  %y = nn.mul %w, %r : tensor<512x256xf32>, tensor<512x256xf32> -> tensor<512x256xf32>
  return %y : tensor<512x256xf32>
}

// Scalars that others wait for do not wait themselves for what comes late.
// CHECK-LABEL: func.func @rate_and_last_update
// CHECK:         %[[RATE:.*]] = nn.group
// CHECK-NEXT:      nn.cos
// CHECK-NEXT:      nn.yield
// CHECK:         nn.group (%{{.*}} = %[[RATE]]
// CHECK:           nn.contract
// CHECK:         nn.group
// CHECK:           nn.reduce_sum
func.func @rate_and_last_update(%step: tensor<f32>, %x: tensor<256x256xf32>, %w: tensor<256x256xf32>, %v: tensor<256xf32>)
    -> (tensor<256x256xf32>, tensor<256xf32>) {
  %c = nn.cos %step : tensor<f32> -> tensor<f32>
  %p = nn.contract %x, %w {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>}
    : tensor<256x256xf32>, tensor<256x256xf32> -> tensor<256x256xf32>
  %b = nn.broadcast %c {dims = array<i64>} : tensor<f32> -> tensor<256x256xf32>
  %y = nn.mul %p, %b : tensor<256x256xf32>, tensor<256x256xf32> -> tensor<256x256xf32>
  %s = nn.reduce_sum %y {axes = array<i64: 0>} : tensor<256x256xf32> -> tensor<256xf32>
  %bb = nn.broadcast %c {dims = array<i64>} : tensor<f32> -> tensor<256xf32>
  %u = nn.mul %s, %bb : tensor<256xf32>, tensor<256xf32> -> tensor<256xf32>
  return %y, %u : tensor<256x256xf32>, tensor<256xf32>
}
