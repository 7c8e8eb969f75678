// Divides the kernels of a module into parts and takes each through lowering, LLVM's passes and code emission, in
// parallel.
#include "codegen/Compile.h"
#include "codegen/LowerToLLVM.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Threading.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;

namespace {

/// Parts of a module that are compiled on their own. A constant, so that objects do not depend on the machine that
/// compiles: enough for the work to balance, few enough that what each part costs beside its kernels stays small.
constexpr size_t maxParts = 6;

int64_t weight(Operation *function) {
  int64_t ops = 0;
  function->walk([&](Operation *) { ++ops; });
  return ops;
}

/// Copies the kernels into nested modules of about equal size; what kernels share (private functions, constants) goes
/// into each.
OwningOpRef<ModuleOp> divide(ModuleOp module, size_t wanted) {
  struct Kernel {
    int64_t weight;
    size_t position;
    func::FuncOp function;
  };
  SmallVector<Kernel> kernels;
  SmallVector<Operation *> shared;
  for (Operation &op : *module.getBody()) {
    auto function = dyn_cast<func::FuncOp>(op);
    if (!function || function.isPrivate())
      shared.push_back(&op);
    else if (!nn::isEntry(function))
      kernels.push_back({weight(function), kernels.size(), function});
  }
  // The largest first, each to the part with the least so far.
  llvm::sort(kernels, [](const Kernel &a, const Kernel &b) {
    return std::tie(b.weight, a.position) < std::tie(a.weight, b.position);
  });
  size_t count = std::max<size_t>(1, std::min(wanted, kernels.size()));
  OwningOpRef<ModuleOp> parts = ModuleOp::create(module.getLoc());
  SmallVector<std::pair<int64_t, ModuleOp>> loads;
  auto builder = OpBuilder::atBlockEnd(parts->getBody());
  for (size_t i = 0; i < count; ++i) {
    loads.emplace_back(0, ModuleOp::create(builder, module.getLoc()));
    for (Operation *op : shared)
      loads.back().second.push_back(op->clone());
  }
  for (Kernel &kernel : kernels) {
    auto &[load, part] = *llvm::min_element(loads, [](auto &a, auto &b) { return a.first < b.first; });
    load += kernel.weight;
    part.push_back(kernel.function->clone());
  }
  return parts;
}

/// Lowers every part to the LLVM dialect.
LogicalResult lower(ModuleOp parts) {
  PassManager passes(parts->getContext());
  passes.enableVerifier(false); // the input was verified; conversion patterns are upstream's
  passes.nest<ModuleOp>().addPass(nn::createLowerToLLVMPass());
  return passes.run(parts);
}

nn::Provenance provenance(const nn::CompileOptions &options, const llvm::TargetMachine &machine) {
  return {options.version, options.target.name, nn::requiredFeatures(machine), options.threads};
}

} // namespace

std::vector<nn::ObjectFile> nn::compileToObjects(ModuleOp loops, const CompileOptions &options) {
  OwningOpRef<ModuleOp> parts = divide(loops, maxParts);
  if (failed(lower(*parts)))
    return {};
  SmallVector<ModuleOp> modules(parts->getOps<ModuleOp>());
  std::vector<ObjectFile> objects(modules.size() + 1);
  auto compile = [&](size_t i) -> LogicalResult {
    llvm::LLVMContext context;
    std::unique_ptr<llvm::TargetMachine> machine = createTargetMachine(options.target, options.level);
    bool isDescription = i == modules.size();
    std::unique_ptr<llvm::Module> module =
        isDescription ? describe(loops, provenance(options, *machine), context, machine->createDataLayout())
                      : translateModuleToLLVMIR(modules[i], context, "kernels", /*disableVerification=*/true);
    if (!module)
      return failure();
    if (!isDescription)
      optimize(*module, *machine, options.level);
    emitFile(*module, *machine, FileKind::Object, objects[i]);
    return success();
  };
  if (failed(failableParallelForEachN(loops->getContext(), 0, objects.size(), compile)))
    return {};
  return objects;
}

std::unique_ptr<llvm::Module> nn::compileToModule(ModuleOp loops, const CompileOptions &options,
                                                  llvm::LLVMContext &context, llvm::TargetMachine &machine) {
  OwningOpRef<ModuleOp> parts = divide(loops, 1);
  if (failed(lower(*parts)))
    return nullptr;
  std::unique_ptr<llvm::Module> module =
      describe(loops, provenance(options, machine), context, machine.createDataLayout());
  std::unique_ptr<llvm::Module> kernels =
      translateModuleToLLVMIR(*parts->getOps<ModuleOp>().begin(), context, "kernels");
  if (!module || !kernels)
    return nullptr;
  module->setModuleIdentifier("nnrt_program");
  module->setTargetTriple(machine.getTargetTriple());
  kernels->setTargetTriple(machine.getTargetTriple());
  kernels->setDataLayout(machine.createDataLayout());
  if (llvm::Linker::linkModules(*module, std::move(kernels)))
    return nullptr;
  optimize(*module, machine, options.level);
  return module;
}
