// What the forms of the contraction family share when they generate code: index arithmetic, loops over tasks and
// blocks, the taps inside a window, vector accesses with a tail, and the way from accumulators to results.
#ifndef NN_CODEGEN_CONTRACTIONCODE_H
#define NN_CODEGEN_CONTRACTIONCODE_H

#include "codegen/TilePlan.h"
#include "dialect/Element.h"
#include <functional>

namespace nn {

/// Takes elements of the contraction's result: a vector of `lanes` elements, of which the first `active` count, at
/// logical coordinates; where the result is needed in parts, one such vector of each.
using ResultSink =
    std::function<void(llvm::ArrayRef<mlir::Value> elements, llvm::ArrayRef<Coordinate> at, int64_t active)>;

/// Bounds of a loop; a constant bound has no value.
struct Bounds {
  int64_t lo = 0, hi = 0;
  mlir::Value loValue, hiValue;
  bool constant() const { return !loValue && !hiValue; }
};

/// The point of the iteration space at which code is generated: an index (null where a dimension is not fixed) and, for
/// tiled dimensions, how many indices the block has.
struct Point {
  llvm::SmallVector<mlir::Value> at;
  llvm::SmallVector<int64_t> size;
  /// Windows (by number) that hold for all taps here.
  llvm::SmallVector<bool> inside;
};

class ContractionCode {
public:
  mlir::OpBuilder &b;
  mlir::Location loc;
  const ContractionProblem &problem;
  const TilePlan &plan;
  mlir::Type element;
  mlir::Value lhs, rhs;                   ///< rank-1 memrefs in physical order
  mlir::Value workspace = nullptr;        ///< rank-1 memref of bytes, or null
  mlir::Value lo = nullptr, hi = nullptr; ///< the tasks to do
  ResultSink sink = nullptr;
  /// Asks for the lines that the sink will read and write at a vector of elements.
  std::function<void(llvm::ArrayRef<Coordinate> at)> ask = nullptr;
  /// Whether the code behind the sink is short enough to stand behind every accumulator.
  bool inlineResults = true;
  int64_t workspaceOffset = 0; ///< of this problem's part of the workspace, in bytes

  mlir::Value vectorOperand() const { return plan.vectorIsLhs ? lhs : rhs; }
  mlir::Value scalarOperand() const { return plan.vectorIsLhs ? rhs : lhs; }
  int64_t vectorStride(unsigned dim) const;
  int64_t scalarStride(unsigned dim) const;
  int64_t vectorOffset() const { return plan.vectorIsLhs ? problem.lhsOffset : problem.rhsOffset; }
  int64_t scalarOffset() const { return plan.vectorIsLhs ? problem.rhsOffset : problem.lhsOffset; }

  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b);
  mlir::Value times(mlir::Value a, int64_t factor);
  mlir::VectorType vectorType(int64_t lanes) const;
  mlir::Value zero(mlir::Type type);

  /// A loop lo..hi-1 in steps of `step` without results.
  void loop(mlir::Value lo, mlir::Value hi, int64_t step, llvm::function_ref<void(mlir::Value)> body);
  /// A loop that carries values. Loops with constant bounds of at most `unroll` rounds are unrolled.
  llvm::SmallVector<mlir::Value>
  carry(Bounds bounds, int64_t step, int64_t unroll, llvm::ArrayRef<mlir::Value> init,
        llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, llvm::ArrayRef<mlir::Value>)> body);

  /// The point at which no dimension is fixed.
  Point everywhere() const;
  /// The loops of the plan: tasks first, then the other levels, then `body` at each block.
  void forEachBlock(llvm::function_ref<void(Point &)> body);
  /// The taps that lie inside the window at a point.
  Bounds taps(const Window &window, const Point &point);
  /// The bounds of a reduction dimension at a point.
  Bounds reductionBounds(unsigned dim, const Point &point);
  /// offset + the sum of stride(dim) * index over the fixed dimensions.
  mlir::Value address(int64_t offset, const Point &point, llvm::function_ref<int64_t(unsigned)> stride);

  /// `count` elements from `position` as a vector of `lanes`, zero behind them.
  mlir::Value loadVector(mlir::Value memory, mlir::Value position, int64_t lanes, int64_t count);
  mlir::Value loadScalar(mlir::Value memory, mlir::Value position);
  void storeScalar(mlir::Value scalar, mlir::Value memory, mlir::Value position);
  /// Asks for the line of an element that will be read soon; any position may be named.
  void prefetch(mlir::Value memory, mlir::Value position);
  void storeVector(mlir::Value vector, mlir::Value memory, mlir::Value position);
  /// One step of an outer product: rows elements of `scalars` (rowStride apart) against columns vectors of `vectors`,
  /// of which `count` elements exist.
  llvm::SmallVector<mlir::Value> multiply(mlir::Value vectors, mlir::Value vectorAt, int64_t columns, int64_t count,
                                          mlir::Value scalars, mlir::Value scalarAt, int64_t rowStride, int64_t rows,
                                          llvm::ArrayRef<mlir::Value> accumulators);
  /// `lanes` vectors of `lanes` elements as the rows of a square matrix, transposed.
  llvm::SmallVector<mlir::Value> transpose(llvm::ArrayRef<mlir::Value> vectors);
  /// A vector whose lane i is the sum of the lanes of vectors[i], in a tree that is the same for every i.
  mlir::Value sumLanes(llvm::ArrayRef<mlir::Value> vectors);
  /// The current call's part of the workspace as a rank-1 memref of elements: that of its first task, where each has
  /// `taskBytes` from `offset` on.
  mlir::Value scratch(int64_t offset, int64_t taskBytes, int64_t elements);
  /// A small buffer on the stack, allocated once per call.
  mlir::Value stack(int64_t elements);

  /// Asks for what the sink will touch of a tile.
  void askFor(const Point &point, int64_t rows, int64_t columns);
  /// Hands rows x columns accumulators (row by row) to the sink: lane l of column c of row r is the result at index
  /// row + r of rowDim and lane + c * lanes + l of laneDim. Long epilogues stand once, behind loops over a buffer.
  void results(const Point &point, llvm::ArrayRef<mlir::Value> accumulators, int64_t rows, int64_t columns);
  /// The same with accumulators in a buffer, those of an element's parts one behind the other.
  void resultsFrom(mlir::Value buffer, const Point &point, int64_t rows, int64_t columns);
  /// Logical coordinates of the result at a point; index of `laneDim` runs with the lanes.
  llvm::SmallVector<Coordinate> coordinates(const Point &point, std::optional<unsigned> laneDim);

private:
  /// The result at a row and a column (a vector) of the tile at `point`.
  llvm::SmallVector<Coordinate> coordinates(const Point &point, mlir::Value row, mlir::Value column);
  void level(unsigned number, llvm::ArrayRef<mlir::Value> taskIndices, Point &point,
             llvm::function_ref<void(Point &)> body);
  void positions(unsigned number, llvm::ArrayRef<mlir::Value> taskIndices, Point &point,
                 llvm::function_ref<void(Point &)> body);
};

/// The forms. Each generates the whole body of the kernel from `code.plan`.
void emitOuterForm(ContractionCode &code);
void emitPackedForm(ContractionCode &code);
void emitDotForm(ContractionCode &code);

} // namespace nn

#endif
