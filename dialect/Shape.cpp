// Shape rules, derivatives, folds and element formulas of the ops that move elements.
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace nn;

static RankedTensorType like(Value v, ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, cast<RankedTensorType>(v.getType()).getElementType());
}

// ---- constant

void ConstantOp::build(OpBuilder &b, OperationState &state, RankedTensorType type, double splat) {
  Type element = type.getElementType();
  TypedAttr value = isa<FloatType>(element) ? TypedAttr(b.getFloatAttr(element, splat))
                                            : TypedAttr(b.getIntegerAttr(element, int64_t(splat)));
  build(b, state, type, DenseElementsAttr::get(type, Attribute(value)));
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

Value ConstantOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  Type element = getY().getType().getElementType();
  auto number = [&](Attribute a) -> TypedAttr {
    if (auto f = dyn_cast<FloatAttr>(a)) {
      Type inKernel = ElementBuilder::type(element, 1);
      return isa<FloatType>(inKernel) ? TypedAttr(f) : IntegerAttr::get(inKernel, f.getValue().bitcastToAPInt());
    }
    return IntegerAttr::get(cast<IntegerType>(ElementBuilder::type(element, 1)), cast<IntegerAttr>(a).getValue());
  };
  if (auto splat = dyn_cast<SplatElementsAttr>(getValue())) {
    TypedAttr value = number(splat.getSplatValue<Attribute>());
    if (e.lanes > 1)
      value = DenseElementsAttr::get(cast<ShapedType>(e.type(element)), Attribute(value));
    return arith::ConstantOp::create(e.b, getLoc(), value);
  }
  if (e.lanes > 1)
    return nullptr;
  // A table: one vector constant, indexed by the row-major position.
  SmallVector<Attribute> values;
  for (Attribute a : cast<DenseElementsAttr>(getValue()).getValues<Attribute>())
    values.push_back(number(a));
  auto table = VectorType::get({int64_t(values.size())}, ElementBuilder::type(element, 1));
  Value vector = arith::ConstantOp::create(e.b, getLoc(), DenseElementsAttr::get(table, values));
  Value position = e.index(0);
  for (auto [coordinate, extent] : llvm::zip(at, getY().getType().getShape()))
    position = e.sum(e.affine({position, 0}, extent, 0), coordinate).base;
  return vector::ExtractOp::create(e.b, getLoc(), vector, OpFoldResult(position));
}

// ---- iota

LogicalResult IotaOp::verify() {
  if (getAxis() >= uint64_t(getY().getType().getRank()))
    return emitOpError("has axis ") << getAxis() << " of a tensor of rank " << getY().getType().getRank();
  return success();
}

Value IotaOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  Type type = e.type(getY().getType().getElementType());
  Value position = e.value(at[getAxis()]);
  Type i64 = e.type(e.b.getI64Type());
  if (isa<FloatType>(getElementTypeOrSelf(type)))
    return arith::SIToFPOp::create(e.b, getLoc(), type, arith::IndexCastOp::create(e.b, getLoc(), i64, position));
  return arith::IndexCastOp::create(e.b, getLoc(), type, position);
}

// ---- broadcast

LogicalResult BroadcastOp::verify() {
  auto x = getX().getType(), y = getY().getType();
  if (int64_t(getDims().size()) != x.getRank() || x.getElementType() != y.getElementType())
    return emitOpError("needs one entry of `dims` per dimension of x, and one element type");
  int64_t last = -1;
  for (auto [k, d] : llvm::enumerate(getDims())) {
    if (d <= last || d >= y.getRank())
      return emitOpError("`dims` must increase and name dimensions of the result");
    if (x.getDimSize(k) != y.getDimSize(d))
      return emitOpError("dimension ") << k << " of x has extent " << x.getDimSize(k) << ", dimension " << d
                                       << " of the result " << y.getDimSize(d);
    last = d;
  }
  return success();
}

