// References of gather and of the sum at indices.
#include "dialect/NN.h"
#include "dialect/reference/Nest.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace nn;
using reference::plain;

/// index[where] as a coordinate of a dimension of `extent` elements; `type` is the index's with its sign.
static Value coordinate(OpBuilder &b, Location loc, Value index, ValueRange where, Type type, int64_t extent) {
  Value k = tensor::ExtractOp::create(b, loc, index, where);
  bool isUnsigned = type.isUnsignedInteger() || type.isInteger(1);
  k = isUnsigned ? Value(arith::IndexCastUIOp::create(b, loc, b.getIndexType(), k))
                 : arith::IndexCastOp::create(b, loc, b.getIndexType(), k);
  Value last = reference::index(b, loc, extent - 1), first = reference::index(b, loc, 0);
  return arith::MinSIOp::create(b, loc, arith::MaxSIOp::create(b, loc, k, first), last);
}

SmallVector<Value> GatherOp::emitReference(OpBuilder &b, ValueRange in) {
  auto index = getIndex().getType();
  int64_t extent = getX().getType().getDimSize(getAxis());
  return {reference::elements(b, getLoc(), plain(getY().getType()), [&](OpBuilder &b, ValueRange at) -> Value {
    ValueRange where = at.slice(getAxis(), index.getRank());
    SmallVector<Value> from(at.take_front(getAxis()));
    from.push_back(coordinate(b, getLoc(), in[1], where, index.getElementType(), extent));
    llvm::append_range(from, at.drop_front(getAxis() + index.getRank()));
    return tensor::ExtractOp::create(b, getLoc(), in[0], from);
  })};
}

SmallVector<Value> ScatterSumOp::emitReference(OpBuilder &b, ValueRange in) {
  auto index = getIndex().getType(), d = getD().getType();
  int64_t extent = getY().getType().getDimSize(getAxis());
  Type sum = reference::sumType(d.getElementType());
  auto wide = RankedTensorType::get(getY().getType().getShape(), sum);
  Value zero = reference::filled(b, getLoc(), wide, 0);
  Value total = reference::nest(b, getLoc(), d.getShape(), zero,
                                [&](OpBuilder &b, ValueRange at, ValueRange carried) -> SmallVector<Value> {
                                  ValueRange where = at.slice(getAxis(), index.getRank());
                                  SmallVector<Value> to(at.take_front(getAxis()));
                                  to.push_back(coordinate(b, getLoc(), in[1], where, index.getElementType(), extent));
                                  llvm::append_range(to, at.drop_front(getAxis() + index.getRank()));
                                  Value term = tensor::ExtractOp::create(b, getLoc(), in[0], at);
                                  term = reference::convert(b, getLoc(), term, sum);
                                  Value old = tensor::ExtractOp::create(b, getLoc(), carried[0], to);
                                  Value next = arith::AddFOp::create(b, getLoc(), old, term);
                                  return {tensor::InsertOp::create(b, getLoc(), next, carried[0], to)};
                                })[0];
  return {reference::convertElements(b, getLoc(), total, d.getElementType())};
}
