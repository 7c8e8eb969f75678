// Products leave a loop where they can: in front of it what the steps get from outside, behind it what only results want,
// and the sum of products is one product. What the loop keeps is what its steps wait for.
// RUN: %nn-opt --nn-simplify --nn-move-out-of-scans --nn-simplify %s | FileCheck %s
// RUN: %bin/nn-run --compiled %s

// The input's product and its bias, for all steps and rows as one; the recurrent product stays.
// CHECK-LABEL: func.func @before(
// CHECK: nn.contract {{.*}} : tensor<12x4xf32>, tensor<5x4xf32> -> tensor<12x5xf32>
// CHECK: nn.add {{.*}} : tensor<12x5xf32>
// CHECK: %[[Z:.*]] = nn.reshape {{.*}} -> tensor<6x2x5xf32>
// CHECK: nn.scan carry({{.*}}) over(%[[Z]] : tensor<6x2x5xf32>) with({{.*}} : tensor<5x5xf32>)
// CHECK: nn.contract
// CHECK-NOT: nn.contract
// CHECK: return
func.func @before(%x: tensor<2x6x4xf32>, %w: tensor<5x4xf32>, %u: tensor<5x5xf32>, %b: tensor<5xf32>, %h0: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %h = nn.scan carry(%h0 : tensor<2x5xf32>) with(%x, %w, %u, %b : tensor<2x6x4xf32>, tensor<5x4xf32>, tensor<5x5xf32>, tensor<5xf32>) {trips = 6 : i64} -> (tensor<2x5xf32>) {
  ^bb0(%t: tensor<i32>, %p: tensor<2x5xf32>, %xs: tensor<2x6x4xf32>, %v: tensor<5x4xf32>, %r: tensor<5x5xf32>, %c: tensor<5xf32>):
    %xt = nn.gather %xs, %t {axis = 1 : i64} : tensor<2x6x4xf32>, tensor<i32> -> tensor<2x4xf32>
    %z = nn.contract %xt, %v {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>} : tensor<2x4xf32>, tensor<5x4xf32> -> tensor<2x5xf32>
    %cb = nn.broadcast %c {dims = array<i64: 1>} : tensor<5xf32> -> tensor<2x5xf32>
    %zb = nn.add %z, %cb : tensor<2x5xf32>, tensor<2x5xf32> -> tensor<2x5xf32>
    %q = nn.contract %p, %r {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>} : tensor<2x5xf32>, tensor<5x5xf32> -> tensor<2x5xf32>
    %s = nn.add %zb, %q : tensor<2x5xf32>, tensor<2x5xf32> -> tensor<2x5xf32>
    %e = nn.tanh %s : tensor<2x5xf32> -> tensor<2x5xf32>
    nn.emit %e : tensor<2x5xf32>
  }
  return %h : tensor<2x5xf32>
}

// A product of what each step emits, and what is computed from it.
// CHECK-LABEL: func.func @behind(
// CHECK: %[[HS:.*]] = nn.scan
// CHECK-NOT: nn.contract
// CHECK: nn.emit
// CHECK: nn.contract {{.*}} : tensor<12x5xf32>, tensor<5x3xf32> -> tensor<12x3xf32>
// CHECK: nn.exp
func.func @behind(%x: tensor<6x2x5xf32>, %w: tensor<5x3xf32>, %h0: tensor<2x5xf32>) -> tensor<6x2x3xf32> {
  %y, %h = nn.scan carry(%h0 : tensor<2x5xf32>) over(%x : tensor<6x2x5xf32>) with(%w : tensor<5x3xf32>) {trips = 6 : i64} -> (tensor<6x2x3xf32>, tensor<2x5xf32>) {
  ^bb0(%t: tensor<i32>, %p: tensor<2x5xf32>, %xt: tensor<2x5xf32>, %v: tensor<5x3xf32>):
    %s = nn.mul %p, %xt : tensor<2x5xf32>, tensor<2x5xf32> -> tensor<2x5xf32>
    %z = nn.contract %s, %v {lhs = array<i64: 0, 2>, rhs = array<i64: 2, 1>, out = array<i64: 0, 1>} : tensor<2x5xf32>, tensor<5x3xf32> -> tensor<2x3xf32>
    %e = nn.exp %z : tensor<2x3xf32> -> tensor<2x3xf32>
    nn.emit %e, %s : tensor<2x3xf32>, tensor<2x5xf32>
  }
  return %y : tensor<6x2x3xf32>
}

