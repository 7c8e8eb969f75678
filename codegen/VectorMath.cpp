// Elementary functions as straight-line arithmetic. exp, log and tanh, which sit in inner loops, stay in f32; the rarer
// ones are evaluated in f64 and rounded once. Reductions of the argument are Cody and Waite's; polynomials are Taylor
// series where the reduced argument is small, else least squares on Chebyshev nodes (the fits' relative errors stand
// beside them).
#include "codegen/VectorMath.h"
#include "dialect/Expression.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"
#include <limits>

using namespace mlir;
using namespace nn;

namespace {
constexpr double kLn2 = 0.6931471805599453094, kLog2e = 1.4426950408889634074;

// ---- a few more words for formulas on scalars or vectors

Type withElement(Scalar x, Type element) {
  auto vector = dyn_cast<VectorType>(x.v.getType());
  return vector ? Type(vector.clone(element)) : element;
}
Type bitsOf(Scalar x) {
  return withElement(x,
                     IntegerType::get(x.b.getContext(), getElementTypeOrSelf(x.v.getType()).getIntOrFloatBitWidth()));
}
Scalar fma(double a, Scalar x, Scalar c) { return fma(x.number(a), x, c); }
Scalar bits(Scalar x) { return {x.b, x.loc, arith::BitcastOp::create(x.b, x.loc, bitsOf(x), x.v)}; }
Scalar real(Scalar x, Scalar like) { return {x.b, x.loc, arith::BitcastOp::create(x.b, x.loc, like.v.getType(), x.v)}; }
Scalar shiftLeft(Scalar x, int n) { return {x.b, x.loc, arith::ShLIOp::create(x.b, x.loc, x.v, x.number(n).v)}; }
Scalar shiftRight(Scalar x, int n) { return {x.b, x.loc, arith::ShRSIOp::create(x.b, x.loc, x.v, x.number(n).v)}; }
Scalar both(Scalar a, Scalar c) { return {a.b, a.loc, arith::AndIOp::create(a.b, a.loc, a.v, c.v)}; }
Scalar either(Scalar a, Scalar c) { return {a.b, a.loc, arith::OrIOp::create(a.b, a.loc, a.v, c.v)}; }
Scalar compare(arith::CmpFPredicate p, Scalar x, Scalar y) {
  return {x.b, x.loc, arith::CmpFOp::create(x.b, x.loc, p, x.v, y.v)};
}
Scalar isNaN(Scalar x) { return compare(arith::CmpFPredicate::UNO, x, x); }
Scalar equals(Scalar x, double y) { return compare(arith::CmpFPredicate::OEQ, x, x.number(y)); }
Scalar toReal(Scalar integer, Scalar like) {
  return {integer.b, integer.loc, arith::SIToFPOp::create(integer.b, integer.loc, like.v.getType(), integer.v)};
}
Scalar widen(Scalar x) {
  return {x.b, x.loc, arith::ExtFOp::create(x.b, x.loc, withElement(x, x.b.getF64Type()), x.v)};
}
Scalar narrow(Scalar x) {
  return {x.b, x.loc, arith::TruncFOp::create(x.b, x.loc, withElement(x, x.b.getF32Type()), x.v)};
}
Scalar withSignOf(Scalar x, Scalar s) { return {x.b, x.loc, math::CopySignOp::create(x.b, x.loc, x.v, s.v)}; }

/// c[0] + c[1] x + ... by Horner's rule.
Scalar polynomial(Scalar x, ArrayRef<double> c) {
  Scalar sum = x.number(c.back());
  for (double k : llvm::reverse(c.drop_back()))
    sum.v = fma(x, sum, x.number(k)).v;
  return sum;
}

/// What 1.5 * 2^mantissa does to a small number: adding it rounds to the nearest integer, which then stands in the low
/// bits.
double roundingMagic(Scalar x) { return getElementTypeOrSelf(x.v.getType()).isF32() ? 0x1.8p23 : 0x1.8p52; }

/// x = n ln 2 + r with |r| <= ln 2 / 2: n as a number and as an integer.
struct Reduced {
  Scalar n, integer, r;
};
Reduced reduceByLn2(Scalar x) {
  bool isSingle = getElementTypeOrSelf(x.v.getType()).isF32();
  double high = isSingle ? double(float(kLn2)) : kLn2;
  Scalar magic = x.number(roundingMagic(x));
  Scalar shifted = fma(kLog2e, x, magic);
  Scalar n = shifted - magic;
  Scalar r = fma(-high, n, x);
  r.v = (isSingle ? fma(-(kLn2 - high), n, r) : fma(-2.3190468138462996e-17, n, r)).v;
  return {n, bits(shifted) - bits(magic), r};
}

/// 2^n for |n| below the exponent's range.
Scalar powerOfTwo(Scalar n, Scalar like) {
  bool isSingle = getElementTypeOrSelf(like.v.getType()).isF32();
  return real(shiftLeft(n + n.number(isSingle ? 127 : 1023), isSingle ? 23 : 52), like);
}

Scalar clamp(Scalar x, double low, double high) { // a NaN stays
  x.v = select(x > high, x.number(high), x).v;
  return select(x < low, x.number(low), x);
}

// ---- f32 throughout

/// e^r - 1 - r = r^2 (1/2 + r/6 + ...): the series to r^7 is off by 5e-9 of e^r.
Scalar expF32(Scalar x) {
  Reduced a = reduceByLn2(clamp(x, -104.0, 89.0));
  Scalar q = polynomial(a.r, {1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040});
  Scalar y = 1.0 + fma(a.r * a.r, q, a.r);
  // Two steps, so that results near either end of the range are rounded once.
  Scalar half = shiftRight(a.integer, 1);
  return y * powerOfTwo(half, x) * powerOfTwo(a.integer - half, x);
}

/// x = 2^e m with m in [sqrt 1/2, sqrt 2): e and m - 1.
struct Split {
  Scalar e, f;
};
Split splitExponent(Scalar x) {
  bool isSingle = getElementTypeOrSelf(x.v.getType()).isF32();
  int mantissa = isSingle ? 23 : 52;
  Scalar i = bits(x);
  // The bits of sqrt 1/2; a double carries the single's in its upper word.
  Type integer = getElementTypeOrSelf(i.v.getType());
  int64_t root = isSingle ? 0x3f3504f3 : 0x3fe6a09e667f3bcd;
  TypedAttr rootAttr = IntegerAttr::get(integer, root);
  if (auto vector = dyn_cast<VectorType>(i.v.getType()))
    rootAttr = DenseElementsAttr::get(vector, Attribute(rootAttr));
  Scalar rootBits{x.b, x.loc, arith::ConstantOp::create(x.b, x.loc, rootAttr)};
  Scalar e = shiftRight(i - rootBits, mantissa);
  Scalar m = real(i - shiftLeft(e, mantissa), x);
  return {toReal(e, x), m - m.number(1)};
}

/// ln(1 + f) = f - f^2/2 + s (f^2/2 + R) with s = f / (2 + f) and R = 2 s^2/3 + 2 s^4/5 + ... (2 artanh s, rearranged).
Scalar artanhTail(Scalar z, ArrayRef<double> series) { return z * polynomial(z, series); }

Scalar logSpecial(Scalar x, Scalar y) {
  double infinity = std::numeric_limits<double>::infinity();
  y.v = select(equals(x, infinity), x, y).v;
  y.v = select(equals(x, 0), y.number(-infinity), y).v;
  y.v = select(x < 0.0, y.number(std::numeric_limits<double>::quiet_NaN()), y).v;
  return select(isNaN(x), x, y);
}

Scalar logF32(Scalar x) {
  Scalar isSmall = x < 0x1p-126;
  Scalar scaled = select(isSmall, x * x.number(0x1p23), x);
  Split a = splitExponent(scaled);
  Scalar e = a.e + select(isSmall, x.number(-23), x.number(0));
  Scalar s = a.f / (2.0 + a.f), z = s * s, half = x.number(0.5) * a.f * a.f;
  Scalar tail = artanhTail(z, {2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11});
  constexpr double high = 0x1.62e3p-1; // n * high is exact
  Scalar low = fma(kLn2 - high, e, s * (half + tail));
  Scalar y = fma(high, e, a.f - (half - low));
  return logSpecial(x, y);
}

Scalar tanhF32(Scalar x) {
  Scalar a = abs(x), z = x * x;
  // (tanh x / x - 1) / x^2 on |x| < 0.625, off by 5e-9.
  Scalar p = polynomial(z, {-0.3333333317139804, 0.1333330344123732, -0.053959231669015874, 0.021768688447152486,
                            -0.008343183931635618, 0.00229187490387744});
  Scalar small = fma(z * p, x, x);
  Scalar e = expF32(a + a);
  Scalar large = withSignOf(1.0 - x.number(2) / (e + x.number(1)), x);
  return select(compare(arith::CmpFPredicate::OLT, a, x.number(0.625)), small, large);
}

// ---- through f64: relative errors below 1e-9 before the one rounding

/// e^x - 1 = 2^n (e^r - 1) + (2^n - 1).
Scalar expm1F64(Scalar x) {
  Reduced a = reduceByLn2(x);
  Scalar p = polynomial(
      a.r, {1, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800});
  Scalar scale = powerOfTwo(a.integer, x);
  return fma(scale, a.r * p, scale - scale.number(1));
}
Scalar expF64(Scalar x) {
  Reduced a = reduceByLn2(x);
  Scalar p = polynomial(a.r, {1, 1, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320,
                              1.0 / 362880, 1.0 / 3628800});
  return p * powerOfTwo(a.integer, x);
}
/// For positive, normal, finite x.
Scalar logF64(Scalar x) {
  Split a = splitExponent(x);
  Scalar s = a.f / (2.0 + a.f), z = s * s, half = x.number(0.5) * a.f * a.f;
  Scalar tail = artanhTail(z, {2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11, 2.0 / 13, 2.0 / 15, 2.0 / 17});
  return fma(kLn2, a.e, a.f - (half - s * (half + tail)));
}

Scalar expm1F32(Scalar x) {
  Scalar y = narrow(expm1F64(widen(clamp(x, -104.0, 89.0))));
  return select(equals(x, 0), x, y); // keeps -0
}

Scalar log1pF32(Scalar x) {
  Scalar w = widen(x);
  // 1 + w rounded, and what the rounding lost, to first order.
  Scalar u = 1.0 + w;
  Scalar lost = w - (u - u.number(1));
  Scalar y = narrow(logF64(u) + lost / u);
  double infinity = std::numeric_limits<double>::infinity();
  y.v = select(equals(x, infinity), x, y).v;
  y.v = select(equals(x, -1), y.number(-infinity), y).v;
  y.v = select(x < -1.0, y.number(std::numeric_limits<double>::quiet_NaN()), y).v;
  y.v = select(equals(x, 0), x, y).v;
  return select(isNaN(x), x, y);
}

Scalar erfF32(Scalar x) {
  Scalar a = widen(abs(x)), z = a * a;
  // erf x / x in x^2 on |x| <= 1 (off by 8e-13); e^(x^2) erfc x in 1 / (x + 2) on 1 <= x <= 4.1 (off by 8e-13).
  Scalar small = a * polynomial(z, {1.128379167094586, -0.37612638888496086, 0.11283791285132976, -0.026866131386614894,
                                    0.005223776308445419, -0.0008542486688418992, 0.00011954790240393237,
                                    -1.3898514944649353e-05, 1.0562489957425793e-06});
  Scalar t = 1.0 / (a + a.number(2));
  Scalar tail = polynomial(t, {2.114326614527373e-05, 0.5631888656552735, 1.1496614853542608, 1.7070518517343882,
                               5.019939980192834, -9.601688925363566, 46.436025147518514, -123.68160087536779,
                               154.6922739864821, -91.31448041274719, 19.108577185457648});
  Scalar large = 1.0 - expF64(-clamp(z, 0.0, 17.0)) * tail;
  Scalar y = select(a < 1.0, small, select(a > 4.1, a.number(1), large));
  return select(isNaN(x), x, withSignOf(narrow(y), x));
}

/// sin (quarter 0) or cos (quarter 1). Arguments beyond 2^24, where the reduction loses digits, go to libm lane by
/// lane.
Scalar sineF32(Scalar x, int quarter) {
  OpBuilder &b = x.b;
  Location loc = x.loc;
  Scalar w = widen(x);
  Scalar magic = w.number(0x1.8p52);
  Scalar shifted = fma(0.63661977236758134308, w, magic), n = shifted - magic;
  Scalar r = fma(-1.57079632679489655800, n, w);
  r.v = fma(-6.123233995736766036e-17, n, r).v;
  Scalar z = r * r;
  Scalar sine = fma(r * z, polynomial(z, {-1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800}), r);
  Scalar cosine = polynomial(z, {1, -1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800, 1.0 / 479001600});
  Scalar k = bits(shifted) + bits(shifted).number(quarter);
  auto bit = [&](int which) {
    Scalar masked = both(k, k.number(which));
    return Scalar{b, loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, masked.v, masked.number(0).v)};
  };
  Scalar y = select(bit(1), cosine, sine);
  y.v = narrow(select(bit(2), -y, y)).v;
  if (quarter == 0)
    y.v = select(equals(x, 0), x, y).v;

