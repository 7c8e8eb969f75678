// Convolutions: the shape rule, the closed set of derivatives, cost and the sums that define an element.
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace nn;

namespace {
/// The three tensors of a convolution, whichever of them an op computes.
struct Problem {
  RankedTensorType x, w, y;
  ArrayRef<int64_t> strides, low, high, dilation;
  int64_t groups;
  int64_t spatial() const { return x.getRank() - 2; }
};
} // namespace

template <typename Op>
static Problem problem(Op op, Value x, Value w, Value y) {
  auto type = [](Value v) { return cast<RankedTensorType>(v.getType()); };
  return {type(x),     type(w),      type(y),          op.getStrides(),
          op.getLow(), op.getHigh(), op.getDilation(), int64_t(op.getGroups())};
}
static Problem problem(ConvOp op) { return problem(op, op.getX(), op.getW(), op.getY()); }
static Problem problem(ConvInputGradOp op) { return problem(op, op.getY(), op.getW(), op.getDy()); }
static Problem problem(ConvWeightGradOp op) { return problem(op, op.getX(), op.getY(), op.getDy()); }

static LogicalResult check(Operation *op, const Problem &p) {
  int64_t rank = p.x.getRank();
  size_t spatial = rank - 2;
  if (rank < 3 || p.w.getRank() != rank || p.y.getRank() != rank)
    return op->emitOpError("needs x, w and y of one rank, at least 3");
  if (p.strides.size() != spatial || p.low.size() != spatial || p.high.size() != spatial ||
      p.dilation.size() != spatial)
    return op->emitOpError("needs `strides`, `low`, `high` and `dilation` for each of the ")
           << spatial << " spatial dimensions";
  if (p.x.getElementType() != p.w.getElementType() || p.x.getElementType() != p.y.getElementType())
    return op->emitOpError("needs one element type");
  if (p.groups < 1 || p.w.getDimSize(0) % p.groups || p.w.getDimSize(1) * p.groups != p.x.getDimSize(1))
    return op->emitOpError("has ") << p.x.getDimSize(1) << " channels and " << p.w.getDimSize(0) << " filters over "
                                   << p.w.getDimSize(1) << " channels in " << p.groups << " groups";
  if (p.y.getDimSize(0) != p.x.getDimSize(0) || p.y.getDimSize(1) != p.w.getDimSize(0))
    return op->emitOpError("has a result of ") << p.y << " for x of " << p.x << " and w of " << p.w;
  for (size_t s = 0; s < spatial; ++s) {
    if (p.strides[s] < 1 || p.dilation[s] < 1 || p.low[s] < 0 || p.high[s] < 0)
      return op->emitOpError("needs strides and dilation of at least 1 and padding of at least 0");
    int64_t room = p.x.getDimSize(s + 2) + p.low[s] + p.high[s] - p.dilation[s] * (p.w.getDimSize(s + 2) - 1) - 1;
    int64_t out = room < 0 ? 0 : room / p.strides[s] + 1;
    if (out < 1 || out != p.y.getDimSize(s + 2))
      return op->emitOpError("has extent ")
             << p.y.getDimSize(s + 2) << " in spatial dimension " << s << " of the result where the rule gives " << out;
  }
  return success();
}

LogicalResult ConvOp::verify() { return check(*this, problem(*this)); }
LogicalResult ConvInputGradOp::verify() { return check(*this, problem(*this)); }
LogicalResult ConvWeightGradOp::verify() { return check(*this, problem(*this)); }

int64_t nn::convolutionFlops(Operation *op) {
  Problem p = isa<ConvOp>(op)            ? problem(cast<ConvOp>(op))
              : isa<ConvInputGradOp>(op) ? problem(cast<ConvInputGradOp>(op))
                                         : problem(cast<ConvWeightGradOp>(op));
  int64_t terms = p.w.getNumElements() / p.w.getDimSize(0), flops;
  return llvm::MulOverflow(2 * p.y.getNumElements(), terms, flops) ? INT64_MAX : flops;
}

