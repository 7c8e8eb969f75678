// The label algebra of contractions: types, derivatives, cost and the sum that defines an element.
#include "dialect/NN.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <map>

using namespace mlir;
using namespace nn;

LogicalResult ContractOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, ValueRange in, DictionaryAttr,
                                           OpaqueProperties properties, RegionRange, SmallVectorImpl<Type> &out) {
  auto *p = properties.as<Properties *>();
  auto a = cast<RankedTensorType>(in[0].getType()), b = cast<RankedTensorType>(in[1].getType());
  auto lhs = p->lhs.asArrayRef(), rhs = p->rhs.asArrayRef(), result = p->out.asArrayRef();
  if (int64_t(lhs.size()) != a.getRank() || int64_t(rhs.size()) != b.getRank())
    return emitOptionalError(loc, "contract needs one label per dimension of a and of b");
  if (a.getElementType() != b.getElementType())
    return emitOptionalError(loc, "contract of ", a, " and ", b, ": element types differ");
  std::map<int64_t, int64_t> extent, uses;
  for (auto [labels, type] : {std::pair(lhs, a), std::pair(rhs, b)})
    for (auto [k, label] : llvm::enumerate(labels)) {
      if (llvm::count(labels, label) != 1)
        return emitOptionalError(loc, "label ", label, " stands twice for one operand");
      auto [it, isNew] = extent.try_emplace(label, type.getDimSize(k));
      if (!isNew && it->second != type.getDimSize(k))
        return emitOptionalError(loc, "label ", label, " has extents ", it->second, " and ", type.getDimSize(k));
      ++uses[label];
    }
  SmallVector<int64_t> shape;
  for (int64_t label : result) {
    if (!extent.count(label) || llvm::count(result, label) != 1)
      return emitOptionalError(loc, "label ", label, " of the result must stand once in it, and in an operand");
    shape.push_back(extent[label]);
    ++uses[label];
  }
  for (auto [label, n] : uses)
    if (n < 2)
      return emitOptionalError(loc, "label ", label, " stands in one list only: reduce or broadcast before");
  out.push_back(RankedTensorType::get(shape, a.getElementType()));
  return success();
}

SmallVector<int64_t> ContractOp::extents() {
  SmallVector<int64_t> result;
  auto take = [&](ArrayRef<int64_t> labels, RankedTensorType type) {
    for (auto [k, label] : llvm::enumerate(labels)) {
      if (label >= int64_t(result.size()))
        result.resize(label + 1, 1);
      result[label] = type.getDimSize(k);
    }
  };
  take(getLhs(), getA().getType());
  take(getRhs(), getB().getType());
  return result;
}

SmallVector<int64_t> ContractOp::summed() {
  SmallVector<int64_t> result;
  for (int64_t label : getLhs())
    if (!llvm::is_contained(getOut(), label))
      result.push_back(label);
  return result;
}

int64_t ContractOp::flops() {
  int64_t n = 2 * getY().getType().getNumElements();
  for (int64_t label : summed())
    if (llvm::MulOverflow(n, extents()[label], n))
      return INT64_MAX;
  return n;
}

SmallVector<Value> ContractOp::pullBack(OpBuilder &b, ValueRange d) {
  return {ContractOp::create(b, getLoc(), d[0], getB(), getOut(), getRhs(), getLhs()),
          ContractOp::create(b, getLoc(), d[0], getA(), getOut(), getLhs(), getRhs())};
}

Value ContractOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  SmallVector<int64_t> extent = extents(), sum = summed();
  SmallVector<Coordinate> position(extent.size());
  for (auto [k, label] : llvm::enumerate(getOut()))
    position[label] = at[k];
  auto pick = [&](ArrayRef<int64_t> labels) {
    return llvm::map_to_vector(labels, [&](int64_t label) { return position[label]; });
  };
  std::function<SmallVector<Value>(size_t, ValueRange)> nest = [&](size_t k, ValueRange carried) -> SmallVector<Value> {
    if (k == sum.size())
      return {math::FmaOp::create(e.b, getLoc(), e.element(getA(), pick(getLhs())), e.element(getB(), pick(getRhs())),
                                  carried[0])};
    return e.loop(0, extent[sum[k]], carried, [&](Value i, ValueRange inner) {
      position[sum[k]] = {i, 0};
      return nest(k + 1, inner);
    });
  };
  Value zero = e.constant(getY().getType().getElementType(), 0);
  return nest(0, zero)[0];
}
