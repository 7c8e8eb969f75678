// Two ops that read one value are not fused around a third that must run between them.
// RUN: %nn-opt --nn-group %s | FileCheck %s

// x -> tanh -> contract -> add(tanh): the add reads both, the tanh's group must not take it in.
// CHECK-LABEL: func.func @residual
// CHECK:         %[[T:.*]] = nn.group
// CHECK-NEXT:      nn.tanh
// CHECK-NEXT:      nn.yield
// CHECK:         nn.group (%{{.*}} = %[[T]] :
// CHECK-NEXT:      nn.contract
// CHECK-NEXT:      nn.add
// CHECK-NEXT:      nn.yield
// CHECK-NOT:     nn.group
// CHECK:         return
func.func @residual(%x: tensor<256x256xf32>, %w: tensor<256x256xf32>) -> tensor<256x256xf32> {
  %t = nn.tanh %x : tensor<256x256xf32> -> tensor<256x256xf32>
  %p = nn.contract %t, %w {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>}
    : tensor<256x256xf32>, tensor<256x256xf32> -> tensor<256x256xf32>
  %y = nn.add %p, %t : tensor<256x256xf32>, tensor<256x256xf32> -> tensor<256x256xf32>
  return %y : tensor<256x256xf32>
}
