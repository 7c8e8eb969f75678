// What nnc says about a compiled model: memory and layers.
#ifndef NN_TOOLS_REPORT_H
#define NN_TOOLS_REPORT_H

namespace llvm {
class raw_ostream;
}
namespace mlir {
class ModuleOp;
} // namespace mlir

namespace nn {

/// Parameters, gradients, optimizer, activations and workspace of a planned module, in bytes.
void printMemory(mlir::ModuleOp planned, llvm::raw_ostream &out);

/// One row per layer and totals, from `nn.layers` and `nn.owned`.
void printSummary(mlir::ModuleOp module, llvm::raw_ostream &out);

} // namespace nn

#endif // NN_TOOLS_REPORT_H
