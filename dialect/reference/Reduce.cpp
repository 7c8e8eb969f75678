// References of reductions. Sums are taken in f64 and rounded once.
#include "dialect/NN.h"
#include "dialect/Unsigned.h"
#include "dialect/reference/Nest.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace nn;
using reference::plain;

/// The dimensions of x that stay, as a map from x's index space.
static AffineMap keptMap(OpBuilder &b, int64_t rank, ArrayRef<int64_t> axes) {
  SmallVector<AffineExpr> kept;
  for (int64_t d = 0; d < rank; ++d)
    if (!llvm::is_contained(axes, d))
      kept.push_back(b.getAffineDimExpr(d));
  return AffineMap::get(rank, 0, kept, b.getContext());
}

SmallVector<Value> ReduceSumOp::emitReference(OpBuilder &b, ValueRange in) {
  RankedTensorType type = plain(getY().getType());
  int64_t rank = getX().getType().getRank();
  Type sum = reference::sumType(type.getElementType());
  Value zero = reference::filled(b, getLoc(), RankedTensorType::get(type.getShape(), sum), 0);
  Value y =
      reference::generic(b, getLoc(), in[0], b.getMultiDimIdentityMap(rank), zero, keptMap(b, rank, getAxes()),
                         [&](OpBuilder &b, ValueRange args) {
                           return reference::add(b, getLoc(), args[1], reference::convert(b, getLoc(), args[0], sum));
                         });
  return {reference::convertElements(b, getLoc(), y, type.getElementType())};
}

/// Starts with the first element along each axis, so that no neutral element is needed.
static Value extremum(Operation *op, OpBuilder &b, Value x, ArrayRef<int64_t> axes, Scalar (*better)(Scalar, Scalar)) {
  auto type = cast<RankedTensorType>(x.getType());
  Location loc = op->getLoc();
  SmallVector<int64_t> zeros(type.getRank(), 0), ones(type.getRank(), 1), firstShape(type.getShape());
  for (int64_t d : axes)
    firstShape[d] = 1;
  Value first = reference::sliced(b, loc, x, firstShape, zeros, ones);
  Value start = reference::reshaped(b, loc, first, plain(op->getResult(0).getType()).getShape());
  return reference::generic(b, loc, x, b.getMultiDimIdentityMap(type.getRank()), start,
                            keptMap(b, type.getRank(), axes), [&](OpBuilder &b, ValueRange args) {
                              auto number = [&](Value v) { return numberOf(Scalar{b, loc, v}, op->getOperand(0)); };
                              return elementOf(better(number(args[1]), number(args[0])), op->getOperand(0)).v;
                            });
}

SmallVector<Value> ReduceMaxOp::emitReference(OpBuilder &b, ValueRange in) {
  return {extremum(*this, b, in[0], getAxes(), nn::maximum)};
}

SmallVector<Value> ReduceMinOp::emitReference(OpBuilder &b, ValueRange in) {
  return {extremum(*this, b, in[0], getAxes(), nn::minimum)};
}

SmallVector<Value> ArgmaxOp::emitReference(OpBuilder &b, ValueRange in) {
  Location loc = getLoc();
  auto x = cast<RankedTensorType>(in[0].getType());
  return {reference::elements(b, loc, plain(getY().getType()), [&](OpBuilder &b, ValueRange at) -> Value {
    auto element = [&](OpBuilder &b, Value position) -> Value {
      SmallVector<Value> from(at);
      from.insert(from.begin() + getAxis(), position);
      return tensor::ExtractOp::create(b, loc, in[0], from);
    };
    Value zero = reference::index(b, loc, 0);
    SmallVector<Value> best = reference::nest(
        b, loc, x.getDimSize(getAxis()), {element(b, zero), zero},
        [&](OpBuilder &b, ValueRange i, ValueRange best) -> SmallVector<Value> {
          Value candidate = element(b, i[0]);
          Value larger =
              isa<FloatType>(x.getElementType())
                  ? Value(arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, candidate, best[0]))
                  : arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt, numberOf({b, loc, candidate}, getX()).v,
                                          numberOf({b, loc, best[0]}, getX()).v);
          return {arith::SelectOp::create(b, loc, larger, candidate, best[0]),
                  arith::SelectOp::create(b, loc, larger, i[0], best[1])};
        });
    return arith::IndexCastOp::create(b, loc, b.getI32Type(), best[1]);
  })};
}
