// Sliding windows: the shape rule, derivatives and element formulas of pooling.
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace nn;

namespace {
/// The large tensor that windows slide over, the small one with an element per window, and how they slide.
struct Sliding {
  RankedTensorType large, small;
  ArrayRef<int64_t> window, strides, low, high;
  int64_t leading() const { return large.getRank() - int64_t(window.size()); }
};
} // namespace

template <typename Op>
static Sliding sliding(Op op, Value large, Value small) {
  return {cast<RankedTensorType>(large.getType()),
          cast<RankedTensorType>(small.getType()),
          op.getWindow(),
          op.getStrides(),
          op.getLow(),
          op.getHigh()};
}
static Sliding sliding(WindowSumOp op) { return sliding(op, op.getX(), op.getY()); }
static Sliding sliding(WindowSpreadOp op) { return sliding(op, op.getY(), op.getDy()); }
static Sliding sliding(WindowMaxOp op) { return sliding(op, op.getX(), op.getY()); }
static Sliding sliding(WindowMaxSpreadOp op) { return sliding(op, op.getX(), op.getDy()); }
static Sliding sliding(WindowMaxPickOp op) { return sliding(op, op.getX(), op.getY()); }

static LogicalResult check(Operation *op, const Sliding &s) {
  size_t n = s.window.size();
  if (n == 0 || int64_t(n) > s.large.getRank() || s.large.getRank() != s.small.getRank())
    return op->emitOpError("slides a window of ") << n << " dimensions over " << s.large << " into " << s.small;
  if (s.strides.size() != n || s.low.size() != n || s.high.size() != n)
    return op->emitOpError("needs `strides`, `low` and `high` for each of the window's ") << n << " dimensions";
  if (s.large.getElementType() != s.small.getElementType() ||
      s.large.getShape().take_front(s.leading()) != s.small.getShape().take_front(s.leading()))
    return op->emitOpError("keeps element type and leading dimensions, but has ") << s.large << " and " << s.small;
  for (size_t k = 0; k < n; ++k) {
    if (s.window[k] < 1 || s.strides[k] < 1 || s.low[k] < 0 || s.high[k] < 0)
      return op->emitOpError("needs windows and strides of at least 1 and padding of at least 0");
    if (s.low[k] >= s.window[k] || s.high[k] >= s.window[k])
      return op->emitOpError("pads dimension ") << k << " by a whole window: some windows would be empty";
    int64_t room = s.large.getDimSize(s.leading() + k) + s.low[k] + s.high[k] - s.window[k];
    int64_t out = room < 0 ? 0 : room / s.strides[k] + 1;
    if (out < 1 || out != s.small.getDimSize(s.leading() + k))
      return op->emitOpError("has ") << s.small.getDimSize(s.leading() + k) << " windows along dimension " << k
                                     << " where the rule gives " << out;
  }
  return success();
}

LogicalResult WindowSumOp::verify() { return check(*this, sliding(*this)); }
LogicalResult WindowSpreadOp::verify() { return check(*this, sliding(*this)); }
LogicalResult WindowMaxOp::verify() { return check(*this, sliding(*this)); }
LogicalResult WindowMaxSpreadOp::verify() {
  if (!equalButForLayout(getX().getType(), getY().getType()))
    return emitOpError("has a result of another type than x");
  return check(*this, sliding(*this));
}
LogicalResult WindowMaxPickOp::verify() {
  if (!equalButForLayout(getX().getType(), getV().getType()))
    return emitOpError("has x and v of different types");
  return check(*this, sliding(*this));
}

int64_t nn::windowFlops(Operation *op) {
  int64_t small = cast<RankedTensorType>(op->getResult(0).getType()).getNumElements();
  for (Value v : op->getOperands())
    small = std::min(small, cast<RankedTensorType>(v.getType()).getNumElements());
  for (int64_t extent : cast<DenseI64ArrayAttr>(op->getAttr("window")).asArrayRef())
    small *= extent;
  return small;
}

static RankedTensorType plain(Value v) {
  auto t = cast<RankedTensorType>(v.getType());
  return RankedTensorType::get(t.getShape(), t.getElementType());
}

