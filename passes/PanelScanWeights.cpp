// Weights that every step of a loop multiplies with lie in panels of a few vectors, one after the other, made once in
// front of the loop: a step reads them from begin to end and packs nothing.
#include "passes/Passes.h"

#include "dialect/NN.h"
#include "dialect/Target.h"
#include "mlir/IR/BuiltinOps.h"
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
  /// x[i, k] * w[n, k] (or w[k, n]) as x[i, k] * panels[n / width, k, n % width].
  void rewrite(ContractOp product) {
    auto scan = cast<ScanOp>(product->getParentOp());
    auto weights = dyn_cast<BlockArgument>(product.getB());
    ArrayRef<int64_t> lhs = product.getLhs(), rhs = product.getRhs(), out = product.getOut();
    RankedTensorType type = typeOf(product.getB());
    int64_t width = kPanelVectors * target->lanes(type.getElementTypeBitWidth());
    bool isMatrix = lhs.size() == 2 && rhs.size() == 2 && out.size() == 2 && rhs[0] != out[0] && rhs[1] != out[0];
    if (!isMatrix || scan.getTrips() < kFewSteps || !weights || !llvm::is_contained(scan.sharedArguments(), weights))
      return;
    int64_t column = rhs[0] == out[1] ? 0 : 1, columns = type.getDimSize(column), depth = type.getDimSize(1 - column);
    if (columns % width != 0)
      return;
    // In front of the loop.
    OpBuilder b(scan);
    Location loc = product.getLoc();
    Value outside = scan->getOperand(weights.getArgNumber() - 1);
    int64_t panels = columns / width;
    SmallVector<int64_t> cut =
        column == 0 ? SmallVector<int64_t>{panels, width, depth} : SmallVector<int64_t>{depth, panels, width};
    SmallVector<int64_t> order = column == 0 ? SmallVector<int64_t>{0, 2, 1} : SmallVector<int64_t>{1, 0, 2};
    RankedTensorType panelled = type.clone({panels, depth, width});
    Value made = TransposeOp::create(b, loc, panelled, ReshapeOp::create(b, loc, type.clone(cut), outside), order);
    scan.getSharedMutable().append(made);
    Value inside = scan.block().addArgument(panelled, loc);
    // In it; 0: rows, 1: depth, 2: panels, 3: their columns.
    b.setInsertionPoint(product);
    bool rowsFirst = lhs[0] == out[0];
    Value blocked = ContractOp::create(b, loc, product.getA(), inside,
                                       rowsFirst ? ArrayRef<int64_t>{0, 1} : ArrayRef<int64_t>{1, 0},
                                       ArrayRef<int64_t>{2, 1, 3}, ArrayRef<int64_t>{0, 2, 3});
    product.replaceAllUsesWith(ReshapeOp::create(b, loc, product.getType(), blocked).getY());
    product.erase();
  }

  const Target *target;
};

} // namespace

std::unique_ptr<Pass> nn::createPanelScanWeightsPass(const Target &target) {
  return std::make_unique<PanelScanWeightsPass>(target);
}
