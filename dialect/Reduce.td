// Reductions over axes: sums, extrema and the position of an extremum. Reduced dimensions disappear.
#ifndef NN_REDUCE_TD
#define NN_REDUCE_TD

include "dialect/Dialect.td"

class NN_Reduce<string mnemonic, string what, string example, list<Trait> traits> : NN_Op<mnemonic, !listconcat([Pure,
    DeclareOpInterfaceMethods<ElementOpInterface>, DeclareOpInterfaceMethods<CostOpInterface>,
    DeclareOpInterfaceMethods<ReductionOpInterface>, DeclareOpInterfaceMethods<ReferenceOpInterface>,
    DeclareOpInterfaceMethods<InferTypeOpInterface>], traits)> {
  let summary = what;
  let description = "`axes` increases; the other dimensions stay, in order.\n\n```mlir\n%y = nn." # mnemonic #
                    " %x {axes = array<i64: 1>} : tensor<4x3x" # example # "> -> tensor<4x" # example # ">\n```";
  let shapes = "The shape of x without `axes`.";
  let cost = "1 per element of x";
  let arguments = (ins NN_Tensor:$x, DenseI64ArrayAttr:$axes);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($y)";
  let extraClassDefinition = [{ int64_t $cppClass::flops() { return getX().getType().getNumElements(); } }];
}

def NN_ReduceSumOp : NN_Reduce<"reduce_sum", "The sum over axes", "f32", [
    DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let rule = "broadcast(d)";
  let hasFolder = 1;
}
def NN_ReduceMaxOp : NN_Reduce<"reduce_max", "The largest element over axes; ties share its gradient", "f32", [
    DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let rule = "d in equal parts to the elements of x that equal y";
}
def NN_ReduceMinOp : NN_Reduce<"reduce_min", "The smallest element over axes; ties share its gradient", "f32", [
    DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let rule = "d in equal parts to the elements of x that equal y";
}

def NN_ArgmaxOp : NN_Op<"argmax", [Pure, NoGradient, DeclareOpInterfaceMethods<ElementOpInterface>,
    DeclareOpInterfaceMethods<CostOpInterface>,
    DeclareOpInterfaceMethods<ReferenceOpInterface>, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "The position along an axis of the first largest element, as i32";
  let description = [{
    A NaN is never larger than anything; a row of NaN yields 0.

    ```mlir
    %y = nn.argmax %x {axis = 1 : i64} : tensor<4x3xf32> -> tensor<4xi32>
    ```
  }];
  let shapes = "The shape of x without the axis.";
  let cost = "1 per element of x";
  let arguments = (ins NN_Tensor:$x, I64Attr:$axis);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($y)";
  let extraClassDefinition = [{ int64_t $cppClass::flops() { return getX().getType().getNumElements(); } }];
}

#endif
