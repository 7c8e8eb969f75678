// LLVM's code generation for one machine: its target machine, our list of passes, object files.
#ifndef NN_CODEGEN_LLVMTARGET_H
#define NN_CODEGEN_LLVMTARGET_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <memory>
#include <string>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace nn {

/// A machine as LLVM names it.
struct LlvmTarget {
  std::string name;     ///< as programs report it: "x86-64-v4"
  std::string triple;   ///< empty: the compiler's own
  std::string cpu;      ///< "x86-64-v4"
  std::string features; ///< "+avx2,+fma"
};

/// LLVM's code generator for a machine. `level` is that of `-O`.
std::unique_ptr<llvm::TargetMachine> createTargetMachine(const LlvmTarget &target, int level);

/// What code for this machine needs of the processor, comma-separated, in LLVM's names.
std::string requiredFeatures(const llvm::TargetMachine &machine);

/// Our list of LLVM passes: what kernels written as vector loops gain from, and nothing that reorders their arithmetic.
void optimize(llvm::Module &module, llvm::TargetMachine &machine, int level);

enum class FileKind { Object, Assembly };
/// Appends the module's object file or assembly text to `out`.
void emitFile(llvm::Module &module, llvm::TargetMachine &machine, FileKind kind, llvm::SmallVectorImpl<char> &out);

} // namespace nn

#endif // NN_CODEGEN_LLVMTARGET_H
