// A convolution with the batch innermost: a tile of filters x vectors of batch rows stays in registers while taps pass;
// weights are read one by one where they lie; bounds of the taps are clipped at the border, nothing is padded or packed.
// RUN: %nn-opt --target=x86-64-v4 --nn-emit-kernels %s | FileCheck %s

// CHECK-LABEL: func.func @conv(
// CHECK-SAME:    %[[X:.*]]: memref<1x28x28x64xf32>{{.*}}, %[[W:.*]]: memref<6x1x5x5xf32>{{.*}}, %[[Y:.*]]: memref<6x28x28x64xf32>
// CHECK-DAG:     %[[FLAT_W:.*]] = memref.reinterpret_cast %[[W]]
// CHECK-DAG:     %[[FLAT_X:.*]] = memref.reinterpret_cast %[[X]]
// CHECK:         scf.for
// Rows of taps inside the image, for this row of the result:
// CHECK:         arith.maxsi
// CHECK:         arith.minsi
// CHECK:         scf.for {{.*}} -> ([[TILE:(vector<16xf32>(, )?){24}]])
// CHECK-COUNT-4: vector.load %[[FLAT_X]]{{.*}}vector<16xf32>
// CHECK:         memref.load %[[FLAT_W]]
// CHECK-NEXT:    vector.broadcast
// CHECK-COUNT-4: vector.fma
// CHECK-NOT:     maskedload
// CHECK:         return
nn.kernel @conv(%x: tensor<64x1x28x28xf32, #nn.layout<[1, 2, 3, 0]>>, %w: tensor<6x1x5x5xf32>)
    -> tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>> tasks 28 {
  %y = nn.conv %x, %w {strides = array<i64: 1, 1>, low = array<i64: 2, 2>, high = array<i64: 2, 2>,
    dilation = array<i64: 1, 1>, groups = 1 : i64}
    : tensor<64x1x28x28xf32, #nn.layout<[1, 2, 3, 0]>>, tensor<6x1x5x5xf32> -> tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>
  nn.yield %y : tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>
}
