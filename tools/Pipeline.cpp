// The compiler on one screen: its stages in order, each a straight list of passes.
#include "tools/Pipeline.h"
#include "codegen/EmitKernels.h"
#include "codegen/LlvmTarget.h"
#include "codegen/LowerToLLVM.h"
#include "codegen/Targets.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"
#include "tools/DumpIr.h"
#include "tools/reference/Runner.h"
#include "tools/reference/SameMeaning.h"

using namespace mlir;

void nn::addStage(Stage stage, OpPassManager &passes, const Machine &machine, llvm::StringRef without) {
  auto add = [&](std::unique_ptr<Pass> pass) {
    if (without.empty() || pass->getArgument() != without)
      passes.addPass(std::move(pass));
  };
  switch (stage) {
  case Stage::Train: // forward, backward and update in one function
    add(createSimplifyScansPass());
    add(createAutodiffPass());
    // In front of simplification, which makes products of other sums.
    add(createRoundProductsPass());
    add(createSimplifyPass());
    return;
  case Stage::Fused: // kernels, launches, and a place in the arena for every value
    add(createInlineKernelFunctionsPass(machine));
    add(createWidenHalvesPass());
    add(createSimplifyPass());
    add(createMoveOutOfScansPass());
    add(createPanelScanWeightsPass(machine));
    add(createSimplifyPass());
    add(createChooseLayoutsPass(machine));
    // Behind layouts, since the outermost dimension in memory is cut; before grouping: partial sums are kernels.
    add(createSplitReductionsPass());
    add(createGroupPass());
    add(createOutlineKernelsPass(machine));
    add(createPlanMemoryPass(machine));
    return;
  case Stage::Loops: // each kernel as loops over vectors
    add(createEmitKernelsPass(machine));
    // Kernels in parallel. Windows repeat their index arithmetic: without CSE in front, canonicalising them takes
    // minutes.
    passes.addNestedPass<func::FuncOp>(createCSEPass());
    passes.addNestedPass<func::FuncOp>(createCanonicalizerPass());
    return;
  case Stage::Linalg: // beside the road: the slow and obviously right way
    add(createLowerToReferencePass());
    return;
  case Stage::Ast:
  case Stage::Nn:
  case Stage::Llvm:
  case Stage::Asm:
  case Stage::Obj:
  case Stage::Program:
    return; // made by the frontend, beside the road, or below MLIR
  }
}

static constexpr std::pair<nn::Stage, llvm::StringLiteral> stageNames[] = {
    {nn::Stage::Ast, "ast"},        {nn::Stage::Nn, "nn"},       {nn::Stage::Train, "train"},
    {nn::Stage::Linalg, "linalg"},  {nn::Stage::Fused, "fused"}, {nn::Stage::Loops, "loops"},
    {nn::Stage::Llvm, "llvm"},      {nn::Stage::Asm, "asm"},     {nn::Stage::Obj, "obj"},
    {nn::Stage::Program, "program"}};

llvm::StringRef nn::stageName(Stage stage) { return stageNames[static_cast<size_t>(stage)].second; }

std::optional<nn::Stage> nn::findStage(llvm::StringRef name) {
  for (auto [stage, known] : stageNames)
    if (known == name)
      return stage;
  return std::nullopt;
}

bool nn::runStage(ModuleOp module, Stage stage, const Machine &machine, const StageOptions &options) {
  PassManager passes(module.getContext());
  passes.enableVerifier(options.verifyEach);
  if (options.verifier)
    options.verifier->follow(passes);
  addStage(stage, passes, machine, options.without);
  if (options.dump)
    options.dump->follow(passes, stageName(stage));
  return succeeded(passes.run(module));
}

void nn::registerDialects(DialectRegistry &registry) {
  registry.insert<NNDialect, func::FuncDialect>();
  registerLoweringDialects(registry);
  registerReferenceDialects(registry);
}

void nn::registerPipeline(const Machine &machine) {
  registerPasses(machine);
  registerPass([&] { return createEmitKernelsPass(machine); });
  registerPass([] { return createExpandMathPass(); });
  registerPass([] { return createLowerToLLVMPass(); });
  static PassPipelineRegistration<> train("nn-to-train", "All passes of the train stage",
                                          [&](OpPassManager &passes) { addStage(Stage::Train, passes, machine); });
  static PassPipelineRegistration<> fused("nn-to-fused", "All passes of the fused stage",
                                          [&](OpPassManager &passes) { addStage(Stage::Fused, passes, machine); });
  static PassPipelineRegistration<> loops("nn-to-loops", "All passes of the loops stage",
                                          [&](OpPassManager &passes) { addStage(Stage::Loops, passes, machine); });
}

nn::LlvmTarget nn::llvmTarget(const Machine &machine) {
  return {machine.facts.name, machine.facts.triple, machine.facts.cpu, machine.facts.features};
}
