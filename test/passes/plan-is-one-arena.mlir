// All entries share the arena: owned values lie at the same place, everything else behind them.
// RUN: %nn-opt --nn-plan-memory %s | FileCheck %s

// CHECK:       nn.arena_bytes = 384
// CHECK-SAME:  nn.parameter_bytes = 128
// CHECK-SAME:  nn.persistent_bytes = 128
// CHECK-LABEL: func.func @init
// CHECK:         nn.launch @fill() {offsets = array<i64: {{(.*, )?}}0>}
// CHECK-LABEL: func.func @apply
// CHECK-SAME:    nn.offset = 128
// CHECK-SAME:    nn.offset = 0
// CHECK:         nn.launch @scale({{.*}}) {offsets = array<i64: {{(.*, )?}}256>}
module attributes {nn.owned = [{name = "w", role = "param", type = tensor<32xf32>}]} {
func.func @init() -> (tensor<32xf32> {nn.role = "param", nn.name = "w"}) {
  %w = nn.launch @fill() : () -> tensor<32xf32>
  return %w : tensor<32xf32>
}
func.func @apply(%x: tensor<32xf32> {nn.role = "input", nn.name = "x"}, %w: tensor<32xf32> {nn.role = "param", nn.name = "w"})
    -> (tensor<32xf32> {nn.role = "output", nn.name = "y"}) {
  %y = nn.launch @scale(%x, %w) : (tensor<32xf32>, tensor<32xf32>) -> tensor<32xf32>
  return %y : tensor<32xf32>
}
nn.kernel @fill() -> tensor<32xf32> tasks 1 {
  %t = nn.constant dense<1.0> : tensor<32xf32>
  nn.yield %t : tensor<32xf32>
}
nn.kernel @scale(%a: tensor<32xf32>, %b: tensor<32xf32>) -> tensor<32xf32> tasks 1 {
  %t = nn.mul %a, %b : tensor<32xf32>, tensor<32xf32> -> tensor<32xf32>
  nn.yield %t : tensor<32xf32>
}
}
