// Registration of all passes: the one list of them beside Passes.td.
#include "passes/Passes.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"

void nn::registerPasses(const Target &target) {
  mlir::registerPass([] { return createMoveOutOfScansPass(); });
  mlir::registerPass([] { return createSimplifyScansPass(); });
  mlir::registerPass([&target] { return createPanelScanWeightsPass(target); });
  mlir::registerPass([] { return createAutodiffPass(); });
  mlir::registerPass([] { return createRoundProductsPass(); });
  mlir::registerPass([] { return createSimplifyPass(); });
  mlir::registerPass([&target] { return createInlineKernelFunctionsPass(target); });
  mlir::registerPass([] { return createWidenHalvesPass(); });
  mlir::registerPass([] { return createSplitReductionsPass(); });
  mlir::registerPass([&target] { return createChooseLayoutsPass(target); });
  mlir::registerPass([] { return createGroupPass(); });
  mlir::registerPass([&target] { return createOutlineKernelsPass(target); });
  mlir::registerPass([&target] { return createPlanMemoryPass(target); });
  mlir::registerPass([] { return createLowerToReferencePass(); });
}
