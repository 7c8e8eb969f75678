// The passes over nn modules. Passes.td says what each one does; tools/Pipeline.cpp in which order they run.
#ifndef NN_PASSES_PASSES_H
#define NN_PASSES_PASSES_H

#include <memory>

namespace mlir {
class Pass;
} // namespace mlir

namespace nn {
class Target;

std::unique_ptr<mlir::Pass> createMoveOutOfScansPass();
std::unique_ptr<mlir::Pass> createAutodiffPass();
std::unique_ptr<mlir::Pass> createRoundProductsPass();
std::unique_ptr<mlir::Pass> createSimplifyPass();
std::unique_ptr<mlir::Pass> createSimplifyScansPass();
std::unique_ptr<mlir::Pass> createInlineKernelFunctionsPass(const Target &target);
std::unique_ptr<mlir::Pass> createWidenHalvesPass();
std::unique_ptr<mlir::Pass> createPanelScanWeightsPass(const Target &target);
std::unique_ptr<mlir::Pass> createSplitReductionsPass();
std::unique_ptr<mlir::Pass> createChooseLayoutsPass(const Target &target);
std::unique_ptr<mlir::Pass> createGroupPass();
std::unique_ptr<mlir::Pass> createOutlineKernelsPass(const Target &target);
std::unique_ptr<mlir::Pass> createPlanMemoryPass(const Target &target);
std::unique_ptr<mlir::Pass> createLowerToReferencePass();

/// Makes the passes known to the pass pipeline parser. `target` must outlive every pass.
void registerPasses(const Target &target);

} // namespace nn

#endif // NN_PASSES_PASSES_H
