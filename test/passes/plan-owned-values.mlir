// Owned values lie at fixed offsets in the order of their declaration; what replaces one is written there, behind the old
// value's readers; a value that cannot be written there is copied.
// RUN: %nn-opt --nn-plan-memory %s | FileCheck %s

// CHECK:       module attributes
// CHECK-SAME:    nn.owned = [{name = "w", offset = 0 : i64, {{.*}}}, {name = "v", offset = 64 : i64, {{.*}}}]
// CHECK-SAME:    nn.persistent_bytes = 128
module attributes {nn.owned = [{name = "w", role = "param", type = tensor<4xf32>},
                               {name = "v", role = "slot", type = tensor<4xf32>}]} {

// The reader of the old w moves in front of its writer.
// CHECK-LABEL: func.func @in_place
// CHECK-SAME:    nn.offset = 0
// CHECK:         nn.launch @square
// CHECK-NEXT:    nn.launch @halve({{.*}}) {barrier, offsets = array<i64: {{(.*, )?}}0>}
func.func @in_place(%w: tensor<4xf32> {nn.role = "param", nn.name = "w"})
    -> (tensor<4xf32> {nn.role = "param", nn.name = "w"}, tensor<4xf32> {nn.role = "output", nn.name = "y"}) {
  %n = nn.launch @halve(%w) : (tensor<4xf32>) -> tensor<4xf32>
  %y = nn.launch @square(%w) : (tensor<4xf32>) -> tensor<4xf32>
  return %n, %y : tensor<4xf32>, tensor<4xf32>
}

// @flip reads other elements than it writes: its result must not lie over its operand.
// CHECK-LABEL: func.func @not_in_place
// CHECK:         %[[T:.*]] = nn.launch @flip(%{{.*}}) {offsets = array<i64: {{(.*, )?}}128>}
// CHECK-NEXT:    nn.launch @copy(%[[T]]) {barrier, offsets = array<i64: {{(.*, )?}}0>}
func.func @not_in_place(%w: tensor<4xf32> {nn.role = "param", nn.name = "w"})
    -> (tensor<4xf32> {nn.role = "param", nn.name = "w"}) {
  %n = nn.launch @flip(%w) : (tensor<4xf32>) -> tensor<4xf32>
  return %n : tensor<4xf32>
}

// Two values that change places need one copy to the side.
// CHECK-LABEL: func.func @swap
// CHECK:         %[[T:.*]] = nn.launch @copy({{.*}}) {offsets = array<i64: {{(.*, )?}}128>}
// CHECK:         nn.launch @copy
// CHECK:         nn.launch @copy(%[[T]])
func.func @swap(%w: tensor<4xf32> {nn.role = "param", nn.name = "w"}, %v: tensor<4xf32> {nn.role = "slot", nn.name = "v"})
    -> (tensor<4xf32> {nn.role = "param", nn.name = "w"}, tensor<4xf32> {nn.role = "slot", nn.name = "v"}) {
  return %v, %w : tensor<4xf32>, tensor<4xf32>
}

nn.kernel @halve(%a: tensor<4xf32>) -> tensor<4xf32> tasks 1 attributes {inplace = array<i64: 0, 0>} {
  %h = nn.constant dense<0.5> : tensor<4xf32>
  %t = nn.mul %a, %h : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  nn.yield %t : tensor<4xf32>
}
nn.kernel @square(%a: tensor<4xf32>) -> tensor<4xf32> tasks 1 attributes {inplace = array<i64: 0, 0>} {
  %t = nn.mul %a, %a : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  nn.yield %t : tensor<4xf32>
}
nn.kernel @flip(%a: tensor<4xf32>) -> tensor<4xf32> tasks 1 {
  %t = nn.neg %a : tensor<4xf32> -> tensor<4xf32>
  nn.yield %t : tensor<4xf32>
}
}
