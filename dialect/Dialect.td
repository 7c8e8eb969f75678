// The `nn` dialect, its base classes and constraints. Ops live in one file per family; this file must not know any of them.
#ifndef NN_DIALECT_TD
#define NN_DIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/TensorEncoding.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialect/Interfaces.td"

def NN_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::nn";
  let summary = "Neural networks as static tensor programs";
  let description = [{
    A program is a set of entry functions over tensors whose shapes and element types are known when it is compiled. Every op
    carries beside it what passes may ask: its verifier and shape rule, its derivative, its cost, its reference lowering to
    linalg and how one of its elements is computed. Broadcasting is written (`nn.broadcast`); a scalar is a tensor of rank 0.
    Parameters, state and slots enter an entry as arguments and leave as results (`nn.role`, `nn.name`).
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

class NN_Op<string mnemonic, list<Trait> traits = []> : Op<NN_Dialect, mnemonic, traits> {
  // For docs/ops.md: how shapes agree, the gradients of the operands from d, that of the result, and floating-point operations.
  string shapes = "";
  string rule = "";
  string cost = "";
  // Where result types are inferred: they may lie otherwise in memory.
  code compatible = [{
    static bool isCompatibleReturnTypes(::mlir::TypeRange a, ::mlir::TypeRange b) {
      return ::llvm::equal(a, b, ::nn::equalButForLayout);
    }
  }];
  let extraClassDeclaration = compatible;
}

/// An op without derivative: its results do not vary, or not continuously, with its operands.
def NoGradient : NativeOpTrait<"NoGradient"> { let cppNamespace = "::nn"; }

/// An op whose meaning is that of a function or region: cost and reference are those of the ops inside.
def Structural : NativeOpTrait<"Structural"> { let cppNamespace = "::nn"; }

def NN_LayoutAttr : AttrDef<NN_Dialect, "Layout", [
    DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let mnemonic = "layout";
  let summary = "The order in which a tensor's dimensions lie in memory";
  let description = [{
    `order` lists the logical dimensions from the outermost to the innermost in memory; a tensor without encoding is
    row-major. `tensor<64x6x28x28xf32, #nn.layout<[1, 2, 3, 0]>>` keeps the batch innermost. The logical shape, and so the
    meaning of every op, does not depend on it.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$order);
  let assemblyFormat = "`<` `[` $order `]` `>`";
}

class NN_TensorOf<list<Type> elements, string what> : Type<And<[StaticShapeTensorOf<elements>.predicate,
    CPred<"!::llvm::is_contained(::mlir::cast<::mlir::RankedTensorType>($_self).getShape(), 0)">]>,
    "statically shaped tensor of one or more " # what, "::mlir::RankedTensorType">;
def NN_Tensor : NN_TensorOf<[AnyFloat, AnyInteger], "numbers or booleans">;
def NN_FloatTensor : NN_TensorOf<[AnyFloat], "floating-point numbers">;
def NN_BoolTensor : NN_TensorOf<[I1], "booleans">;
def NN_IntegerTensor : NN_TensorOf<[AnyInteger], "integers">;
def NN_IntScalar : Type<And<[StaticShapeTensorOf<[I64]>.predicate, HasAnyRankOfPred<[0]>]>, "i64 scalar tensor",
    "::mlir::RankedTensorType">;

#endif
