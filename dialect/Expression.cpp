// Builds the ops behind `Expr` and `Scalar`. Comparisons of floating-point numbers are ordered: false for a NaN.
#include "dialect/Expression.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace nn {

Expr Expr::number(double x) const {
  return {b, loc, ConstantOp::create(b, loc, cast<RankedTensorType>(v.getType()), x)};
}

template <typename Op>
static Expr unary(Expr x) {
  return {x.b, x.loc, Op::create(x.b, x.loc, x.v)};
}
template <typename Op>
static Expr binary(Expr x, Expr y) {
  return {x.b, x.loc, Op::create(x.b, x.loc, x.v, y.v)};
}

Expr operator+(Expr x, Expr y) { return binary<AddOp>(x, y); }
Expr operator-(Expr x, Expr y) { return binary<SubOp>(x, y); }
Expr operator*(Expr x, Expr y) { return binary<MulOp>(x, y); }
Expr operator/(Expr x, Expr y) { return binary<DivOp>(x, y); }
Expr operator-(Expr x) { return unary<NegOp>(x); }
Expr operator>(Expr x, Expr y) { return {x.b, x.loc, CompareOp::create(x.b, x.loc, Predicate::gt, x.v, y.v)}; }
Expr operator==(Expr x, Expr y) { return {x.b, x.loc, CompareOp::create(x.b, x.loc, Predicate::eq, x.v, y.v)}; }
Expr select(Expr c, Expr x, Expr y) { return {c.b, c.loc, SelectOp::create(c.b, c.loc, c.v, x.v, y.v)}; }
Expr exp(Expr x) { return unary<ExpOp>(x); }
Expr log(Expr x) { return unary<LogOp>(x); }
Expr sqrt(Expr x) { return unary<SqrtOp>(x); }
Expr sin(Expr x) { return unary<SinOp>(x); }
Expr cos(Expr x) { return unary<CosOp>(x); }
Expr pow(Expr x, Expr y) { return binary<PowOp>(x, y); }
Expr sign(Expr x) { return unary<SignOp>(x); }
Expr floor(Expr x) { return unary<FloorOp>(x); }

Scalar Scalar::number(double x) const {
  Type type = v.getType(), element = getElementTypeOrSelf(type);
  TypedAttr attr = isa<FloatType>(element) ? TypedAttr(b.getFloatAttr(element, x))
                                           : TypedAttr(b.getIntegerAttr(element, int64_t(x)));
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, Attribute(attr));
  return {b, loc, arith::ConstantOp::create(b, loc, attr)};
}

static bool isFloat(Scalar x) { return isa<FloatType>(getElementTypeOrSelf(x.v.getType())); }

template <typename Op>
static Scalar math(Scalar x) {
  return {x.b, x.loc, Op::create(x.b, x.loc, x.v)};
}
template <typename Float, typename Int>
static Scalar arithmetic(Scalar x, Scalar y) {
  Value v = isFloat(x) ? Value(Float::create(x.b, x.loc, x.v, y.v)) : Value(Int::create(x.b, x.loc, x.v, y.v));
  return {x.b, x.loc, v};
}

Scalar operator+(Scalar x, Scalar y) { return arithmetic<arith::AddFOp, arith::AddIOp>(x, y); }
Scalar operator-(Scalar x, Scalar y) { return arithmetic<arith::SubFOp, arith::SubIOp>(x, y); }
Scalar operator*(Scalar x, Scalar y) { return arithmetic<arith::MulFOp, arith::MulIOp>(x, y); }
Scalar operator-(Scalar x) { return math<arith::NegFOp>(x); }
Scalar operator>(Scalar x, Scalar y) {
  return {x.b, x.loc, arith::CmpFOp::create(x.b, x.loc, arith::CmpFPredicate::OGT, x.v, y.v)};
}
Scalar operator<(Scalar x, Scalar y) { return y > x; }
Scalar select(Scalar c, Scalar x, Scalar y) { return {c.b, c.loc, arith::SelectOp::create(c.b, c.loc, c.v, x.v, y.v)}; }
Scalar abs(Scalar x) { return math<math::AbsFOp>(x); }
Scalar exp(Scalar x) { return math<math::ExpOp>(x); }
Scalar expm1(Scalar x) { return math<math::ExpM1Op>(x); }
Scalar log(Scalar x) { return math<math::LogOp>(x); }
Scalar log1p(Scalar x) { return math<math::Log1pOp>(x); }
Scalar sqrt(Scalar x) { return math<math::SqrtOp>(x); }
Scalar tanh(Scalar x) { return math<math::TanhOp>(x); }
Scalar sin(Scalar x) { return math<math::SinOp>(x); }
Scalar cos(Scalar x) { return math<math::CosOp>(x); }
Scalar erf(Scalar x) { return math<math::ErfOp>(x); }
Scalar floor(Scalar x) { return math<math::FloorOp>(x); }
Scalar ceil(Scalar x) { return math<math::CeilOp>(x); }
Scalar round(Scalar x) { return math<math::RoundEvenOp>(x); }
Scalar fma(Scalar x, Scalar y, Scalar z) { return {x.b, x.loc, math::FmaOp::create(x.b, x.loc, x.v, y.v, z.v)}; }
Scalar pow(Scalar x, Scalar y) { return arithmetic<math::PowFOp, math::IPowIOp>(x, y); }

