// A scan becomes one copy of its body per step; what each step takes at its own position is a slice; reversed steps come in
// reverse order and their values stand at their steps. The unrolled program means the same as the loop.
// RUN: %nn-opt --nn-unroll-scans %s | FileCheck %s
// RUN: %bin/nn-run --compiled %s

// CHECK-LABEL: func.func @last(
// CHECK-SAME: %[[X:.*]]: tensor<3x2xf32>, %[[H:.*]]: tensor<2xf32>)
// CHECK: %[[A2:.*]] = nn.slice %[[X]] {offsets = array<i64: 2, 0>
// CHECK: %[[R2:.*]] = nn.reshape %[[A2]]
// CHECK: %[[S2:.*]] = nn.add %[[R2]], %[[H]]
// CHECK: %[[A1:.*]] = nn.slice %[[X]] {offsets = array<i64: 1, 0>
// CHECK: %[[R1:.*]] = nn.reshape %[[A1]]
// CHECK: %[[S1:.*]] = nn.add %[[R1]], %[[S2]]
// CHECK: nn.slice %[[X]] {offsets = array<i64: 0, 0>
// CHECK: %[[S0:.*]] = nn.add %{{.*}}, %[[S1]]
// CHECK: %[[E0:.*]] = nn.reshape %[[S0]]
// CHECK: %[[Y:.*]] = nn.concat %[[E0]], %{{.*}}, %{{.*}} {axis = 0 : i64}
// CHECK: return %[[Y]], %[[S0]]
func.func @last(%x: tensor<3x2xf32>, %h0: tensor<2xf32>) -> (tensor<3x2xf32>, tensor<2xf32>) {
  %hs, %h = nn.scan carry(%h0 : tensor<2xf32>) over(%x : tensor<3x2xf32>) {trips = 3 : i64, reversed} -> (tensor<3x2xf32>, tensor<2xf32>) {
  ^bb0(%t: tensor<i32>, %before: tensor<2xf32>, %xt: tensor<2xf32>):
    %after = nn.add %xt, %before : tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
    nn.emit %after, %after : tensor<2xf32>, tensor<2xf32>
  }
  return %hs, %h : tensor<3x2xf32>, tensor<2xf32>
}

// A loop in a loop, values of both around them, the step as a number.
// CHECK-LABEL: func.func @nested(
// CHECK-NOT: nn.scan
// CHECK: return
func.func @nested(%x: tensor<5xf32>) -> (tensor<4x3x5xf32>, tensor<5xf32>) {
  %y, %last = nn.scan carry(%x : tensor<5xf32>) with(%x : tensor<5xf32>) {trips = 4 : i64} -> (tensor<4x3x5xf32>, tensor<5xf32>) {
  ^bb0(%t: tensor<i32>, %a: tensor<5xf32>, %w: tensor<5xf32>):
    %i = nn.cast %t : tensor<i32> -> tensor<f32>
    %ib = nn.broadcast %i {dims = array<i64>} : tensor<f32> -> tensor<5xf32>
    %rows, %b = nn.scan carry(%a : tensor<5xf32>) with(%ib, %w : tensor<5xf32>, tensor<5xf32>) {trips = 3 : i64} -> (tensor<3x5xf32>, tensor<5xf32>) {
    ^bb0(%s: tensor<i32>, %c: tensor<5xf32>, %ic: tensor<5xf32>, %v: tensor<5xf32>):
      %d = nn.add %c, %ic : tensor<5xf32>, tensor<5xf32> -> tensor<5xf32>
      %e = nn.sin %d : tensor<5xf32> -> tensor<5xf32>
      %f = nn.mul %e, %v : tensor<5xf32>, tensor<5xf32> -> tensor<5xf32>
      nn.emit %d, %f : tensor<5xf32>, tensor<5xf32>
    }
    nn.emit %rows, %b : tensor<3x5xf32>, tensor<5xf32>
  }
  return %y, %last : tensor<4x3x5xf32>, tensor<5xf32>
}

// One step that carries nothing.
// CHECK-LABEL: func.func @once(
// CHECK-NOT: nn.concat
func.func @once(%x: tensor<4xf32>) -> tensor<1x4xf32> {
  %y = nn.scan with(%x : tensor<4xf32>) {trips = 1 : i64} -> (tensor<1x4xf32>) {
  ^bb0(%t: tensor<i32>, %a: tensor<4xf32>):
    %e = nn.exp %a : tensor<4xf32> -> tensor<4xf32>
    nn.emit %e : tensor<4xf32>
  }
  return %y : tensor<1x4xf32>
}
