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

// A view of a view whose value is returned, too, stays as it is: planning copies it.
// CHECK-LABEL: func.func @both
// CHECK:         %[[A:.*]] = nn.launch @{{.*}} -> tensor<6x1xf32>
// CHECK-NEXT:    %[[T:.*]] = nn.transpose %[[A]] {{.*}} -> tensor<1x6xf32>
// CHECK-NEXT:    %[[R:.*]] = nn.reshape %[[T]] : tensor<1x6xf32> -> tensor<2x3xf32>
// CHECK-NEXT:    return %[[R]], %[[A]]
func.func @both(%x: tensor<6x1xf32>) -> (tensor<2x3xf32>, tensor<6x1xf32>) {
  %a = nn.group (%i = %x : tensor<6x1xf32>) -> tensor<6x1xf32> {
    %t = nn.tanh %i : tensor<6x1xf32> -> tensor<6x1xf32>
    nn.yield %t : tensor<6x1xf32>
  }
  %t = nn.transpose %a {permutation = array<i64: 1, 0>} : tensor<6x1xf32> -> tensor<1x6xf32>
  %r = nn.reshape %t : tensor<1x6xf32> -> tensor<2x3xf32>
  return %r, %a : tensor<2x3xf32>, tensor<6x1xf32>
}
