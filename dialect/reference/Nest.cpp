// linalg.generic, loops and moves of whole tensors with static shapes.
#include "dialect/reference/Nest.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace nn::reference;

RankedTensorType nn::reference::plain(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  Type element = tensor.getElementType();
  if (auto integer = dyn_cast<IntegerType>(element))
    element = IntegerType::get(type.getContext(), integer.getWidth());
  return RankedTensorType::get(tensor.getShape(), element);
}

Type nn::reference::sumType(Type element) {
  return isa<FloatType>(element) ? Type(Float64Type::get(element.getContext())) : element;
}

Value nn::reference::number(OpBuilder &b, Location loc, Type scalar, double value) {
  if (isa<FloatType>(scalar))
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(scalar, value));
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(scalar, int64_t(value)));
}

Value nn::reference::index(OpBuilder &b, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

Value nn::reference::filled(OpBuilder &b, Location loc, RankedTensorType type, double value) {
  Value empty = tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  return linalg::FillOp::create(b, loc, number(b, loc, type.getElementType(), value), empty).getResult(0);
}

Value nn::reference::convert(OpBuilder &b, Location loc, Value scalar, Type to) {
  Type from = scalar.getType();
  if (from == to)
    return scalar;
  bool wider = from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth();
  if (isa<FloatType>(to))
    return wider ? Value(arith::ExtFOp::create(b, loc, to, scalar)) : arith::TruncFOp::create(b, loc, to, scalar);
  return wider ? Value(arith::ExtSIOp::create(b, loc, to, scalar)) : arith::TruncIOp::create(b, loc, to, scalar);
}

Value nn::reference::convertElements(OpBuilder &b, Location loc, Value tensor, Type element) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getElementType() == element)
    return tensor;
  AffineMap all = b.getMultiDimIdentityMap(type.getRank());
  return generic(b, loc, tensor, all, tensor::EmptyOp::create(b, loc, type.getShape(), element), all,
                 [&](OpBuilder &b, ValueRange in) { return convert(b, loc, in[0], element); });
}

Value nn::reference::add(OpBuilder &b, Location loc, Value x, Value y) {
  return isa<FloatType>(x.getType()) ? Value(arith::AddFOp::create(b, loc, x, y)) : arith::AddIOp::create(b, loc, x, y);
}

Value nn::reference::multiply(OpBuilder &b, Location loc, Value x, Value y) {
  return isa<FloatType>(x.getType()) ? Value(arith::MulFOp::create(b, loc, x, y)) : arith::MulIOp::create(b, loc, x, y);
}

SmallVector<AffineExpr> nn::reference::dimensions(OpBuilder &b, int64_t first, int64_t count) {
  SmallVector<AffineExpr> result;
  for (int64_t d = first; d < first + count; ++d)
    result.push_back(b.getAffineDimExpr(d));
  return result;
}

Value nn::reference::evaluate(OpBuilder &b, Location loc, AffineExpr e, ValueRange indices) {
  if (auto dim = dyn_cast<AffineDimExpr>(e))
    return indices[dim.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(e))
    return index(b, loc, constant.getValue());
  auto binary = cast<AffineBinaryOpExpr>(e);
  Value l = evaluate(b, loc, binary.getLHS(), indices), r = evaluate(b, loc, binary.getRHS(), indices);
  if (e.getKind() == AffineExprKind::Add)
    return arith::AddIOp::create(b, loc, l, r);
  assert(e.getKind() == AffineExprKind::Mul && "references use sums of scaled dimensions");
  return arith::MulIOp::create(b, loc, l, r);
}

Value nn::reference::generic(OpBuilder &b, Location loc, ValueRange inputs, ArrayRef<AffineMap> maps, Value init,
                             AffineMap initMap, llvm::function_ref<Value(OpBuilder &, ValueRange)> body) {
  SmallVector<AffineMap> all(maps);
  all.push_back(initMap);
  SmallVector<utils::IteratorType> iterators(initMap.getNumDims(), utils::IteratorType::reduction);
  for (AffineExpr e : initMap.getResults())
    iterators[cast<AffineDimExpr>(e).getPosition()] = utils::IteratorType::parallel;
  return linalg::GenericOp::create(
             b, loc, init.getType(), inputs, init, all, iterators,
             [&](OpBuilder &b, Location loc, ValueRange in) { linalg::YieldOp::create(b, loc, body(b, in)); })
      .getResult(0);
}

