// A kernel function without a direct implementation on the target becomes its body, also inside another one; nothing is left
// of functions that nobody calls.
// RUN: %nn-opt --nn-inline-kernel-functions %s | FileCheck %s

// CHECK-LABEL: func.func @f
// CHECK-NEXT:    %[[E:.*]] = nn.exp
// CHECK-NEXT:    %[[N:.*]] = nn.neg %[[E]]
// CHECK-NEXT:    return %[[N]]
// CHECK-NOT:   func.func
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = nn.call @outer(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func private @outer(%x: tensor<4xf32>) -> tensor<4xf32> attributes {nn.kernel_fn = "outer"} {
  %e = nn.call @inner(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %n = nn.neg %e : tensor<4xf32> -> tensor<4xf32>
  return %n : tensor<4xf32>
}
func.func private @inner(%x: tensor<4xf32>) -> tensor<4xf32> attributes {nn.kernel_fn = "inner"} {
  %e = nn.exp %x : tensor<4xf32> -> tensor<4xf32>
  return %e : tensor<4xf32>
}
