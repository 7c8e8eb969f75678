// Independent launches run side by side; one that reads another's result, or writes what another reads, waits.
// RUN: %nn-opt --nn-plan-memory %s | FileCheck %s

// CHECK-LABEL: func.func @f
// CHECK:         %[[A:.*]] = nn.launch @k(%{{[^)]*}}) {offsets
// CHECK-NEXT:    %[[B:.*]] = nn.launch @k(%{{[^)]*}}) {offsets
// CHECK-NEXT:    nn.launch @sum(%[[A]], %[[B]]) {barrier, offsets
func.func @f(%x: tensor<32xf32> {nn.role = "input", nn.name = "x"}, %y: tensor<32xf32> {nn.role = "input", nn.name = "y"})
    -> (tensor<32xf32> {nn.role = "output", nn.name = "z"}) {
  %a = nn.launch @k(%x) : (tensor<32xf32>) -> tensor<32xf32>
  %b = nn.launch @k(%y) : (tensor<32xf32>) -> tensor<32xf32>
  %c = nn.launch @sum(%a, %b) : (tensor<32xf32>, tensor<32xf32>) -> tensor<32xf32>
  return %c : tensor<32xf32>
}
nn.kernel @k(%a: tensor<32xf32>) -> tensor<32xf32> tasks 1 {
  %t = nn.neg %a : tensor<32xf32> -> tensor<32xf32>
  nn.yield %t : tensor<32xf32>
}
nn.kernel @sum(%a: tensor<32xf32>, %b: tensor<32xf32>) -> tensor<32xf32> tasks 1 {
  %t = nn.add %a, %b : tensor<32xf32>, tensor<32xf32> -> tensor<32xf32>
  nn.yield %t : tensor<32xf32>
}
