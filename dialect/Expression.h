// Formulas in C++: `Expr` builds `nn` ops (derivative rules), `Scalar` builds `arith` and `math` ops (scalar bodies),
// so that an elementwise op and its derivative read as one line of mathematics in Elementwise.td.
#ifndef NN_DIALECT_EXPRESSION_H
#define NN_DIALECT_EXPRESSION_H

#include "mlir/IR/Builders.h"

namespace nn {

/// A tensor value in a derivative rule. Numbers take the other operand's type.
struct Expr {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Value v;
  Expr number(double x) const;
};
Expr operator+(Expr, Expr);
Expr operator-(Expr, Expr);
Expr operator*(Expr, Expr);
Expr operator/(Expr, Expr);
Expr operator-(Expr);
Expr operator>(Expr, Expr);
Expr operator==(Expr, Expr);
Expr select(Expr condition, Expr then, Expr otherwise);
Expr exp(Expr);
Expr log(Expr);
Expr sqrt(Expr);
Expr sin(Expr);
Expr cos(Expr);
Expr pow(Expr, Expr);
Expr sign(Expr);
Expr floor(Expr);
inline Expr operator+(double a, Expr e) { return e.number(a) + e; }
inline Expr operator-(double a, Expr e) { return e.number(a) - e; }
inline Expr operator*(double a, Expr e) { return e.number(a) * e; }
inline Expr operator/(double a, Expr e) { return e.number(a) / e; }
inline Expr operator+(Expr e, double a) { return e + e.number(a); }
inline Expr operator-(Expr e, double a) { return e - e.number(a); }
inline Expr operator*(Expr e, double a) { return e * e.number(a); }
inline Expr operator/(Expr e, double a) { return e / e.number(a); }
inline Expr operator>(Expr e, double a) { return e > e.number(a); }

/// A scalar or vector value in a scalar body; floating-point or integer by its type. Integers wrap; their quotients
/// round down and are 0 where the divisor is 0, and so is what `modulo` leaves.
struct Scalar {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Value v;
  Scalar number(double x) const;
};
Scalar operator+(Scalar, Scalar);
Scalar operator-(Scalar, Scalar);
Scalar operator*(Scalar, Scalar);
Scalar operator/(Scalar, Scalar);
Scalar operator-(Scalar);
Scalar operator>(Scalar, Scalar);
Scalar operator<(Scalar, Scalar);
Scalar select(Scalar condition, Scalar then, Scalar otherwise);
Scalar abs(Scalar);
Scalar exp(Scalar);
Scalar expm1(Scalar);
Scalar log(Scalar);
Scalar log1p(Scalar);
Scalar sqrt(Scalar);
Scalar tanh(Scalar);
Scalar sigmoid(Scalar);
Scalar sin(Scalar);
Scalar cos(Scalar);
Scalar erf(Scalar);
Scalar fma(Scalar x, Scalar y, Scalar z); // x y + z, rounded once
Scalar floor(Scalar);
Scalar ceil(Scalar);
Scalar round(Scalar);
Scalar pow(Scalar, Scalar);
Scalar modulo(Scalar, Scalar);
Scalar maximum(Scalar, Scalar);
Scalar minimum(Scalar, Scalar);
inline Scalar operator+(double a, Scalar e) { return e.number(a) + e; }
inline Scalar operator-(double a, Scalar e) { return e.number(a) - e; }
inline Scalar operator/(double a, Scalar e) { return e.number(a) / e; }
inline Scalar operator>(Scalar e, double a) { return e > e.number(a); }
inline Scalar operator<(Scalar e, double a) { return e < e.number(a); }

} // namespace nn

#endif
