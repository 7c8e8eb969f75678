// Kernels around one contraction or convolution: which bodies the family covers, their plan and their code.
// An epilogue (bias, activation, residual, optimizer update ...) is whatever elementwise ops the body has behind it.
//
// Layouts that serve it best (for the pass that chooses them; everything is correct in any layout):
//   - activations and their gradients, where the batch has at least as many rows as a vector has lanes: batch innermost
//     ([1, 2, ..., 0]; [1, 0] for matrices). Lanes are then rows of the batch, and weights are read where they lie.
//   - parameters, their gradients and slots: row-major (filters x channels x kernel; dense: as declared).
//   - products whose operands and result are all row-major are fast too: the product packs what it needs.
#ifndef NN_CODEGEN_CONTRACTION_H
#define NN_CODEGEN_CONTRACTION_H

#include "codegen/TilePlan.h"
#include "dialect/Target.h"
#include "mlir/IR/Block.h"

namespace nn {
class Machine;
struct KernelFrame;

class ContractionKernel {
public:
  /// None where the body is not one contraction of arguments with elementwise ops behind it that keep its result's
  /// layout, or no form of the family fits the strides. The generic kernel takes over then.
  static std::optional<ContractionKernel> match(mlir::Block &body, const Machine &machine);

  KernelPlan plan() const;
  int64_t workspace() const;
  void emit(KernelFrame &frame) const;
  /// One line per part, for people.
  std::string describe() const;

private:
  struct Part {
    ContractionProblem problem;
    TilePlan plan;
  };
  mlir::Block *body = nullptr;
  const Machine *machine = nullptr;
  mlir::Operation *op = nullptr;
  llvm::SmallVector<Part, 1> parts; ///< one after the other in the task range
  int64_t tasks() const;
};

} // namespace nn

#endif
