// Shape rules, derivatives and element formulas of gather and of the sum at indices.
#include "dialect/NN.h"
#include "dialect/Unsigned.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace nn;

/// `whole` with the index's shape in place of dimension `axis` must be `part`.
static LogicalResult verifyIndexed(Operation *op, RankedTensorType whole, RankedTensorType index, RankedTensorType part,
                                   int64_t axis) {
  if (axis < 0 || axis >= whole.getRank())
    return op->emitOpError("has axis ") << axis << " of a tensor of rank " << whole.getRank();
  SmallVector<int64_t> shape(whole.getShape().take_front(axis));
  llvm::append_range(shape, index.getShape());
  llvm::append_range(shape, whole.getShape().drop_front(axis + 1));
  if (part.getShape() != ArrayRef(shape) || part.getElementType() != whole.getElementType())
    return op->emitOpError("cannot put the shape of ")
           << index << " in place of dimension " << axis << " of " << whole << " and get " << part;
  return success();
}

// ---- gather

LogicalResult GatherOp::verify() {
  return verifyIndexed(*this, getX().getType(), getIndex().getType(), getY().getType(), getAxis());
}

SmallVector<Value> GatherOp::pullBack(OpBuilder &b, ValueRange d) {
  if (!isa<FloatType>(getX().getType().getElementType()))
    return {nullptr, nullptr};
  auto x = getX().getType();
  auto type = RankedTensorType::get(x.getShape(), x.getElementType());
  return {ScatterSumOp::create(b, getLoc(), type, d[0], getIndex(), getAxis()), nullptr};
}

/// index[where], which is the same in all lanes, as a coordinate of a dimension of `extent` elements.
static Value coordinate(ElementBuilder &e, Value index, ArrayRef<Coordinate> where, int64_t extent) {
  Value integer = e.element(index, where);
  if (isa<VectorType>(integer.getType()))
    integer = vector::ExtractOp::create(e.b, e.loc, integer, int64_t(0));
  Type element = cast<RankedTensorType>(index.getType()).getElementType(), type = e.b.getIndexType();
  bool isUnsigned = element.isUnsignedInteger() || element.isInteger(1);
  Value k = isUnsigned ? Value(arith::IndexCastUIOp::create(e.b, e.loc, type, integer))
                       : arith::IndexCastOp::create(e.b, e.loc, type, integer);
  k = arith::MaxSIOp::create(e.b, e.loc, k, e.index(0));
  return arith::MinSIOp::create(e.b, e.loc, k, e.index(extent - 1));
}

Value GatherOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  int64_t rank = getIndex().getType().getRank();
  ArrayRef<Coordinate> where = at.slice(getAxis(), rank);
  if (llvm::any_of(where, [](const Coordinate &c) { return c.lane != 0; }))
    return nullptr;
  SmallVector<Coordinate> from(at.take_front(getAxis()));
  from.push_back({coordinate(e, getIndex(), where, getX().getType().getDimSize(getAxis())), 0});
  llvm::append_range(from, at.drop_front(getAxis() + rank));
  return e.element(getX(), from);
}

// ---- scatter_sum

LogicalResult ScatterSumOp::verify() {
  return verifyIndexed(*this, getY().getType(), getIndex().getType(), getD().getType(), getAxis());
}

SmallVector<Value> ScatterSumOp::pullBack(OpBuilder &b, ValueRange d) {
  auto type = getD().getType();
  return {GatherOp::create(b, getLoc(), RankedTensorType::get(type.getShape(), type.getElementType()), d[0], getIndex(),
                           getAxis()),
          nullptr};
}

Value ScatterSumOp::target(ElementBuilder &e, ArrayRef<Coordinate> where) {
  return coordinate(e, getIndex(), where, getY().getType().getDimSize(getAxis()));
}

/// The body of last resort: every element looks at all indices.
Value ScatterSumOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  auto index = getIndex().getType();
  if (e.lanes > 1)
    return nullptr;
  SmallVector<Coordinate> where;
  std::function<Value(Value)> sumFrom = [&](Value sum) -> Value {
    size_t d = where.size();
    if (d < size_t(index.getRank()))
      return e.loop(0, index.getDimSize(d), sum, [&](Value i, ValueRange carried) -> SmallVector<Value> {
        where.push_back({i, 0});
        Value next = sumFrom(carried[0]);
        where.pop_back();
        return {next};
      })[0];
    Value isHere = arith::CmpIOp::create(e.b, getLoc(), arith::CmpIPredicate::eq, target(e, where), at[getAxis()].base);
    SmallVector<Coordinate> from(at.take_front(getAxis()));
    llvm::append_range(from, where);
    llvm::append_range(from, at.drop_front(getAxis() + 1));
    Value term = e.guarded(isHere, sum.getType(), [&] { return e.element(getD(), from); });
    return arith::AddFOp::create(e.b, getLoc(), sum, term);
  };
  return sumFrom(e.constant(getY().getType().getElementType(), 0));
}
