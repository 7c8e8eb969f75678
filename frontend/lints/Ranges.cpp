//===- Ranges.cpp - Between which numbers values lie --------------------------------------------------------------===//
//
// Elementwise ops are evaluated at the ends of their operands' ranges and at a few places between: that is exact for
// functions that rise or fall, and for the others that the dialect has.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/lints/Ranges.h"
#include "dialect/NN.h"
#include "frontend/lints/Network.h"
#include "frontend/lints/Scalars.h"

using namespace nn::frontend;

static constexpr double inf = std::numeric_limits<double>::infinity();

static llvm::SmallVector<double> probes(const Range &range) {
  llvm::SmallVector<double> result = {range.low, range.high};
  for (double inside : {-4.712, -1.571, -1.0, -0.5, -1e-300, 0.0, 1e-300, 0.5, 1.0, 1.571, 4.712})
    if (range.low < inside && inside < range.high)
      result.push_back(inside);
  return result;
}

static Range evaluated(mlir::Operation *op, llvm::ArrayRef<Range> in) {
  Range result{inf, -inf};
  llvm::SmallVector<double> values(in.size());
  llvm::SmallVector<const double *> places;
  for (const double &value : values)
    places.push_back(&value);
  const ScalarFunction &function = *scalarFunction(op);
  bool square = in.size() == 2 && op->getOperand(0) == op->getOperand(1);
  auto visit = [&](auto &self, size_t position) -> void {
    if (position == in.size()) {
      double y;
      function(places.data(), &y, 1);
      result = std::isnan(y) ? Range() : Range{std::min(result.low, y), std::max(result.high, y)};
      return;
    }
    if (square && position == 1) {
      values[1] = values[0];
      return self(self, 2);
    }
    for (double value : probes(in[position])) {
      values[position] = value;
      self(self, position + 1);
      if (result.low == -inf && result.high == inf)
        return;
    }
  };
  visit(visit, 0);
  return result;
}

mlir::Value nn::frontend::dividedBySum(mlir::Value value) {
  auto division = value.getDefiningOp<nn::DivOp>();
  if (!division)
    return {};
  mlir::Value divisor = division.getB();
  while (mlir::Operation *op = divisor.getDefiningOp()) {
    if (!mlir::isa<nn::BroadcastOp, nn::ReshapeOp, nn::CastOp>(op))
      break;
    divisor = op->getOperand(0);
  }
  auto sum = divisor.getDefiningOp<nn::ReduceSumOp>();
  return sum && withoutMoves(sum.getX()) == withoutMoves(division.getA()) ? division.getA() : mlir::Value();
}

llvm::DenseMap<mlir::Value, Range> nn::frontend::rangesOf(mlir::Block &body) {
  llvm::DenseMap<mlir::Value, Range> ranges;
  for (mlir::Operation &op : body) {
    if (op.getNumResults() != 1 || op.getNumRegions())
      continue;
    mlir::Value result = op.getResult(0);
    auto of = [&](mlir::Value value) {
      auto it = ranges.find(value);
      return it == ranges.end() ? Range() : it->second;
    };
    Range range;
    if (std::optional<double> number = splatOf(result)) {
      range = {*number, *number};
    } else if (mlir::Value terms = dividedBySum(result); terms && of(terms).low >= 0) {
      range = {0, 1};
    } else if (scalarFunction(&op)) {
      llvm::SmallVector<Range> in;
      for (mlir::Value operand : op.getOperands())
        in.push_back(of(operand));
      range = evaluated(&op, in);
    } else if (mlir::isa<nn::ReshapeOp, nn::TransposeOp, nn::BroadcastOp, nn::SliceOp, nn::ReduceMaxOp, nn::ReduceMinOp,
                         nn::WindowMaxOp, nn::GatherOp>(op)) {
      range = of(op.getOperand(0));
    } else if (mlir::isa<nn::ReduceSumOp, nn::WindowSumOp>(op)) {
      Range x = of(op.getOperand(0));
      range = {x.low >= 0 ? 0 : -inf, x.high <= 0 ? 0 : inf};
    } else if (mlir::isa<nn::RandomUniformOp>(op)) {
      range = {0, 1};
    } else if (mlir::isa<nn::ConcatOp>(op)) {
      range = of(op.getOperand(0));
      for (mlir::Value part : op.getOperands())
        range = {std::min(range.low, of(part).low), std::max(range.high, of(part).high)};
    }
    if (range.low > -inf || range.high < inf)
      ranges[result] = range;
  }
  return ranges;
}
