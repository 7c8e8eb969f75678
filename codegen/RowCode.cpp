// Loops over rows and their vectors.
#include "codegen/RowCode.h"
#include "codegen/Targets.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nn;

/// Elements that are worth a task.
static constexpr int64_t kTaskElements = 8192;

std::optional<RowShape> RowShape::of(const KernelCall &call) {
  if (call.operands.empty() || !(call.element().isF32() || call.element().isF64()))
    return std::nullopt;
  RankedTensorType x = call.operands.front();
  if (x.getRank() == 0 || x.getNumElements() == 0 || x.getShape().back() < 2 * call.lanes())
    return std::nullopt;
  RowShape shape;
  shape.columns = x.getShape().back();
  shape.rows = x.getNumElements() / shape.columns;
  shape.lanes = call.lanes();
  shape.rowsPerTask = std::max<int64_t>(1, kTaskElements / shape.columns);
  return shape;
}

int64_t RowShape::tasks() const { return llvm::divideCeil(rows, rowsPerTask); }

RowCode::RowCode(const KernelCall &call, const KernelPlaces &places, KernelFrame &frame)
    : BlockCode(frame, call.element()), shape(*RowShape::of(call)), places(places) {
  lanes = shape.lanes;
}

void RowCode::forEachRow(llvm::function_ref<void(Value)> body) {
  Value end = least(times(frame.hi, shape.rowsPerTask), index(shape.rows));
  loop(times(frame.lo, shape.rowsPerTask), end, 1, body);
}

/// The lanes of a row's last vector that no earlier one has, or null.
static Value freshLanes(RowCode &code) {
  int64_t rest = code.shape.columns % code.lanes;
  if (rest == 0)
    return nullptr;
  SmallVector<bool> fresh(code.lanes, false);
  std::fill(fresh.end() - rest, fresh.end(), true);
  auto type = VectorType::get({code.lanes}, code.b.getI1Type());
  return arith::ConstantOp::create(code.b, code.loc, DenseElementsAttr::get(type, fresh));
}

void RowCode::forEachVector(llvm::function_ref<void(Value, Value)> body) {
  loop(0, shape.columns / lanes * lanes, lanes, [&](Value column) { body(column, nullptr); });
  if (Value fresh = freshLanes(*this))
    body(index(shape.columns - lanes), fresh);
}

RowCode::Values RowCode::sums(llvm::function_ref<Values(Value)> parts, unsigned count) {
  auto added = [&](ValueRange sums, ValueRange more) {
    return llvm::map_to_vector(llvm::zip(sums, more), [&](auto pair) -> Value {
      return arith::AddFOp::create(b, loc, std::get<0>(pair), std::get<1>(pair));
    });
  };
  Values sums = carry(index(0), index(shape.columns / lanes * lanes), lanes, Values(count, constant(0)),
                      [&](Value column, ValueRange sums) { return added(sums, parts(column)); });
  if (Value fresh = freshLanes(*this)) {
    Values rest = parts(index(shape.columns - lanes));
    for (Value &part : rest)
      part = arith::SelectOp::create(b, loc, fresh, part, constant(0));
    sums = added(sums, rest);
  }
  for (Value &sum : sums)
    sum = sumOfLanes(sum);
  return sums;
}

Value RowCode::sum(Part part) {
  return sums([&](Value column) { return Values{part(column)}; }, 1)[0];
}

Value RowCode::largestOf(Part part) {
  Value result = carry(index(lanes), index(shape.columns / lanes * lanes), lanes, part(index(0)),
                       [&](Value column, ValueRange before) { return Values{largest(part(column), before[0])}; })[0];
  if (shape.columns % lanes != 0)
    result = largest(part(index(shape.columns - lanes)), result);
  return largestOfLanes(result);
}

void RowCode::changeResult(unsigned k, Value row, llvm::function_ref<Value(Value, Value)> change) {
  forEachVector([&](Value column, Value fresh) {
    Value before = result(k, row, column), after = change(before, column);
    setResult(k, row, column, fresh ? Value(arith::SelectOp::create(b, loc, fresh, after, before)) : after);
  });
}