SmallVector<Value> WindowSumOp::pullBack(OpBuilder &b, ValueRange d) {
  return {WindowSpreadOp::create(b, getLoc(), plain(getX()), d[0], getWindow(), getStrides(), getLow(), getHigh())};
}
SmallVector<Value> WindowSpreadOp::pullBack(OpBuilder &b, ValueRange d) {
  return {WindowSumOp::create(b, getLoc(), plain(getDy()), d[0], getWindow(), getStrides(), getLow(), getHigh())};
}
SmallVector<Value> WindowMaxOp::pullBack(OpBuilder &b, ValueRange d) {
  return {WindowMaxSpreadOp::create(b, getLoc(), plain(getX()), getX(), d[0], getWindow(), getStrides(), getLow(),
                                    getHigh())};
}
// The position of a maximum is constant almost everywhere: no gradient flows to x.
SmallVector<Value> WindowMaxSpreadOp::pullBack(OpBuilder &b, ValueRange d) {
  return {nullptr, WindowMaxPickOp::create(b, getLoc(), plain(getDy()), getX(), d[0], getWindow(), getStrides(),
                                           getLow(), getHigh())};
}
SmallVector<Value> WindowMaxPickOp::pullBack(OpBuilder &b, ValueRange d) {
  return {nullptr, WindowMaxSpreadOp::create(b, getLoc(), plain(getX()), getX(), d[0], getWindow(), getStrides(),
                                             getLow(), getHigh())};
}

// ---- elements

/// Visits the window at `at` (coordinates of the small tensor) in row-major order: coordinates of the large tensor, and
/// whether they lie inside it (null: always).
static SmallVector<Value> visit(ElementBuilder &e, const Sliding &s, ArrayRef<Coordinate> at, ValueRange init,
                                llvm::function_ref<SmallVector<Value>(ArrayRef<Coordinate>, Value, ValueRange)> body) {
  SmallVector<Value> k;
  std::function<SmallVector<Value>(ValueRange)> step = [&](ValueRange carried) -> SmallVector<Value> {
    if (k.size() < s.window.size())
      return e.loop(0, s.window[k.size()], carried, [&](Value i, ValueRange inner) {
        k.push_back(i);
        SmallVector<Value> result = step(inner);
        k.pop_back();
        return result;
      });
    SmallVector<Coordinate> from(at);
    Value inside;
    for (size_t d = 0; d < s.window.size(); ++d) {
      size_t dim = s.leading() + d;
      from[dim] = e.sum(e.affine(at[dim], s.strides[d], -s.low[d]), {k[d], 0});
      if (s.low[d] || s.high[d]) {
        Value here = e.inside(from[dim], 0, s.large.getDimSize(dim));
        inside = inside ? Value(arith::AndIOp::create(e.b, e.loc, inside, here)) : here;
      }
    }
    return body(from, inside, carried);
  };
  return step(init);
}

/// The first largest element of x in the window: its value, and the value of `payload` beside it.
static SmallVector<Value> largest(ElementBuilder &e, const Sliding &s, Value x, ArrayRef<Coordinate> at,
                                  Type payloadType, llvm::function_ref<Value(ArrayRef<Coordinate>, Value)> payload) {
  Type element = s.large.getElementType();
  auto zero = [&](Type t) { return arith::ConstantOp::create(e.b, e.loc, e.b.getZeroAttr(t)); };
  // `found` tells the first element inside the window from those before it, so that -infinity can win.
  Value init[] = {e.constant(element, 0), zero(payloadType), e.constant(e.b.getI1Type(), 0)};
  return visit(e, s, at, init, [&](ArrayRef<Coordinate> from, Value inside, ValueRange best) -> SmallVector<Value> {
    auto load = [&] { return e.element(x, from); };
    Value candidate = inside ? e.guarded(inside, e.type(element), load) : load();
    Value better = arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OGT, candidate, best[0]);
    Value first = arith::XOrIOp::create(e.b, e.loc, best[2], e.constant(e.b.getI1Type(), 1));
    Value take = arith::OrIOp::create(e.b, e.loc, better, first);
    if (inside)
      take = arith::AndIOp::create(e.b, e.loc, take, inside);
    return {arith::SelectOp::create(e.b, e.loc, take, candidate, best[0]),
            arith::SelectOp::create(e.b, e.loc, take, payload(from, inside), best[1]),
            arith::OrIOp::create(e.b, e.loc, best[2], take)};
  });
}

Value WindowSumOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  Sliding s = sliding(*this);
  Type element = s.large.getElementType();
  return visit(e, s, at, e.constant(element, 0),
               [&](ArrayRef<Coordinate> from, Value inside, ValueRange sum) -> SmallVector<Value> {
                 auto load = [&] { return e.element(getX(), from); };
                 Value v = inside ? e.guarded(inside, e.type(element), load) : load();
                 return {arith::AddFOp::create(e.b, e.loc, sum[0], v)};
               })[0];
}

