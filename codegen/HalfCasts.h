// Casts to and from bf16 and f16 as arithmetic that every machine has: no call of a compiler's runtime library is left.
#ifndef NN_CODEGEN_HALFCASTS_H
#define NN_CODEGEN_HALFCASTS_H

namespace mlir {
class Operation;
} // namespace mlir

namespace nn {

/// Replaces arith.truncf to bf16, arith.truncf from f64 to f16, arith.extf from bf16, and casts of integers below
/// `root`. Numbers are rounded once, to the nearest, ties to even; a NaN stays one. What is left of f16 are casts from
/// and to f32.
void expandHalfCasts(mlir::Operation *root);

} // namespace nn

#endif // NN_CODEGEN_HALFCASTS_H
