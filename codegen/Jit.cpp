// A planned module compiled into this process, for tests and for comparing a stage with the reference lowering.
#include "codegen/Compile.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "runtime/Loops.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

nn::LoadedModel::LoadedModel() = default;
nn::LoadedModel::~LoadedModel() = default;

std::unique_ptr<nn::LoadedModel> nn::LoadedModel::load(mlir::ModuleOp loops, const LlvmTarget &target, int level) {
  CompileOptions options;
  options.target = target;
  options.level = level;
  options.threads = false;
  std::unique_ptr<TargetMachine> machine = createTargetMachine(options.target, level);
  auto context = std::make_unique<LLVMContext>();
  std::unique_ptr<Module> module = compileToModule(loops, options, *context, *machine);
  if (!module)
    return nullptr;
  auto loaded = std::make_unique<LoadedModel>();
  auto fail = [&](Error error) -> std::unique_ptr<LoadedModel> {
    mlir::emitError(loops.getLoc()) << "cannot load the compiled model: " << toString(std::move(error));
    return nullptr;
  };
  SmallVector<char, 0> object;
  emitFile(*module, *machine, FileKind::Object, object);
  auto jit = orc::LLJITBuilder().create();
  if (!jit)
    return fail(jit.takeError());
  if (Error error = (*jit)->addObjectFile(MemoryBuffer::getMemBufferCopy(StringRef(object.data(), object.size()))))
    return fail(std::move(error));
  auto symbol = (*jit)->lookup("nnrt_program");
  if (!symbol)
    return fail(symbol.takeError());
  loaded->description = symbol->toPtr<const nnrt_model *>();
  loaded->jit = std::move(*jit);
  return loaded;
}

bool nn::LoadedModel::run(StringRef name, char *arena) const {
  ArrayRef<nnrt_entry> entries(description->entries, description->n_entries);
  const auto *entry = find_if(entries, [&](const nnrt_entry &e) { return name == e.name; });
  if (entry == entries.end())
    return false;
  auto rounds = nnrt::Rounds::of(entry->launches, entry->n_launches);
  nnrt::forEachLaunch(
      entry->launches, entry->launches + entry->n_launches, rounds,
      [&](const nnrt_launch &launch, const int64_t *args) { launch.kernel(arena, args, 0, launch.tasks); });
  return true;
}
