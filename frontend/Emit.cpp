//===- Emit.cpp - Tensors to operations of the nn dialect ---------------------------------------------------------===//
#include "frontend/Emit.h"
#include "dialect/NN.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/STLExtras.h"
#include <numeric>

using namespace nn::frontend;
using llvm::ArrayRef;
using llvm::SmallVector;
using mlir::RankedTensorType;

Tensor Emitter::like(const Tensor &x, mlir::Value value) {
  Tensor result = x;
  result.value = value;
  result.means = nullptr;
  result.record.clear();
  result.dims = nullptr;
  return result;
}

Tensor Emitter::merge(const Tensor &a, const Tensor &b, mlir::Value value) {
  Tensor result = like(a, value);
  result.weak = a.weak && b.weak;
  if (!result.batch)
    result.batch = b.batch;
  if (!result.field.extent || b.field.extent > result.field.extent)
    result.field = b.field;
  if (!result.trail)
    result.trail = b.trail;
  return result;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Constants
//===--------------------------------------------------------------------------------------------------------------===//

mlir::TypedAttr nn::frontend::numberAttribute(mlir::Type element, double value) {
  if (auto floating = mlir::dyn_cast<mlir::FloatType>(element)) {
    llvm::APFloat rounded(value);
    bool losesInfo;
    rounded.convert(floating.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    return mlir::FloatAttr::get(floating, rounded);
  }
  unsigned width = element.getIntOrFloatBitWidth();
  return mlir::IntegerAttr::get(element, llvm::APInt(width, uint64_t(int64_t(value)), false, /*implicitTrunc=*/true));
}

Tensor Emitter::constant(double value, RankedTensorType type) {
  auto attribute = mlir::DenseElementsAttr::get(type, mlir::Attribute(numberAttribute(type.getElementType(), value)));
  Tensor result;
  result.value = ConstantOp::create(builder, location, type, attribute);
  return result;
}

Tensor Emitter::iota(int64_t extent) {
  Tensor result;
  result.value = IotaOp::create(builder, location, RankedTensorType::get({extent}, builder.getI32Type()), /*axis=*/0);
  return result;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Elementwise
//===--------------------------------------------------------------------------------------------------------------===//

static nn::Predicate predicate(BinaryOp op) {
  switch (op) {
  case BinaryOp::Eq:
    return nn::Predicate::eq;
  case BinaryOp::Ne:
    return nn::Predicate::ne;
  case BinaryOp::Lt:
    return nn::Predicate::lt;
  case BinaryOp::Le:
    return nn::Predicate::le;
  case BinaryOp::Gt:
    return nn::Predicate::gt;
  default:
    return nn::Predicate::ge;
  }
}

Tensor Emitter::compare(BinaryOp op, const Tensor &a, const Tensor &b) {
  Tensor result = merge(a, b, CompareOp::create(builder, location, predicate(op), a.value, b.value).getResult());
  result.weak = false;
  return result;
}

Tensor Emitter::select(const Tensor &condition, const Tensor &a, const Tensor &b) {
  Tensor result = merge(a, b, SelectOp::create(builder, location, condition.value, a.value, b.value).getResult());
  if (!result.batch)
    result.batch = condition.batch;
  if (!result.trail)
    result.trail = condition.trail;
  return result;
}

Tensor Emitter::cast(const Tensor &x, mlir::Type element) {
  std::string record = x.record;
  Tensor result = x;
  result.weak = false;
  if (x.element() == element)
    return result;
  // A constant that adapts is rounded once, here.
  if (auto constant = x.value.getDefiningOp<ConstantOp>(); constant && x.weak)
    if (auto splat = mlir::dyn_cast<mlir::SplatElementsAttr>(constant.getValue());
        splat && mlir::isa<mlir::FloatType>(splat.getElementType())) {
      double number = splat.getSplatValue<mlir::APFloat>().convertToDouble();
      result.value = this->constant(number, RankedTensorType::get(x.shape(), element)).value;
      return result;
    }
  result = like(x, CastOp::create(builder, location, x.value, element).getResult());
  result.weak = false;
  result.record = record;
  result.means = x.means;
  return result;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Shape
//===--------------------------------------------------------------------------------------------------------------===//

std::optional<SmallVector<int64_t>> Emitter::broadcastShape(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  SmallVector<int64_t> result(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < result.size(); ++i) { // from the last dimension
    int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1, y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1)
      return std::nullopt;
    result[result.size() - 1 - i] = x == 1 ? y : x;
  }
  return result;
}

Tensor Emitter::expand(const Tensor &x, ArrayRef<int64_t> shape) {
  if (x.shape() == shape)
    return x;
  int64_t lead = shape.size() - x.rank();
  if (x.rank() == 0)
    if (auto constant = x.value.getDefiningOp<ConstantOp>()) {
      auto splat = mlir::cast<mlir::DenseElementsAttr>(constant.getValue());
      auto type = withShape(x, shape);
      mlir::Attribute element = *splat.getValues<mlir::Attribute>().begin();
      return like(x, ConstantOp::create(builder, location, type, mlir::DenseElementsAttr::get(type, element)));
    }
  // A dimension of extent 1 that is repeated is dropped first, since nn.broadcast only adds dimensions.
  SmallVector<int64_t> kept, dims;
  int64_t batchDim = -1;
  for (int64_t i = 0; i < x.rank(); ++i) {
    if (i == x.batch.axis)
      batchDim = lead + i;
    if (x.shape()[i] == 1 && shape[lead + i] != 1)
      continue;
    kept.push_back(x.shape()[i]);
    dims.push_back(lead + i);
  }
  Tensor narrow = x;
  if (int64_t(kept.size()) != x.rank())
    narrow = like(x, ReshapeOp::create(builder, location, withShape(x, kept), x.value).getResult());
  Tensor result =
      like(narrow, BroadcastOp::create(builder, location, withShape(x, shape), narrow.value, dims).getResult());
  bool keepsBatch = batchDim >= 0 && llvm::is_contained(dims, batchDim);
  result.batch = keepsBatch ? BatchMark{batchDim, x.batch.inner} : BatchMark{};
  return result;
}

Tensor Emitter::broadcast(const Tensor &x, ArrayRef<int64_t> shape, ArrayRef<int64_t> dims) {
  Tensor result = like(x, BroadcastOp::create(builder, location, withShape(x, shape), x.value, dims).getResult());
  if (x.batch)
    result.batch.axis = dims[x.batch.axis];
  return result;
}

/// Where the batch lies after a reshape: in row-major order, rows stay together if everything before them has extent 1.
static BatchMark reshapedMark(ArrayRef<int64_t> from, ArrayRef<int64_t> to, BatchMark mark) {
  if (!mark)
    return {};
  auto product = [](ArrayRef<int64_t> extents) {
    return std::accumulate(extents.begin(), extents.end(), int64_t(1), std::multiplies<>());
  };
  size_t axis = mark.axis;
  if (to.size() > axis && from.take_front(axis + 1) == to.take_front(axis + 1))
    return mark;
  if (product(from.take_front(axis)) != 1)
    return {};
  int64_t rowSize = mark.inner * product(from.drop_front(axis + 1));
  for (size_t i = 0; i < to.size(); ++i) {
    int64_t behind = product(to.drop_front(i + 1));
    if (to[i] == 1 && i + 1 < to.size() && behind > 1)
      continue;
    return behind && rowSize % behind == 0 ? BatchMark{int64_t(i), rowSize / behind} : BatchMark{};
  }
  return {};
}

Tensor Emitter::reshape(const Tensor &x, ArrayRef<int64_t> shape) {
  if (x.shape() == shape)
    return x;
  std::string record = x.record;
  Tensor result = like(x, ReshapeOp::create(builder, location, withShape(x, shape), x.value).getResult());
  result.batch = reshapedMark(x.shape(), shape, x.batch);
  result.record = record;
  return result;
}

Tensor Emitter::transpose(const Tensor &x, ArrayRef<int64_t> permutation) {
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, x.rank())))
    return x;
  Tensor result = like(x, TransposeOp::create(builder, location, x.value, permutation).getResult());
  if (x.batch)
    result.batch.axis = llvm::find(permutation, x.batch.axis) - permutation.begin();
  return result;
}

