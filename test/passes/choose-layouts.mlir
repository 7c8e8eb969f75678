// Values with a batch dimension keep it innermost where it fills vectors; arguments, parameters and results stay as they are.
// RUN: %nn-opt --nn-choose-layouts %s | FileCheck %s

// CHECK-LABEL: func.func @small_channels
// CHECK:         %[[F:.*]] = nn.cast %{{.*}} : tensor<64x1x8x8xui8> -> tensor<64x1x8x8xf32, #nn.layout<[1, 2, 3, 0]>>
// CHECK:         %[[C:.*]] = nn.conv %[[F]], %{{.*}} -> tensor<64x6x6x6xf32, #nn.layout<[1, 2, 3, 0]>>
// CHECK:         %[[R:.*]] = nn.reshape %[[C]] : {{.*}} -> tensor<64x216xf32, #nn.layout<[1, 0]>>
// CHECK:         %[[Y:.*]] = nn.contract %[[R]], %{{.*}} -> tensor<64x10xf32, #nn.layout<[1, 0]>>
// CHECK:         %[[B:.*]] = nn.broadcast %{{.*}} -> tensor<64x10xf32, #nn.layout<[1, 0]>>
// CHECK:         %[[S:.*]] = nn.add %[[Y]], %[[B]] {{.*}} -> tensor<64x10xf32, #nn.layout<[1, 0]>>
// CHECK:         %[[O:.*]] = nn.transpose %[[S]] {permutation = array<i64: 0, 1>} : {{.*}} -> tensor<64x10xf32>
// CHECK:         return %[[O]]
func.func @small_channels(%image: tensor<64x1x8x8xui8> {nn.role = "record", nn.name = "image"},
                          %k: tensor<6x1x3x3xf32> {nn.role = "param", nn.name = "k"},
                          %w: tensor<10x216xf32> {nn.role = "param", nn.name = "w"},
                          %b: tensor<10xf32> {nn.role = "param", nn.name = "b"}) -> tensor<64x10xf32> {
  %f = nn.cast %image : tensor<64x1x8x8xui8> -> tensor<64x1x8x8xf32>
  %c = nn.conv %f, %k {strides = array<i64: 1, 1>, low = array<i64: 0, 0>, high = array<i64: 0, 0>,
    dilation = array<i64: 1, 1>, groups = 1 : i64} : tensor<64x1x8x8xf32>, tensor<6x1x3x3xf32> -> tensor<64x6x6x6xf32>
  %r = nn.reshape %c : tensor<64x6x6x6xf32> -> tensor<64x216xf32>
  %y = nn.contract %r, %w {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>}
    : tensor<64x216xf32>, tensor<10x216xf32> -> tensor<64x10xf32>
  %bias = nn.broadcast %b {dims = array<i64: 1>} : tensor<10xf32> -> tensor<64x10xf32>
  %s = nn.add %y, %bias : tensor<64x10xf32>, tensor<64x10xf32> -> tensor<64x10xf32>
  return %s : tensor<64x10xf32>
}

// An input that a product reads is reordered once.
// CHECK-LABEL: func.func @input
// CHECK:         %[[T:.*]] = nn.transpose %{{.*}} : tensor<64x216xf32> -> tensor<64x216xf32, #nn.layout<[1, 0]>>
// CHECK:         nn.contract %[[T]]
func.func @input(%x: tensor<64x216xf32> {nn.role = "input", nn.name = "x"},
                 %w: tensor<10x216xf32> {nn.role = "param", nn.name = "w"}) -> tensor<64x10xf32> {
  %y = nn.contract %x, %w {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>}
    : tensor<64x216xf32>, tensor<10x216xf32> -> tensor<64x10xf32>
  return %y : tensor<64x10xf32>
}

// A batch of one fills no vector.
// CHECK-LABEL: func.func @single
// CHECK-NOT:     #nn.layout
func.func @single(%x: tensor<1x216xf32> {nn.role = "input", nn.name = "x"},
                  %w: tensor<10x216xf32> {nn.role = "param", nn.name = "w"}) -> tensor<1x10xf32> {
  %y = nn.contract %x, %w {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>}
    : tensor<1x216xf32>, tensor<10x216xf32> -> tensor<1x10xf32>
  return %y : tensor<1x10xf32>
}

// Functions with kernels of their own read and return row-major tensors; a product behind one reads a reordered copy.
// CHECK-LABEL: func.func @call
// CHECK:         %[[Y:.*]] = nn.contract {{.*}} -> tensor<64x10xf32, #nn.layout<[1, 0]>>
// CHECK:         %[[R:.*]] = nn.transpose %[[Y]] {{.*}} -> tensor<64x10xf32>
// CHECK:         %[[C:.*]] = nn.call @f(%[[R]]) : (tensor<64x10xf32>) -> tensor<64x10xf32>
// CHECK:         %[[T:.*]] = nn.transpose %[[C]] {{.*}} -> tensor<64x10xf32, #nn.layout<[1, 0]>>
// CHECK:         nn.contract %[[T]]
func.func @call(%x: tensor<64x216xf32> {nn.role = "input", nn.name = "x"}, %w: tensor<10x216xf32> {nn.role = "param", nn.name = "w"},
                %v: tensor<3x10xf32> {nn.role = "param", nn.name = "v"}) -> tensor<64x3xf32> {
  %y = nn.contract %x, %w {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>}
    : tensor<64x216xf32>, tensor<10x216xf32> -> tensor<64x10xf32>
  %c = nn.call @f(%y) : (tensor<64x10xf32>) -> tensor<64x10xf32>
  %z = nn.contract %c, %v {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>}
    : tensor<64x10xf32>, tensor<3x10xf32> -> tensor<64x3xf32>
  return %z : tensor<64x3xf32>
}
func.func private @f(%x: tensor<64x10xf32>) -> tensor<64x10xf32> {
  return %x : tensor<64x10xf32>
}
