// The reference of every elementwise op: its scalar body at each element.
#include "dialect/NN.h"
#include "dialect/reference/Nest.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

SmallVector<Value> nn::elementwiseReference(Operation *op, OpBuilder &b, ValueRange in) {
  RankedTensorType type = reference::plain(op->getResult(0).getType());
  AffineMap all = b.getMultiDimIdentityMap(type.getRank());
  SmallVector<AffineMap> maps(in.size(), all);
  Value empty = tensor::EmptyOp::create(b, op->getLoc(), type.getShape(), type.getElementType());
  return {reference::generic(b, op->getLoc(), in, maps, empty, all, [&](OpBuilder &b, ValueRange args) {
    return cast<ScalarOpInterface>(op).emitScalar(b, args.drop_back(), type.getElementType());
  })};
}
