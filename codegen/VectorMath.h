// Our own elementary functions for f32, scalars and vectors alike: at most 2 ulp for normal results.
#ifndef NN_CODEGEN_VECTORMATH_H
#define NN_CODEGEN_VECTORMATH_H

namespace mlir {
class Operation;
} // namespace mlir

namespace nn {

/// Replaces math.exp, expm1, log, log1p, tanh, erf, sin, cos and powf on f32 below `root` by arithmetic. Bits depend on
/// the argument alone, not on its lane. Other types are left (f64 goes to libm).
void expandMath(mlir::Operation *root);

} // namespace nn

#endif
