// A softmax regression on 4 rows of 8 numbers and 3 classes at the loops stage, written by hand: three kernels, three entries.
module attributes {
  nn.model = "SoftmaxRegression", nn.source_hash = "0123abcd", nn.batch = 4 : i64,
  nn.persistent_bytes = 128 : i64, nn.arena_bytes = 768 : i64, nn.parameter_bytes = 96 : i64, nn.gradient_bytes = 0 : i64,
  nn.flops = 48 : i64, nn.optimizer_bytes = 0 : i64, nn.activation_bytes = 640 : i64, nn.workspace_bytes = 0 : i64,
  nn.owned = [{name = "dense_1.weight", role = "param", type = tensor<3x8xf32>}],
  nn.layers = [{path = "dense_1", kind = "Dense", shape = array<i64: 4, 3>, parameters = 24 : i64, flops = 48 : i64, bytes = 96 : i64}],
  nn.train = {data = {kind = "npz", files = ["rows.npz"],
                      fields = [{name = "row", shape = array<i64: 8>, type = f32, limit = 0 : i64},
                                {name = "label", shape = array<i64>, type = i32, limit = 3 : i64}]},
              epochs = 2 : i64, shuffle = true, target = "label"}
} {
  func.func @k_init(%seed: memref<i64> {llvm.noalias}, %w: memref<3x8xf32> {llvm.noalias}, %lo: index, %hi: index)
      attributes {nn.tasks = 3 : i64} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %s = memref.load %seed[] : memref<i64>
    %fs = arith.sitofp %s : i64 to f32
    scf.for %i = %lo to %hi step %c1 {
      scf.for %j = %c0 to %c8 step %c1 {
        %row = arith.muli %i, %c8 : index
        %n = arith.addi %row, %j : index
        %ni = arith.index_cast %n : index to i32
        %f = arith.sitofp %ni : i32 to f32
        %v = arith.addf %f, %fs : f32
        memref.store %v, %w[%i, %j] : memref<3x8xf32>
      }
    }
    return
  }

  func.func @k_logits(%x: memref<4x8xf32> {llvm.noalias}, %w: memref<3x8xf32> {llvm.noalias}, %y: memref<4x3xf32> {llvm.noalias},
                      %lo: index, %hi: index) attributes {nn.tasks = 4 : i64} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %zero = arith.constant 0.0 : f32
    scf.for %i = %lo to %hi step %c1 {
      %a = vector.load %x[%i, %c0] : memref<4x8xf32>, vector<8xf32>
      scf.for %c = %c0 to %c3 step %c1 {
        %b = vector.load %w[%c, %c0] : memref<3x8xf32>, vector<8xf32>
        %p = arith.mulf %a, %b : vector<8xf32>
        %s = vector.reduction <add>, %p, %zero : vector<8xf32> into f32
        memref.store %s, %y[%i, %c] : memref<4x3xf32>
      }
    }
    return
  }

  // The weights are replaced in place: rows of the old ones are read before they are written.
  func.func @k_update(%x: memref<4x8xf32> {llvm.noalias}, %label: memref<4xi32> {llvm.noalias}, %y: memref<4x3xf32> {llvm.noalias},
                      %lr: memref<f64> {llvm.noalias}, %w: memref<3x8xf32>, %wn: memref<3x8xf32>, %loss: memref<f32> {llvm.noalias},
                      %lo: index, %hi: index) attributes {nn.tasks = 1 : i64} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %zero = arith.constant 0.0 : f32
    %one = arith.constant 1.0 : f32
    %low = arith.constant 0xFF800000 : f32
    %quarter = arith.constant 0.25 : f32
    %rate64 = memref.load %lr[] : memref<f64>
    %rate = arith.truncf %rate64 : f64 to f32
    %total = scf.for %i = %c0 to %c4 step %c1 iter_args(%acc = %zero) -> f32 {
      %max = scf.for %c = %c0 to %c3 step %c1 iter_args(%m = %low) -> f32 {
        %v = memref.load %y[%i, %c] : memref<4x3xf32>
        %n = arith.maximumf %m, %v : f32
        scf.yield %n : f32
      }
      %sum = scf.for %c = %c0 to %c3 step %c1 iter_args(%m = %zero) -> f32 {
        %v = memref.load %y[%i, %c] : memref<4x3xf32>
        %d = arith.subf %v, %max : f32
        %e = math.exp %d : f32
        %n = arith.addf %m, %e : f32
        scf.yield %n : f32
      }
      %t32 = memref.load %label[%i] : memref<4xi32>
      %t = arith.index_cast %t32 : i32 to index
      %logsum = math.log %sum : f32
      %vt = memref.load %y[%i, %t] : memref<4x3xf32>
      %dt = arith.subf %vt, %max : f32
      %l = arith.subf %logsum, %dt : f32
      %row = vector.load %x[%i, %c0] : memref<4x8xf32>, vector<8xf32>
      scf.for %c = %c0 to %c3 step %c1 {
        %v = memref.load %y[%i, %c] : memref<4x3xf32>
        %d = arith.subf %v, %max : f32
        %e = math.exp %d : f32
        %p = arith.divf %e, %sum : f32
        %is = arith.cmpi eq, %c, %t : index
        %h = arith.select %is, %one, %zero : f32
        %g = arith.subf %p, %h : f32
        %gm = arith.mulf %g, %quarter : f32
        %gr = arith.mulf %gm, %rate : f32
        %ng = arith.negf %gr : f32
        %gv = vector.broadcast %ng : f32 to vector<8xf32>
        %old = vector.load %w[%c, %c0] : memref<3x8xf32>, vector<8xf32>
        %new = math.fma %gv, %row, %old : vector<8xf32>
        vector.store %new, %wn[%c, %c0] : memref<3x8xf32>, vector<8xf32>
      }
      %next = arith.addf %acc, %l : f32
      scf.yield %next : f32
    }
    %mean = arith.mulf %total, %quarter : f32
    memref.store %mean, %loss[] : memref<f32>
    return
  }

  func.func @init(%seed: tensor<i64> {nn.role = "seed", nn.name = "seed", nn.offset = 128 : i64})
      -> (tensor<3x8xf32> {nn.role = "param", nn.name = "dense_1.weight"}) {
    %w = nn.launch @k_init(%seed) {offsets = array<i64: 128, 0>} : (tensor<i64>) -> tensor<3x8xf32>
    return %w : tensor<3x8xf32>
  }

  func.func @train_step(%x: tensor<4x8xf32> {nn.role = "record", nn.name = "row", nn.offset = 128 : i64},
                        %label: tensor<4xi32> {nn.role = "record", nn.name = "label", nn.offset = 256 : i64},
                        %w: tensor<3x8xf32> {nn.role = "param", nn.name = "dense_1.weight", nn.offset = 0 : i64},
                        %lr: tensor<f64> {nn.role = "hyper", nn.name = "lr", nn.default = 0.5 : f64, nn.offset = 320 : i64})
      -> (tensor<3x8xf32> {nn.role = "param", nn.name = "dense_1.weight"}, tensor<f32> {nn.role = "loss", nn.name = "loss"},
          tensor<f64> {nn.role = "rate", nn.name = "lr"}) {
    %y = nn.launch @k_logits(%x, %w) {offsets = array<i64: 128, 0, 384>} : (tensor<4x8xf32>, tensor<3x8xf32>) -> tensor<4x3xf32>
    %wn, %loss = nn.launch @k_update(%x, %label, %y, %lr, %w) {offsets = array<i64: 128, 256, 384, 320, 0, 0, 448>, barrier}
      : (tensor<4x8xf32>, tensor<4xi32>, tensor<4x3xf32>, tensor<f64>, tensor<3x8xf32>) -> (tensor<3x8xf32>, tensor<f32>)
    return %wn, %loss, %lr : tensor<3x8xf32>, tensor<f32>, tensor<f64>
  }

  func.func @predict(%x: tensor<4x8xf32> {nn.role = "input", nn.name = "row", nn.offset = 128 : i64},
                     %w: tensor<3x8xf32> {nn.role = "param", nn.name = "dense_1.weight", nn.offset = 0 : i64})
      -> (tensor<4x3xf32> {nn.role = "output", nn.name = "logits"}) {
    %y = nn.launch @k_logits(%x, %w) {offsets = array<i64: 128, 0, 384>} : (tensor<4x8xf32>, tensor<3x8xf32>) -> tensor<4x3xf32>
    return %y : tensor<4x3xf32>
  }
}