// Types without layout: a rule runs before layouts are chosen.
static RankedTensorType plain(RankedTensorType t) { return RankedTensorType::get(t.getShape(), t.getElementType()); }

template <typename Result, typename Op>
static Value make(OpBuilder &b, Op op, RankedTensorType type, Value p, Value q) {
  return Result::create(b, op.getLoc(), plain(type), p, q, op.getStrides(), op.getLow(), op.getHigh(), op.getDilation(),
                        op.getGroups());
}

SmallVector<Value> ConvOp::pullBack(OpBuilder &b, ValueRange d) {
  return {make<ConvInputGradOp>(b, *this, getX().getType(), d[0], getW()),
          make<ConvWeightGradOp>(b, *this, getW().getType(), getX(), d[0])};
}
SmallVector<Value> ConvInputGradOp::pullBack(OpBuilder &b, ValueRange d) {
  return {make<ConvOp>(b, *this, getDy().getType(), d[0], getW()),
          make<ConvWeightGradOp>(b, *this, getW().getType(), d[0], getDy())};
}
SmallVector<Value> ConvWeightGradOp::pullBack(OpBuilder &b, ValueRange d) {
  return {make<ConvInputGradOp>(b, *this, getX().getType(), getDy(), d[0]),
          make<ConvOp>(b, *this, getDy().getType(), getX(), d[0])};
}

// ---- elements

/// Loops over 0..extents[k]-1 for all k, carrying one value.
static Value nest(ElementBuilder &e, ArrayRef<int64_t> extents, Value init,
                  llvm::function_ref<Value(ArrayRef<Value>, Value)> body) {
  SmallVector<Value> indices;
  std::function<SmallVector<Value>(ValueRange)> step = [&](ValueRange carried) -> SmallVector<Value> {
    if (indices.size() == extents.size())
      return {body(indices, carried[0])};
    return e.loop(0, extents[indices.size()], carried, [&](Value i, ValueRange inner) {
      indices.push_back(i);
      SmallVector<Value> result = step(inner);
      indices.pop_back();
      return result;
    });
  };
  return step(init)[0];
}

static Value both(ElementBuilder &e, Value a, Value b) {
  return a ? Value(arith::AndIOp::create(e.b, e.loc, a, b)) : b;
}

/// acc + first * second where `inside` holds (everywhere if null).
static Value accumulate(ElementBuilder &e, Value inside, Type element, Value acc, llvm::function_ref<Value()> product,
                        llvm::function_ref<Value()> factor) {
  Type type = e.type(element);
  Value p = inside ? e.guarded(inside, type, product) : product();
  return math::FmaOp::create(e.b, e.loc, p, factor(), acc);
}

/// The channel group of filter `o`, as the first channel of x that it sees.
static Coordinate firstChannel(ElementBuilder &e, const Problem &p, Coordinate o) {
  if (p.groups == 1)
    return e.fixed(0);
  Value group = arith::DivUIOp::create(e.b, e.loc, o.base, e.index(p.w.getDimSize(0) / p.groups));
  return e.affine({group, 0}, p.w.getDimSize(1), 0);
}

Value ConvOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  Problem p = problem(*this);
  if (p.groups > 1 && at[1].lane != 0)
    return nullptr;
  Coordinate base = firstChannel(e, p, at[1]);
  Type element = p.y.getElementType();
  return nest(e, p.w.getShape().drop_front(1), e.constant(element, 0), [&](ArrayRef<Value> k, Value acc) {
    SmallVector<Coordinate> from{at[0], e.sum(base, {k[0], 0})}, weight{at[1], {k[0], 0}};
    Value inside;
    for (int64_t s = 0; s < p.spatial(); ++s) {
      Coordinate c = e.sum(e.affine(at[s + 2], p.strides[s], -p.low[s]), e.affine({k[s + 1], 0}, p.dilation[s], 0));
      if (p.low[s] || p.high[s])
        inside = both(e, inside, e.inside(c, 0, p.x.getDimSize(s + 2)));
      from.push_back(c);
      weight.push_back({k[s + 1], 0});
    }
    return accumulate(
        e, inside, element, acc, [&] { return e.element(getX(), from); }, [&] { return e.element(getW(), weight); });
  });
}

