// From a planned module of kernels as loops to machine code: objects for a linker, one LLVM module to look at, or code
// in this process. Hides how the work is divided.
#ifndef NN_CODEGEN_COMPILE_H
#define NN_CODEGEN_COMPILE_H

#include "codegen/Describe.h"
#include "codegen/LlvmTarget.h"
#include "llvm/ADT/SmallVector.h"

namespace mlir {
class ModuleOp;
} // namespace mlir
namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc
struct nnrt_model;

namespace nn {

struct CompileOptions {
  LlvmTarget target;
  int level = 2;       ///< -O
  std::string version; ///< of the compiler, as programs report it
  bool threads = true; ///< false: --threads=none
};

using ObjectFile = llvm::SmallVector<char, 0>;

/// Compiles kernels and the description into object files that together define `nnrt_program`. Kernels are compiled in
/// parallel; how they are divided, and so every byte, depends on the module alone. Empty after an error, which is
/// emitted.
std::vector<ObjectFile> compileToObjects(mlir::ModuleOp loops, const CompileOptions &options);

/// The same as one optimized LLVM module, for --emit=llvm, asm and obj. Null after an error.
std::unique_ptr<llvm::Module> compileToModule(mlir::ModuleOp loops, const CompileOptions &options,
                                              llvm::LLVMContext &context, llvm::TargetMachine &machine);

/// A model compiled into this process. The description and its kernels live as long as this does.
class LoadedModel {
public:
  LoadedModel();
  ~LoadedModel();
  /// Compiles for this machine; null after an error, which is emitted on the module.
  static std::unique_ptr<LoadedModel> load(mlir::ModuleOp loops, const LlvmTarget &target, int level);
  /// Runs an entry once over `arena`, a buffer of model().arena_bytes aligned to 64: every launch in order, on this
  /// thread. False if the model has no such entry.
  bool run(llvm::StringRef entry, char *arena) const;
  const nnrt_model &model() const { return *description; }

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
  const nnrt_model *description = nullptr;
};

} // namespace nn

#endif // NN_CODEGEN_COMPILE_H
