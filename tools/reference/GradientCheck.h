// Compares gradients with central differences, both computed the reference way in f64.
#ifndef NN_TOOLS_REFERENCE_GRADIENTCHECK_H
#define NN_TOOLS_REFERENCE_GRADIENTCHECK_H

#include "llvm/Support/LogicalResult.h"

namespace llvm {
class raw_ostream;
} // namespace llvm
namespace mlir {
class ModuleOp;
} // namespace mlir

namespace nn {
class ReferenceRunner;

/// Checks every public function @f.gradient with the attribute `nn.wrt` (array<i64>): its results must be the gradients
/// of
/// @f's first result, an f64 scalar, with respect to those arguments. One line per function to `out`; failure where one
/// disagrees or none was found.
llvm::LogicalResult checkGradients(mlir::ModuleOp module, const ReferenceRunner &runner, llvm::raw_ostream &out);

} // namespace nn

#endif