SmallVector<Value> BroadcastOp::pullBack(OpBuilder &b, ValueRange d) {
  SmallVector<int64_t> axes;
  for (int64_t i = 0; i < getY().getType().getRank(); ++i)
    if (!llvm::is_contained(getDims(), i))
      axes.push_back(i);
  return {axes.empty() ? d[0] : ReduceSumOp::create(b, getLoc(), d[0], axes)};
}

OpFoldResult BroadcastOp::fold(FoldAdaptor in) {
  if (getX().getType() == getY().getType())
    return getX();
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(in.getX()))
    return SplatElementsAttr::get(getY().getType(), splat.getSplatValue<Attribute>());
  return {};
}

Value BroadcastOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  SmallVector<Coordinate> from;
  for (int64_t d : getDims())
    from.push_back(at[d]);
  return e.element(getX(), from);
}

// ---- reshape

LogicalResult ReshapeOp::verify() {
  auto x = getX().getType(), y = getY().getType();
  if (x.getNumElements() != y.getNumElements() || x.getElementType() != y.getElementType())
    return emitOpError("cannot view ") << x << " as " << y;
  return success();
}

SmallVector<Value> ReshapeOp::pullBack(OpBuilder &b, ValueRange d) {
  return {ReshapeOp::create(b, getLoc(), like(getX(), getX().getType().getShape()), d[0])};
}

OpFoldResult ReshapeOp::fold(FoldAdaptor in) {
  if (getX().getType() == getY().getType())
    return getX();
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(in.getX()))
    return SplatElementsAttr::get(getY().getType(), splat.getSplatValue<Attribute>());
  if (auto inner = getX().getDefiningOp<ReshapeOp>(); inner && inner.getX().getType() == getY().getType())
    return inner.getX();
  return {};
}

/// Cuts both shapes into runs of dimensions with equal products; within a run, positions are linear.
Value ReshapeOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  ArrayRef<int64_t> in = getX().getType().getShape(), out = getY().getType().getShape();
  SmallVector<Coordinate> from;
  size_t i = 0, o = 0;
  while (i < in.size() || o < out.size()) {
    size_t i0 = i, o0 = o;
    int64_t p = i < in.size() ? in[i++] : 1, q = o < out.size() ? out[o++] : 1;
    while (p != q)
      (p < q ? p : q) *= p < q ? in[i++] : out[o++];
    if (i - i0 == 1 && o - o0 == 1) {
      from.push_back(at[o0]);
      continue;
    }
    // Row-major position in the run; lanes survive only where it is not divided again.
    Coordinate position = e.fixed(0);
    for (size_t k = o0; k < o; ++k)
      position = out[k] == 1 ? position : e.sum(e.affine(position, out[k], 0), at[k]);
    if (i - i0 == 1) {
      from.push_back(position);
      continue;
    }
    // Lanes along a run that is divided again stay in the innermost dimension only if they do not wrap; ask lane by
    // lane.
    bool moves = position.lane != 0;
    SmallVector<Coordinate> parts(i - i0);
    int64_t rest = p;
    for (size_t k = i0; k < i; ++k) {
      rest /= in[k];
      Value q = rest == 1 ? position.base : arith::DivUIOp::create(e.b, getLoc(), position.base, e.index(rest));
      if (k != i0 && in[k] != 1)
        q = arith::RemUIOp::create(e.b, getLoc(), q, e.index(in[k]));
      parts[k - i0] = in[k] == 1 ? e.fixed(0) : Coordinate{q, 0};
    }
    if (moves)
      return nullptr;
    from.append(parts);
  }
  return e.element(getX(), from);
}

// ---- transpose

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, ValueRange in,
                                            DictionaryAttr attrs, OpaqueProperties properties, RegionRange,
                                            SmallVectorImpl<Type> &out) {
  auto x = cast<RankedTensorType>(in[0].getType());
  ArrayRef<int64_t> permutation = properties.as<Properties *>()->permutation.asArrayRef();
  if (int64_t(permutation.size()) != x.getRank() || !isPermutationVector(permutation))
    return emitOptionalError(loc, "`permutation` must permute the ", x.getRank(), " dimensions of x");
  SmallVector<int64_t> shape;
  for (int64_t d : permutation)
    shape.push_back(x.getDimSize(d));
  out.push_back(like(in[0], shape));
  return success();
}
LogicalResult TransposeOp::verify() { return success(); }

