// References of convolutions: sums of products over zero-padded x, with the group as a dimension of its own.
// The input gradient is the same set of products, each added where the forward op read; sums in f64, rounded once.
#include "dialect/NN.h"
#include "dialect/reference/Nest.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace nn;

namespace {
/// The tensors of a convolution with grouped shapes, and the dimensions of its iteration space:
/// n, g, o, p (spatial), c, k (spatial).
struct Grouped {
  SmallVector<int64_t> x, w, y;      ///< [n, g, c, spatial...], [g, o, c, k...], [n, g, o, p...]
  SmallVector<int64_t> low, padding; ///< of grouped, padded x: zeros before it; its padded extents are `xPadded`
  SmallVector<int64_t> xPadded;
  AffineMap xMap, wMap, yMap;
  SmallVector<int64_t> extents;
};
} // namespace

template <typename Op>
static Grouped grouped(OpBuilder &b, Op op, Type xType, Type wType, Type yType) {
  ArrayRef<int64_t> x = cast<RankedTensorType>(xType).getShape(), w = cast<RankedTensorType>(wType).getShape(),
                    y = cast<RankedTensorType>(yType).getShape();
  int64_t g = op.getGroups(), spatial = x.size() - 2;
  Grouped s;
  s.x = {x[0], g, x[1] / g};
  s.w = {g, w[0] / g, w[1]};
  s.y = {y[0], g, y[1] / g};
  s.low.assign(3, 0);
  s.xPadded = s.x;
  auto n = b.getAffineDimExpr(0), group = b.getAffineDimExpr(1), o = b.getAffineDimExpr(2);
  auto c = b.getAffineDimExpr(3 + spatial);
  SmallVector<AffineExpr> xs = {n, group, c}, ws = {group, o, c}, ys = {n, group, o};
  for (int64_t d = 0; d < spatial; ++d) {
    s.x.push_back(x[2 + d]);
    s.w.push_back(w[2 + d]);
    s.y.push_back(y[2 + d]);
    s.low.push_back(op.getLow()[d]);
    s.xPadded.push_back(x[2 + d] + op.getLow()[d] + op.getHigh()[d]);
    auto p = b.getAffineDimExpr(3 + d), k = b.getAffineDimExpr(4 + spatial + d);
    xs.push_back(p * op.getStrides()[d] + k * op.getDilation()[d]);
    ws.push_back(k);
    ys.push_back(p);
  }
  int64_t rank = 4 + 2 * spatial;
  s.xMap = AffineMap::get(rank, 0, xs, b.getContext());
  s.wMap = AffineMap::get(rank, 0, ws, b.getContext());
  s.yMap = AffineMap::get(rank, 0, ys, b.getContext());
  s.extents = s.y;
  s.extents.append(s.w.begin() + 2, s.w.end());
  return s;
}

/// Grouped x between its zeros.
static Value paddedInput(OpBuilder &b, Location loc, const Grouped &s, Value x) {
  SmallVector<int64_t> dense(s.x.size(), 0);
  return reference::padded(b, loc, reference::reshaped(b, loc, x, s.x), s.xPadded, s.low, dense, 0);
}

/// sum of l * r in `element`, of extents `shape`.
static Value products(OpBuilder &b, Location loc, Value l, AffineMap lMap, Value r, AffineMap rMap,
                      ArrayRef<int64_t> shape, AffineMap map, Type element) {
  Type sum = reference::sumType(element);
  Value zero = reference::filled(b, loc, RankedTensorType::get(shape, sum), 0);
  Value y = reference::generic(b, loc, {l, r}, {lMap, rMap}, zero, map, [&](OpBuilder &b, ValueRange args) {
    Value product =
        reference::multiply(b, loc, reference::convert(b, loc, args[0], sum), reference::convert(b, loc, args[1], sum));
    return reference::add(b, loc, args[2], product);
  });
  return reference::convertElements(b, loc, y, element);
}

SmallVector<Value> ConvOp::emitReference(OpBuilder &b, ValueRange in) {
  Grouped s = grouped(b, *this, in[0].getType(), in[1].getType(), getY().getType());
  Value w = reference::reshaped(b, getLoc(), in[1], s.w);
  Value y = products(b, getLoc(), paddedInput(b, getLoc(), s, in[0]), s.xMap, w, s.wMap, s.y, s.yMap,
                     getY().getType().getElementType());
  return {reference::reshaped(b, getLoc(), y, getY().getType().getShape())};
}

SmallVector<Value> ConvWeightGradOp::emitReference(OpBuilder &b, ValueRange in) {
  Grouped s = grouped(b, *this, in[0].getType(), getY().getType(), in[1].getType());
  Value dy = reference::reshaped(b, getLoc(), in[1], s.y);
  Value dw = products(b, getLoc(), paddedInput(b, getLoc(), s, in[0]), s.xMap, dy, s.yMap, s.w, s.wMap,
                      getY().getType().getElementType());
  return {reference::reshaped(b, getLoc(), dw, getY().getType().getShape())};
}

SmallVector<Value> ConvInputGradOp::emitReference(OpBuilder &b, ValueRange in) {
  Location loc = getLoc();
  Type element = getY().getType().getElementType(), sum = reference::sumType(element);
  Grouped s = grouped(b, *this, getY().getType(), in[1].getType(), in[0].getType());
  Value dy = reference::reshaped(b, loc, in[0], s.y), w = reference::reshaped(b, loc, in[1], s.w);
  Value zero = reference::filled(b, loc, RankedTensorType::get(s.xPadded, sum), 0);
  auto at = [&](OpBuilder &b, AffineMap map, ValueRange indices) {
    SmallVector<Value> result;
    for (AffineExpr e : map.getResults())
      result.push_back(reference::evaluate(b, loc, e, indices));
    return result;
  };
  Value dx =
      reference::nest(b, loc, s.extents, zero, [&](OpBuilder &b, ValueRange i, ValueRange dx) -> SmallVector<Value> {
        Value l = reference::convert(b, loc, tensor::ExtractOp::create(b, loc, dy, at(b, s.yMap, i)), sum);
        Value r = reference::convert(b, loc, tensor::ExtractOp::create(b, loc, w, at(b, s.wMap, i)), sum);
        SmallVector<Value> target = at(b, s.xMap, i);
        Value so_far = tensor::ExtractOp::create(b, loc, dx[0], target);
        Value next = reference::add(b, loc, so_far, reference::multiply(b, loc, l, r));
        return {tensor::InsertOp::create(b, loc, next, dx[0], target)};
      })[0];
  SmallVector<int64_t> ones(s.x.size(), 1);
  Value inner = reference::convertElements(b, loc, reference::sliced(b, loc, dx, s.x, s.low, ones), element);
  return {reference::reshaped(b, loc, inner, getY().getType().getShape())};
}
