// A reduction takes in what only it reads, and what follows at its own size; a value that others read as well stays in memory.
// RUN: %nn-opt --nn-group %s | FileCheck %s

// CHECK-LABEL: func.func @prologue_and_epilogue
// CHECK:         nn.group
// CHECK-NEXT:      nn.mul
// CHECK-NEXT:      nn.reduce_sum
// CHECK-NEXT:      nn.sqrt
// CHECK-NEXT:      nn.yield
// CHECK-NOT:     nn.group
// CHECK:         return
func.func @prologue_and_epilogue(%x: tensor<512x256xf32>) -> tensor<512xf32> {
  %y = nn.mul %x, %x : tensor<512x256xf32>, tensor<512x256xf32> -> tensor<512x256xf32>
  %s = nn.reduce_sum %y {axes = array<i64: 1>} : tensor<512x256xf32> -> tensor<512xf32>
  %n = nn.sqrt %s : tensor<512xf32> -> tensor<512xf32>
  return %n : tensor<512xf32>
}

// CHECK-LABEL: func.func @value_read_twice
// CHECK:         nn.group
// CHECK-NEXT:      nn.exp
// CHECK-NEXT:      nn.yield
// CHECK:         nn.group
// CHECK-NEXT:      nn.reduce_sum
// CHECK-NEXT:      nn.yield
// CHECK:         nn.group
// CHECK-NEXT:      nn.broadcast
// CHECK-NEXT:      nn.div
// CHECK-NEXT:      nn.yield
func.func @value_read_twice(%x: tensor<512x256xf32>) -> tensor<512x256xf32> {
  %e = nn.exp %x : tensor<512x256xf32> -> tensor<512x256xf32>
  %s = nn.reduce_sum %e {axes = array<i64: 1>} : tensor<512x256xf32> -> tensor<512xf32>
  %b = nn.broadcast %s {dims = array<i64: 0>} : tensor<512xf32> -> tensor<512x256xf32>
  %y = nn.div %e, %b : tensor<512x256xf32>, tensor<512x256xf32> -> tensor<512x256xf32>
  return %y : tensor<512x256xf32>
}

// Two sums of one value over the same axes are one pass over it.
// CHECK-LABEL: func.func @siblings
// CHECK:         nn.group {{.*}} -> (tensor<256xf32>, tensor<256xf32>)
// CHECK-NOT:     nn.group
// CHECK:         return
func.func @siblings(%d: tensor<512x256xf32>, %x: tensor<512x256xf32>) -> (tensor<256xf32>, tensor<256xf32>) {
  %a = nn.reduce_sum %d {axes = array<i64: 0>} : tensor<512x256xf32> -> tensor<256xf32>
  %p = nn.mul %d, %x : tensor<512x256xf32>, tensor<512x256xf32> -> tensor<512x256xf32>
  %b = nn.reduce_sum %p {axes = array<i64: 0>} : tensor<512x256xf32> -> tensor<256xf32>
  return %a, %b : tensor<256xf32>, tensor<256xf32>
}
