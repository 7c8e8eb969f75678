// Elements chosen by indices that are known only at run time, and sums at such indices.
#ifndef NN_GATHER_TD
#define NN_GATHER_TD

include "dialect/Dialect.td"

class NN_Indexed<string mnemonic, list<Trait> traits = []> : NN_Op<mnemonic, !listconcat([Pure,
    DeclareOpInterfaceMethods<DifferentiableOpInterface>, DeclareOpInterfaceMethods<ElementOpInterface>,
    DeclareOpInterfaceMethods<CostOpInterface>, DeclareOpInterfaceMethods<ReferenceOpInterface>], traits)> {
  let assemblyFormat = "operands attr-dict `:` type(operands) `->` type($y)";
  let hasVerifier = 1;
}

def NN_GatherOp : NN_Indexed<"gather"> {
  let summary = "y[a, i, b] = x[a, index[i], b], where the index stands for dimension `axis` of x";
  let description = [{
    a are the coordinates before the axis, b those behind it, i the coordinates of the index. An index below 0 counts as 0,
    one beyond the extent as the last: nothing outside x is read.

    ```mlir
    %y = nn.gather %x, %index {axis = 0 : i64} : tensor<5x3xf32>, tensor<4xi32> -> tensor<4x3xf32>
    ```
  }];
  let shapes = "The shape of x with the index's shape in place of the axis.";
  let rule = "scatter_sum(d, index)";
  let cost = "0";
  let arguments = (ins NN_Tensor:$x, NN_IntegerTensor:$index, I64Attr:$axis);
  let results = (outs NN_Tensor:$y);
  let extraClassDefinition = [{ int64_t $cppClass::flops() { return 0; } }];
}

def NN_ScatterSumOp : NN_Indexed<"scatter_sum"> {
  let summary = "y[a, k, b] = sum of d[a, i, b] over the i whose index[i] is k: the gradient of gather";
  let description = [{
    Indices beyond the extent count as in `nn.gather`. Terms are added in the index's row-major order.

    ```mlir
    %y = nn.scatter_sum %d, %index {axis = 0 : i64} : tensor<4x3xf32>, tensor<4xi32> -> tensor<5x3xf32>
    ```
  }];
  let shapes = "That of d with any extent in place of the index's shape.";
  let rule = "gather(d, index)";
  let cost = "1 per element of d";
  let arguments = (ins NN_FloatTensor:$d, NN_IntegerTensor:$index, I64Attr:$axis);
  let results = (outs NN_FloatTensor:$y);
  let extraClassDeclaration = [{
    /// The coordinate along the axis of y that index[where] names; `where` is one place, not lanes.
    ::mlir::Value target(::nn::ElementBuilder &e, ::llvm::ArrayRef<::nn::Coordinate> where);
  }];
  let extraClassDefinition = [{ int64_t $cppClass::flops() { return getD().getType().getNumElements(); } }];
}

#endif
