// Elementwise ops behind a product or reduction become part of its kernel; ops in front of a product do not.
// RUN: %nn-opt --nn-group %s | FileCheck %s

// bias and activation: one group; the layer before is another one.
// CHECK-LABEL: func.func @dense
// CHECK-SAME:    %[[X:.*]]: tensor<32x256xf32>, %[[W:.*]]: tensor<512x256xf32>, %[[B:.*]]: tensor<512xf32>
// CHECK:         %[[Z:.*]] = nn.group (%{{.*}} = %[[X]]
// CHECK-NEXT:      nn.tanh
// CHECK-NEXT:      nn.yield
// CHECK:         %[[Y:.*]] = nn.group
// CHECK-NEXT:      nn.contract
// CHECK-NEXT:      nn.broadcast
// CHECK-NEXT:      nn.add
// CHECK-NEXT:      nn.tanh
// CHECK-NEXT:      nn.yield
// CHECK-NOT:     nn.group
// CHECK:         return %[[Y]]
func.func @dense(%x: tensor<32x256xf32>, %w: tensor<512x256xf32>, %b: tensor<512xf32>) -> tensor<32x512xf32> {
  %z = nn.tanh %x : tensor<32x256xf32> -> tensor<32x256xf32>
  %p = nn.contract %z, %w {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>}
    : tensor<32x256xf32>, tensor<512x256xf32> -> tensor<32x512xf32>
  %bias = nn.broadcast %b {dims = array<i64: 1>} : tensor<512xf32> -> tensor<32x512xf32>
  %s = nn.add %p, %bias : tensor<32x512xf32>, tensor<32x512xf32> -> tensor<32x512xf32>
  %y = nn.tanh %s : tensor<32x512xf32> -> tensor<32x512xf32>
  return %y : tensor<32x512xf32>
}

// The update of a weight is written where its gradient is computed.
// CHECK-LABEL: func.func @update
// CHECK:         nn.group {{.*}} -> (tensor<512x256xf32>, tensor<512x256xf32>)
// CHECK-NEXT:      nn.contract
// CHECK:           nn.sub
// CHECK:           nn.yield
// CHECK-NOT:     nn.group
// CHECK:         return
func.func @update(%x: tensor<32x256xf32>, %d: tensor<32x512xf32>, %w: tensor<512x256xf32>, %v: tensor<512x256xf32>,
                  %lr: tensor<f32>) -> (tensor<512x256xf32>, tensor<512x256xf32>) {
  %g = nn.contract %d, %x {lhs = array<i64: 2, 0>, rhs = array<i64: 2, 1>, out = array<i64: 0, 1>}
    : tensor<32x512xf32>, tensor<32x256xf32> -> tensor<512x256xf32>
  %rate = nn.broadcast %lr {dims = array<i64>} : tensor<f32> -> tensor<512x256xf32>
  %step = nn.mul %rate, %g : tensor<512x256xf32>, tensor<512x256xf32> -> tensor<512x256xf32>
  %v1 = nn.add %v, %step : tensor<512x256xf32>, tensor<512x256xf32> -> tensor<512x256xf32>
  %w1 = nn.sub %w, %v1 : tensor<512x256xf32>, tensor<512x256xf32> -> tensor<512x256xf32>
  return %w1, %v1 : tensor<512x256xf32>, tensor<512x256xf32>
}
