// A reshape between kernels costs nothing: the reader takes the same memory.
// RUN: %nn-opt --nn-outline-kernels %s | FileCheck %s

// CHECK-LABEL: func.func @f
// CHECK-SAME:    %[[X:.*]]: tensor<4x6xf32>
// CHECK-NEXT:    %[[A:.*]] = nn.launch @{{.*}}(%[[X]]) : (tensor<4x6xf32>) -> tensor<24xf32>
// CHECK-NEXT:    return %[[A]]
func.func @f(%x: tensor<4x6xf32>) -> tensor<24xf32> {
  %v = nn.reshape %x : tensor<4x6xf32> -> tensor<6x4xf32>
  %a = nn.group (%i = %v : tensor<6x4xf32>) -> tensor<6x4xf32> {
    %t = nn.tanh %i : tensor<6x4xf32> -> tensor<6x4xf32>
    nn.yield %t : tensor<6x4xf32>
  }
  %r = nn.reshape %a : tensor<6x4xf32> -> tensor<24xf32>
  return %r : tensor<24xf32>
}
