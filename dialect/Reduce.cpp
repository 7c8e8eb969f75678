// Shape rules, derivatives and element formulas of reductions.
#include "dialect/NN.h"
#include "dialect/Unsigned.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <limits>

using namespace mlir;
using namespace nn;

/// The shape of x without `axes`, or failure where they are not increasing dimensions of x.
static FailureOr<RankedTensorType> reducedType(std::optional<Location> loc, RankedTensorType x,
                                               ArrayRef<int64_t> axes) {
  int64_t last = -1;
  for (int64_t a : axes) {
    if (a <= last || a >= x.getRank())
      return emitOptionalError(loc, "`axes` must increase and name dimensions of x, whose rank is ", x.getRank());
    last = a;
  }
  SmallVector<int64_t> shape;
  for (int64_t d = 0; d < x.getRank(); ++d)
    if (!llvm::is_contained(axes, d))
      shape.push_back(x.getDimSize(d));
  return RankedTensorType::get(shape, x.getElementType());
}

/// The dimensions that stay, in order.
static SmallVector<int64_t> kept(int64_t rank, ArrayRef<int64_t> axes) {
  SmallVector<int64_t> result;
  for (int64_t d = 0; d < rank; ++d)
    if (!llvm::is_contained(axes, d))
      result.push_back(d);
  return result;
}

template <typename Op>
static LogicalResult inferReduce(std::optional<Location> loc, ValueRange in, OpaqueProperties properties,
                                 SmallVectorImpl<Type> &out) {
  auto axes = properties.as<typename Op::Properties *>()->axes.asArrayRef();
  auto type = reducedType(loc, cast<RankedTensorType>(in[0].getType()), axes);
  if (failed(type))
    return failure();
  out.push_back(*type);
  return success();
}

/// Loops over the reduced coordinates around `at`, innermost last, carrying `init`.
static SmallVector<Value> reduceLoop(ElementBuilder &e, RankedTensorType x, ArrayRef<int64_t> axes,
                                     ArrayRef<Coordinate> at, ValueRange init,
                                     llvm::function_ref<SmallVector<Value>(ArrayRef<Coordinate>, ValueRange)> body) {
  SmallVector<Coordinate> full(x.getRank());
  for (auto [k, d] : llvm::enumerate(kept(x.getRank(), axes)))
    full[d] = at[k];
  std::function<SmallVector<Value>(size_t, ValueRange)> nest = [&](size_t k, ValueRange carried) -> SmallVector<Value> {
    if (k == axes.size())
      return body(full, carried);
    return e.loop(0, x.getDimSize(axes[k]), carried, [&](Value i, ValueRange inner) {
      full[axes[k]] = {i, 0};
      return nest(k + 1, inner);
    });
  };
  return nest(0, init);
}

#define NN_REDUCE_TYPES(OP)                                                                                            \
  LogicalResult OP::inferReturnTypes(MLIRContext *, std::optional<Location> loc, ValueRange in, DictionaryAttr,        \
                                     OpaqueProperties properties, RegionRange, SmallVectorImpl<Type> &out) {           \
    return inferReduce<OP>(loc, in, properties, out);                                                                  \
  }
NN_REDUCE_TYPES(ReduceSumOp)
NN_REDUCE_TYPES(ReduceMaxOp)
NN_REDUCE_TYPES(ReduceMinOp)
#undef NN_REDUCE_TYPES

// ---- sum

SmallVector<Value> ReduceSumOp::pullBack(OpBuilder &b, ValueRange d) {
  if (!isa<FloatType>(getX().getType().getElementType()))
    return {nullptr};
  auto type = withOrder(getX().getType(), llvm::to_vector(llvm::seq<int64_t>(0, getX().getType().getRank())));
  return {BroadcastOp::create(b, getLoc(), type, d[0], kept(type.getRank(), getAxes()))};
}

OpFoldResult ReduceSumOp::fold(FoldAdaptor) {
  return getAxes().empty() && getX().getType() == getY().getType() ? OpFoldResult(getX()) : OpFoldResult();
}

Value ReduceSumOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  auto x = getX().getType();
  Value zero = e.constant(x.getElementType(), 0);
  return reduceLoop(e, x, getAxes(), at, zero, [&](ArrayRef<Coordinate> i, ValueRange sum) -> SmallVector<Value> {
    return {(Scalar{e.b, getLoc(), sum[0]} + Scalar{e.b, getLoc(), e.element(getX(), i)}).v};
  })[0];
}

// ---- extrema

/// d goes in equal parts to the elements that equal the extremum.
static SmallVector<Value> extremumPullBack(OpBuilder &b, Location loc, Value x, Value y, Value d,
                                           ArrayRef<int64_t> axes) {
  auto type = cast<RankedTensorType>(x.getType());
  if (!isa<FloatType>(type.getElementType()))
    return {nullptr};
  type = RankedTensorType::get(type.getShape(), type.getElementType());
  SmallVector<int64_t> dims = kept(type.getRank(), axes);
  auto spread = [&](Value v) { return BroadcastOp::create(b, loc, type, v, dims); };
  Value hit = CompareOp::create(b, loc, Predicate::eq, x, spread(y));
  Value ones = CastOp::create(b, loc, hit, type.getElementType());
  Value share = DivOp::create(b, loc, d, ReduceSumOp::create(b, loc, ones, axes));
  return {MulOp::create(b, loc, ones, spread(share))};
}

