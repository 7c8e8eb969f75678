// References of pooling: each window is visited element by element; what lies outside x is skipped.
#include "dialect/NN.h"
#include "dialect/reference/Nest.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace nn;
using reference::plain;

namespace {
/// The windows of an op over a large tensor's last dimensions.
struct Windows {
  Location loc;
  ArrayRef<int64_t> large, window, strides, low;
  size_t leading() const { return large.size() - window.size(); }

  /// The index in the large tensor of element k of window p, and whether it lies inside.
  std::pair<SmallVector<Value>, Value> at(OpBuilder &b, ValueRange p, ValueRange k) const {
    SmallVector<Value> result(p.take_front(leading()));
    Value inside = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
    for (size_t d = 0; d < window.size(); ++d) {
      Value first = arith::MulIOp::create(b, loc, p[leading() + d], reference::index(b, loc, strides[d]));
      Value padded = arith::AddIOp::create(b, loc, first, k[d]);
      Value q = arith::SubIOp::create(b, loc, padded, reference::index(b, loc, low[d]));
      Value extent = reference::index(b, loc, large[leading() + d]);
      // One unsigned comparison covers both ends: a negative index is huge.
      Value here = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, q, extent);
      inside = arith::AndIOp::create(b, loc, inside, here);
      result.push_back(q);
    }
    return {result, inside};
  }

  /// Visits the elements of window p that lie inside, in row-major order.
  SmallVector<Value> visit(OpBuilder &b, ValueRange p, ValueRange init,
                           llvm::function_ref<SmallVector<Value>(OpBuilder &, ValueRange q, ValueRange)> body) const {
    return reference::nest(b, loc, window, init, [&](OpBuilder &b, ValueRange k, ValueRange carried) {
      auto [q, inside] = at(b, p, k);
      auto branch = scf::IfOp::create(
          b, loc, inside, [&, q = q](OpBuilder &b, Location) { scf::YieldOp::create(b, loc, body(b, q, carried)); },
          [&](OpBuilder &b, Location) { scf::YieldOp::create(b, loc, carried); });
      return SmallVector<Value>(branch.getResults());
    });
  }

  /// The first largest element of x in window p, then its index.
  SmallVector<Value> largest(OpBuilder &b, Value x, ValueRange p) const {
    Type element = cast<RankedTensorType>(x.getType()).getElementType();
    SmallVector<Value> init = {reference::number(b, loc, element, 0),
                               arith::ConstantOp::create(b, loc, b.getBoolAttr(false))};
    init.append(large.size(), reference::index(b, loc, 0));
    SmallVector<Value> best = visit(b, p, init, [&](OpBuilder &b, ValueRange q, ValueRange best) {
      Value candidate = tensor::ExtractOp::create(b, loc, x, q);
      Value larger = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, candidate, best[0]);
      Value yes = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
      Value take = arith::SelectOp::create(b, loc, best[1], larger, yes);
      SmallVector<Value> next = {arith::SelectOp::create(b, loc, take, candidate, best[0]), yes};
      for (auto [here, before] : llvm::zip_equal(q, best.drop_front(2)))
        next.push_back(arith::SelectOp::create(b, loc, take, here, before));
      return next;
    });
    best.erase(best.begin() + 1);
    return best;
  }
};
} // namespace

template <typename Op>
static Windows windows(Op op, Value large) {
  return {op.getLoc(), cast<RankedTensorType>(large.getType()).getShape(), op.getWindow(), op.getStrides(),
          op.getLow()};
}

SmallVector<Value> WindowSumOp::emitReference(OpBuilder &b, ValueRange in) {
  Location loc = getLoc();
  Windows w = windows(*this, getX());
  Type element = getY().getType().getElementType(), sum = reference::sumType(element);
  return {reference::elements(b, loc, plain(getY().getType()), [&](OpBuilder &b, ValueRange p) {
    Value total = w.visit(b, p, reference::number(b, loc, sum, 0),
                          [&](OpBuilder &b, ValueRange q, ValueRange so_far) -> SmallVector<Value> {
                            Value x = reference::convert(b, loc, tensor::ExtractOp::create(b, loc, in[0], q), sum);
                            return {reference::add(b, loc, so_far[0], x)};
                          })[0];
    return reference::convert(b, loc, total, element);
  })};
}

/// y[q] += dy, in the tensor `y`.
static Value addAt(OpBuilder &b, Location loc, Value y, ValueRange q, Value dy) {
  Value so_far = tensor::ExtractOp::create(b, loc, y, q);
  return tensor::InsertOp::create(b, loc, reference::add(b, loc, so_far, dy), y, q);
}

SmallVector<Value> WindowSpreadOp::emitReference(OpBuilder &b, ValueRange in) {
  Location loc = getLoc();
  Windows w = windows(*this, getY());
  Type element = getY().getType().getElementType(), sum = reference::sumType(element);
  Value zero = reference::filled(b, loc, RankedTensorType::get(getY().getType().getShape(), sum), 0);
  Value y = reference::nest(b, loc, getDy().getType().getShape(), zero, [&](OpBuilder &b, ValueRange p, ValueRange y) {
    Value dy = reference::convert(b, loc, tensor::ExtractOp::create(b, loc, in[0], p), sum);
    return w.visit(b, p, y, [&](OpBuilder &b, ValueRange q, ValueRange y) -> SmallVector<Value> {
      return {addAt(b, loc, y[0], q, dy)};
    });
  })[0];
  return {reference::convertElements(b, loc, y, element)};
}

SmallVector<Value> WindowMaxOp::emitReference(OpBuilder &b, ValueRange in) {
  Windows w = windows(*this, getX());
  return {reference::elements(b, getLoc(), plain(getY().getType()),
                              [&](OpBuilder &b, ValueRange p) { return w.largest(b, in[0], p)[0]; })};
}

SmallVector<Value> WindowMaxSpreadOp::emitReference(OpBuilder &b, ValueRange in) {
  Location loc = getLoc();
  Windows w = windows(*this, getX());
  Type element = getY().getType().getElementType(), sum = reference::sumType(element);
  Value zero = reference::filled(b, loc, RankedTensorType::get(getY().getType().getShape(), sum), 0);
  Value y = reference::nest(b, loc, getDy().getType().getShape(), zero,
                            [&](OpBuilder &b, ValueRange p, ValueRange y) -> SmallVector<Value> {
                              Value dy = reference::convert(b, loc, tensor::ExtractOp::create(b, loc, in[1], p), sum);
                              SmallVector<Value> best = w.largest(b, in[0], p);
                              return {addAt(b, loc, y[0], ValueRange(best).drop_front(), dy)};
                            })[0];
  return {reference::convertElements(b, loc, y, element)};
}

SmallVector<Value> WindowMaxPickOp::emitReference(OpBuilder &b, ValueRange in) {
  Windows w = windows(*this, getX());
  return {reference::elements(b, getLoc(), plain(getY().getType()), [&](OpBuilder &b, ValueRange p) -> Value {
    SmallVector<Value> best = w.largest(b, in[0], p);
    return tensor::ExtractOp::create(b, getLoc(), in[1], ValueRange(best).drop_front());
  })};
}
