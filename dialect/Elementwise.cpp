// Comparison, selection and casts, whose types differ between operands and result; folds of elementwise arithmetic.
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace nn;

Value CompareOp::emitScalar(OpBuilder &b, ValueRange in, Type) {
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  static constexpr F floats[] = {F::OEQ, F::UNE, F::OLT, F::OLE, F::OGT, F::OGE};
  static constexpr I integers[] = {I::eq, I::ne, I::slt, I::sle, I::sgt, I::sge};
  static constexpr I bytes[] = {I::eq, I::ne, I::ult, I::ule, I::ugt, I::uge};
  auto p = size_t(getPredicate());
  Type element = getA().getType().getElementType();
  if (isa<FloatType>(element))
    return arith::CmpFOp::create(b, getLoc(), floats[p], in[0], in[1]);
  bool isUnsigned = element.isUnsignedInteger() || element.isInteger(1);
  return arith::CmpIOp::create(b, getLoc(), isUnsigned ? bytes[p] : integers[p], in[0], in[1]);
}

LogicalResult SelectOp::verify() {
  if (!equalButForLayout(getA().getType(), getB().getType()) || !equalButForLayout(getA().getType(), getY().getType()))
    return emitOpError("selects between ")
           << getA().getType() << " and " << getB().getType() << " into " << getY().getType();
  return success();
}

Value SelectOp::emitScalar(OpBuilder &b, ValueRange in, Type) {
  return arith::SelectOp::create(b, getLoc(), in[0], in[1], in[2]);
}

SmallVector<Value> SelectOp::pullBack(OpBuilder &b, ValueRange d) {
  if (!isa<FloatType>(getY().getType().getElementType()))
    return {nullptr, nullptr, nullptr};
  Value zero = ConstantOp::create(b, getLoc(), getY().getType(), 0.0);
  return {nullptr, SelectOp::create(b, getLoc(), getCondition(), d[0], zero),
          SelectOp::create(b, getLoc(), getCondition(), zero, d[0])};
}

/// The integer next to `x` on the way to zero, the smallest or largest one of `to` beyond its range, 0 for a NaN;
/// `type` is the result's, `to` or vectors of it.
static Value saturatingCast(Scalar x, Type to, Type type) {
  const llvm::fltSemantics &semantics = cast<FloatType>(getElementTypeOrSelf(x.v.getType())).getFloatSemantics();
  unsigned bits = to.getIntOrFloatBitWidth();
  bool isSigned = !to.isUnsignedInteger();
  APInt lowest = isSigned ? APInt::getSignedMinValue(bits) : APInt::getMinValue(bits);
  APInt highest = isSigned ? APInt::getSignedMaxValue(bits) : APInt::getMaxValue(bits);
  auto bound = [&](const APInt &integer) {
    APFloat value(semantics);
    value.convertFromAPInt(integer, isSigned, APFloat::rmTowardZero);
    bool inexact;
    value.convert(APFloat::IEEEdouble(), APFloat::rmTowardZero, &inexact);
    return x.number(value.convertToDouble());
  };
  Scalar low = bound(lowest), high = bound(highest), isAbove = x > high;
  Scalar isNaN{x.b, x.loc, arith::CmpFOp::create(x.b, x.loc, arith::CmpFPredicate::UNO, x.v, x.v)};
  Scalar inside = select(isNaN, x.number(0), select(isAbove, high, select(x < low, low, x)));
  Value integer = isSigned ? Value(arith::FPToSIOp::create(x.b, x.loc, type, inside.v))
                           : arith::FPToUIOp::create(x.b, x.loc, type, inside.v);
  // `high` is below the largest integer where it has more digits than the number.
  auto signless = IntegerType::get(to.getContext(), bits);
  TypedAttr largest = IntegerAttr::get(signless, highest);
  if (auto vector = dyn_cast<VectorType>(type))
    largest = DenseElementsAttr::get(vector, Attribute(largest));
  return arith::SelectOp::create(x.b, x.loc, isAbove.v, arith::ConstantOp::create(x.b, x.loc, largest), integer);
}

static Value castScalar(OpBuilder &b, Location loc, Value x, Type from, Type to, Type type) {
  bool fromUnsigned = from.isUnsignedInteger() || from.isInteger(1);
  if (x.getType() == type)
    return x;
  if (isa<FloatType>(from) && isa<FloatType>(to)) {
    if (from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth())
      return arith::ExtFOp::create(b, loc, type, x);
    return arith::TruncFOp::create(b, loc, type, x);
  }
  if (isa<FloatType>(to))
    return fromUnsigned ? Value(arith::UIToFPOp::create(b, loc, type, x)) : arith::SIToFPOp::create(b, loc, type, x);
  if (to.isInteger(1)) {
    Value zero = Scalar{b, loc, x}.number(0).v;
    return isa<FloatType>(from) ? Value(arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, x, zero))
                                : arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, zero);
  }
  if (isa<FloatType>(from))
    return saturatingCast({b, loc, x}, to, type);
  if (from.getIntOrFloatBitWidth() > to.getIntOrFloatBitWidth())
    return arith::TruncIOp::create(b, loc, type, x);
  return fromUnsigned ? Value(arith::ExtUIOp::create(b, loc, type, x)) : arith::ExtSIOp::create(b, loc, type, x);
}

