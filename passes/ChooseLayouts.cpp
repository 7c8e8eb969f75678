// Which tensors keep the batch innermost in memory. Follows the batch dimension from the records and inputs of an entry
// through its ops, decides once per entry whether vectors should be rows of the batch, and writes encodings; what the
// caller and other entries see keeps its order.
#include "passes/Clusters.h"
#include "passes/Passes.h"

#include "dialect/NN.h"
#include "dialect/Target.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include <numeric>

namespace nn {
#define GEN_PASS_DEF_CHOOSELAYOUTSPASS
#include "passes/Passes.h.inc"
} // namespace nn

using namespace mlir;
using namespace nn;

namespace {

RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

/// Where dimension `d` of a reshape's operand lies in its result: the dimension of the same extent behind as many
/// elements.
std::optional<int64_t> throughReshape(ReshapeOp op, int64_t d) {
  ArrayRef<int64_t> in = typeOf(op.getX()).getShape(), out = typeOf(op.getY()).getShape();
  auto product = [](ArrayRef<int64_t> shape) {
    return std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>());
  };
  for (size_t e = 0; e < out.size(); ++e)
    if (out[e] == in[d] && product(out.take_front(e)) == product(in.take_front(d)))
      return e;
  return std::nullopt;
}

template <typename Range>
std::optional<int64_t> positionIn(const Range &range, int64_t value) {
  auto it = llvm::find(range, value);
  if (it == range.end())
    return std::nullopt;
  return std::distance(range.begin(), it);
}

/// Where dimension `d` of an operand lies in the result, if the op keeps it.
std::optional<int64_t> resultDimension(Operation *op, unsigned operand, int64_t d) {
  RankedTensorType in = typeOf(op->getOperand(operand)), out = typeOf(op->getResult(0));
  if (isa<ScalarOpInterface>(op))
    return d;
  if (auto broadcast = dyn_cast<BroadcastOp>(op))
    return broadcast.getDims()[d];
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return positionIn(transpose.getPermutation(), d);
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    return throughReshape(reshape, d);
  if (auto product = dyn_cast<ContractOp>(op))
    return positionIn(product.getOut(), (operand == 0 ? product.getLhs() : product.getRhs())[d]);
  if (isa<ConvOp, ConvInputGradOp>(op))
    return operand == 0 && d == 0 ? std::optional<int64_t>(0) : std::nullopt;
  if (auto axes = op->getAttrOfType<DenseI64ArrayAttr>("axes")) {
    if (llvm::is_contained(axes.asArrayRef(), d))
      return std::nullopt;
    return d - llvm::count_if(axes.asArrayRef(), [&](int64_t axis) { return axis < d; });
  }
  if (auto argmax = dyn_cast<ArgmaxOp>(op))
    return d == int64_t(argmax.getAxis()) ? std::nullopt : std::optional<int64_t>(d - (d > int64_t(argmax.getAxis())));
  // Windows, slices, pads and joins leave a dimension whose extent stays; a convolution's weights have no such
  // dimension.
  bool stays = !isa<ConvWeightGradOp>(op) && in.getRank() == out.getRank() && in.getDimSize(d) == out.getDimSize(d);
  return stays ? std::optional<int64_t>(d) : std::nullopt;
}

struct ChooseLayoutsPass : nn::impl::ChooseLayoutsPassBase<ChooseLayoutsPass> {
  explicit ChooseLayoutsPass(const Target &target) : target(&target) {}

  void runOnOperation() override {
    for (auto entry : getOperation().getOps<func::FuncOp>())
      if (!entry.isPrivate()) {
        DenseMap<Value, int64_t> batch = findBatch(entry);
        if (prefersBatchInnermost(entry, batch))
          apply(entry, batch);
      }
  }

private:
  /// Kernel functions keep what is outermost.
  static void markResults(CallOp call, unsigned operand, int64_t d, DenseMap<Value, int64_t> &batch) {
    for (Value result : call.getOutputs())
      if (d == 0 && typeOf(result).getRank() > 0 &&
          typeOf(result).getDimSize(0) == typeOf(call.getOperand(operand)).getDimSize(0))
        batch.try_emplace(result, 0);
  }

