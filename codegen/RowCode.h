// Direct implementations of functions of the last axis: a row is read, reduced and written while it is in the first
// cache. Tasks are blocks of rows.
#ifndef NN_CODEGEN_ROWCODE_H
#define NN_CODEGEN_ROWCODE_H

#include "codegen/BlockCode.h"
#include "codegen/KernelFunctions.h"

namespace nn {

/// The rows of a call's first operand.
struct RowShape {
  int64_t rows, columns, lanes;
  int64_t rowsPerTask;

  /// None where a row has less than two vectors, or halves.
  static std::optional<RowShape> of(const KernelCall &call);
  int64_t tasks() const;
};

class RowCode : public BlockCode {
public:
  RowCode(const KernelCall &call, const KernelPlaces &places, KernelFrame &frame);

  const RowShape shape;
  const KernelPlaces &places;

  /// Runs `body` on every row of the tasks.
  void forEachRow(llvm::function_ref<void(mlir::Value row)> body);
  /// Runs `body` on the vectors of a row: the first column, and which lanes no earlier vector has had (null: all). The
  /// last vector ends where the row does, so that none is cut.
  void forEachVector(llvm::function_ref<void(mlir::Value column, mlir::Value fresh)> body);
  /// The sum and the largest of all columns; `part` gives a vector of them.
  using Part = llvm::function_ref<mlir::Value(mlir::Value column)>;
  mlir::Value sum(Part part);
  /// Sums of several parts at a time.
  Values sums(llvm::function_ref<Values(mlir::Value column)> parts, unsigned count);
  mlir::Value largestOf(Part part);

  Spot at(mlir::Value memory, mlir::Value row, mlir::Value column) {
    return {memory, add(times(row, shape.columns), column)};
  }
  /// A vector of operand `k`.
  mlir::Value operand(unsigned k, mlir::Value row, mlir::Value column) {
    return load(at(places.operands[k], row, column));
  }
  mlir::Value result(unsigned k, mlir::Value row, mlir::Value column) {
    return load(at(places.results[k], row, column));
  }
  void setResult(unsigned k, mlir::Value row, mlir::Value column, mlir::Value vector) {
    store(vector, at(places.results[k], row, column));
  }
  /// result = change(result), each column once.
  void changeResult(unsigned k, mlir::Value row,
                    llvm::function_ref<mlir::Value(mlir::Value before, mlir::Value column)> change);
  mlir::Value all(mlir::Value scalar) { return broadcast(scalar, lanes); }
};

/// A function whose tasks are blocks of rows; `Row` emits one. Its result may lie over operand `Row::replaced`, of
/// which no column is read behind the write of that column; -1: over none.
template <typename Row>
struct RowFunction : KernelFunction {
  bool covers(const KernelCall &call) const override { return RowShape::of(call) && Row::fits(call); }
  KernelPlan plan(const KernelCall &call) const override {
    RowShape shape = *RowShape::of(call);
    KernelPlan plan;
    plan.tasks = shape.tasks();
    if (Row::replaced >= 0 && shape.columns % shape.lanes == 0) // else the last vector is read behind a write
      plan.inplace.push_back({Row::replaced, 0});
    return plan;
  }
  void emit(const KernelCall &call, const KernelPlaces &places, KernelFrame &frame) const override {
    RowCode code(call, places, frame);
    code.forEachRow([&](mlir::Value row) { Row::emit(code, call, row); });
  }
};

} // namespace nn

#endif