static bool isHalf(Type element) { return element.isBF16() || element.isF16(); }

/// Kernels give bf16 and f16 as their bits. They come from and go to wider floating-point numbers only.
Value CastOp::emitScalar(OpBuilder &b, ValueRange in, Type type) {
  Type from = getX().getType().getElementType(), to = getY().getType().getElementType();
  Location loc = getLoc();
  auto like = [&](Type element) {
    auto vector = dyn_cast<VectorType>(type);
    return vector ? Type(vector.clone(element)) : element;
  };
  if (from == to)
    return in[0];
  Value x = in[0];
  if (isHalf(from)) {
    if (!isa<FloatType>(getElementTypeOrSelf(x.getType())))
      x = arith::BitcastOp::create(b, loc, like(from), x);
    from = to.isF64() ? to : Type(b.getF32Type()); // both hold every half
    x = arith::ExtFOp::create(b, loc, like(from), x);
  }
  if (!isHalf(to))
    return from == to ? x : castScalar(b, loc, x, from, to, type);
  if (!isa<FloatType>(from)) { // rounded once
    x = castScalar(b, loc, x, from, b.getF64Type(), like(b.getF64Type()));
    from = b.getF64Type();
  }
  x = arith::TruncFOp::create(b, loc, like(to), x);
  return x.getType() == type ? x : Value(arith::BitcastOp::create(b, loc, type, x));
}

SmallVector<Value> CastOp::pullBack(OpBuilder &b, ValueRange d) {
  Type from = getX().getType().getElementType();
  if (!isa<FloatType>(from) || !isa<FloatType>(getY().getType().getElementType()))
    return {nullptr};
  return {CastOp::create(b, getLoc(), d[0], from)};
}

OpFoldResult CastOp::fold(FoldAdaptor in) {
  if (getX().getType() == getY().getType())
    return getX();
  auto splat = dyn_cast_or_null<SplatElementsAttr>(in.getX());
  auto type = getY().getType();
  auto to = dyn_cast<FloatType>(type.getElementType());
  if (!splat || !to)
    return {};
  APFloat value(0.0);
  if (auto from = dyn_cast<FloatType>(splat.getElementType())) {
    value = splat.getSplatValue<APFloat>();
  } else {
    value = APFloat(to.getFloatSemantics()); // rounded once
    APInt integer = splat.getSplatValue<APInt>();
    bool isSigned = !splat.getElementType().isUnsignedInteger() && !splat.getElementType().isInteger(1);
    value.convertFromAPInt(integer, isSigned, APFloat::rmNearestTiesToEven);
  }
  bool inexact;
  value.convert(to.getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
  return SplatElementsAttr::get(type, value);
}

/// x + 0 is not x for x = -0, so only the exact neutral elements fold: x - 0, x * 1, x / 1, -0 + x.
OpFoldResult nn::foldBinary(Operation *op, Attribute a, Attribute b) {
  auto splatOf = [](Attribute x) -> std::optional<APFloat> {
    auto splat = dyn_cast_or_null<SplatElementsAttr>(x);
    if (!splat || !isa<FloatType>(splat.getElementType()))
      return std::nullopt;
    return splat.getSplatValue<APFloat>();
  };
  std::optional<APFloat> x = splatOf(a), y = splatOf(b);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  auto isOne = [](const std::optional<APFloat> &v) { return v && v->isExactlyValue(1.0); };
  auto keeps = [&](Value v) { return v.getType() == type ? OpFoldResult(v) : OpFoldResult(); };
  if (isa<MulOp, DivOp, PowOp>(op) && isOne(y))
    return keeps(op->getOperand(0));
  if (isa<MulOp>(op) && isOne(x))
    return keeps(op->getOperand(1));
  if (isa<SubOp>(op) && y && y->isPosZero())
    return keeps(op->getOperand(0));
  if (isa<AddOp>(op) && y && y->isNegZero())
    return keeps(op->getOperand(0));
  if (!x || !y)
    return {};
  constexpr auto nearest = APFloat::rmNearestTiesToEven;
  APFloat value = *x;
  if (isa<AddOp>(op))
    value.add(*y, nearest);
  else if (isa<SubOp>(op))
    value.subtract(*y, nearest);
  else if (isa<MulOp>(op))
    value.multiply(*y, nearest);
  else if (isa<DivOp>(op))
    value.divide(*y, nearest);
  else
    return {};
  return SplatElementsAttr::get(type, value);
}