/// The first element starts the search, so that no neutral element is needed.
static Value extremum(ElementBuilder &e, Operation *op, Value x, ArrayRef<int64_t> axes, ArrayRef<Coordinate> at,
                      Scalar (*better)(Scalar, Scalar)) {
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<Coordinate> first(type.getRank(), e.fixed(0));
  for (auto [k, d] : llvm::enumerate(kept(type.getRank(), axes)))
    first[d] = at[k];
  Value start = e.element(x, first);
  return reduceLoop(e, type, axes, at, start, [&](ArrayRef<Coordinate> i, ValueRange best) -> SmallVector<Value> {
    auto number = [&](Value v) { return numberOf(Scalar{e.b, op->getLoc(), v}, x); };
    return {elementOf(better(number(best[0]), number(e.element(x, i))), x).v};
  })[0];
}

SmallVector<Value> ReduceMaxOp::pullBack(OpBuilder &b, ValueRange d) {
  return extremumPullBack(b, getLoc(), getX(), getY(), d[0], getAxes());
}
SmallVector<Value> ReduceMinOp::pullBack(OpBuilder &b, ValueRange d) {
  return extremumPullBack(b, getLoc(), getX(), getY(), d[0], getAxes());
}
Value ReduceMaxOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  return extremum(e, *this, getX(), getAxes(), at, nn::maximum);
}
Value ReduceMinOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  return extremum(e, *this, getX(), getAxes(), at, nn::minimum);
}

// ---- partial results

#define NN_REDUCTION(OP, COMBINE)                                                                                      \
  Value OP::input() { return getX(); }                                                                                 \
  ArrayRef<int64_t> OP::reducedAxes() { return getAxes(); }                                                            \
  Value OP::combine(OpBuilder &b, Value x, Value y) {                                                                  \
    auto number = [&](Value v) { return numberOf(Scalar{b, getLoc(), v}, getX()); };                                   \
    return elementOf(COMBINE(number(x), number(y)), getX()).v;                                                         \
  }
NN_REDUCTION(ReduceSumOp, nn::operator+)
NN_REDUCTION(ReduceMaxOp, nn::maximum)
NN_REDUCTION(ReduceMinOp, nn::minimum)
#undef NN_REDUCTION

TypedAttr ReduceSumOp::neutral() {
  return Builder(getContext()).getZeroAttr(ElementBuilder::type(getX().getType().getElementType(), 1));
}

/// The number that every other one of the type exceeds (`sign` -1) or stays below (1).
static TypedAttr extreme(Type element, int sign) {
  if (auto real = dyn_cast<FloatType>(element))
    return FloatAttr::get(real, APFloat::getInf(real.getFloatSemantics(), sign < 0));
  unsigned width = element.getIntOrFloatBitWidth();
  bool isUnsigned = element.isUnsignedInteger() || width == 1;
  APInt value = isUnsigned ? (sign < 0 ? APInt::getMinValue(width) : APInt::getMaxValue(width))
                           : (sign < 0 ? APInt::getSignedMinValue(width) : APInt::getSignedMaxValue(width));
  return IntegerAttr::get(ElementBuilder::type(element, 1), value);
}
TypedAttr ReduceMaxOp::neutral() { return extreme(getX().getType().getElementType(), -1); }
TypedAttr ReduceMinOp::neutral() { return extreme(getX().getType().getElementType(), 1); }

// ---- argmax

LogicalResult ArgmaxOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, ValueRange in,
                                         DictionaryAttr, OpaqueProperties properties, RegionRange,
                                         SmallVectorImpl<Type> &out) {
  auto type = reducedType(loc, cast<RankedTensorType>(in[0].getType()), properties.as<Properties *>()->axis.getInt());
  if (failed(type))
    return failure();
  out.push_back(type->clone(IntegerType::get(context, 32)));
  return success();
}

Value ArgmaxOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  auto x = getX().getType();
  Location loc = getLoc();
  int64_t axis = getAxis();
  SmallVector<Coordinate> first(at);
  first.insert(first.begin() + axis, e.fixed(0));
  Value init[] = {e.element(getX(), first), e.constant(e.b.getI32Type(), 0)};
  return reduceLoop(e, x, axis, at, init, [&](ArrayRef<Coordinate> i, ValueRange best) -> SmallVector<Value> {
    Value candidate = e.element(getX(), i);
    Value better =
        isa<FloatType>(x.getElementType())
            ? Value(arith::CmpFOp::create(e.b, loc, arith::CmpFPredicate::OGT, candidate, best[0]))
            : arith::CmpIOp::create(e.b, loc, arith::CmpIPredicate::sgt, numberOf({e.b, loc, candidate}, getX()).v,
                                    numberOf({e.b, loc, best[0]}, getX()).v);
    Value position = arith::IndexCastOp::create(e.b, loc, e.type(e.b.getI32Type()), e.value({i[axis].base, 0}));
    return {arith::SelectOp::create(e.b, loc, better, candidate, best[0]),
            arith::SelectOp::create(e.b, loc, better, position, best[1])};
  })[1];
}