  Scalar isLarge = compare(arith::CmpFPredicate::UGT, abs(x), x.number(0x1p24));
  Value any = isLarge.v;
  auto vector = dyn_cast<VectorType>(x.v.getType());
  if (vector)
    any = vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, any);
  auto rare = scf::IfOp::create(
      b, loc, any,
      [&](OpBuilder &inner, Location) {
        Value exact = quarter == 0 ? Value(math::SinOp::create(inner, loc, w.v)) : math::CosOp::create(inner, loc, w.v);
        exact = arith::TruncFOp::create(inner, loc, x.v.getType(), exact);
        scf::YieldOp::create(inner, loc, exact);
      },
      [&](OpBuilder &inner, Location) { scf::YieldOp::create(inner, loc, y.v); });
  return {b, loc, arith::SelectOp::create(b, loc, isLarge.v, rare.getResult(0), y.v)};
}

/// x^y as C's pow: 1 for y = 0 or x = 1, odd integers keep the sign, negative x with other y is NaN.
Scalar powF32(Scalar x, Scalar y) {
  double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  Scalar base = widen(abs(x)), exponent = widen(y);
  Scalar isZero = equals(x, 0), isInfinite = equals(base, infinity);
  Scalar safe = select(either(isZero, isInfinite), base.number(1), base);
  Scalar power = exponent * logF64(safe);
  power.v = select(isNaN(power), power, clamp(power, -200.0, 200.0)).v;
  Scalar magnitude = narrow(expF64(power));
  Scalar isPositive = y > 0.0;
  Scalar zeroCase = select(isPositive, x.number(0), x.number(infinity));
  Scalar infiniteCase = select(isPositive, x.number(infinity), x.number(0));
  Scalar result = select(isZero, zeroCase, select(isInfinite, infiniteCase, magnitude));
  // Parity: y is an integer, and half of it is not.
  auto isInteger = [&](Scalar v) { return compare(arith::CmpFPredicate::OEQ, floor(v), v); };
  Scalar whole = isInteger(y), half = y * y.number(0.5);
  Scalar notEven = compare(arith::CmpFPredicate::UNE, floor(half), half);
  Scalar isNegative{x.b, x.loc,
                    arith::CmpIOp::create(x.b, x.loc, arith::CmpIPredicate::slt, bits(x).v, bits(x).number(0).v)};
  result.v = select(both(isNegative, both(whole, notEven)), -result, result).v;
  Scalar fraction = compare(arith::CmpFPredicate::UNE, floor(y), y);
  Scalar finiteBase = compare(arith::CmpFPredicate::ONE, base, base.number(infinity));
  result.v = select(both(both(x < 0.0, finiteBase), fraction), result.number(nan), result).v;
  result.v = select(either(isNaN(x), isNaN(y)), x + y, result).v;
  return select(either(equals(y, 0), equals(x, 1)), result.number(1), result);
}

