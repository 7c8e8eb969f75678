// Compares compiled programs with the reference, entry by entry.
#ifndef NN_TOOLS_REFERENCE_COMPILED_H
#define NN_TOOLS_REFERENCE_COMPILED_H

#include "tools/reference/Runner.h"

namespace nn {
class Machine;

/// Compiles `module` (stage nn or train; not changed) for `machine`, runs every public function in this process and
/// compares its results with the reference's as Expectation.h says. Each function runs launch by launch, all tasks of a
/// launch in order and then one by one from the last, and as the runtime runs it on three threads: all must give the
/// same bits, and nothing outside the arena may change. `effort` is that of the reference; `without` names a pass to
/// leave out. One line per function to `out`; failure where one disagrees.
llvm::LogicalResult compareCompiled(mlir::ModuleOp module, const Machine &machine, ReferenceRunner::Effort effort,
                                    llvm::StringRef without, llvm::raw_ostream &out);

} // namespace nn

#endif
