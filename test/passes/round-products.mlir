// Operands of products are rounded in front of transposes, of convolutions and their gradients too; other ops, other element types
// and modules without the precision stay.
// RUN: %nn-opt --nn-round-products --split-input-file %s | FileCheck %s

module attributes {nn.precision = "bf16"} {
  // CHECK-LABEL: func.func @product
  // CHECK-DAG:     %[[A16:.*]] = nn.cast %{{.*}} : tensor<4x3xf32> -> tensor<4x3xbf16>
  // CHECK-DAG:     %[[A:.*]] = nn.cast %[[A16]] : tensor<4x3xbf16> -> tensor<4x3xf32>
  // CHECK-DAG:     %[[B16:.*]] = nn.cast %{{.*}} : tensor<5x3xf32> -> tensor<5x3xbf16>
  // CHECK-DAG:     %[[B:.*]] = nn.cast %[[B16]] : tensor<5x3xbf16> -> tensor<5x3xf32>
  // CHECK:         %[[T:.*]] = nn.transpose %[[B]]
  // CHECK:         %[[Y:.*]] = nn.contract %[[A]], %[[T]]
  // CHECK:         nn.mul %[[Y]], %[[Y]]
  func.func @product(%a: tensor<4x3xf32>, %b: tensor<5x3xf32>) -> tensor<4x5xf32> {
    %t = nn.transpose %b {permutation = array<i64: 1, 0>} : tensor<5x3xf32> -> tensor<3x5xf32>
    %y = nn.contract %a, %t {lhs = array<i64: 0, 2>, rhs = array<i64: 2, 1>, out = array<i64: 0, 1>} : tensor<4x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
    %z = nn.mul %y, %y : tensor<4x5xf32>, tensor<4x5xf32> -> tensor<4x5xf32>
    return %z : tensor<4x5xf32>
  }
  // CHECK-LABEL: func.func @double
  // CHECK-NEXT:    nn.contract %arg0, %arg1
  func.func @double(%a: tensor<4x3xf64>, %b: tensor<3x5xf64>) -> tensor<4x5xf64> {
    %y = nn.contract %a, %b {lhs = array<i64: 0, 2>, rhs = array<i64: 2, 1>, out = array<i64: 0, 1>} : tensor<4x3xf64>, tensor<3x5xf64> -> tensor<4x5xf64>
    return %y : tensor<4x5xf64>
  }
}

// -----

module {
  // CHECK-LABEL: func.func @single
  // CHECK-NEXT:    nn.contract %arg0, %arg1
  func.func @single(%a: tensor<4x3xf32>, %b: tensor<3x5xf32>) -> tensor<4x5xf32> {
    %y = nn.contract %a, %b {lhs = array<i64: 0, 2>, rhs = array<i64: 2, 1>, out = array<i64: 0, 1>} : tensor<4x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
    return %y : tensor<4x5xf32>
  }
}
