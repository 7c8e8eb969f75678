// What passes and code generators may ask of an op. Each method is implemented beside the op, never in a list of ops.
#ifndef NN_INTERFACES_TD
#define NN_INTERFACES_TD

include "mlir/IR/OpBase.td"

def DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::nn";
  let description = [{ The derivative rule of an op, in reverse mode. The set of ops is closed under it. }];
  let methods = [InterfaceMethod<[{
      Given the gradients of the results (null where a result has none), builds those of the operands: one per operand, null
      where the operand has none (integers, booleans, or no dependence). Gradients have their value's type.
    }], "::llvm::SmallVector<::mlir::Value>", "pullBack", (ins "::mlir::OpBuilder &":$b, "::mlir::ValueRange":$d)>];
}

def ScalarOpInterface : OpInterface<"ScalarOpInterface"> {
  let cppNamespace = "::nn";
  let description = [{ Elementwise ops: every element of the result is the same function of the operands' elements there. }];
  let methods = [InterfaceMethod<[{
      Builds the function on scalars, or on vectors lane by lane, in `arith` and `math`. Bytes (ui8) are given as i8.
      `type` is the result's scalar or vector type.
    }], "::mlir::Value", "emitScalar", (ins "::mlir::OpBuilder &":$b, "::mlir::ValueRange":$in, "::mlir::Type":$type)>];
}

def ElementOpInterface : OpInterface<"ElementOpInterface"> {
  let cppNamespace = "::nn";
  let description = [{ How one element of an op's result is computed from elements of its operands: the body of last resort. }];
  let methods = [InterfaceMethod<[{
      Builds the element of the sole result at `at` (one coordinate per dimension). Returns null where lanes of a vector do not
      map to lanes of the operands: the caller then asks lane by lane.
    }], "::mlir::Value", "emitElement", (ins "::nn::ElementBuilder &":$e, "::llvm::ArrayRef<::nn::Coordinate>":$at)>];
}

def ReductionOpInterface : OpInterface<"ReductionOpInterface"> {
  let cppNamespace = "::nn";
  let description = [{
    Reductions with a combining function: associative but for rounding, so that a code generator may choose partial results.
  }];
  let methods = [
    InterfaceMethod<"The tensor that is reduced.", "::mlir::Value", "input", (ins)>,
    InterfaceMethod<"Its reduced dimensions.", "::llvm::ArrayRef<int64_t>", "reducedAxes", (ins)>,
    InterfaceMethod<"Combines two partial results, scalars or vectors.", "::mlir::Value", "combine",
                    (ins "::mlir::OpBuilder &":$b, "::mlir::Value":$x, "::mlir::Value":$y)>,
    InterfaceMethod<"The partial result of nothing, of the signless element type.", "::mlir::TypedAttr", "neutral", (ins)>];
}

def ReferenceOpInterface : OpInterface<"ReferenceOpInterface"> {
  let cppNamespace = "::nn";
  let description = [{ The slow and obviously right way to run an op: linalg, tensor and arith ops on tensors. }];
  let methods = [InterfaceMethod<[{
      Builds the reference of the op on `in`, its operands without encodings and with signless element types (bytes are i8);
      returns one value per result.
    }], "::llvm::SmallVector<::mlir::Value>", "emitReference", (ins "::mlir::OpBuilder &":$b, "::mlir::ValueRange":$in)>];
}

def CostOpInterface : OpInterface<"CostOpInterface"> {
  let cppNamespace = "::nn";
  let description = [{ What an op costs, for summaries and for choosing plans. Bytes follow from the types. }];
  let methods = [InterfaceMethod<[{ Floating-point operations: 2 per multiply-add, 1 per elementwise result. }],
      "int64_t", "flops", (ins)>];
}

#endif
