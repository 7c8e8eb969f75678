// What an op in a loop's body computes, for all steps at once.
#ifndef NN_PASSES_ALLSTEPS_H
#define NN_PASSES_ALLSTEPS_H

#include "llvm/ADT/STLFunctionalExtras.h"

#include "mlir/IR/Builders.h"

namespace nn {

/// A value of a loop's body as the ops around the loop know it.
struct Outside {
  mlir::Value value;
  bool stacked = false; ///< the steps are the first dimension of `value`; else it is the same in every step
};

/// Whether atAllSteps() knows the op, where the operands at the set bits differ from step to step.
bool canStack(mlir::Operation *op, llvm::function_ref<bool(mlir::Value)> stacked);

/// The results of all steps at once.
Outside atAllSteps(mlir::OpBuilder &b, mlir::Operation *op, llvm::ArrayRef<Outside> operands, int64_t steps);

/// Whether sumOfAllSteps() knows the value; notes the values of the body whose stacks it wants.
bool canSum(mlir::Value v, llvm::function_ref<bool(mlir::Value)> stacked, llvm::function_ref<void(mlir::Value)> wanted);

/// The sum of a value of the body over all steps; `outside` gives the values that canSum() wanted.
mlir::Value sumOfAllSteps(mlir::OpBuilder &b, mlir::Value v, llvm::function_ref<Outside(mlir::Value)> outside);

} // namespace nn

#endif // NN_PASSES_ALLSTEPS_H
