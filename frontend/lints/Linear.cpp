//===- Linear.cpp - Lints on layers that other layers undo or repeat ----------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/lints/Lints.h"
#include "llvm/ADT/StringMap.h"
#include <set>

using namespace nn::frontend;
using llvm::Twine;

//===--------------------------------------------------------------------------------------------------------------===//
// linear-linear
//===--------------------------------------------------------------------------------------------------------------===//

/// The product that takes nothing but a linear function of the result of `first`, or null.
static const Product *nextProduct(Network &network, const Product &first) {
  mlir::Value value = first.op->getResult(0);
  while (value.hasOneUse()) {
    mlir::Operation *user = *value.user_begin();
    if (const Product *next = network.productOf(user))
      return next->input == value ? next : nullptr;
    bool others =
        llvm::any_of(user->getOperands(), [&](mlir::Value v) { return v != value && network.dependsOnInput(v); });
    bool linear = mlir::isa<nn::ReshapeOp, nn::TransposeOp, nn::NegOp>(user) ||
                  (!others && mlir::isa<nn::AddOp, nn::SubOp, nn::MulOp>(user)) ||
                  (!others && mlir::isa<nn::DivOp>(user) && user->getOperand(0) == value);
    if (!linear || user->getBlock() != first.op->getBlock())
      return nullptr;
    value = user->getResult(0);
  }
  return nullptr;
}

static bool isGrouped(const Product &product) {
  auto conv = mlir::dyn_cast<nn::ConvOp>(product.op);
  return conv && conv.getGroups() > 1;
}

void nn::frontend::lintLinearLayers(Network &network) {
  // A matrix that is used in several places is no part of one layer.
  llvm::StringMap<unsigned> uses;
  for (auto [slot, argument] : llvm::zip(network.arguments, network.body().getArguments()))
    uses[slot.name] = std::distance(argument.use_begin(), argument.use_end());
  for (const Product &first : network.products) {
    const Product *second = nextProduct(network, first);
    if (second && (uses[first.parameter] > 1 || uses[second->parameter] > 1))
      continue;
    if (!second || first.parameter.empty() || second->parameter.empty() || isGrouped(first) || isGrouped(*second))
      continue;
    // Fewer units between than on both sides: a matrix of lower rank, which one layer is not.
    if (first.outputs < std::min(first.inputs, second->outputs))
      continue;
    Diagnostic *message =
        network.warn(second->op, "linear-linear",
                     "between " + network.layer(first.op) + " and " + network.layer(second->op) +
                         " there is no activation: together they compute what one linear layer could");
    if (message)
      message->note("the first one", network.evaluator.spanOf(first.op->getLoc()))
          .hint("put an activation between them, such as `|> relu`, or leave one out");
  }
}

//===--------------------------------------------------------------------------------------------------------------===//
// bias-before-norm
//===--------------------------------------------------------------------------------------------------------------===//

namespace {

/// A value that contains `factor` times the bias along `axis`.
struct Share {
  int64_t axis;
  double factor;
};

/// Follows a vector that is added: does something subtract it again before anything else sees it?
class BiasTracer {
public:
  /// The op that takes the last of it away; null where it has an effect, or is not used.
  mlir::Operation *cancelledBy(mlir::BlockArgument bias);

private:
  bool step(mlir::Operation &op);
  const Share *share(mlir::Value value) const {
    auto it = shares.find(value);
    return it == shares.end() ? nullptr : &it->second;
  }

  llvm::DenseMap<mlir::Value, Share> shares;
  mlir::Operation *canceller = nullptr;
};

} // namespace

/// Where a reshape puts an axis, or nothing where it merges or splits it.
static std::optional<int64_t> axisBehind(nn::ReshapeOp op, int64_t axis) {
  auto before = op.getX().getType().getShape(), after = op.getY().getType().getShape();
  int64_t wanted = 1, outer = 1;
  for (int64_t i = 0; i < axis; ++i)
    wanted *= before[i];
  for (size_t i = 0; i < after.size(); ++i) {
    if (outer == wanted && after[i] == before[axis])
      return i;
    outer *= after[i];
  }
  return std::nullopt;
}

