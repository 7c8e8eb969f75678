// A large sum to a scalar becomes partial sums, and what is summed moves along; small ones and ones with many results stay.
// RUN: %nn-opt --nn-split-reductions --cse %s | FileCheck %s

// CHECK-LABEL: func.func @norm
// CHECK:         %[[V:.*]] = nn.reshape %{{.*}} : tensor<512x256xf32> -> tensor<16x32x256xf32>
// CHECK:         %[[S:.*]] = nn.mul %[[V]], %[[V]]
// CHECK:         %[[P:.*]] = nn.reduce_sum %[[S]] {axes = array<i64: 1, 2>} : tensor<16x32x256xf32> -> tensor<16xf32>
// CHECK:         nn.reduce_sum %[[P]] {axes = array<i64: 0>} : tensor<16xf32> -> tensor<f32>
func.func @norm(%x: tensor<512x256xf32>) -> tensor<f32> {
  %s = nn.mul %x, %x : tensor<512x256xf32>, tensor<512x256xf32> -> tensor<512x256xf32>
  %y = nn.reduce_sum %s {axes = array<i64: 0, 1>} : tensor<512x256xf32> -> tensor<f32>
  return %y : tensor<f32>
}

// CHECK-LABEL: func.func @rows
// CHECK-NEXT:    nn.reduce_sum %{{.*}} {axes = array<i64: 1>} : tensor<512x256xf32> -> tensor<512xf32>
// CHECK-NEXT:    return
func.func @rows(%x: tensor<512x256xf32>) -> tensor<512xf32> {
  %y = nn.reduce_sum %x {axes = array<i64: 1>} : tensor<512x256xf32> -> tensor<512xf32>
  return %y : tensor<512xf32>
}

// The parts are blocks of memory: the outermost dimension of the layout is cut.
// CHECK-LABEL: func.func @layout
// CHECK:         nn.reshape %{{.*}} -> tensor<512x16x16xf32, #nn.layout<[1, 2, 0]>>
func.func @layout(%x: tensor<512x256xf32, #nn.layout<[1, 0]>>) -> tensor<f32> {
  %y = nn.reduce_sum %x {axes = array<i64: 0, 1>} : tensor<512x256xf32, #nn.layout<[1, 0]>> -> tensor<f32>
  return %y : tensor<f32>
}