Tensor Emitter::slice(const Tensor &x, ArrayRef<int64_t> offsets, ArrayRef<int64_t> extents,
                      ArrayRef<int64_t> strides) {
  if (x.shape() == extents)
    return x;
  Tensor result =
      like(x, SliceOp::create(builder, location, withShape(x, extents), x.value, offsets, strides).getResult());
  if (x.batch && extents[x.batch.axis] != x.shape()[x.batch.axis])
    result.batch = {};
  return result;
}

Tensor Emitter::pad(const Tensor &x, ArrayRef<int64_t> low, ArrayRef<int64_t> high) {
  SmallVector<int64_t> interior(x.rank(), 0);
  Tensor result = like(x, PadOp::create(builder, location, x.value, low, high, interior).getResult());
  if (x.batch && (low[x.batch.axis] || high[x.batch.axis]))
    result.batch = {};
  return result;
}

Tensor Emitter::concat(ArrayRef<Tensor> parts, int64_t axis) {
  SmallVector<mlir::Value> values;
  for (const Tensor &part : parts)
    values.push_back(part.value);
  Tensor result = like(parts.front(), ConcatOp::create(builder, location, values, axis).getResult());
  for (const Tensor &part : parts)
    if (!result.batch)
      result.batch = part.batch;
  if (result.batch.axis == axis)
    result.batch = {};
  return result;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Reductions
//===--------------------------------------------------------------------------------------------------------------===//

static BatchMark reducedMark(BatchMark mark, ArrayRef<int64_t> axes) {
  if (!mark || llvm::is_contained(axes, mark.axis))
    return {};
  return {mark.axis - llvm::count_if(axes, [&](int64_t axis) { return axis < mark.axis; }), mark.inner};
}

Tensor Emitter::quotient(const Tensor &sum, const Tensor &weight) {
  Tensor isNone = compare(BinaryOp::Eq, weight, constant(0, weight.type()));
  return binary<nn::DivOp>(sum, select(isNone, constant(1, weight.type()), weight));
}

Tensor Emitter::reduce(Reduction kind, const Tensor &x, ArrayRef<int64_t> axes) {
  mlir::Value value = kind == Reduction::Sum   ? ReduceSumOp::create(builder, location, x.value, axes).getResult()
                      : kind == Reduction::Max ? ReduceMaxOp::create(builder, location, x.value, axes).getResult()
                                               : ReduceMinOp::create(builder, location, x.value, axes).getResult();
  Tensor result = like(x, value);
  result.batch = reducedMark(x.batch, axes);
  return result;
}

Tensor Emitter::argmax(const Tensor &x, int64_t axis) {
  Tensor result = like(x, ArgmaxOp::create(builder, location, x.value, axis).getResult());
  result.batch = reducedMark(x.batch, {axis});
  result.weak = false;
  return result;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Indices of the running program
//===--------------------------------------------------------------------------------------------------------------===//

Tensor Emitter::gather(const Tensor &x, const Tensor &index, int64_t axis) {
  SmallVector<int64_t> shape(x.shape().take_front(axis));
  llvm::append_range(shape, index.shape());
  llvm::append_range(shape, x.shape().drop_front(axis + 1));
  Tensor result =
      like(x, GatherOp::create(builder, location, withShape(x, shape), x.value, index.value, axis).getResult());
  result.batch = {};
  if (x.batch && x.batch.axis != axis)
    result.batch = {x.batch.axis < axis ? x.batch.axis : x.batch.axis + index.rank() - 1, x.batch.inner};
  else if (index.batch)
    result.batch = {axis + index.batch.axis, index.batch.inner};
  return result;
}

Tensor Emitter::scatterSum(const Tensor &d, const Tensor &index, int64_t extent, int64_t axis) {
  SmallVector<int64_t> shape(d.shape().take_front(axis));
  shape.push_back(extent);
  llvm::append_range(shape, d.shape().drop_front(axis + index.rank()));
  Tensor result =
      like(d, ScatterSumOp::create(builder, location, withShape(d, shape), d.value, index.value, axis).getResult());
  result.batch = {};
  if (d.batch && d.batch.axis < axis)
    result.batch = d.batch;
  else if (d.batch && d.batch.axis >= axis + index.rank())
    result.batch = {d.batch.axis + 1 - index.rank(), d.batch.inner};
  return result;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Products and windows
//===--------------------------------------------------------------------------------------------------------------===//

/// An operand of a product without the transposition in front of it, which the labels express as well.
static std::pair<mlir::Value, SmallVector<int64_t>> throughTranspose(mlir::Value value, ArrayRef<int64_t> labels) {
  SmallVector<int64_t> own(labels);
  if (auto transpose = value.getDefiningOp<nn::TransposeOp>()) {
    for (auto [to, from] : llvm::enumerate(transpose.getPermutation()))
      own[from] = labels[to];
    return {transpose.getX(), own};
  }
  return {value, own};
}

Tensor Emitter::contract(const Tensor &a, const Tensor &b, ArrayRef<int64_t> lhs, ArrayRef<int64_t> rhs,
                         ArrayRef<int64_t> out) {
  SmallVector<int64_t> shape;
  BatchMark mark;
  for (auto [position, label] : llvm::enumerate(out)) {
    auto left = llvm::find(lhs, label), right = llvm::find(rhs, label);
    bool inLeft = left != lhs.end(), inRight = right != rhs.end();
    shape.push_back(inLeft ? a.shape()[left - lhs.begin()] : b.shape()[right - rhs.begin()]);
    if (inLeft && left - lhs.begin() == a.batch.axis)
      mark = {int64_t(position), a.batch.inner};
    if (inRight && right - rhs.begin() == b.batch.axis)
      mark = {int64_t(position), b.batch.inner};
  }
  auto [left, leftLabels] = throughTranspose(a.value, lhs);
  auto [right, rightLabels] = throughTranspose(b.value, rhs);
  auto type = withShape(a, shape);
  Tensor result =
      merge(a, b, ContractOp::create(builder, location, type, left, right, leftLabels, rightLabels, out).getResult());
  result.batch = mark;
  return result;
}

ReceptiveField Emitter::slide(const Tensor &x, const WindowShape &shape) {
  ReceptiveField field = x.field;
  if (!field.extent || shape.window.empty())
    return field;
  int64_t reach = boundedProduct(boundedProduct(shape.window[0] - 1, shape.dilation[0]), field.jump);
  field.extent = boundedProduct(field.extent + reach, 1);
  field.jump = boundedProduct(field.jump, shape.strides[0]);
  return field;
}

static SmallVector<int64_t> windowedShape(const Tensor &x, const WindowShape &shape) {
  SmallVector<int64_t> result(x.shape());
  size_t lead = result.size() - shape.window.size();
  for (size_t i = 0; i < shape.window.size(); ++i)
    result[lead + i] = shape.positions(i, result[lead + i]);
  return result;
}

Tensor Emitter::convolution(const Tensor &x, const Tensor &w, const WindowShape &shape, int64_t groups) {
  SmallVector<int64_t> extents = windowedShape(x, shape);
  extents[1] = w.shape()[0];
  Tensor result = like(x, ConvOp::create(builder, location, withShape(x, extents), x.value, w.value, shape.strides,
                                         shape.low, shape.high, shape.dilation, groups)
                              .getResult());
  result.field = slide(x, shape);
  return result;
}

Tensor Emitter::windowSum(const Tensor &x, const WindowShape &shape) {
  Tensor result = like(x, WindowSumOp::create(builder, location, withShape(x, windowedShape(x, shape)), x.value,
                                              shape.window, shape.strides, shape.low, shape.high)
                              .getResult());
  result.field = slide(x, shape);
  return result;
}

Tensor Emitter::windowMax(const Tensor &x, const WindowShape &shape) {
  Tensor result = like(x, WindowMaxOp::create(builder, location, withShape(x, windowedShape(x, shape)), x.value,
                                              shape.window, shape.strides, shape.low, shape.high)
                              .getResult());
  result.field = slide(x, shape);
  return result;
}

Tensor Emitter::random(mlir::Value seed, mlir::Value step, RankedTensorType type, int64_t path, int64_t draw,
                       int64_t application) {
  Tensor result;
  result.value = RandomUniformOp::create(builder, location, type, seed, step, path, draw, application);
  return result;
}
