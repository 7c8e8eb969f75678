// Operands of products in a lower precision: rounded where they are read, so that sums and storage stay f32. Behind
// autodiff, since the products of the derivative are products, too.
#include "passes/Passes.h"

#include "dialect/NN.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace nn {
#define GEN_PASS_DEF_ROUNDPRODUCTSPASS
#include "passes/Passes.h.inc"
} // namespace nn

using namespace mlir;
using namespace nn;

namespace {

struct RoundProductsPass : nn::impl::RoundProductsPassBase<RoundProductsPass> {
  void runOnOperation() override {
    auto precision = getOperation()->getAttrOfType<StringAttr>("nn.precision");
    if (!precision || precision.getValue() == "f32")
      return;
    getOperation().walk([](Operation *op) {
      if (!isa<ContractOp, ConvOp, ConvInputGradOp, ConvWeightGradOp>(op))
        return;
      OpBuilder b(op);
      for (OpOperand &operand : op->getOpOperands())
        if (cast<RankedTensorType>(operand.get().getType()).getElementType().isF32())
          operand.set(rounded(b, operand.get()));
    });
  }

private:
  static Value rounded(OpBuilder &b, Value v) {
    // In front of a transpose, which then becomes labels of the product.
    if (auto transpose = v.getDefiningOp<TransposeOp>())
      return TransposeOp::create(b, v.getLoc(), v.getType(), rounded(b, transpose.getX()), transpose.getPermutation());
    Value narrow = CastOp::create(b, v.getLoc(), v, b.getBF16Type());
    return CastOp::create(b, v.getLoc(), narrow, b.getF32Type());
  }
};

} // namespace

std::unique_ptr<Pass> nn::createRoundProductsPass() { return std::make_unique<RoundProductsPass>(); }
