// Runs functions of an nn module the reference way: nn -> linalg on tensors -> loops -> native code in this process.
// Slow, general and independent of code generation: what optimised programs are compared with.
#ifndef NN_TOOLS_REFERENCE_RUNNER_H
#define NN_TOOLS_REFERENCE_RUNNER_H

#include "tools/reference/HostArray.h"
#include "llvm/ADT/StringMap.h"
#include <memory>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc
namespace mlir {
class DialectRegistry;
class ModuleOp;
} // namespace mlir

namespace nn {

/// What the reference way needs of a context: dialects, bufferization and translation to LLVM IR.
void registerReferenceDialects(mlir::DialectRegistry &registry);

class ReferenceRunner {
public:
  /// A tensor of a public function's signature.
  using Types = llvm::SmallVector<mlir::RankedTensorType>;
  struct Signature {
    Types inputs, results;
  };

  /// What matters more: many small functions, or a large one.
  enum class Effort { FastCompile, FastRun };
  /// Compiles all public functions of `module`, which is not changed. Null after diagnostics.
  static std::unique_ptr<ReferenceRunner> create(mlir::ModuleOp module, Effort effort);
  ~ReferenceRunner();

  /// The public functions, by name.
  const llvm::StringMap<Signature> &functions() const { return signatures; }
  /// The results of function `name`, one per result. The inputs must have the types of its signature.
  std::vector<HostArray> run(llvm::StringRef name, llvm::ArrayRef<HostArray> inputs) const;

private:
  ReferenceRunner();
  std::unique_ptr<llvm::orc::LLJIT> jit;
  llvm::StringMap<Signature> signatures;
  llvm::StringMap<void (*)(void **)> entries;
};

} // namespace nn

#endif
