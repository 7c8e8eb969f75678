// What reference lowerings are written with: linalg.generic over index maps, and plain loops that update a tensor.
// Nothing here knows an op of the dialect, and nothing is shared with the emitters that the reference checks.
#ifndef NN_DIALECT_REFERENCE_NEST_H
#define NN_DIALECT_REFERENCE_NEST_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace nn::reference {

using mlir::AffineExpr;
using mlir::AffineMap;
using mlir::ArrayRef;
using mlir::Location;
using mlir::OpBuilder;
using mlir::RankedTensorType;
using mlir::Type;
using mlir::Value;
using mlir::ValueRange;

/// `type` as the reference sees it: without layout, with a signless element type (bytes are i8).
RankedTensorType plain(Type type);
/// The type that sums are taken in: f64 for floating-point numbers, so that the reference rounds once; else `element`.
Type sumType(Type element);

/// A number of a scalar type.
Value number(OpBuilder &b, Location loc, Type scalar, double value);
Value index(OpBuilder &b, Location loc, int64_t value);
/// A tensor of one number.
Value filled(OpBuilder &b, Location loc, RankedTensorType type, double value);
/// A floating-point or integer scalar in another type of its kind.
Value convert(OpBuilder &b, Location loc, Value scalar, Type to);
/// convert, by element.
Value convertElements(OpBuilder &b, Location loc, Value tensor, Type element);
/// x + y or x * y, by the scalars' kind.
Value add(OpBuilder &b, Location loc, Value x, Value y);
Value multiply(OpBuilder &b, Location loc, Value x, Value y);

/// The dimensions first .. first + count - 1 of an iteration space.
llvm::SmallVector<AffineExpr> dimensions(OpBuilder &b, int64_t first, int64_t count);

/// The affine expression at `indices`.
Value evaluate(OpBuilder &b, Location loc, AffineExpr e, ValueRange indices);

/// linalg.generic: `body` sees one element per input, then the result's element so far (what `init` holds at first).
/// Dimensions that `initMap` lacks are reductions.
Value generic(OpBuilder &b, Location loc, ValueRange inputs, ArrayRef<AffineMap> maps, Value init, AffineMap initMap,
              llvm::function_ref<Value(OpBuilder &, ValueRange)> body);
/// The tensor whose element at `indices` is body(indices).
Value elements(OpBuilder &b, Location loc, RankedTensorType type,
               llvm::function_ref<Value(OpBuilder &, ValueRange indices)> body);
/// Loops over 0 .. extents - 1, the last fastest, carrying values.
llvm::SmallVector<Value>
nest(OpBuilder &b, Location loc, ArrayRef<int64_t> extents, ValueRange init,
     llvm::function_ref<llvm::SmallVector<Value>(OpBuilder &, ValueRange indices, ValueRange carried)> body);

/// The elements in row-major order in another shape.
Value reshaped(OpBuilder &b, Location loc, Value tensor, ArrayRef<int64_t> shape);
/// `value` around `tensor`: low[d] before dimension d, interior[d] between neighbours, up to extents `shape`.
Value padded(OpBuilder &b, Location loc, Value tensor, ArrayRef<int64_t> shape, ArrayRef<int64_t> low,
             ArrayRef<int64_t> interior, double value);
/// tensor[offsets + strides * i], of extents `shape`.
Value sliced(OpBuilder &b, Location loc, Value tensor, ArrayRef<int64_t> shape, ArrayRef<int64_t> offsets,
             ArrayRef<int64_t> strides);

} // namespace nn::reference

#endif
