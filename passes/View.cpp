// Compares strides: dimensions of extent 1 do not count, and a run of dimensions that lies contiguously in memory may
// be cut and joined.
#include "passes/View.h"

#include "dialect/NN.h"

using namespace mlir;

namespace nn {
namespace {

struct Dimension {
  int64_t extent, stride;
};

/// The dimensions of extent above 1, from the outermost logical one, neighbours joined where they lie contiguously.
SmallVector<Dimension> joined(ArrayRef<int64_t> shape, ArrayRef<int64_t> strides) {
  SmallVector<Dimension> result;
  for (auto [extent, stride] : llvm::zip_equal(shape, strides)) {
    if (extent == 1)
      continue;
    if (!result.empty() && result.back().stride == extent * stride)
      result.back() = {result.back().extent * extent, stride};
    else
      result.push_back({extent, stride});
  }
  return result;
}

} // namespace

bool isView(Operation *op) {
  if (!isa<ReshapeOp, TransposeOp>(op))
    return false;
  auto in = cast<RankedTensorType>(op->getOperand(0).getType());
  auto out = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<int64_t> inStrides = physicalStrides(in);
  SmallVector<int64_t> outStrides = physicalStrides(out);
  auto same = [](Dimension a, Dimension b) { return a.extent == b.extent && a.stride == b.stride; };
  if (isa<ReshapeOp>(op))
    return llvm::equal(joined(in.getShape(), inStrides), joined(out.getShape(), outStrides), same);
  for (auto [to, from] : llvm::enumerate(cast<TransposeOp>(op).getPermutation()))
    if (out.getDimSize(to) != 1 && outStrides[to] != inStrides[from])
      return false;
  return true;
}

Value viewed(Value v) {
  while (Operation *op = v.getDefiningOp()) {
    if (!isView(op))
      break;
    v = op->getOperand(0);
  }
  return v;
}

} // namespace nn