SmallVector<Value> TransposeOp::pullBack(OpBuilder &b, ValueRange d) {
  return {TransposeOp::create(b, getLoc(), d[0], invertPermutationVector(getPermutation()))};
}

OpFoldResult TransposeOp::fold(FoldAdaptor in) {
  if (getX().getType() == getY().getType() && llvm::is_sorted(getPermutation()))
    return getX();
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(in.getX()))
    return SplatElementsAttr::get(getY().getType(), splat.getSplatValue<Attribute>());
  if (auto inner = getX().getDefiningOp<TransposeOp>();
      inner && inner.getX().getType() == getY().getType() &&
      llvm::equal(invertPermutationVector(inner.getPermutation()), getPermutation()))
    return inner.getX();
  return {};
}

Value TransposeOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  SmallVector<Coordinate> from(at.size());
  for (auto [k, d] : llvm::enumerate(getPermutation()))
    from[d] = at[k];
  return e.element(getX(), from);
}

// ---- slice

LogicalResult SliceOp::verify() {
  auto x = getX().getType(), y = getY().getType();
  if (x.getRank() != y.getRank() || int64_t(getOffsets().size()) != x.getRank() ||
      int64_t(getStrides().size()) != x.getRank() || x.getElementType() != y.getElementType())
    return emitOpError("needs one offset and one stride per dimension, and one element type");
  for (int64_t d = 0; d < x.getRank(); ++d) {
    int64_t offset = getOffsets()[d], stride = getStrides()[d], n = y.getDimSize(d);
    if (offset < 0 || stride < 1 || n < 1 || offset + (n - 1) * stride >= x.getDimSize(d))
      return emitOpError("takes elements ") << offset << ".." << offset + (n - 1) * stride << " of dimension " << d
                                            << ", whose extent is " << x.getDimSize(d);
  }
  return success();
}

SmallVector<Value> SliceOp::pullBack(OpBuilder &b, ValueRange d) {
  auto x = getX().getType(), y = getY().getType();
  SmallVector<int64_t> high, interior;
  for (int64_t k = 0; k < x.getRank(); ++k) {
    int64_t stride = getStrides()[k];
    interior.push_back(stride - 1);
    high.push_back(x.getDimSize(k) - getOffsets()[k] - (y.getDimSize(k) - 1) * stride - 1);
  }
  return {PadOp::create(b, getLoc(), d[0], getOffsets(), high, interior)};
}

Value SliceOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  SmallVector<Coordinate> from;
  for (auto [k, c] : llvm::enumerate(at))
    from.push_back(e.affine(c, getStrides()[k], getOffsets()[k]));
  return e.element(getX(), from);
}

// ---- pad

LogicalResult PadOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, ValueRange in, DictionaryAttr,
                                      OpaqueProperties properties, RegionRange, SmallVectorImpl<Type> &out) {
  auto x = cast<RankedTensorType>(in[0].getType());
  auto *p = properties.as<Properties *>();
  auto low = p->low.asArrayRef(), high = p->high.asArrayRef(), interior = p->interior.asArrayRef();
  size_t rank = x.getRank();
  if (low.size() != rank || high.size() != rank || interior.size() != rank)
    return emitOptionalError(loc, "pad needs `low`, `high` and `interior` for each of the ", rank, " dimensions of x");
  SmallVector<int64_t> shape;
  for (size_t d = 0; d < rank; ++d) {
    if (low[d] < 0 || high[d] < 0 || interior[d] < 0)
      return emitOptionalError(loc, "pad cannot cut: `low`, `high` and `interior` are at least 0");
    shape.push_back(low[d] + (x.getDimSize(d) - 1) * (interior[d] + 1) + 1 + high[d]);
  }
  out.push_back(like(in[0], shape));
  return success();
}
LogicalResult PadOp::verify() { return success(); }

