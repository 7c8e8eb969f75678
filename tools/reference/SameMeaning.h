// Whether a pass kept the meaning of a module, judged by running it before and after the reference way.
#ifndef NN_TOOLS_REFERENCE_SAMEMEANING_H
#define NN_TOOLS_REFERENCE_SAMEMEANING_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"
#include <memory>

namespace mlir {
class ModuleOp;
class PassManager;
} // namespace mlir

namespace nn {
class Expectation;

/// Runs every public function of `module` and compares results with what is expected: integers exactly, floating-point
/// numbers as Expectation.h says. Reports the largest difference of each function on stderr, with `what` in front.
llvm::LogicalResult verifySameMeaning(const Expectation &expected, mlir::ModuleOp module, llvm::StringRef what);

/// --verify-passes: the first module that can run (in the nn dialect, without nn.value_and_grad) says what all later
/// ones must compute.
class PassVerifier {
public:
  PassVerifier();
  ~PassVerifier();
  /// Runs the module after each of these passes that changed it, and stops the program with status 1 at the first that
  /// changed its meaning. The context must know `registerReferenceDialects`. Must outlive `passes`.
  void follow(mlir::PassManager &passes);

private:
  class AfterEachPass;
  std::unique_ptr<Expectation> expected;
};

} // namespace nn

#endif
