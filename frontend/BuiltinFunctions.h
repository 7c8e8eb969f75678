//===- BuiltinFunctions.h - What evaluates the builtins -----------------------------------------------------------===//
//
// Declarations for the table in Builtins.cpp; the functions stand by family in Builtins*.cpp.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_BUILTINFUNCTIONS_H
#define NN_FRONTEND_BUILTINFUNCTIONS_H

#include "frontend/Builtins.h"

namespace nn::frontend {

/// The tensor in argument `index`, or nothing after a message.
std::optional<Tensor> tensorArgument(BuiltinCall &call, size_t index);
/// The same, floating-point.
std::optional<Tensor> floatArgument(BuiltinCall &call, size_t index);
/// The integer in argument `index`; `missing` where it is not given.
std::optional<int64_t> integerArgument(BuiltinCall &call, size_t index, std::optional<int64_t> missing = std::nullopt);
/// The list of integers in argument `index`.
std::optional<llvm::SmallVector<int64_t>> integersArgument(BuiltinCall &call, size_t index);
/// Whether all extents of a new tensor are at least 1; otherwise there is a message.
bool checkExtents(BuiltinCall &call, llvm::ArrayRef<int64_t> shape);
/// An axis of `x`, counted from the end where negative.
std::optional<int64_t> axisArgument(BuiltinCall &call, size_t index, const Tensor &x);

// Reductions (BuiltinsReduce.cpp).
Value sumBuiltin(BuiltinCall &call);
Value meanBuiltin(BuiltinCall &call);
Value reduceMaxBuiltin(BuiltinCall &call);
Value reduceMinBuiltin(BuiltinCall &call);
Value argmaxBuiltin(BuiltinCall &call);
Value countBuiltin(BuiltinCall &call);

/// x as a sum over its batch takes it: by the weights of the rows, and 0 in rows that do not count.
Tensor summedRows(Evaluator &evaluator, const Tensor &x);
/// x with `outside` in the rows of a masked entry's batch that do not count.
Tensor withoutInvalidRows(Evaluator &evaluator, const Tensor &x, double outside);

// Indices of the running program (BuiltinsIndexed.cpp).
Value gatherBuiltin(BuiltinCall &call);
Value scatterSumBuiltin(BuiltinCall &call);

// Products by the names of axes (BuiltinsProduct.cpp).
Value contractBuiltin(BuiltinCall &call);

// Shapes (BuiltinsShape.cpp).
Value shapeBuiltin(BuiltinCall &call);
Value rankBuiltin(BuiltinCall &call);
Value sizeBuiltin(BuiltinCall &call);
Value reshapeBuiltin(BuiltinCall &call);
Value transposeBuiltin(BuiltinCall &call);
Value concatBuiltin(BuiltinCall &call);
Value stackBuiltin(BuiltinCall &call);
Value splitBuiltin(BuiltinCall &call);
Value padBuiltin(BuiltinCall &call);
Value alongBuiltin(BuiltinCall &call);
Value zerosLikeBuiltin(BuiltinCall &call);
Value onesLikeBuiltin(BuiltinCall &call);
Value fillBuiltin(BuiltinCall &call);
Value iotaBuiltin(BuiltinCall &call);
Value tensorBuiltin(BuiltinCall &call);
Value gradBuiltin(BuiltinCall &call);
Value pairBuiltin(BuiltinCall &call);
Value pairsBuiltin(BuiltinCall &call);
Value idsBuiltin(BuiltinCall &call);

// Convolutions, windows, random numbers (BuiltinsWindow.cpp).
Value convolveBuiltin(BuiltinCall &call);
Value windowSumBuiltin(BuiltinCall &call);
Value windowMaxBuiltin(BuiltinCall &call);
Value randomUniformBuiltin(BuiltinCall &call);
Value randomCounterBuiltin(BuiltinCall &call);

} // namespace nn::frontend

#endif // NN_FRONTEND_BUILTINFUNCTIONS_H
