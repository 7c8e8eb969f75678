// The function that a kernel becomes, while its body is emitted: where operands, results and workspace lie, and the
// range of tasks to run. Shared by all kernel emitters.
#ifndef NN_CODEGEN_KERNELFRAME_H
#define NN_CODEGEN_KERNELFRAME_H

#include "mlir/IR/Builders.h"

namespace nn {
class Machine;

struct KernelFrame {
  mlir::OpBuilder &b;
  mlir::Location loc;
  const Machine &machine;
  mlir::Block &body;                       ///< of the nn.kernel: its arguments are the operands
  int64_t tasks;                           ///< of the nn.kernel
  llvm::SmallVector<mlir::Value> operands; ///< memrefs of physical shape
  llvm::SmallVector<mlir::Value> results;  ///< memrefs of physical shape, one per yielded value
  mlir::Value workspace;                   ///< memref<Nxi8>, or null
  mlir::Value lo, hi;                      ///< tasks lo..hi-1
  /// The same memory as rank-1 memrefs, for ElementEmitter::place and store.
  llvm::SmallVector<mlir::Value> flatOperands, flatResults;
};

/// `memory` seen as a rank-1 memref.
mlir::Value flatten(mlir::OpBuilder &b, mlir::Location loc, mlir::Value memory);

} // namespace nn

#endif
