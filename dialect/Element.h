// The questions that `emitElement` may put to a code generator, and the coordinates it answers them for.
// Owned by the dialect so that an op can say how its elements are computed without knowing who generates the code.
#ifndef NN_DIALECT_ELEMENT_H
#define NN_DIALECT_ELEMENT_H

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace nn {

/// One coordinate of a logical index. For a vector of several lanes, lane i stands at `base + i * lane`.
struct Coordinate {
  mlir::Value base; ///< of type index
  int64_t lane = 0;
};

/// A code generator, as an op sees it. Values are scalars where `lanes` is 1 and vectors of `lanes` elements otherwise.
class ElementBuilder {
public:
  virtual ~ElementBuilder() = default;

  mlir::OpBuilder &b;
  mlir::Location loc;
  int64_t lanes;

  /// The elements of `tensor` at `at`; bytes (ui8) come as i8.
  virtual mlir::Value element(mlir::Value tensor, llvm::ArrayRef<Coordinate> at) = 0;

  /// `then()` where `condition` (i1, or a vector of i1) holds, zero elsewhere. No element is read where it does not
  /// hold.
  virtual mlir::Value guarded(mlir::Value condition, mlir::Type type, llvm::function_ref<mlir::Value()> then) = 0;

  /// A loop over lo..hi-1 that carries `init`; a code generator may unroll it.
  virtual llvm::SmallVector<mlir::Value>
  loop(int64_t lo, int64_t hi, mlir::ValueRange init,
       llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value i, mlir::ValueRange carried)> body);

  /// `element` as a scalar or vector type; ui8 becomes i8.
  mlir::Type type(mlir::Type element) const { return type(element, lanes); }
  static mlir::Type type(mlir::Type element, int64_t lanes);
  /// A constant of type(element).
  mlir::Value constant(mlir::Type element, double value);
  mlir::Value index(int64_t value);
  /// base + i * lane as a vector of index (or an index).
  mlir::Value value(Coordinate at);
  /// lo <= at < hi.
  mlir::Value inside(Coordinate at, int64_t lo, int64_t hi);
  /// a*at + b.
  Coordinate affine(Coordinate at, int64_t scale, int64_t offset);
  Coordinate sum(Coordinate a, Coordinate b);
  Coordinate fixed(int64_t value) { return {index(value), 0}; }

protected:
  ElementBuilder(mlir::OpBuilder &b, mlir::Location loc, int64_t lanes) : b(b), loc(loc), lanes(lanes) {}
};

} // namespace nn

#endif