Value nn::reference::elements(OpBuilder &b, Location loc, RankedTensorType type,
                              llvm::function_ref<Value(OpBuilder &, ValueRange)> body) {
  Value empty = tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  return generic(b, loc, {}, {}, empty, b.getMultiDimIdentityMap(type.getRank()), [&](OpBuilder &b, ValueRange) {
    SmallVector<Value> indices;
    for (int64_t d = 0; d < type.getRank(); ++d)
      indices.push_back(linalg::IndexOp::create(b, loc, d));
    return body(b, indices);
  });
}

SmallVector<Value>
nn::reference::nest(OpBuilder &b, Location loc, ArrayRef<int64_t> extents, ValueRange init,
                    llvm::function_ref<SmallVector<Value>(OpBuilder &, ValueRange, ValueRange)> body) {
  SmallVector<Value> indices;
  std::function<SmallVector<Value>(OpBuilder &, ValueRange)> level = [&](OpBuilder &b,
                                                                         ValueRange carried) -> SmallVector<Value> {
    if (indices.size() == extents.size())
      return body(b, indices, carried);
    auto loop = scf::ForOp::create(b, loc, index(b, loc, 0), index(b, loc, extents[indices.size()]), index(b, loc, 1),
                                   carried, [&](OpBuilder &b, Location, Value i, ValueRange inner) {
                                     indices.push_back(i);
                                     scf::YieldOp::create(b, loc, level(b, inner));
                                     indices.pop_back();
                                   });
    return SmallVector<Value>(loop.getResults());
  };
  return level(b, init);
}

Value nn::reference::reshaped(OpBuilder &b, Location loc, Value tensor, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getShape() == shape)
    return tensor;
  // Every shape is one step from a vector of all elements.
  auto ofRank = [](size_t rank) {
    SmallVector<ReassociationIndices> groups;
    if (rank > 0)
      groups.push_back(llvm::to_vector<2>(llvm::seq<int64_t>(0, rank)));
    return groups;
  };
  auto flat = RankedTensorType::get({type.getNumElements()}, type.getElementType());
  if (type.getRank() == 0)
    tensor = tensor::ExpandShapeOp::create(b, loc, flat, tensor, ofRank(0));
  else if (type.getRank() > 1)
    tensor = tensor::CollapseShapeOp::create(b, loc, flat, tensor, ofRank(type.getRank()));
  auto result = RankedTensorType::get(shape, type.getElementType());
  if (shape.empty())
    return tensor::CollapseShapeOp::create(b, loc, result, tensor, ofRank(0));
  if (shape.size() > 1)
    return tensor::ExpandShapeOp::create(b, loc, result, tensor, ofRank(shape.size()));
  return tensor;
}

static SmallVector<OpFoldResult> attributes(OpBuilder &b, ArrayRef<int64_t> values) {
  return llvm::map_to_vector(values, [&](int64_t v) -> OpFoldResult { return b.getIndexAttr(v); });
}

Value nn::reference::padded(OpBuilder &b, Location loc, Value tensor, ArrayRef<int64_t> shape, ArrayRef<int64_t> low,
                            ArrayRef<int64_t> interior, double value) {
  auto type = cast<RankedTensorType>(tensor.getType());
  Value around = filled(b, loc, RankedTensorType::get(shape, type.getElementType()), value);
  SmallVector<int64_t> strides = llvm::map_to_vector(interior, [](int64_t between) { return between + 1; });
  return tensor::InsertSliceOp::create(b, loc, tensor, around, attributes(b, low), attributes(b, type.getShape()),
                                       attributes(b, strides));
}

Value nn::reference::sliced(OpBuilder &b, Location loc, Value tensor, ArrayRef<int64_t> shape,
                            ArrayRef<int64_t> offsets, ArrayRef<int64_t> strides) {
  auto type = RankedTensorType::get(shape, cast<RankedTensorType>(tensor.getType()).getElementType());
  return tensor::ExtractSliceOp::create(b, loc, type, tensor, attributes(b, offsets), attributes(b, shape),
                                        attributes(b, strides));
}