  /// The batch dimension of every value that has one.
  DenseMap<Value, int64_t> findBatch(func::FuncOp entry) {
    DenseMap<Value, int64_t> batch;
    Block &block = entry.getBody().front();
    for (BlockArgument argument : block.getArguments()) {
      auto role = entry.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "nn.role");
      if (role && (role.getValue() == "record" || role.getValue() == "input") && typeOf(argument).getRank() > 0)
        batch[argument] = 0;
    }
    for (Operation &op : block.without_terminator())
      for (auto [k, operand] : llvm::enumerate(op.getOperands()))
        if (auto it = batch.find(operand); it != batch.end()) {
          if (auto call = dyn_cast<CallOp>(op))
            markResults(call, k, it->second, batch);
          else if (auto d = op.getNumResults() == 1 ? resultDimension(&op, k, it->second) : std::nullopt)
            batch.try_emplace(op.getResult(0), *d);
        }
    // Constants, coordinates, random numbers, broadcast parameters and what is computed from these follow what they are
    // combined with.
    for (Operation &op : llvm::reverse(block.without_terminator()))
      if (isa<ScalarOpInterface>(op))
        if (auto it = batch.find(op.getResult(0)); it != batch.end()) {
          int64_t d = it->second;
          for (Value operand : op.getOperands())
            if (Operation *source = operand.getDefiningOp())
              if (source->getNumOperands() == 0 || isa<ScalarOpInterface, BroadcastOp, RandomUniformOp>(source))
                batch.try_emplace(operand, d);
        }
    return batch;
  }

  /// Rows of the batch fill vectors, and what every row is multiplied with stays in the second-level cache.
  bool prefersBatchInnermost(func::FuncOp entry, const DenseMap<Value, int64_t> &batch) {
    if (!entry.getBody().getOps<ScanOp>().empty())
      return false; // the steps of a sequence lie one behind the other
    int64_t products = 0;
    for (Operation &op : entry.getBody().front().without_terminator()) {
      if (!isProduct(&op) || !llvm::any_of(op.getOperands(), [&](Value v) { return batch.count(v); }))
        continue;
      ++products;
      for (Value operand : op.getOperands()) {
        RankedTensorType type = typeOf(operand);
        auto it = batch.find(operand);
        if (it != batch.end() && type.getDimSize(it->second) < target->lanes(type.getElementTypeBitWidth()))
          return false;
        if (it == batch.end() && type.getNumElements() * type.getElementTypeBitWidth() / 8 > target->l2Bytes())
          return false;
      }
    }
    return products > 0;
  }

  void apply(func::FuncOp entry, const DenseMap<Value, int64_t> &batch) {
    auto innermost = [&](Value v) {
      SmallVector<int64_t> order;
      int64_t d = batch.lookup(v);
      for (int64_t k = 0; k < typeOf(v).getRank(); ++k)
        if (k != d)
          order.push_back(k);
      order.push_back(d);
      return withOrder(typeOf(v), order);
    };
    auto converted = [&](OpBuilder &b, Value v, RankedTensorType type) -> Value {
      auto identity = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
      return TransposeOp::create(b, v.getLoc(), type, v, identity);
    };
    Block &block = entry.getBody().front();
    for (Operation &op : block.without_terminator())
      for (Value result : op.getResults()) {
        if (!batch.count(result) || typeOf(result).getRank() < 2 || isa<CallOp>(op))
          continue;
        if (auto constant = dyn_cast<ConstantOp>(op)) {
          auto splat = dyn_cast<SplatElementsAttr>(constant.getValue());
          if (!splat)
            continue;
          constant.setValueAttr(splat.resizeSplat(innermost(result)));
        }
        result.setType(innermost(result));
      }
    // Products read their operands often: what stays row-major is reordered for them once.
    auto reorderForProducts = [&](OpBuilder b, Value v) {
      if (!batch.count(v) || typeOf(v).getRank() < 2)
        return;
      Value reordered;
      for (OpOperand &use : llvm::make_early_inc_range(v.getUses())) {
        if (!isProduct(use.getOwner()))
          continue;
        if (!reordered)
          reordered = converted(b, v, innermost(v));
        use.set(reordered);
      }
    };
    for (BlockArgument argument : block.getArguments())
      reorderForProducts(OpBuilder::atBlockBegin(&block), argument);
    // Kernel functions read and return tensors that are row-major.
    for (auto call : llvm::make_early_inc_range(block.getOps<CallOp>())) {
      OpBuilder before(call), behind(call->getBlock(), std::next(call->getIterator()));
      for (OpOperand &operand : call->getOpOperands())
        if (RankedTensorType type = typeOf(operand.get()); type.getEncoding())
          operand.set(converted(before, operand.get(), RankedTensorType::get(type.getShape(), type.getElementType())));
      for (Value result : call.getOutputs())
        reorderForProducts(behind, result);
    }
    Operation *end = block.getTerminator();
    OpBuilder b(end);
    for (auto [operand, type] : llvm::zip(end->getOpOperands(), entry.getResultTypes()))
      if (operand.get().getType() != type)
        operand.set(converted(b, operand.get(), cast<RankedTensorType>(type)));
  }

  const Target *target;
};

} // namespace

std::unique_ptr<Pass> nn::createChooseLayoutsPass(const Target &target) {
  return std::make_unique<ChooseLayoutsPass>(target);
}