SmallVector<Value> PadOp::pullBack(OpBuilder &b, ValueRange d) {
  SmallVector<int64_t> strides;
  for (int64_t i : getInterior())
    strides.push_back(i + 1);
  return {SliceOp::create(b, getLoc(), like(getX(), getX().getType().getShape()), d[0], getLow(), strides)};
}

Value PadOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  SmallVector<Coordinate> from;
  Value inside;
  auto require = [&](Value condition) {
    inside = inside ? Value(arith::AndIOp::create(e.b, getLoc(), inside, condition)) : condition;
  };
  for (auto [k, c] : llvm::enumerate(at)) {
    int64_t low = getLow()[k], step = getInterior()[k] + 1, n = getX().getType().getDimSize(k);
    if (low == 0 && step == 1 && getHigh()[k] == 0) {
      from.push_back(c);
      continue;
    }
    Coordinate moved = e.affine(c, 1, -low);
    if (step == 1) {
      require(e.inside(moved, 0, n));
      from.push_back(moved);
      continue;
    }
    if (moved.lane != 0)
      return nullptr;
    require(e.inside(moved, 0, (n - 1) * step + 1));
    Value rest = arith::RemSIOp::create(e.b, getLoc(), moved.base, e.index(step));
    require(e.inside({rest, 0}, 0, 1));
    from.push_back({arith::DivSIOp::create(e.b, getLoc(), moved.base, e.index(step)), 0});
  }
  if (!inside)
    return e.element(getX(), from);
  return e.guarded(inside, e.type(getX().getType().getElementType()), [&] { return e.element(getX(), from); });
}

// ---- concat

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, ValueRange in, DictionaryAttr,
                                         OpaqueProperties properties, RegionRange, SmallVectorImpl<Type> &out) {
  if (in.empty())
    return emitOptionalError(loc, "concat needs an operand");
  auto first = cast<RankedTensorType>(in[0].getType());
  int64_t axis = properties.as<Properties *>()->axis.getInt();
  if (axis < 0 || axis >= first.getRank())
    return emitOptionalError(loc, "concat has axis ", axis, " of tensors of rank ", first.getRank());
  SmallVector<int64_t> shape(first.getShape());
  for (Value v : in.drop_front()) {
    auto t = cast<RankedTensorType>(v.getType());
    bool fits = t.getRank() == first.getRank() && t.getElementType() == first.getElementType();
    for (int64_t d = 0; fits && d < t.getRank(); ++d)
      fits = d == axis || t.getDimSize(d) == first.getDimSize(d);
    if (!fits)
      return emitOptionalError(loc, "concat along axis ", axis, " cannot join ", first, " and ", t);
    shape[axis] += t.getDimSize(axis);
  }
  out.push_back(like(in[0], shape));
  return success();
}

SmallVector<Value> ConcatOp::pullBack(OpBuilder &b, ValueRange d) {
  SmallVector<Value> result;
  SmallVector<int64_t> offsets(getY().getType().getRank(), 0), strides(offsets.size(), 1);
  for (Value part : getParts()) {
    auto type = cast<RankedTensorType>(part.getType());
    result.push_back(SliceOp::create(b, getLoc(), like(part, type.getShape()), d[0], offsets, strides));
    offsets[getAxis()] += type.getDimSize(getAxis());
  }
  return result;
}

Value ConcatOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  Type type = e.type(getY().getType().getElementType());
  int64_t offset = 0;
  Value result;
  for (Value part : getParts()) {
    int64_t n = cast<RankedTensorType>(part.getType()).getDimSize(getAxis());
    SmallVector<Coordinate> from(at);
    from[getAxis()] = e.affine(at[getAxis()], 1, -offset);
    Value here = e.inside(from[getAxis()], 0, n);
    Value value = e.guarded(here, type, [&] { return e.element(part, from); });
    result = result ? Value(arith::SelectOp::create(e.b, getLoc(), here, value, result)) : value;
    offset += n;
  }
  return result;
}
