// From linalg on tensors to a callable function: upstream's one-shot bufferization and conversions, then LLVM's JIT.
#include "tools/reference/Runner.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "passes/Passes.h"
#include "tools/reference/Lowering.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include <cstdlib>
#include <cstring>

using namespace mlir;
using namespace nn;

namespace {

/// The buffers of one run: what generated code allocates lives until the run ends.
class Buffers {
public:
  void *allocate(uint64_t size) {
    all.push_back(std::aligned_alloc(64, llvm::alignTo(std::max<uint64_t>(size, 1), 64)));
    return all.back();
  }
  ~Buffers() {
    for (void *p : all)
      std::free(p);
  }

private:
  std::vector<void *> all;
};

thread_local Buffers *buffersOfRun = nullptr;

void *allocateInRun(uint64_t size) { return buffersOfRun->allocate(size); }
void freeInRun(void *) {}

/// A memref as upstream passes it to `memrefCopy`: the descriptor holds two pointers, the offset, extents and strides.
struct AnyMemRef {
  int64_t rank;
  struct Descriptor {
    char *allocated, *aligned;
    int64_t offset, extentsAndStrides[];
  } *descriptor;

  char *element() const { return descriptor->aligned; }
  int64_t extent(int64_t d) const { return descriptor->extentsAndStrides[d]; }
  int64_t stride(int64_t d) const { return descriptor->extentsAndStrides[rank + d]; }
};

void copyFrom(const AnyMemRef &from, const AnyMemRef &to, int64_t bytes, int64_t dim, int64_t source, int64_t target) {
  if (dim == from.rank) {
    std::memcpy(to.element() + target * bytes, from.element() + source * bytes, bytes);
    return;
  }
  for (int64_t i = 0; i < from.extent(dim); ++i)
    copyFrom(from, to, bytes, dim + 1, source + i * from.stride(dim), target + i * to.stride(dim));
}

/// Copies between views that are not contiguous.
void copyMemRef(int64_t bytes, const AnyMemRef *from, const AnyMemRef *to) {
  copyFrom(*from, *to, bytes, 0, from->descriptor->offset, to->descriptor->offset);
}

} // namespace

ReferenceRunner::ReferenceRunner() = default;
ReferenceRunner::~ReferenceRunner() = default;

/// Reports `error` and returns true where there is one.
static bool failedWith(llvm::Error error) {
  if (!error)
    return false;
  llvm::errs() << "reference: " << llvm::toString(std::move(error)).substr(0, 300) << "\n";
  return true;
}

/// A JIT that holds `module`, whose calls into the C library and into this file resolve.
static llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>> load(ModuleOp module, ReferenceRunner::Effort effort) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto host = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!host)
    return host.takeError();
  // LLVM's passes over IR take minutes for a training step, which is one function of a thousand loop nests; registers
  // allocated well are what makes these fast.
  bool fastRun = effort == ReferenceRunner::Effort::FastRun;
  host->setCodeGenOptLevel(fastRun ? llvm::CodeGenOptLevel::Less : llvm::CodeGenOptLevel::None);
  auto machine = host->createTargetMachine();
  if (!machine)
    return machine.takeError();
  auto context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(module, *context);
  if (!code)
    return llvm::createStringError("translation to LLVM IR failed");
  code->setDataLayout((*machine)->createDataLayout());
  code->setTargetTriple((*machine)->getTargetTriple());

  auto jit = llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(*host).create();
  if (!jit)
    return jit.takeError();
  llvm::orc::JITDylib &library = (*jit)->getMainJITDylib();
  auto symbol = [&](auto *function) {
    return llvm::orc::ExecutorSymbolDef(llvm::orc::ExecutorAddr::fromPtr(function), llvm::JITSymbolFlags::Exported);
  };
  if (auto error = library.define(
          llvm::orc::absoluteSymbols({{(*jit)->mangleAndIntern("memrefCopy"), symbol(copyMemRef)},
                                      {(*jit)->mangleAndIntern("_mlir_memref_to_llvm_alloc"), symbol(allocateInRun)},
                                      {(*jit)->mangleAndIntern("_mlir_memref_to_llvm_free"), symbol(freeInRun)}})))
    return error;
  auto process =
      llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess((*machine)->createDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  library.addGenerator(std::move(*process));
  if (auto error = (*jit)->addIRModule(llvm::orc::ThreadSafeModule(std::move(code), std::move(context))))
    return error;
  return jit;
}

std::unique_ptr<ReferenceRunner> ReferenceRunner::create(ModuleOp module, Effort effort) {
  std::unique_ptr<ReferenceRunner> runner(new ReferenceRunner());
  for (auto f : module.getOps<func::FuncOp>()) {
    if (f.isPrivate())
      continue;
    auto tensors = [](ArrayRef<Type> types) {
      return llvm::map_to_vector(types, [](Type t) { return cast<RankedTensorType>(t); });
    };
    runner->signatures[f.getName()] = {Types(tensors(f.getArgumentTypes())), Types(tensors(f.getResultTypes()))};
  }
  OwningOpRef<ModuleOp> lowered = module.clone();
  if (failed(lowerReferenceToLLVM(*lowered)))
    return nullptr;
  auto jit = load(*lowered, effort);
  if (!jit) {
    failedWith(jit.takeError());
    return nullptr;
  }
  runner->jit = std::move(*jit);
  for (auto &function : runner->signatures) {
    auto address = runner->jit->lookup(packedSymbol(function.getKey()));
    if (!address) {
      failedWith(address.takeError());
      return nullptr;
    }
    runner->entries[function.getKey()] = address->toPtr<void (*)(void **)>();
  }
  return runner;
}

std::vector<HostArray> ReferenceRunner::run(llvm::StringRef name, llvm::ArrayRef<HostArray> inputs) const {
  const Signature &signature = signatures.find(name)->second;
  assert(inputs.size() == signature.inputs.size());
  std::vector<HostArray> results(signature.results.begin(), signature.results.end());
  std::vector<void *> arguments;
  // Generated code only reads its inputs.
  for (const HostArray &input : inputs)
    arguments.push_back(const_cast<char *>(input.bytes.data()));
  for (HostArray &result : results)
    arguments.push_back(result.bytes.data());
  Buffers buffers;
  buffersOfRun = &buffers;
  entries.find(name)->second(arguments.data());
  buffersOfRun = nullptr;
  return results;
}
