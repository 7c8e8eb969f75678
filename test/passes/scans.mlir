// A scan is a loop of launches: what a step emits goes where it stays, what is carried and emitted is not copied, and the
// compiled program means what the reference says.
// RUN: %nn-opt --nn-to-fused %s 2>/dev/null | FileCheck %s
// RUN: %bin/nn-run --compiled %s

// The carried value is its own stack with one slot more: round by round 8 bytes down, from the third step to the first.
// CHECK-LABEL: func.func @last(
// CHECK: %[[INIT:.*]] = nn.launch @copy(%{{.*}}) {offsets = array<i64: 128, 216>}
// CHECK: nn.scan carry(%[[INIT]] : tensor<2xf32>) over(%{{.*}}) {offsets = array<i64: 192, 192>, reversed, trips = 3 : i64}
// CHECK: nn.launch @add{{.*}} {barrier, offsets = array<i64: 216, 80, 208>, strides = array<i64: -8, -8, -8>}
// CHECK-NOT: nn.launch
// CHECK: return
module attributes {nn.owned = [{name = "w", role = "state", type = tensor<5xf32>}]} {
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
// CHECK: nn.scan carry{{.*}} over(%{{.*}} : tensor<4xi32>)
// CHECK: nn.scan carry
// CHECK: nn.launch @mul{{.*}} strides = array<i64: 0, 0, 0, 0, 0, 0, 0, 0, 0, 20>
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

// One step that carries nothing; what does not depend on the step is computed once.
// CHECK-LABEL: func.func @once(
// CHECK: nn.launch @exp
// CHECK: nn.scan
func.func @once(%x: tensor<4xf32>) -> tensor<1x4xf32> {
  %y = nn.scan with(%x : tensor<4xf32>) {trips = 1 : i64} -> (tensor<1x4xf32>) {
  ^bb0(%t: tensor<i32>, %a: tensor<4xf32>):
    %e = nn.exp %a : tensor<4xf32> -> tensor<4xf32>
    nn.emit %e : tensor<4xf32>
  }
  return %y : tensor<1x4xf32>
}

// Carried values that change places, and one that stays as it is.
func.func @swap(%x: tensor<5xf32>, %y: tensor<5xf32>, %z: tensor<5xf32>) -> (tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<4x5xf32>) {
  %s, %a, %b, %c = nn.scan carry(%x, %y, %z : tensor<5xf32>, tensor<5xf32>, tensor<5xf32>) {trips = 4 : i64} -> (tensor<4x5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>) {
  ^bb0(%t: tensor<i32>, %p: tensor<5xf32>, %q: tensor<5xf32>, %r: tensor<5xf32>):
    %d = nn.add %p, %r : tensor<5xf32>, tensor<5xf32> -> tensor<5xf32>
    nn.emit %p, %q, %d, %r : tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>
  }
  return %a, %b, %c, %s : tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<4x5xf32>
}

// One value carried twice and emitted twice, and first values that are the same.
func.func @twice(%x: tensor<3x5xf32>, %h: tensor<5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>, tensor<5xf32>, tensor<5xf32>) {
  %s, %r, %a, %b = nn.scan carry(%h, %h : tensor<5xf32>, tensor<5xf32>) over(%x : tensor<3x5xf32>) {trips = 3 : i64} -> (tensor<3x5xf32>, tensor<3x5xf32>, tensor<5xf32>, tensor<5xf32>) {
  ^bb0(%t: tensor<i32>, %p: tensor<5xf32>, %q: tensor<5xf32>, %xt: tensor<5xf32>):
    %d = nn.add %p, %xt : tensor<5xf32>, tensor<5xf32> -> tensor<5xf32>
    %e = nn.mul %d, %q : tensor<5xf32>, tensor<5xf32> -> tensor<5xf32>
    nn.emit %e, %e, %e, %e : tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>
  }
  return %s, %r, %a, %b : tensor<3x5xf32>, tensor<3x5xf32>, tensor<5xf32>, tensor<5xf32>
}

// A carried value that is always its first, and one that is always the same as it: neither is carried.
func.func @constant(%x: tensor<3x5xf32>, %h: tensor<5xf32>) -> (tensor<3x5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>) {
  %s, %a, %b = nn.scan carry(%h, %h : tensor<5xf32>, tensor<5xf32>) over(%x : tensor<3x5xf32>) {trips = 3 : i64} -> (tensor<3x5xf32>, tensor<5xf32>, tensor<5xf32>) {
  ^bb0(%t: tensor<i32>, %p: tensor<5xf32>, %q: tensor<5xf32>, %xt: tensor<5xf32>):
    %d = nn.add %q, %xt : tensor<5xf32>, tensor<5xf32> -> tensor<5xf32>
    nn.emit %d, %p, %p : tensor<5xf32>, tensor<5xf32>, tensor<5xf32>
  }
  %c = nn.exp %b : tensor<5xf32> -> tensor<5xf32>
  return %s, %a, %b, %c : tensor<3x5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>
}

// Of two carried values that are the same, the second alone is read.
func.func @second(%x: tensor<3x5xf32>, %h: tensor<5xf32>) -> tensor<5xf32> {
  %a, %b = nn.scan carry(%h, %h : tensor<5xf32>, tensor<5xf32>) over(%x : tensor<3x5xf32>) {trips = 3 : i64} -> (tensor<5xf32>, tensor<5xf32>) {
  ^bb0(%t: tensor<i32>, %p: tensor<5xf32>, %q: tensor<5xf32>, %xt: tensor<5xf32>):
    %d = nn.mul %q, %xt : tensor<5xf32>, tensor<5xf32> -> tensor<5xf32>
    nn.emit %d, %d : tensor<5xf32>, tensor<5xf32>
  }
  return %b : tensor<5xf32>
}

// A product reads the carried value and replaces it: it needs other memory for a while. The loop behind reads the stack of
// the first, backwards.
func.func @product(%w: tensor<7x7xf32>, %h: tensor<3x7xf32>) -> (tensor<3x7xf32>, tensor<5x3x7xf32>) {
  %s, %a = nn.scan carry(%h : tensor<3x7xf32>) with(%w : tensor<7x7xf32>) {trips = 5 : i64} -> (tensor<5x3x7xf32>, tensor<3x7xf32>) {
  ^bb0(%t: tensor<i32>, %p: tensor<3x7xf32>, %v: tensor<7x7xf32>):
    %d = nn.contract %p, %v {lhs = array<i64: 0, 2>, rhs = array<i64: 2, 1>, out = array<i64: 0, 1>} : tensor<3x7xf32>, tensor<7x7xf32> -> tensor<3x7xf32>
    %e = nn.tanh %d : tensor<3x7xf32> -> tensor<3x7xf32>
    nn.emit %d, %e : tensor<3x7xf32>, tensor<3x7xf32>
  }
  %b = nn.scan carry(%a : tensor<3x7xf32>) over(%s : tensor<5x3x7xf32>) with(%w : tensor<7x7xf32>) {trips = 5 : i64, reversed} -> (tensor<3x7xf32>) {
  ^bb0(%t: tensor<i32>, %p: tensor<3x7xf32>, %x: tensor<3x7xf32>, %v: tensor<7x7xf32>):
    %d = nn.contract %p, %v {lhs = array<i64: 0, 2>, rhs = array<i64: 2, 1>, out = array<i64: 0, 1>} : tensor<3x7xf32>, tensor<7x7xf32> -> tensor<3x7xf32>
    %e = nn.sub %d, %x : tensor<3x7xf32>, tensor<3x7xf32> -> tensor<3x7xf32>
    %f = nn.tanh %e : tensor<3x7xf32> -> tensor<3x7xf32>
    nn.emit %f : tensor<3x7xf32>
  }
  return %b, %s : tensor<3x7xf32>, tensor<5x3x7xf32>
}

// An owned value that the loop reads is replaced behind it, by what the loop carries out.
func.func @owned(%w: tensor<5xf32> {nn.role = "state", nn.name = "w"}, %x: tensor<3x5xf32>) -> (tensor<5xf32> {nn.role = "state", nn.name = "w"}) {
  %h = nn.scan carry(%w : tensor<5xf32>) over(%x : tensor<3x5xf32>) with(%w : tensor<5xf32>) {trips = 3 : i64} -> (tensor<5xf32>) {
  ^bb0(%t: tensor<i32>, %p: tensor<5xf32>, %xt: tensor<5xf32>, %v: tensor<5xf32>):
    %d = nn.mul %p, %v : tensor<5xf32>, tensor<5xf32> -> tensor<5xf32>
    %e = nn.add %d, %xt : tensor<5xf32>, tensor<5xf32> -> tensor<5xf32>
    nn.emit %e : tensor<5xf32>
  }
  return %h : tensor<5xf32>
}
}
