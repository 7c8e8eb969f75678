// An update takes its old values as first operands, in the order of the results that replace them, and needs no copy.
// RUN: %nn-opt --nn-group --nn-outline-kernels --nn-plan-memory %s | FileCheck %s

// CHECK-LABEL: func.func @step
// CHECK-SAME:    %[[G:[^:]*]]: tensor<64x32xf32> {{.*}}, %[[W:[^:]*]]: tensor<64x32xf32> {{.*}}, %[[V:[^:]*]]: tensor<64x32xf32>
// CHECK:         nn.launch @sub(%[[V]], %[[W]], %[[G]]) {offsets = array<i64: {{(.*, )?}}8192, 0>}
// CHECK-NEXT:    return
module attributes {nn.owned = [{name = "w", role = "param", type = tensor<64x32xf32>},
                               {name = "v", role = "slot", type = tensor<64x32xf32>}]} {
func.func @step(%g: tensor<64x32xf32> {nn.role = "input", nn.name = "g"},
                %w: tensor<64x32xf32> {nn.role = "param", nn.name = "w"},
                %v: tensor<64x32xf32> {nn.role = "slot", nn.name = "v"})
    -> (tensor<64x32xf32> {nn.role = "param", nn.name = "w"}, tensor<64x32xf32> {nn.role = "slot", nn.name = "v"}) {
  %v1 = nn.add %v, %g : tensor<64x32xf32>, tensor<64x32xf32> -> tensor<64x32xf32>
  %w1 = nn.sub %w, %v1 : tensor<64x32xf32>, tensor<64x32xf32> -> tensor<64x32xf32>
  return %w1, %v1 : tensor<64x32xf32>, tensor<64x32xf32>
}
}
