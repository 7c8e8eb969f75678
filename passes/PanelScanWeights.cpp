// Weights that every step of a loop multiplies with lie in panels of a few vectors, one after the other, made once in
// front of the loop: a step reads them from begin to end and packs nothing. Where a step needs the product in parts, as
// cells do with their gates, a panel has one vector of each part, and the cell is the product's epilogue.
#include "passes/Passes.h"

#include "dialect/Parts.h"
#include "dialect/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/Pass.h"

namespace nn {
#define GEN_PASS_DEF_PANELSCANWEIGHTSPASS
#include "passes/Passes.h.inc"
} // namespace nn

using namespace mlir;
using namespace nn;

namespace {

/// Steps from which on the panels are worth making.
constexpr int64_t kFewSteps = 4;
/// Vectors side by side in a panel.
constexpr int64_t kPanelVectors = 2;
/// Parts whose sums stay in the first cache until the epilogue has all.
constexpr int64_t kMaxParts = 8;

RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

struct PanelScanWeightsPass : nn::impl::PanelScanWeightsPassBase<PanelScanWeightsPass> {
  explicit PanelScanWeightsPass(const Target &target) : target(&target) {}

  void runOnOperation() override {
    SmallVector<ContractOp> products;
    getOperation().walk([&](ContractOp product) {
      if (isa<ScanOp>(product->getParentOp()))
        products.push_back(product);
    });
    for (ContractOp product : products)
      rewrite(product);
  }

private:
  /// x[i, k] * w[n, k] (or w[k, n]) as x[i, k] * panels[n / width, k, n % width]; of a product in parts, whose columns
  /// are n = (p * panels + o) * width + l, as x[i, k] * panels[o, p, k, l].
  void rewrite(ContractOp product) {
    auto scan = cast<ScanOp>(product->getParentOp());
    auto weights = dyn_cast<BlockArgument>(product.getB());
    ArrayRef<int64_t> lhs = product.getLhs(), rhs = product.getRhs(), out = product.getOut();
    RankedTensorType type = typeOf(product.getB());
    int64_t lanes = target->lanes(type.getElementTypeBitWidth());
    bool isMatrix = lhs.size() == 2 && rhs.size() == 2 && out.size() == 2 && rhs[0] != out[0] && rhs[1] != out[0];
    if (!isMatrix || scan.getTrips() < kFewSteps || !weights || !llvm::is_contained(scan.sharedArguments(), weights))
      return;
    int64_t parts = cutIntoParts(product, lanes);
    int64_t width = kPanelVectors * lanes;
    int64_t column = rhs[0] == out[1] ? 0 : 1, columns = type.getDimSize(column), depth = type.getDimSize(1 - column);
    if (parts > 1 && columns / parts % width != 0)
      width = lanes;
    if (columns / parts % width != 0)
      return;
    // In front of the loop. The columns' dimensions: parts, panels, their columns; or without parts.
    OpBuilder b(scan);
    Location loc = product.getLoc();
    SmallVector<int64_t> cut{columns / parts / width, width}, panel{0, -1, 1}; // -1: the depth
    if (parts > 1) {
      cut.insert(cut.begin(), parts);
      panel = {1, 0, -1, 2};
    }
    int64_t first = column == 0 ? 0 : 1, depthAt = column == 0 ? cut.size() : 0;
    SmallVector<int64_t> order, shape, panelLabels, labels{0};
    for (int64_t d : panel) {
      order.push_back(d < 0 ? depthAt : first + d);
      shape.push_back(d < 0 ? depth : cut[d]);
      panelLabels.push_back(d < 0 ? 1 : 2 + d);
    }
    for (size_t d = 0; d < cut.size(); ++d)
      labels.push_back(2 + d);
    cut.insert(cut.begin() + depthAt, depth);
    Value rows = ReshapeOp::create(b, loc, type.clone(cut), scan->getOperand(weights.getArgNumber() - 1));
    scan.getSharedMutable().append(TransposeOp::create(b, loc, type.clone(shape), rows, order).getY());
    Value inside = scan.block().addArgument(type.clone(shape), loc);
    // In it; 0: rows, 1: depth, then the columns' dimensions.
    b.setInsertionPoint(product);
    SmallVector<int64_t> rowLabels{0, 1};
    if (lhs[0] != out[0])
      std::swap(rowLabels[0], rowLabels[1]);
    Value blocked = ContractOp::create(b, loc, product.getA(), inside, rowLabels, panelLabels, labels);
    product.replaceAllUsesWith(ReshapeOp::create(b, loc, product.getType(), blocked).getY());
    product.erase();
  }

  /// The number of parts in which the product, or what is computed of it element by element, is needed; those parts are
  /// then cut from the product itself. 1 where it is needed as a whole.
  int64_t cutIntoParts(ContractOp product, int64_t lanes) {
    SmallVector<Operation *> chain;
    Value whole = product.getY();
    std::optional<Parts> parts;
    while (!(parts = partsOf(whole))) {
      Operation *user = whole.hasOneUse() ? *whole.user_begin() : nullptr;
      if (!user || !isa<ScalarOpInterface>(user) || user->getNumResults() != 1 ||
          typeOf(user->getResult(0)).getShape() != typeOf(whole).getShape())
        return 1;
      chain.push_back(user);
      whole = user->getResult(0);
    }
    if (lanes < 2 || parts->count > kMaxParts || parts->type.getDimSize(1) % lanes != 0)
      return 1;
    if (chain.empty())
      return parts->count;
    for (auto &[cutOff, part] : parts->slices) {
      SliceOp slice = cutOff;
      OpBuilder b(slice);
      auto cut = [&](Value v) -> Value {
        return SliceOp::create(b, slice.getLoc(), cast<RankedTensorType>(typeOf(v).clone(parts->type.getShape())), v,
                               slice.getOffsets(), slice.getStrides());
      };
      IRMapping mapping;
      mapping.map(product.getY(), cut(product.getY()));
      for (Operation *op : chain) {
        SmallVector<Value> operands = llvm::map_to_vector(
            op->getOperands(), [&](Value v) { return mapping.contains(v) ? mapping.lookup(v) : cut(v); });
        Operation *copy = b.clone(*op);
        copy->setOperands(operands);
        Value result = op->getResult(0);
        copy->getResult(0).setType(typeOf(result).clone(parts->type.getShape()));
        mapping.map(result, copy->getResult(0));
      }
      slice.getY().replaceAllUsesWith(mapping.lookup(whole));
      slice.erase();
    }
    for (Operation *op : llvm::reverse(chain))
      op->erase();
    return parts->count;
  }

  const Target *target;
};

} // namespace

std::unique_ptr<Pass> nn::createPanelScanWeightsPass(const Target &target) {
  return std::make_unique<PanelScanWeightsPass>(target);
}
