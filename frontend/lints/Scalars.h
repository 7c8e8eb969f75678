//===- Scalars.h - Elementwise ops on numbers ---------------------------------------------------------------------===//
//
// What lints compute with; a test finds elementwise ops of the dialect that are missing here.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_LINTS_SCALARS_H
#define NN_FRONTEND_LINTS_SCALARS_H

#include "mlir/IR/Operation.h"
#include <functional>

namespace nn::frontend {

/// The function of an op on n numbers of each operand, without the rounding of element types; booleans are 0 and 1.
using ScalarFunction = std::function<void(const double *const *in, double *out, size_t n)>;

/// Null for an op that is not elementwise.
const ScalarFunction *scalarFunction(mlir::Operation *op);
/// Whether there is one for the ops of that name.
bool hasScalarFunction(llvm::StringRef name);

} // namespace nn::frontend

#endif // NN_FRONTEND_LINTS_SCALARS_H
