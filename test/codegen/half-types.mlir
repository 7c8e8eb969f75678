// bf16 and f16 are storage: compiled kernels read and write them, and compute in f32, as the reference does.
// RUN: %bin/nn-run --compiled %s | FileCheck %s
// RUN: %bin/nn-run --compiled --target=x86-64-v3 %s | FileCheck %s
// RUN: %nn-opt --nn-widen-halves %s | FileCheck %s --check-prefix=WIDE

// WIDE-LABEL: func.func @chain(
// WIDE:         %[[X:.*]] = nn.cast %{{.*}} : tensor<33x7xbf16> -> tensor<33x7xf32>
// WIDE:         %[[E:.*]] = nn.exp %[[X]] : tensor<33x7xf32>
// WIDE:         nn.cast %[[E]] : tensor<33x7xf32> -> tensor<33x7xbf16>
// WIDE-NOT:     {{nn.(add|mul|exp|reduce_sum).*bf16}}
// CHECK: ok   chain
func.func @chain(%x: tensor<33x7xbf16>, %b: tensor<7xbf16>) -> (tensor<33x7xbf16>, tensor<7xbf16>) {
  %w = nn.broadcast %b {dims = array<i64: 1>} : tensor<7xbf16> -> tensor<33x7xbf16>
  %e = nn.exp %x : tensor<33x7xbf16> -> tensor<33x7xbf16>
  %y = nn.add %e, %w : tensor<33x7xbf16>, tensor<33x7xbf16> -> tensor<33x7xbf16>
  %s = nn.reduce_sum %y {axes = array<i64: 0>} : tensor<33x7xbf16> -> tensor<7xbf16>
  return %y, %s : tensor<33x7xbf16>, tensor<7xbf16>
}

// CHECK: ok   product
func.func @product(%x: tensor<17x40xf16>, %w: tensor<24x40xf16>) -> tensor<17x24xf16> {
  %y = nn.contract %x, %w {lhs = array<i64: 0, 2>, out = array<i64: 0, 1>, rhs = array<i64: 1, 2>} : tensor<17x40xf16>, tensor<24x40xf16> -> tensor<17x24xf16>
  return %y : tensor<17x24xf16>
}

// CHECK: ok   moves
func.func @moves(%x: tensor<16x12xbf16>) -> tensor<12x18xbf16> {
  %t = nn.transpose %x {permutation = array<i64: 1, 0>} : tensor<16x12xbf16> -> tensor<12x16xbf16>
  %p = nn.pad %t {high = array<i64: 0, 1>, interior = array<i64: 0, 0>, low = array<i64: 0, 1>} : tensor<12x16xbf16> -> tensor<12x18xbf16>
  return %p : tensor<12x18xbf16>
}

// CHECK: ok   casts
func.func @casts(%x: tensor<50xf16>, %i: tensor<50xi32>, %u: tensor<50xui8>) -> (tensor<50xbf16>, tensor<50xi32>, tensor<50xf16>, tensor<50xbf16>, tensor<50xi1>) {
  %a = nn.cast %x : tensor<50xf16> -> tensor<50xbf16>
  %b = nn.cast %x : tensor<50xf16> -> tensor<50xi32>
  %c = nn.cast %i : tensor<50xi32> -> tensor<50xf16>
  %d = nn.cast %u : tensor<50xui8> -> tensor<50xbf16>
  %e = nn.cast %x : tensor<50xf16> -> tensor<50xi1>
  return %a, %b, %c, %d, %e : tensor<50xbf16>, tensor<50xi32>, tensor<50xf16>, tensor<50xbf16>, tensor<50xi1>
}

// CHECK: ok   draws
func.func @draws(%seed: tensor<i64>, %step: tensor<i64>) -> tensor<4000xbf16> {
  %y = nn.random_uniform %seed, %step {path = 1 : i64, draw = 0 : i64, application = 0 : i64} : tensor<i64>, tensor<i64> -> tensor<4000xbf16>
  return %y : tensor<4000xbf16>
}
