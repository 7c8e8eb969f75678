//===- Ranges.h - Between which numbers values lie ----------------------------------------------------------------===//
#ifndef NN_FRONTEND_LINTS_RANGES_H
#define NN_FRONTEND_LINTS_RANGES_H

#include "mlir/IR/Block.h"
#include "llvm/ADT/DenseMap.h"

namespace nn::frontend {

struct Range {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};

/// What follows from the ops alone, whatever inputs and parameters are. A value that is missing may be any number.
llvm::DenseMap<mlir::Value, Range> rangesOf(mlir::Block &body);

/// The values that `value` divides by their sum, or a null value: softmax makes `exp(x) / sum(exp(x))`.
mlir::Value dividedBySum(mlir::Value value);

} // namespace nn::frontend

#endif // NN_FRONTEND_LINTS_RANGES_H
