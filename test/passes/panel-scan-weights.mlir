// Weights that every step multiplies with are laid into panels in front of the loop, in both orders of their dimensions; what
// the panels do not divide stays.
// RUN: %nn-opt --nn-panel-scan-weights --nn-simplify %s | FileCheck %s
// RUN: %bin/nn-run --compiled %s

// CHECK-LABEL: func.func @both(
// CHECK-DAG: nn.transpose {{.*}} {permutation = array<i64: 0, 2, 1>}
// CHECK-DAG: nn.transpose {{.*}} {permutation = array<i64: 1, 0, 2>}
// CHECK: nn.scan
// CHECK: nn.contract {{.*}} {lhs = array<i64: 0, 1>, out = array<i64: 0, 2, 3>, rhs = array<i64: 2, 1, 3>}
// CHECK: nn.contract {{.*}} {lhs = array<i64: 0, 1>, out = array<i64: 0, 2, 3>, rhs = array<i64: 2, 1, 3>}
func.func @both(%u: tensor<64x64xf32>, %h0: tensor<3x64xf32>, %x: tensor<5x3x64xf32>) -> tensor<3x64xf32> {
  %h = nn.scan carry(%h0 : tensor<3x64xf32>) over(%x : tensor<5x3x64xf32>) with(%u : tensor<64x64xf32>) {trips = 5 : i64} -> (tensor<3x64xf32>) {
  ^bb0(%t: tensor<i32>, %p: tensor<3x64xf32>, %xt: tensor<3x64xf32>, %w: tensor<64x64xf32>):
    %a = nn.contract %p, %w {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>} : tensor<3x64xf32>, tensor<64x64xf32> -> tensor<3x64xf32>
    %b = nn.add %a, %xt : tensor<3x64xf32>, tensor<3x64xf32> -> tensor<3x64xf32>
    %c = nn.tanh %b : tensor<3x64xf32> -> tensor<3x64xf32>
    %d = nn.contract %c, %w {lhs = array<i64: 0, 2>, rhs = array<i64: 2, 1>, out = array<i64: 0, 1>} : tensor<3x64xf32>, tensor<64x64xf32> -> tensor<3x64xf32>
    %e = nn.tanh %d : tensor<3x64xf32> -> tensor<3x64xf32>
    nn.emit %e : tensor<3x64xf32>
  }
  return %h : tensor<3x64xf32>
}

// CHECK-LABEL: func.func @odd(
// CHECK-NOT: nn.transpose
func.func @odd(%u: tensor<7x7xf32>, %h0: tensor<3x7xf32>) -> tensor<3x7xf32> {
  %h = nn.scan carry(%h0 : tensor<3x7xf32>) with(%u : tensor<7x7xf32>) {trips = 5 : i64} -> (tensor<3x7xf32>) {
  ^bb0(%t: tensor<i32>, %p: tensor<3x7xf32>, %w: tensor<7x7xf32>):
    %a = nn.contract %p, %w {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>} : tensor<3x7xf32>, tensor<7x7xf32> -> tensor<3x7xf32>
    %c = nn.tanh %a : tensor<3x7xf32> -> tensor<3x7xf32>
    nn.emit %c : tensor<3x7xf32>
  }
  return %h : tensor<3x7xf32>
}