// Sums over the steps: of products, of sums over rows, of elements at indices.
// CHECK-LABEL: func.func @sums(
// CHECK: nn.scan carry(%{{[^,]*}} : tensor<2x5xf32>) over
// CHECK-NOT: nn.contract
// CHECK: nn.emit
// CHECK-DAG: nn.contract {{.*}} : tensor<12x5xf32>, tensor<12x3xf32> -> tensor<5x3xf32>
// CHECK-DAG: nn.reduce_sum {{.*}} {axes = array<i64: 0, 1>} : tensor<6x2x5xf32> -> tensor<5xf32>
// CHECK-DAG: nn.scatter_sum {{.*}} : tensor<6x2x5xf32>, tensor<6x2xi32> -> tensor<4x5xf32>
func.func @sums(%x: tensor<6x2x5xf32>, %d: tensor<6x2x3xf32>, %i: tensor<6x2xi32>, %h0: tensor<2x5xf32>, %w0: tensor<5x3xf32>, %b0: tensor<5xf32>, %e0: tensor<4x5xf32>) -> (tensor<5x3xf32>, tensor<5xf32>, tensor<4x5xf32>) {
  %h, %w, %b, %e = nn.scan carry(%h0, %w0, %b0, %e0 : tensor<2x5xf32>, tensor<5x3xf32>, tensor<5xf32>, tensor<4x5xf32>) over(%x, %d, %i : tensor<6x2x5xf32>, tensor<6x2x3xf32>, tensor<6x2xi32>) {trips = 6 : i64, reversed} -> (tensor<2x5xf32>, tensor<5x3xf32>, tensor<5xf32>, tensor<4x5xf32>) {
  ^bb0(%t: tensor<i32>, %p: tensor<2x5xf32>, %pw: tensor<5x3xf32>, %pb: tensor<5xf32>, %pe: tensor<4x5xf32>, %xt: tensor<2x5xf32>, %dt: tensor<2x3xf32>, %it: tensor<2xi32>):
    %a = nn.mul %p, %xt : tensor<2x5xf32>, tensor<2x5xf32> -> tensor<2x5xf32>
    %s = nn.sin %a : tensor<2x5xf32> -> tensor<2x5xf32>
    %dw = nn.contract %s, %dt {lhs = array<i64: 2, 0>, rhs = array<i64: 2, 1>, out = array<i64: 0, 1>} : tensor<2x5xf32>, tensor<2x3xf32> -> tensor<5x3xf32>
    %nw = nn.add %pw, %dw : tensor<5x3xf32>, tensor<5x3xf32> -> tensor<5x3xf32>
    %db = nn.reduce_sum %s {axes = array<i64: 0>} : tensor<2x5xf32> -> tensor<5xf32>
    %nb = nn.add %pb, %db : tensor<5xf32>, tensor<5xf32> -> tensor<5xf32>
    %de = nn.scatter_sum %s, %it {axis = 0 : i64} : tensor<2x5xf32>, tensor<2xi32> -> tensor<4x5xf32>
    %ne = nn.add %de, %pe : tensor<4x5xf32>, tensor<4x5xf32> -> tensor<4x5xf32>
    nn.emit %s, %nw, %nb, %ne : tensor<2x5xf32>, tensor<5x3xf32>, tensor<5xf32>, tensor<4x5xf32>
  }
  return %w, %b, %e : tensor<5x3xf32>, tensor<5xf32>, tensor<4x5xf32>
}
