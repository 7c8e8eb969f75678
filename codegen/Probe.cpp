// Emits elements into a block that is thrown away; counts reads and estimates cycles.
#include "codegen/Probe.h"
#include "codegen/ElementEmitter.h"
#include "codegen/Targets.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace nn;

/// Instructions of the shorter elementary functions.
static constexpr int64_t kPolynomialInstructions = 16;

/// How often a block runs per run of the scratch block.
static double rounds(Block *block) {
  double n = 1;
  for (Operation *op = block->getParentOp(); op; op = op->getBlock() ? op->getBlock()->getParentOp() : nullptr)
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      auto lo = getConstantIntValue(loop.getLowerBound()), hi = getConstantIntValue(loop.getUpperBound()),
           step = getConstantIntValue(loop.getStep());
      if (lo && hi && step)
        n *= double(*hi - *lo + *step - 1) / double(*step);
    }
  return n;
}

/// Whether the operation becomes a polynomial of its own.
static bool isPolynomial(Operation *op) {
  return isa<math::MathDialect>(op->getDialect()) &&
         !isa<math::FmaOp, math::AbsFOp, math::FloorOp, math::CeilOp, math::SqrtOp>(op);
}

/// Reciprocal throughput in cycles of an operation on one register.
static double cyclesOf(Operation *op) {
  if (isa<arith::ConstantOp, scf::YieldOp, scf::ForOp, scf::IfOp>(op) || op->getNumResults() == 0)
    return 0;
  Type type = getElementTypeOrSelf(op->getResult(0).getType());
  if (type.isIndex())
    return 0.25;
  if (isa<arith::DivFOp, math::SqrtOp>(op))
    return 8;
  if (isPolynomial(op))
    return 14;
  if (isa<arith::MulUIExtendedOp>(op))
    return 6;
  return 0.5;
}

Probe nn::probe(ArrayRef<Value> values, const llvm::SetVector<Value> &memory, const Machine &machine, int64_t lanes,
                int64_t laneDim) {
  Probe result;
  MLIRContext *context = values[0].getContext();
  auto domain = cast<RankedTensorType>(values[0].getType());
  OwningOpRef<ModuleOp> scratch = ModuleOp::create(values[0].getLoc());
  Block *block = scratch->getBody();
  OpBuilder b(context);
  b.setInsertionPointToStart(block);
  ElementEmitter e(b, values[0].getLoc());
  e.reduceLanes = [&](Type type) { return machine.lanes(type.getIntOrFloatBitWidth()); };

  SmallVector<Coordinate> at;
  for (int64_t d = 0; d < domain.getRank(); ++d) {
    Value index = block->addArgument(b.getIndexType(), e.loc);
    e.forms.assume(index, 0, domain.getDimSize(d) - 1);
    at.push_back({index, d == laneDim && lanes > 1 ? 1 : 0});
  }
  auto note = [&](ElementEmitter &e, Value tensor, ArrayRef<Coordinate> at) {
    auto type = cast<RankedTensorType>(tensor.getType());
    Read read{tensor, {}};
    for (const Coordinate &c : at)
      read.at.push_back(e.forms.of(c.base));
    bool cheap = e.lanes == 1 || ElementEmitter::laneStride(type, at) == 1;
    result.cost += (cheap ? 0.5 : 2.0 * double(e.lanes)) * rounds(e.b.getInsertionBlock());
    result.instructions += cheap ? 1 : 2 * e.lanes;
    result.reads.push_back(std::move(read));
  };
  auto record = [&](Value tensor) {
    e.bind(tensor, [&note, tensor](ElementEmitter &e, ArrayRef<Coordinate> at) -> Value {
      auto type = cast<RankedTensorType>(tensor.getType());
      if (!e.isTrial)
        note(e, tensor, at);
      // Under a trial only the number of operations counts.
      Value value = arith::ConstantOp::create(e.b, e.loc, e.b.getZeroAttr(e.type(type.getElementType())));
      int64_t extra = ElementEmitter::laneStride(type, at) == 1 ? 0 : 2 * e.lanes;
      for (int64_t i = 0; e.isTrial && e.lanes > 1 && i < extra; ++i)
        arith::SelectOp::create(e.b, e.loc, e.activeMask(), value, value);
      return value;
    });
  };
  llvm::SetVector<Value> roots(values.begin(), values.end());
  for (Value tensor : memory)
    if (!roots.contains(tensor))
      record(tensor);
  Value first = values[0];
  Block *body = first.getParentBlock();
  for (BlockArgument argument : body->getArguments())
    record(argument);

  e.setLanes(lanes, lanes);
  for (Value value : values)
    e.element(value, at);
  block->walk([&](Operation *op) {
    double registers = 1;
    if (op->getNumResults() > 0)
      if (auto type = dyn_cast<VectorType>(op->getResult(0).getType()))
        if (type.getElementType().isIntOrFloat())
          registers =
              std::max(1.0, double(type.getNumElements() * type.getElementTypeBitWidth()) / machine.facts.vectorBits);
    result.cost += cyclesOf(op) * registers * rounds(op->getBlock());
    result.instructions += isPolynomial(op) ? kPolynomialInstructions : 1;
  });
  return result;
}
