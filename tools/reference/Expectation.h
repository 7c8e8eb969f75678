// What the functions of a module return the reference way, and how far off an equivalent program may be.
//
// Two programs that differ in the order of sums, in fused multiply-adds or in algebraic rewrites round differently, and
// what a rounding does to a result depends on everything behind it: no fixed fraction of an element, or of the largest
// one, is both safe and sharp. So the module is run again with roundings of its own choice: every operand and result of
// every op that rounds is moved by a random fraction of up to 8 epsilon, times the square root of n where the op adds
// up n terms (what n roundings of random sign amount to). How far this moves an element, at most over some runs, is the
// unit in which equivalent programs are compared with it; a rounding of the element itself is the least. An element on
// whose value rounding decides (a comparison of equals) gets a unit as large as the choice.
#ifndef NN_TOOLS_REFERENCE_EXPECTATION_H
#define NN_TOOLS_REFERENCE_EXPECTATION_H

#include "tools/reference/Runner.h"

namespace nn {

class Expectation {
public:
  /// Runs all public functions of `module` on chosen inputs (Inputs.h). Null after diagnostics.
  static std::unique_ptr<Expectation> create(mlir::ModuleOp module, ReferenceRunner::Effort effort);

  struct Function {
    std::vector<HostArray> inputs, results;
    std::vector<std::vector<double>> units; ///< per result and element; infinite where rounding decides on an integer
  };
  const llvm::StringMap<Function> &functions() const { return expected; }

  struct Difference {
    double units = 0; ///< 0: equal
    size_t result = 0;
    int64_t element = 0;
  };
  /// The largest difference between what function `name` should return and `results`.
  Difference largestDifference(llvm::StringRef name, llvm::ArrayRef<HostArray> results) const;

private:
  llvm::StringMap<Function> expected;
};

/// What `largestDifference` is at most between equivalent programs.
constexpr double largestUnits = 4;

} // namespace nn

#endif