/// Adds what the op makes of its operands' shares; false where it makes something else of them.
bool BiasTracer::step(mlir::Operation &op) {
  const Share *first = op.getNumOperands() > 0 ? share(op.getOperand(0)) : nullptr;
  const Share *second = op.getNumOperands() > 1 ? share(op.getOperand(1)) : nullptr;
  auto put = [&](int64_t axis, double factor) {
    if (std::fabs(factor) > 1e-6)
      shares[op.getResult(0)] = {axis, factor};
    else
      canceller = &op;
    return true;
  };
  if (mlir::isa<nn::StopGradientOp>(op))
    return true; // what follows does not train the bias
  if (mlir::isa<nn::AddOp, nn::SubOp>(op)) {
    double sign = mlir::isa<nn::SubOp>(op) ? -1 : 1;
    if (first && second)
      return first->axis == second->axis && put(first->axis, first->factor + sign * second->factor);
    return first ? put(first->axis, first->factor) : put(second->axis, sign * second->factor);
  }
  if (mlir::isa<nn::MulOp, nn::DivOp>(op)) {
    std::optional<double> scale = splatOf(op.getOperand(first ? 1 : 0));
    if (!scale || *scale == 0 || (!first && mlir::isa<nn::DivOp>(op)))
      return false;
    const Share &known = first ? *first : *second;
    return put(known.axis, mlir::isa<nn::DivOp>(op) ? known.factor / *scale : known.factor * *scale);
  }
  if (auto broadcast = mlir::dyn_cast<nn::BroadcastOp>(op))
    return put(broadcast.getDims()[first->axis], first->factor);
  if (auto reshape = mlir::dyn_cast<nn::ReshapeOp>(op)) {
    std::optional<int64_t> axis = axisBehind(reshape, first->axis);
    return axis && put(*axis, first->factor);
  }
  if (auto transpose = mlir::dyn_cast<nn::TransposeOp>(op))
    return put(llvm::find(transpose.getPermutation(), first->axis) - transpose.getPermutation().begin(), first->factor);
  if (auto sum = mlir::dyn_cast<nn::ReduceSumOp>(op)) {
    double factor = first->factor;
    int64_t axis = first->axis;
    for (int64_t reduced : sum.getAxes()) {
      if (reduced == first->axis)
        return false;
      factor *= sum.getX().getType().getDimSize(reduced);
      axis -= reduced < first->axis;
    }
    return put(axis, factor);
  }
  return false;
}

mlir::Operation *BiasTracer::cancelledBy(mlir::BlockArgument bias) {
  shares[bias] = {0, 1};
  // What uses a share, in the order of the block.
  auto before = [](mlir::Operation *a, mlir::Operation *b) { return a->isBeforeInBlock(b); };
  std::set<mlir::Operation *, decltype(before)> next(before);
  next.insert(bias.user_begin(), bias.user_end());
  while (!next.empty()) {
    mlir::Operation *op = *next.begin();
    next.erase(next.begin());
    if (!step(*op))
      return nullptr;
    for (mlir::Value result : op->getResults())
      if (shares.count(result))
        next.insert(result.user_begin(), result.user_end());
  }
  return canceller;
}

void nn::frontend::lintBiasBeforeNorm(Network &network) {
  if (!network.train)
    return;
  for (auto [slot, argument] : llvm::zip(network.arguments, network.body().getArguments())) {
    auto type = mlir::cast<mlir::RankedTensorType>(argument.getType());
    if (slot.role != "param" || type.getRank() != 1 || type.getDimSize(0) == 1 || network.evaluator.isFrozen(slot.name))
      continue;
    mlir::Operation *canceller = BiasTracer().cancelledBy(argument);
    if (!canceller)
      continue;
    if (Diagnostic *message = network.warn(canceller, "bias-before-norm",
                                           "`" + Twine(slot.name) + "` has no effect: " + network.layer(canceller) +
                                               " takes it away again, as a mean or a difference does"))
      message->hint("leave the bias out of the layer in front: `bias: false`");
  }
}
