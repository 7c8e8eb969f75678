// Whether a pass kept the meaning of a module, judged by running it before and after the reference way.
#ifndef NN_TOOLS_REFERENCE_SAMEMEANING_H
#define NN_TOOLS_REFERENCE_SAMEMEANING_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"

namespace mlir {
class ModuleOp;
class PassManager;
} // namespace mlir

namespace nn {

/// Runs every public function of `before` and `after` on equal inputs (Inputs.h) and compares results: integers
/// exactly, floating-point numbers to a few roundings of the largest element, NaN where NaN. Reports the first
/// difference of each result on stderr, with `what` in front.
llvm::LogicalResult verifySameMeaning(mlir::ModuleOp before, mlir::ModuleOp after, llvm::StringRef what);

/// --verify-passes: after each pass over the module that `passes` runs, compares with the module before it and stops
/// the program with status 1 at the first pass that changed its meaning. Passes that leave the nn dialect, and modules
/// that still hold nn.value_and_grad, are not compared. The context must know `registerReferenceDialects`.
void verifyPasses(mlir::PassManager &passes);

} // namespace nn

#endif
