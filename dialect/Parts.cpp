// The patterns of products that are needed in parts.
#include "dialect/Parts.h"

using namespace mlir;
using namespace nn;

std::optional<Parts> nn::partsOf(Value matrix) {
  auto type = cast<RankedTensorType>(matrix.getType());
  if (type.getRank() != 2 || type.getEncoding() || matrix.use_empty())
    return std::nullopt;
  Parts parts;
  bool differ = false;
  for (Operation *user : matrix.getUsers()) {
    auto slice = dyn_cast<SliceOp>(user);
    if (!slice)
      return std::nullopt;
    RankedTensorType part = slice.getY().getType();
    if (!parts.type)
      parts.type = part;
    int64_t size = part.getDimSize(1), at = slice.getOffsets()[1];
    bool fits = part == parts.type && part.getDimSize(0) == type.getDimSize(0) && type.getDimSize(1) % size == 0 &&
                at % size == 0 && llvm::all_of(slice.getStrides(), [](int64_t s) { return s == 1; });
    if (!fits)
      return std::nullopt;
    parts.slices.push_back({slice, at / size});
    differ |= parts.slices.back().second != parts.slices.front().second;
  }
  if (!differ)
    return std::nullopt;
  parts.count = type.getDimSize(1) / parts.type.getDimSize(1);
  return parts;
}

std::optional<Parts> nn::partsOf(ContractOp product) {
  ArrayRef<int64_t> lhs = product.getLhs(), rhs = product.getRhs(), out = product.getOut();
  bool isPanelled = lhs.size() == 2 && rhs.size() == 4 && out.size() == 4 &&
                    rhs == ArrayRef<int64_t>{out[2], out[1], lhs[0] == out[0] ? lhs[1] : lhs[0], out[3]};
  if (!isPanelled || !product->hasOneUse())
    return std::nullopt;
  auto matrix = dyn_cast<ReshapeOp>(*product->user_begin());
  auto parts = matrix ? partsOf(matrix.getY()) : std::nullopt;
  RankedTensorType type = product.getY().getType();
  if (!parts || type.getEncoding() || type.getDimSize(0) != parts->type.getDimSize(0) ||
      type.getDimSize(1) != parts->count)
    return std::nullopt;
  return parts;
}
