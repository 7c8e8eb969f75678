// A chain of values needs the room of one where kernels work in place, and of two where they do not.
// RUN: %nn-opt --nn-plan-memory --split-input-file %s | FileCheck %s

// CHECK: nn.arena_bytes = 256
// CHECK-LABEL: func.func @in_place
// CHECK-SAME:    nn.offset = 0
// CHECK:         nn.launch @k({{.*}}) {offsets = array<i64: {{(.*, )?}}128>}
// CHECK-NEXT:    nn.launch @k({{.*}}) {barrier, offsets = array<i64: {{(.*, )?}}128>}
module {
func.func @in_place(%x: tensor<32xf32> {nn.role = "input", nn.name = "x"})
    -> (tensor<32xf32> {nn.role = "output", nn.name = "y"}) {
  %a = nn.launch @k(%x) : (tensor<32xf32>) -> tensor<32xf32>
  %b = nn.launch @k(%a) : (tensor<32xf32>) -> tensor<32xf32>
  return %b : tensor<32xf32>
}
nn.kernel @k(%a: tensor<32xf32>) -> tensor<32xf32> tasks 1 attributes {inplace = array<i64: 0, 0>} {
  %t = nn.neg %a : tensor<32xf32> -> tensor<32xf32>
  nn.yield %t : tensor<32xf32>
}
}

// -----

// CHECK: nn.arena_bytes = 512
// CHECK-SAME: nn.workspace_bytes = 128
// CHECK-LABEL: func.func @out_of_place
module {
func.func @out_of_place(%x: tensor<32xf32> {nn.role = "input", nn.name = "x"})
    -> (tensor<32xf32> {nn.role = "output", nn.name = "y"}) {
  %a = nn.launch @k(%x) : (tensor<32xf32>) -> tensor<32xf32>
  %b = nn.launch @k(%a) : (tensor<32xf32>) -> tensor<32xf32>
  %c = nn.launch @k(%b) : (tensor<32xf32>) -> tensor<32xf32>
  return %c : tensor<32xf32>
}
nn.kernel @k(%a: tensor<32xf32>) -> tensor<32xf32> tasks 1 attributes {nn.workspace = 128 : i64} {
  %t = nn.neg %a : tensor<32xf32> -> tensor<32xf32>
  nn.yield %t : tensor<32xf32>
}
}
