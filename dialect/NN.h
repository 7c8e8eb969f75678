// The `nn` dialect in C++: its attributes, interfaces and ops.
#ifndef NN_DIALECT_NN_H
#define NN_DIALECT_NN_H

#include "dialect/Element.h"
#include "dialect/Expression.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace nn {

/// The trait of ops whose results have no derivative.
template <typename ConcreteOp>
struct NoGradient : mlir::OpTrait::TraitBase<ConcreteOp, NoGradient> {};
/// The trait of ops that stand for the ops of a function or region.
template <typename ConcreteOp>
struct Structural : mlir::OpTrait::TraitBase<ConcreteOp, Structural> {};

/// Whether two tensor types have the same shape and element type.
bool equalButForLayout(mlir::Type a, mlir::Type b);
/// The physical order of a tensor's dimensions, outermost first.
llvm::SmallVector<int64_t> physicalOrder(mlir::RankedTensorType type);
/// The distance in elements between neighbours along each logical dimension.
llvm::SmallVector<int64_t> physicalStrides(mlir::RankedTensorType type);
/// The same tensor with another physical order (row-major: no encoding).
mlir::RankedTensorType withOrder(mlir::RankedTensorType type, llvm::ArrayRef<int64_t> order);
/// Folds arithmetic with neutral elements and of splat constants.
mlir::OpFoldResult foldBinary(mlir::Operation *op, mlir::Attribute a, mlir::Attribute b);

/// `emitReference` of every elementwise op.
llvm::SmallVector<mlir::Value> elementwiseReference(mlir::Operation *op, mlir::OpBuilder &b, mlir::ValueRange in);

int64_t convolutionFlops(mlir::Operation *op);
int64_t windowFlops(mlir::Operation *op);

} // namespace nn

#include "dialect/Enums.h.inc"
#include "dialect/NNDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/Attributes.h.inc"
#include "dialect/Interfaces.h.inc"
#define GET_OP_CLASSES
#include "dialect/Ops.h.inc"

#endif
