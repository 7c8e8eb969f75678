// Kernels that are one sum at indices: its plan and its code. Terms are added one after the other in the order of the
// indices; tasks are ranges of columns, so that the order does not depend on who computes them.
#ifndef NN_CODEGEN_SCATTER_H
#define NN_CODEGEN_SCATTER_H

#include "dialect/Target.h"
#include "mlir/IR/Block.h"
#include <optional>

namespace nn {
class Machine;
class ScatterSumOp;
struct KernelFrame;

class ScatterKernel {
public:
  /// None where the body is anything but one nn.scatter_sum of arguments.
  static std::optional<ScatterKernel> match(mlir::Block &body, const Machine &machine);

  KernelPlan plan() const;
  void emit(KernelFrame &frame) const;

private:
  mlir::Operation *op = nullptr;
  int64_t columnDim = -1; ///< of the result, behind or before the axis; -1: there is but the axis
  int64_t columns = 1;
  int64_t lanes = 1;   ///< of a vector along the columns
  int64_t perTask = 1; ///< columns of a task
};

} // namespace nn

#endif
