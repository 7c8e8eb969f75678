// One rewrite for every op: operands are cast to f32, the op is built again on them, its results are cast back. Which
// ops compute is asked of their interfaces, never of a list.
#include "passes/WidenHalves.h"
#include "passes/Passes.h"

#include "dialect/NN.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Pass/Pass.h"

namespace nn {
#define GEN_PASS_DEF_WIDENHALVESPASS
#include "passes/Passes.h.inc"
} // namespace nn

using namespace mlir;
using namespace nn;

static bool isHalf(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isBF16() || element.isF16();
}

static Value converted(OpBuilder &b, Location loc, Value v, Type element) {
  return getElementTypeOrSelf(v.getType()) == element ? v : Value(CastOp::create(b, loc, v, element));
}

/// Whether an op computes its results, rather than casting or moving elements or standing for other ops.
static bool computes(Operation *op) {
  if (isa<CastOp>(op))
    return false;
  if (isa<ScalarOpInterface, RandomUniformOp, IotaOp>(op))
    return true;
  auto cost = dyn_cast<CostOpInterface>(op);
  return cost && !op->hasTrait<Structural>() && op->getNumRegions() == 0 && cost.flops() != 0;
}

static void widen(Operation *op) {
  OpBuilder b(op);
  Type single = b.getF32Type();
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(isHalf(operand.getType()) ? converted(b, op->getLoc(), operand, single) : operand);
  Operation *wide = b.clone(*op);
  wide->setOperands(operands);
  SmallVector<Value> results;
  for (auto [result, old] : llvm::zip(wide->getResults(), op->getResults())) {
    if (!isHalf(old.getType())) {
      results.push_back(result);
      continue;
    }
    auto type = cast<RankedTensorType>(old.getType());
    result.setType(type.clone(single));
    Value value = result;
    if (isa<RandomUniformOp>(op)) // rounding must not make 1 of what is below
      value = MinOp::create(b, op->getLoc(), value,
                            ConstantOp::create(b, op->getLoc(), type.clone(single),
                                               type.getElementType().isBF16() ? 1 - 0x1p-8 : 1 - 0x1p-11));
    results.push_back(converted(b, op->getLoc(), value, type.getElementType()));
  }
  op->replaceAllUsesWith(results);
  op->erase();
}

void nn::widenHalves(ModuleOp module) {
  SmallVector<Operation *> found;
  module.walk([&](Operation *op) {
    if (computes(op) && (llvm::any_of(op->getOperandTypes(), isHalf) || llvm::any_of(op->getResultTypes(), isHalf)))
      found.push_back(op);
  });
  for (Operation *op : found)
    widen(op);
}

namespace {
struct WidenHalvesPass : nn::impl::WidenHalvesPassBase<WidenHalvesPass> {
  void runOnOperation() override { widenHalves(getOperation()); }
};
} // namespace

std::unique_ptr<Pass> nn::createWidenHalvesPass() { return std::make_unique<WidenHalvesPass>(); }
