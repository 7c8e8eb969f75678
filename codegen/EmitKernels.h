// From kernels on tensors to functions of loops over memory: the pass `nn-emit-kernels` (stage `loops`).
#ifndef NN_CODEGEN_EMITKERNELS_H
#define NN_CODEGEN_EMITKERNELS_H

#include "llvm/ADT/StringRef.h"
#include <memory>

namespace mlir {
class Pass;
} // namespace mlir

namespace nn {
class Machine;

/// `nn-emit-kernels`: replaces every nn.kernel of the module by a func.func of the same name over memrefs of physical
/// shape (operands, results, workspace if any, then the range of tasks). Launches stay.
/// `machine` must outlive the pass.
std::unique_ptr<mlir::Pass> createEmitKernelsPass(const Machine &machine);

} // namespace nn

#endif
