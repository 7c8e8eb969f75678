// A sum of many elements to few results has no independent work for threads: partial sums do. How many parts there are
// is a function of the shape, so the order of additions never depends on the number of threads.
#include "passes/Passes.h"

#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace nn {
#define GEN_PASS_DEF_SPLITREDUCTIONSPASS
#include "passes/Passes.h.inc"
} // namespace nn

using namespace mlir;
using namespace nn;

namespace {

/// Results that are work enough for threads already.
constexpr int64_t kFewResults = 8;
/// Elements per result from which on parts are worth a second kernel.
constexpr int64_t kManyElements = 1 << 15;
constexpr int64_t kParts = 16;

RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

/// One dimension of a tensor as two: `parts` blocks of it, and the place within a block.
struct Split {
  int64_t axis, parts;

  /// The same memory under the new shape.
  RankedTensorType operator()(RankedTensorType type) const {
    SmallVector<int64_t> shape(type.getShape()), order;
    shape[axis] /= parts;
    shape.insert(shape.begin() + axis, parts);
    for (int64_t d : physicalOrder(type)) {
      order.push_back(d > axis ? d + 1 : d);
      if (d == axis)
        order.push_back(axis + 1);
    }
    return withOrder(RankedTensorType::get(shape, type.getElementType()), order);
  }
};

/// `v` in the split shape. Elementwise ops that only the reduction reads move along, so that they stay in its kernel.
Value splitValue(OpBuilder &b, Value v, Split split) {
  Operation *op = v.getDefiningOp();
  RankedTensorType type = split(typeOf(v));
  if (op && isa<ScalarOpInterface>(op) && v.hasOneUse()) {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(splitValue(b, operand, split));
    OperationState state(op->getLoc(), op->getName(), operands, {type}, op->getAttrs());
    return b.create(state)->getResult(0);
  }
  if (auto constant = v.getDefiningOp<ConstantOp>())
    if (auto splat = dyn_cast<SplatElementsAttr>(constant.getValue()))
      return ConstantOp::create(b, v.getLoc(), splat.resizeSplat(type));
  if (auto broadcast = v.getDefiningOp<BroadcastOp>();
      broadcast && !llvm::is_contained(broadcast.getDims(), split.axis)) {
    auto dims = llvm::map_to_vector(broadcast.getDims(), [&](int64_t d) { return d > split.axis ? d + 1 : d; });
    return BroadcastOp::create(b, v.getLoc(), type, broadcast.getX(), dims);
  }
  return ReshapeOp::create(b, v.getLoc(), type, v);
}

/// The outermost summed dimension in memory that can be cut into at least two equal parts.
std::optional<Split> findSplit(ReduceSumOp op) {
  RankedTensorType type = typeOf(op.getX());
  for (int64_t d : physicalOrder(type)) {
    if (!llvm::is_contained(op.getAxes(), d))
      continue;
    for (int64_t parts = std::min(kParts, type.getDimSize(d)); parts > 1; --parts)
      if (type.getDimSize(d) % parts == 0)
        return Split{d, parts};
  }
  return std::nullopt;
}

void splitReduction(ReduceSumOp op) {
  int64_t results = typeOf(op.getY()).getNumElements();
  if (results >= kFewResults || typeOf(op.getX()).getNumElements() / results < kManyElements)
    return;
  std::optional<Split> split = findSplit(op);
  if (!split)
    return;
  OpBuilder b(op);
  Value x = splitValue(b, op.getX(), *split);
  // All former axes but the number of the part; it is the result's dimension behind the ones that stay before it.
  SmallVector<int64_t> axes;
  for (int64_t axis : op.getAxes())
    axes.push_back(axis >= split->axis ? axis + 1 : axis);
  int64_t place = split->axis - llvm::count_if(op.getAxes(), [&](int64_t axis) { return axis < split->axis; });
  Value partial = ReduceSumOp::create(b, op.getLoc(), x, axes);
  Value sum = ReduceSumOp::create(b, op.getLoc(), op.getType(), partial, ArrayRef<int64_t>{place});
  op.replaceAllUsesWith(sum);
  op.erase();
}

struct SplitReductionsPass : nn::impl::SplitReductionsPassBase<SplitReductionsPass> {
  void runOnOperation() override {
    for (auto entry : getOperation().getOps<func::FuncOp>())
      if (!entry.isPrivate())
        for (auto op : llvm::make_early_inc_range(entry.getBody().getOps<ReduceSumOp>()))
          splitReduction(op);
  }
};

} // namespace

std::unique_ptr<Pass> nn::createSplitReductionsPass() { return std::make_unique<SplitReductionsPass>(); }
