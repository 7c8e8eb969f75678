// Kernels become functions of loops over memory: who aliases, where lanes lie, how ends are treated.
// RUN: %nn-opt --target=x86-64-v4 --nn-emit-kernels --canonicalize --cse %s | FileCheck %s
// RUN: %nn-opt --target=aarch64 --nn-emit-kernels --canonicalize --cse %s | FileCheck %s --check-prefix=NARROW

// Physical shapes; only the pair in place may alias; the rest of 37 elements is one masked vector, or narrower ones.
// CHECK-LABEL: func.func @in_place(
// CHECK-SAME: %[[A:.*]]: memref<37xf32>, %{{.*}}: memref<37xf32> {llvm.noalias}, %[[Y:.*]]: memref<37xf32>, %{{.*}}: index
// CHECK-COUNT-2: vector.store {{.*}}, %[[Y]]{{.*}} : memref<37xf32>, vector<16xf32>
// CHECK: vector.maskedload %[[A]]
// CHECK: vector.maskedstore %[[Y]]
// NARROW-LABEL: func.func @in_place(
// NARROW-NOT: maskedload
// NARROW: memref.load {{.*}} : memref<37xf32>
// NARROW: return
nn.kernel @in_place(%a: tensor<37xf32>, %b: tensor<37xf32>) -> tensor<37xf32> tasks 1 attributes {inplace = array<i64: 0, 0>} {
  %y = nn.mul %a, %b : tensor<37xf32>, tensor<37xf32> -> tensor<37xf32>
  nn.yield %y : tensor<37xf32>
}

// Booleans are bytes in memory; a layout permutes the memory's dimensions.
// CHECK-LABEL: func.func @layout(
// CHECK-SAME: memref<3x64xf32> {llvm.noalias}, %{{.*}}: memref<3x64xi8> {llvm.noalias}
// CHECK: arith.extui %{{.*}} : vector<16xi1> to vector<16xi8>
nn.kernel @layout(%a: tensor<64x3xf32, #nn.layout<[1, 0]>>) -> tensor<64x3xi1, #nn.layout<[1, 0]>> tasks 1 {
  %z = nn.constant dense<0.0> : tensor<64x3xf32>
  %y = nn.compare gt, %a, %z : tensor<64x3xf32, #nn.layout<[1, 0]>>, tensor<64x3xf32> -> tensor<64x3xi1, #nn.layout<[1, 0]>>
  nn.yield %y : tensor<64x3xi1, #nn.layout<[1, 0]>>
}

// An operand that is contiguous across the lanes is transposed in registers: 16 loads and 4 rounds of 16 shuffles a tile.
// CHECK-LABEL: func.func @transposed(
// CHECK-COUNT-16: vector.load %{{.*}} : memref<1024xi8>, vector<16xi8>
// CHECK-COUNT-64: vector.shuffle
// CHECK-COUNT-16: arith.uitofp
// CHECK-NOT: memref.load
// CHECK: return
nn.kernel @transposed(%a: tensor<32x32xui8>) -> tensor<32x32xf32, #nn.layout<[1, 0]>> tasks 1 {
  %y = nn.cast %a : tensor<32x32xui8> -> tensor<32x32xf32, #nn.layout<[1, 0]>>
  nn.yield %y : tensor<32x32xf32, #nn.layout<[1, 0]>>
}

// A sum to one element runs in four vectors that are combined in a tree.
// CHECK-LABEL: func.func @norm(
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK: vector.extract_strided_slice {{.*}} : vector<16xf32> to vector<8xf32>
// CHECK: vector.extract %{{.*}}[0] : f32 from vector<1xf32>
nn.kernel @norm(%a: tensor<4096xf32>) -> tensor<f32> tasks 1 {
  %s = nn.mul %a, %a : tensor<4096xf32>, tensor<4096xf32> -> tensor<4096xf32>
  %y = nn.reduce_sum %s {axes = array<i64: 0>} : tensor<4096xf32> -> tensor<f32>
  nn.yield %y : tensor<f32>
}

// Tasks are runs of items; what a row's later stages need of it waits in the workspace.
// CHECK-LABEL: func.func @centred(
// CHECK-SAME: %[[W:[^:]*]]: memref<4096xi8> {llvm.noalias}, %[[LO:.*]]: index, %[[HI:.*]]: index)
// CHECK-DAG: memref.view %[[W]]
// CHECK-DAG: %[[FROM:.*]] = arith.muli %[[LO]]
// CHECK-DAG: %[[TO:.*]] = arith.muli %[[HI]]
// CHECK: scf.for %{{.*}} = %[[FROM]] to %[[TO]]
nn.kernel @centred(%a: tensor<1024x100xf32>) -> tensor<1024x100xf32> tasks 8 {
  %m = nn.reduce_max %a {axes = array<i64: 1>} : tensor<1024x100xf32> -> tensor<1024xf32>
  %b = nn.broadcast %m {dims = array<i64: 0>} : tensor<1024xf32> -> tensor<1024x100xf32>
  %y = nn.sub %a, %b : tensor<1024x100xf32>, tensor<1024x100xf32> -> tensor<1024x100xf32>
  nn.yield %y : tensor<1024x100xf32>
}
