//===- DoublePrecision.h - A function again, in f64 ---------------------------------------------------------------===//
#ifndef NN_FRONTEND_DOUBLEPRECISION_H
#define NN_FRONTEND_DOUBLEPRECISION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace nn::frontend {

/// A private function `NAME_f64` that computes what `function` does with f64 in the place of every floating-point type;
/// so do copies of the functions that it calls, and of their gradients. Its random numbers are the same.
mlir::func::FuncOp inDoublePrecision(mlir::func::FuncOp function);

/// The type that a value of this type has there.
mlir::Type inDoublePrecision(mlir::Type type);

} // namespace nn::frontend

#endif // NN_FRONTEND_DOUBLEPRECISION_H
