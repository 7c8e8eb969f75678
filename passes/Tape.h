// Reverse-mode differentiation of a straight list of ops. Owns which of them vary, in which order gradients add up, and
// what calls and scans contribute; rules of ops stand beside the ops (DifferentiableOpInterface).
#ifndef NN_PASSES_TAPE_H
#define NN_PASSES_TAPE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace nn {
class CallOp;
class ScanOp;

/// On a private function: the function that computes its gradient.
constexpr llvm::StringLiteral kGradientAttr = "nn.gradient";
/// On a function: how many of its results, the last ones, only its gradient sees.
constexpr llvm::StringLiteral kSavedAttr = "nn.saved";

/// Whether gradients of the value make sense: its elements are floating-point numbers.
bool isReal(mlir::Value v);

class Tape {
public:
  Tape(mlir::SymbolTable &symbols, mlir::OpBuilder b) : b(b), symbols(symbols) {}
  Tape(const Tape &) = delete;
  Tape &operator=(const Tape &) = delete;
  /// Removes the scans that pullBack() has replaced.
  ~Tape();

  /// Says that results shall be differentiated by `v`.
  void vary(mlir::Value v) { varying.insert(v); }
  bool varies(mlir::Value v) const { return varying.contains(v); }
  /// Copies a body to the builder's place, ops that vary onto the tape; calls without a written gradient are inlined.
  llvm::SmallVector<mlir::Value> copy(mlir::Block &body, mlir::ValueRange arguments);

  /// Adds to the gradient of `v`, if it has one; `gradient` may be null.
  void accumulate(mlir::Value v, mlir::Value gradient);
  /// Builds the gradients of what the ops on the tape read, from the last to the first.
  mlir::LogicalResult pullBack();
  /// The gradient of `v` as far as it is known; null where nothing depends on it.
  mlir::Value gradient(mlir::Value v) const { return gradients.lookup(v); }
  mlir::Value gradientOrZero(mlir::Value v, mlir::Location loc);
  /// What stands for a copied value now: scans that are differentiated are replaced.
  mlir::Value current(mlir::Value v) const {
    mlir::Value other = successors.lookup(v);
    return other ? other : v;
  }

  mlir::OpBuilder b; ///< where the tape copies to and builds gradients

private:
  mlir::func::FuncOp gradientOf(CallOp call);
  bool variesWithInputs(mlir::Operation *op) const;
  mlir::LogicalResult pullBack(mlir::Operation *op);
  mlir::LogicalResult pullBackCall(CallOp call);
  mlir::LogicalResult pullBackBody(CallOp call);
  mlir::LogicalResult pullBackScan(ScanOp scan);

  mlir::SymbolTable &symbols;
  llvm::SmallVector<mlir::Operation *> ops;      // the copied ops that vary, in order
  llvm::SmallVector<mlir::Operation *> replaced; // scans
  llvm::DenseSet<mlir::Value> varying;
  llvm::DenseMap<mlir::Value, mlir::Value> gradients, successors;
};

} // namespace nn

#endif // NN_PASSES_TAPE_H
