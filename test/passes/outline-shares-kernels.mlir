// Equal groups are one kernel, whatever the shapes of their tensors are called; names come from the source.
// RUN: %nn-opt --nn-outline-kernels %s | FileCheck %s

// CHECK-LABEL: func.func @f
// CHECK:         %[[A:.*]] = nn.launch @hidden_tanh(%{{.*}}) : (tensor<4x6xf32>) -> tensor<4x6xf32>
// CHECK:         %[[B:.*]] = nn.launch @hidden_tanh(%{{.*}}) : (tensor<24xf32>) -> tensor<24xf32>
// CHECK:         return %[[A]], %[[B]]
// CHECK:       nn.kernel @hidden_tanh(%{{.*}}: tensor<24xf32>) -> tensor<24xf32>
// CHECK-NOT:   nn.kernel
func.func @f(%x: tensor<4x6xf32>, %y: tensor<24xf32>) -> (tensor<4x6xf32>, tensor<24xf32>) {
  %a = nn.group (%i = %x : tensor<4x6xf32>) -> tensor<4x6xf32> {
    %t = nn.tanh %i : tensor<4x6xf32> -> tensor<4x6xf32> loc("hidden.y")
    nn.yield %t : tensor<4x6xf32>
  }
  %b = nn.group (%i = %y : tensor<24xf32>) -> tensor<24xf32> {
    %t = nn.tanh %i : tensor<24xf32> -> tensor<24xf32> loc("output.y")
    nn.yield %t : tensor<24xf32>
  }
  return %a, %b : tensor<4x6xf32>, tensor<24xf32>
}