Value WindowMaxOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  Sliding s = sliding(*this);
  return largest(e, s, getX(), at, e.type(e.b.getI1Type()),
                 [&](ArrayRef<Coordinate>, Value) { return e.constant(e.b.getI1Type(), 0); })[0];
}

Value WindowMaxPickOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  Sliding s = sliding(*this);
  Type type = e.type(s.large.getElementType());
  return largest(e, s, getX(), at, type, [&](ArrayRef<Coordinate> from, Value inside) {
    auto load = [&] { return e.element(getV(), from); };
    return inside ? e.guarded(inside, type, load) : load();
  })[1];
}

/// Sums `value(window, offset)` over the windows that hold the large tensor's element `at`; `offset` is its row-major
/// place in the window. At most ceil(window / stride) windows hold it along each dimension.
static Value gatherWindows(ElementBuilder &e, const Sliding &s, ArrayRef<Coordinate> at,
                           llvm::function_ref<Value(ArrayRef<Coordinate>, Value offset)> value) {
  Type element = s.large.getElementType();
  SmallVector<int64_t> counts;
  for (size_t d = 0; d < s.window.size(); ++d) {
    if (at[s.leading() + d].lane != 0)
      return nullptr;
    counts.push_back((s.window[d] + s.strides[d] - 1) / s.strides[d]);
  }
  SmallVector<Value> k;
  std::function<SmallVector<Value>(ValueRange)> step = [&](ValueRange carried) -> SmallVector<Value> {
    if (k.size() < counts.size())
      return e.loop(0, counts[k.size()], carried, [&](Value i, ValueRange inner) {
        k.push_back(i);
        SmallVector<Value> result = step(inner);
        k.pop_back();
        return result;
      });
    SmallVector<Coordinate> from(at);
    Value offset = e.index(0), inside;
    auto require = [&](Value c) { inside = inside ? Value(arith::AndIOp::create(e.b, e.loc, inside, c)) : c; };
    for (size_t d = 0; d < counts.size(); ++d) {
      size_t dim = s.leading() + d;
      // The last window that starts at or before q + low, and those k before it.
      Value q = e.affine(at[dim], 1, s.low[d]).base;
      Value last = s.strides[d] == 1 ? q : Value(arith::DivUIOp::create(e.b, e.loc, q, e.index(s.strides[d])));
      Value p = arith::SubIOp::create(e.b, e.loc, last, k[d]);
      Value place = arith::SubIOp::create(e.b, e.loc, q, e.affine({p, 0}, s.strides[d], 0).base);
      require(e.inside({p, 0}, 0, s.small.getDimSize(dim)));
      require(e.inside({place, 0}, 0, s.window[d]));
      offset = e.sum(e.affine({offset, 0}, s.window[d], 0), {place, 0}).base;
      from[dim] = {p, 0};
    }
    Value v = e.guarded(inside, e.type(element), [&] { return value(from, offset); });
    return {arith::AddFOp::create(e.b, e.loc, carried[0], v)};
  };
  Value zero = e.constant(element, 0);
  return step(zero)[0];
}

Value WindowSpreadOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  return gatherWindows(e, sliding(*this), at, [&](ArrayRef<Coordinate> p, Value) { return e.element(getDy(), p); });
}

Value WindowMaxSpreadOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  Sliding s = sliding(*this);
  Type index = e.type(e.b.getI64Type());
  return gatherWindows(e, s, at, [&](ArrayRef<Coordinate> p, Value offset) -> Value {
    // The row-major place of the winner, counted along the visit.
    auto placeOf = [&](ArrayRef<Coordinate> from, Value) {
      Value place = e.index(0);
      for (size_t d = 0; d < s.window.size(); ++d) {
        size_t dim = s.leading() + d;
        Value start = e.affine(p[dim], s.strides[d], -s.low[d]).base;
        Value k = arith::SubIOp::create(e.b, e.loc, from[dim].base, start);
        place = e.sum(e.affine({place, 0}, s.window[d], 0), {k, 0}).base;
      }
      return Value(arith::IndexCastOp::create(e.b, e.loc, index, e.value({place, 0})));
    };
    Value winner = largest(e, s, getX(), p, index, placeOf)[1];
    Value mine = arith::IndexCastOp::create(e.b, e.loc, index, e.value({offset, 0}));
    Value hit = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::eq, winner, mine);
    return arith::SelectOp::create(e.b, e.loc, hit, e.element(getDy(), p), e.constant(s.large.getElementType(), 0));
  });
}
