// LLVM's side of code generation: target machines, the list of passes, object files. Knows nothing of MLIR.
#include "codegen/LlvmTarget.h"
#include "llvm/Analysis/AliasAnalysis.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Instrumentation/AddressSanitizer.h"
#include "llvm/Transforms/Scalar/DeadStoreElimination.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/LoopRotation.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include <mutex>
#include <vector>

using namespace llvm;

namespace {

/// Features that generated code may come to use on some target, and so what a program may have to check at its start.
constexpr StringLiteral checkedFeatures[] = {
    "popcnt",          "avx",         "f16c",       "fma",        "bmi",        "bmi2",       "lzcnt",
    "movbe",           "avx2",        "avx512f",    "avx512dq",   "avx512cd",   "avx512bw",   "avx512vl",
    "avx512vbmi",      "avx512vbmi2", "avx512vnni", "avx512bf16", "avx512fp16", "avx512ifma", "avx512bitalg",
    "avx512vpopcntdq", "avxvnni",     "amx-tile",   "amx-bf16",   "amx-int8",   "neon",
};

void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
  });
}

CodeGenOptLevel codegenLevel(int level) {
  return level == 0   ? CodeGenOptLevel::None
         : level == 1 ? CodeGenOptLevel::Less
         : level == 2 ? CodeGenOptLevel::Default
                      : CodeGenOptLevel::Aggressive;
}

// Loops are unrolled where kernels are made; LLVM's full unrolling and induction variables took half of all passes'
// time and changed no measured speed.
FunctionPassManager functionPasses() {
  FunctionPassManager passes;
  passes.addPass(SROAPass(SROAOptions::PreserveCFG)); // memref descriptors
  passes.addPass(EarlyCSEPass());
  passes.addPass(InstCombinePass());
  passes.addPass(SimplifyCFGPass());
  LoopPassManager loops;
  loops.addPass(LoopRotatePass());
  loops.addPass(LICMPass(LICMOptions()));
  passes.addPass(createFunctionToLoopPassAdaptor(std::move(loops), /*UseMemorySSA=*/true));
  passes.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
  passes.addPass(InstCombinePass());
  passes.addPass(DSEPass());
  passes.addPass(SimplifyCFGPass());
  return passes;
}

} // namespace

std::unique_ptr<TargetMachine> nn::createTargetMachine(const LlvmTarget &target, int level) {
  initializeTargets();
  std::string error;
  Triple triple(target.triple.empty() ? sys::getDefaultTargetTriple() : target.triple);
  const Target *known = TargetRegistry::lookupTarget(triple, error);
  if (!known)
    report_fatal_error(Twine(error));
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Standard; // multiply-adds are fused where we wrote them, as fmuladd, only
  options.FunctionSections = true;
  return std::unique_ptr<TargetMachine>(known->createTargetMachine(triple, target.cpu, target.features, options,
                                                                   Reloc::PIC_, std::nullopt, codegenLevel(level)));
}

std::string nn::requiredFeatures(const TargetMachine &machine) {
  std::vector<std::string> needed;
  const MCSubtargetInfo &subtarget = *machine.getMCSubtargetInfo();
  for (const SubtargetFeatureKV &feature : subtarget.getEnabledProcessorFeatures())
    if (is_contained(checkedFeatures, StringRef(feature.Key)))
      needed.push_back(feature.Key);
  return join(needed, ",");
}

void nn::optimize(Module &module, TargetMachine &machine, int level) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
#ifdef NNC_SANITIZE_PROGRAMS // a compiler built with the address sanitizer makes programs that are
  bool sanitize = machine.getTargetTriple().getArch() == Triple(sys::getDefaultTargetTriple()).getArch();
#else
  bool sanitize = false;
#endif
  if (level == 0 && !sanitize)
    return;
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = false;
  PassBuilder builder(&machine, tuning);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager callGraph;
  ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  ModulePassManager passes;
  passes.addPass(GlobalDCEPass());
  if (level > 0)
    passes.addPass(createModuleToFunctionPassAdaptor(functionPasses()));
  if (sanitize) {
    for (Function &function : module)
      if (!function.isDeclaration())
        function.addFnAttr(Attribute::SanitizeAddress);
    passes.addPass(AddressSanitizerPass(AddressSanitizerOptions()));
  }
  passes.run(module, modules);
}

void nn::emitFile(Module &module, TargetMachine &machine, FileKind kind, SmallVectorImpl<char> &out) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  raw_svector_ostream stream(out);
  legacy::PassManager passes;
  CodeGenFileType type = kind == FileKind::Object ? CodeGenFileType::ObjectFile : CodeGenFileType::AssemblyFile;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type, /*DisableVerify=*/true))
    report_fatal_error("this LLVM cannot write such files");
  passes.run(module);
}