static Scalar compare(arith::CmpIPredicate p, Scalar x, double y) {
  return {x.b, x.loc, arith::CmpIOp::create(x.b, x.loc, p, x.v, x.number(y).v)};
}
/// Where `rest`, left by a division that rounds to zero, has the other sign than the divisor.
static Scalar hasWrongSign(Scalar rest, Scalar divisor) {
  auto isNegative = [](Scalar x) { return isFloat(x) ? x < 0.0 : compare(arith::CmpIPredicate::slt, x, 0); };
  Scalar isOther{rest.b, rest.loc, arith::XOrIOp::create(rest.b, rest.loc, isNegative(rest).v, isNegative(divisor).v)};
  Scalar zero = rest.number(0);
  Value isSome = isFloat(rest)
                     ? Value(arith::CmpFOp::create(rest.b, rest.loc, arith::CmpFPredicate::ONE, rest.v, zero.v))
                     : compare(arith::CmpIPredicate::ne, rest, 0).v;
  return {rest.b, rest.loc, arith::AndIOp::create(rest.b, rest.loc, isSome, isOther.v)};
}
/// x / y and what is left; nothing traps: 0 and 0 where y = 0, the smallest integer by -1 wraps.
static std::pair<Scalar, Scalar> divide(Scalar x, Scalar y) {
  Scalar isZero = compare(arith::CmpIPredicate::eq, y, 0), isMinusOne = compare(arith::CmpIPredicate::eq, y, -1);
  Scalar divisor = select(isZero, y.number(1), select(isMinusOne, y.number(1), y));
  Scalar quotient{x.b, x.loc, arith::DivSIOp::create(x.b, x.loc, x.v, divisor.v)};
  Scalar rest = x - quotient * divisor, roundsDown = hasWrongSign(rest, divisor);
  quotient.v = select(roundsDown, quotient - x.number(1), quotient).v;
  quotient.v = select(isMinusOne, x.number(0) - x, quotient).v;
  return {select(isZero, x.number(0), quotient), select(roundsDown, rest + divisor, rest)};
}
Scalar operator/(Scalar x, Scalar y) {
  return isFloat(x) ? Scalar{x.b, x.loc, arith::DivFOp::create(x.b, x.loc, x.v, y.v)} : divide(x, y).first;
}
Scalar modulo(Scalar x, Scalar y) {
  if (!isFloat(x))
    return divide(x, y).second;
  Scalar rest{x.b, x.loc, arith::RemFOp::create(x.b, x.loc, x.v, y.v)};
  return select(hasWrongSign(rest, y), rest + y, rest);
}

/// With z = e^-|x|, which cannot overflow: 1 / (1 + z), for x < 0 z / (1 + z). What the sum's rounding lost and the
/// quotient's remainder go into a correction, so that little more than the error of z is left.
Scalar sigmoid(Scalar x) {
  Scalar z = exp(-abs(x)), one = x.number(1);
  Scalar sum = one + z, lost = z - (sum - one), reciprocal = one / sum;
  Scalar numerator = select(x < 0.0, z, one), y = numerator * reciprocal;
  Scalar remainder = fma(-y, lost, fma(-y, sum, numerator));
  return fma(remainder, reciprocal, y);
}

// NaN spreads through both, as in PyTorch; booleans are unsigned.
static bool isBool(Scalar x) { return getElementTypeOrSelf(x.v.getType()).isInteger(1); }
Scalar maximum(Scalar x, Scalar y) {
  return isBool(x) ? arithmetic<arith::MaximumFOp, arith::MaxUIOp>(x, y)
                   : arithmetic<arith::MaximumFOp, arith::MaxSIOp>(x, y);
}
Scalar minimum(Scalar x, Scalar y) {
  return isBool(x) ? arithmetic<arith::MinimumFOp, arith::MinUIOp>(x, y)
                   : arithmetic<arith::MinimumFOp, arith::MinSIOp>(x, y);
}

} // namespace nn