Value ConvInputGradOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  Problem p = problem(*this);
  for (int64_t s = 0; s < p.spatial(); ++s)
    if (at[s + 2].lane != 0 && p.strides[s] != 1)
      return nullptr;
  if (p.groups > 1 && at[1].lane != 0)
    return nullptr;
  int64_t filters = p.w.getDimSize(0) / p.groups;
  Coordinate channel = at[1], base = e.fixed(0);
  if (p.groups > 1) {
    Value perGroup = e.index(p.w.getDimSize(1));
    base = e.affine({arith::DivUIOp::create(e.b, e.loc, at[1].base, perGroup), 0}, filters, 0);
    channel = {arith::RemUIOp::create(e.b, e.loc, at[1].base, perGroup), 0};
  }
  SmallVector<int64_t> extents{filters};
  extents.append(p.w.getShape().begin() + 2, p.w.getShape().end());
  Type element = p.y.getElementType();
  return nest(e, extents, e.constant(element, 0), [&](ArrayRef<Value> k, Value acc) {
    Coordinate o = e.sum(base, {k[0], 0});
    SmallVector<Coordinate> from{at[0], o}, weight{o, channel};
    Value inside;
    for (int64_t s = 0; s < p.spatial(); ++s) {
      // strides * out = q + low - dilation * k
      Coordinate c = e.sum(e.affine(at[s + 2], 1, p.low[s]), e.affine({k[s + 1], 0}, -p.dilation[s], 0));
      inside = both(e, inside, e.inside(c, 0, (p.y.getDimSize(s + 2) - 1) * p.strides[s] + 1));
      if (p.strides[s] != 1) {
        Value rest = arith::RemSIOp::create(e.b, e.loc, c.base, e.index(p.strides[s]));
        inside = both(e, inside, e.inside({rest, 0}, 0, 1));
        c = {arith::DivSIOp::create(e.b, e.loc, c.base, e.index(p.strides[s])), 0};
      }
      from.push_back(c);
      weight.push_back({k[s + 1], 0});
    }
    return accumulate(
        e, inside, element, acc, [&] { return e.element(getDy(), from); }, [&] { return e.element(getW(), weight); });
  });
}

Value ConvWeightGradOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  Problem p = problem(*this);
  if (p.groups > 1 && at[0].lane != 0)
    return nullptr;
  Coordinate channel = e.sum(firstChannel(e, p, at[0]), at[1]);
  SmallVector<int64_t> extents{p.x.getDimSize(0)};
  extents.append(p.y.getShape().begin() + 2, p.y.getShape().end());
  Type element = p.y.getElementType();
  return nest(e, extents, e.constant(element, 0), [&](ArrayRef<Value> k, Value acc) {
    SmallVector<Coordinate> from{{k[0], 0}, channel}, gradient{{k[0], 0}, at[0]};
    Value inside;
    for (int64_t s = 0; s < p.spatial(); ++s) {
      Coordinate c = e.sum(e.affine({k[s + 1], 0}, p.strides[s], -p.low[s]), e.affine(at[s + 2], p.dilation[s], 0));
      if (p.low[s] || p.high[s])
        inside = both(e, inside, e.inside(c, 0, p.x.getDimSize(s + 2)));
      from.push_back(c);
      gradient.push_back({k[s + 1], 0});
    }
    return accumulate(
        e, inside, element, acc, [&] { return e.element(getX(), from); }, [&] { return e.element(getDy(), gradient); });
  });
}
