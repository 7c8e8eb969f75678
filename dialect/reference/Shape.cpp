// References of ops that move elements.
#include "dialect/NN.h"
#include "dialect/reference/Nest.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace nn;
using reference::plain;

SmallVector<Value> ConstantOp::emitReference(OpBuilder &b, ValueRange) {
  RankedTensorType type = plain(getY().getType());
  auto value = cast<DenseElementsAttr>(getValue());
  auto signless = type == value.getType() ? value : DenseElementsAttr::getFromRawBuffer(type, value.getRawData());
  return {arith::ConstantOp::create(b, getLoc(), signless)};
}

SmallVector<Value> IotaOp::emitReference(OpBuilder &b, ValueRange) {
  RankedTensorType type = plain(getY().getType());
  return {reference::elements(b, getLoc(), type, [&](OpBuilder &b, ValueRange at) -> Value {
    Type element = type.getElementType();
    if (!isa<FloatType>(element))
      return arith::IndexCastOp::create(b, getLoc(), element, at[getAxis()]);
    Value integer = arith::IndexCastOp::create(b, getLoc(), b.getI64Type(), at[getAxis()]);
    return arith::SIToFPOp::create(b, getLoc(), element, integer);
  })};
}

SmallVector<Value> BroadcastOp::emitReference(OpBuilder &b, ValueRange in) {
  RankedTensorType type = plain(getY().getType());
  SmallVector<AffineExpr> from;
  for (int64_t d : getDims())
    from.push_back(b.getAffineDimExpr(d));
  Value empty = tensor::EmptyOp::create(b, getLoc(), type.getShape(), type.getElementType());
  return {reference::generic(b, getLoc(), in[0], AffineMap::get(type.getRank(), 0, from, b.getContext()), empty,
                             b.getMultiDimIdentityMap(type.getRank()),
                             [](OpBuilder &, ValueRange args) { return args[0]; })};
}

SmallVector<Value> ReshapeOp::emitReference(OpBuilder &b, ValueRange in) {
  return {reference::reshaped(b, getLoc(), in[0], getY().getType().getShape())};
}

SmallVector<Value> TransposeOp::emitReference(OpBuilder &b, ValueRange in) {
  RankedTensorType type = plain(getY().getType());
  SmallVector<AffineExpr> from(type.getRank());
  for (auto [k, d] : llvm::enumerate(getPermutation()))
    from[d] = b.getAffineDimExpr(k);
  Value empty = tensor::EmptyOp::create(b, getLoc(), type.getShape(), type.getElementType());
  return {reference::generic(b, getLoc(), in[0], AffineMap::get(type.getRank(), 0, from, b.getContext()), empty,
                             b.getMultiDimIdentityMap(type.getRank()),
                             [](OpBuilder &, ValueRange args) { return args[0]; })};
}

SmallVector<Value> SliceOp::emitReference(OpBuilder &b, ValueRange in) {
  return {reference::sliced(b, getLoc(), in[0], getY().getType().getShape(), getOffsets(), getStrides())};
}

SmallVector<Value> PadOp::emitReference(OpBuilder &b, ValueRange in) {
  return {reference::padded(b, getLoc(), in[0], getY().getType().getShape(), getLow(), getInterior(), 0)};
}

SmallVector<Value> ConcatOp::emitReference(OpBuilder &b, ValueRange in) {
  RankedTensorType type = plain(getY().getType());
  Value joined = tensor::EmptyOp::create(b, getLoc(), type.getShape(), type.getElementType());
  SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)), strides(type.getRank(), b.getIndexAttr(1));
  int64_t done = 0;
  for (Value part : in) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(part.getType()).getShape();
    offsets[getAxis()] = b.getIndexAttr(done);
    done += shape[getAxis()];
    auto sizes = llvm::map_to_vector(shape, [&](int64_t n) -> OpFoldResult { return b.getIndexAttr(n); });
    joined = tensor::InsertSliceOp::create(b, getLoc(), part, joined, offsets, sizes, strides);
  }
  return {joined};
}
