// Ops that move elements without computing: constants, broadcasting, reshaping, slicing, joining.
#ifndef NN_SHAPE_TD
#define NN_SHAPE_TD

include "dialect/Dialect.td"

class NN_Move<string mnemonic, list<Trait> traits = []> : NN_Op<mnemonic, !listconcat([Pure,
    DeclareOpInterfaceMethods<ElementOpInterface>, DeclareOpInterfaceMethods<CostOpInterface>,
    DeclareOpInterfaceMethods<ReferenceOpInterface>], traits)> {
  let cost = "0";
  let extraClassDefinition = [{ int64_t $cppClass::flops() { return 0; } }];
}

def NN_ConstantOp : NN_Move<"constant", [ConstantLike, NoGradient, AllTypesMatch<["value", "y"]>]> {
  let summary = "A tensor known when compiling";
  let description = [{
    ```mlir
    %y = nn.constant dense<0.5> : tensor<4x3xf32>
    ```
  }];
  let shapes = "The shape of `value`.";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs NN_Tensor:$y);
  let builders = [OpBuilder<(ins "::mlir::RankedTensorType":$type, "double":$splat)>];
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def NN_IotaOp : NN_Move<"iota", [NoGradient]> {
  let summary = "y[i] = i[axis]: the coordinate along an axis, from 0";
  let description = [{
    ```mlir
    %y = nn.iota {axis = 1 : i64} : tensor<4x3xi32>
    ```
  }];
  let shapes = "Any shape that has the axis.";
  let arguments = (ins I64Attr:$axis);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "attr-dict `:` type($y)";
  let hasVerifier = 1;
}

def NN_BroadcastOp : NN_Move<"broadcast", [DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "y[i] = x[i at dims]: x repeated along the dimensions that `dims` does not name";
  let description = [{
    Dimension k of x lies along dimension `dims[k]` of y; `dims` increases and extents agree. The gradient sums.

    ```mlir
    %y = nn.broadcast %x {dims = array<i64: 1>} : tensor<3xf32> -> tensor<4x3xf32>
    ```
  }];
  let shapes = "Extent dims[k] of y is extent k of x.";
  let rule = "the sum of d over the repeated dimensions";
  let arguments = (ins NN_Tensor:$x, DenseI64ArrayAttr:$dims);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($y)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def NN_ReshapeOp : NN_Move<"reshape", [DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "The elements of x in row-major order, in another shape";
  let description = [{
    ```mlir
    %y = nn.reshape %x : tensor<4x6xf32> -> tensor<4x2x3xf32>
    ```
  }];
  let shapes = "x and y have equally many elements.";
  let rule = "reshape(d)";
  let arguments = (ins NN_Tensor:$x);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($y)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def NN_TransposeOp : NN_Move<"transpose", [DeclareOpInterfaceMethods<DifferentiableOpInterface>,
    DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Dimension k of y is dimension permutation[k] of x";
  let description = [{
    ```mlir
    %y = nn.transpose %x {permutation = array<i64: 1, 0>} : tensor<4x3xf32> -> tensor<3x4xf32>
    ```
  }];
  let shapes = "Extent k of y is extent permutation[k] of x.";
  let rule = "transpose(d) by the inverse permutation";
  let arguments = (ins NN_Tensor:$x, DenseI64ArrayAttr:$permutation);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($y)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def NN_SliceOp : NN_Move<"slice", [DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "y[i] = x[offsets + strides * i]";
  let description = [{
    The extents are the result's; a stride is at least 1. The gradient is `nn.pad`.

    ```mlir
    %y = nn.slice %x {offsets = array<i64: 0, 1>, strides = array<i64: 1, 2>} : tensor<4x6xf32> -> tensor<4x3xf32>
    ```
  }];
  let shapes = "offsets + strides * (extent of y - 1) < extent of x, in each dimension.";
  let rule = "pad(d)";
  let arguments = (ins NN_Tensor:$x, DenseI64ArrayAttr:$offsets, DenseI64ArrayAttr:$strides);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($y)";
  let hasVerifier = 1;
}

def NN_PadOp : NN_Move<"pad", [DeclareOpInterfaceMethods<DifferentiableOpInterface>,
    DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "x surrounded by zeros: `low` before, `high` after, `interior` between neighbours, per dimension";
  let description = [{
    Extents are low + (n - 1) * (interior + 1) + 1 + high. The gradient is `nn.slice`.

    ```mlir
    %y = nn.pad %x {low = array<i64: 1>, high = array<i64: 2>, interior = array<i64: 0>} : tensor<4xf32> -> tensor<7xf32>
    ```
  }];
  let shapes = "Extent of y = low + (extent of x - 1) * (interior + 1) + 1 + high.";
  let rule = "slice(d)";
  let arguments = (ins NN_Tensor:$x, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high, DenseI64ArrayAttr:$interior);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($y)";
  let hasVerifier = 1;
}

def NN_ConcatOp : NN_Move<"concat", [DeclareOpInterfaceMethods<DifferentiableOpInterface>,
    DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "The operands one behind the other along an axis";
  let description = [{
    ```mlir
    %y = nn.concat %a, %b {axis = 0 : i64} : tensor<4x3xf32>, tensor<2x3xf32> -> tensor<6x3xf32>
    ```
  }];
  let shapes = "Extents agree except along the axis, where they add up.";
  let rule = "slices of d";
  let arguments = (ins Variadic<NN_Tensor>:$parts, I64Attr:$axis);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$parts attr-dict `:` type($parts) `->` type($y)";
}

#endif