bool isSingle(Operation *op) {
  return op->getNumResults() == 1 && getElementTypeOrSelf(op->getResult(0).getType()).isF32();
}
} // namespace

void nn::expandMath(Operation *root) {
  SmallVector<Operation *> found;
  root->walk([&](Operation *op) {
    if (isSingle(op) && op->getName().getDialectNamespace() == "math")
      found.push_back(op);
  });
  for (Operation *op : found) {
    OpBuilder b(op);
    auto operand = [&](unsigned i) { return Scalar{b, op->getLoc(), op->getOperand(i)}; };
    Value value = llvm::TypeSwitch<Operation *, Value>(op)
                      .Case([&](math::ExpOp) { return expF32(operand(0)).v; })
                      .Case([&](math::ExpM1Op) { return expm1F32(operand(0)).v; })
                      .Case([&](math::LogOp) { return logF32(operand(0)).v; })
                      .Case([&](math::Log1pOp) { return log1pF32(operand(0)).v; })
                      .Case([&](math::TanhOp) { return tanhF32(operand(0)).v; })
                      .Case([&](math::ErfOp) { return erfF32(operand(0)).v; })
                      .Case([&](math::SinOp) { return sineF32(operand(0), 0).v; })
                      .Case([&](math::CosOp) { return sineF32(operand(0), 1).v; })
                      .Case([&](math::PowFOp) { return powF32(operand(0), operand(1)).v; })
                      .Default([](Operation *) { return Value(); });
    if (!value)
      continue;
    op->getResult(0).replaceAllUsesWith(value);
    op->erase();
  }
}
