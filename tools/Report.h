// What nnc says about a compiled model: memory, layers, and with --explain its kernels.
#ifndef NN_TOOLS_REPORT_H
#define NN_TOOLS_REPORT_H

#include <cstdint>

namespace llvm {
class raw_ostream;
}
namespace mlir {
class ModuleOp;
} // namespace mlir

namespace nn {

/// Parameters, gradients, optimizer, activations and workspace of a planned module, in bytes.
void printMemory(mlir::ModuleOp planned, llvm::raw_ostream &out);

/// Whether the arena fits into `limit` bytes; if not, says what dominates.
bool checkArena(mlir::ModuleOp planned, int64_t limit, llvm::raw_ostream &errors);

/// One row per layer and totals, from `nn.layers` and `nn.owned`.
void printSummary(mlir::ModuleOp module, llvm::raw_ostream &out);

/// Launches and kernels per entry of a planned module.
void printKernels(mlir::ModuleOp planned, llvm::raw_ostream &out);

} // namespace nn

#endif // NN_TOOLS_REPORT_H
