//===- Outputs.cpp - Lints on what a loss makes of the model's outputs --------------------------------------------===//
//
// A loss that takes logits makes probabilities of them: powers e^(x - max x) whose sum is taken. One that takes
// probabilities takes their logarithm as they are.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/lints/Lints.h"
#include "frontend/lints/Ranges.h"

using namespace nn::frontend;
using llvm::Twine;

namespace {

class OutputLint {
public:
  explicit OutputLint(Network &network) : network(network), ranges(rangesOf(network.body())) {}
  void run();

private:
  Range rangeOf(mlir::Value value) const {
    auto it = ranges.find(value);
    return it == ranges.end() ? Range() : it->second;
  }
  bool isOutput(mlir::Value value) const { return llvm::is_contained(network.outputs, value); }
  mlir::Value outputBehind(mlir::Value value) const;
  mlir::Value logitsOf(nn::ExpOp powers) const;
  mlir::Value probabilitiesOf(nn::LogOp logarithm) const;
  mlir::Value logitsOfTwo(nn::ExpOp powers) const;
  void warnOfSigmoid(mlir::Operation *powers, mlir::Value source, const char *wanted, const char *hint);
  void checkLogits(mlir::Operation *powers, mlir::Value logits);

  Network &network;
  llvm::DenseMap<mlir::Value, Range> ranges;
};

} // namespace

/// The model's output whose elements `value` holds in another order or type, or null.
mlir::Value OutputLint::outputBehind(mlir::Value value) const {
  while (!isOutput(value)) {
    mlir::Operation *op = value.getDefiningOp();
    if (!op || !mlir::isa<nn::ReshapeOp, nn::TransposeOp, nn::CastOp>(op))
      return {};
    value = op->getOperand(0);
  }
  return value;
}

static bool isSummed(mlir::Value value) {
  return llvm::any_of(value.getUsers(), [](mlir::Operation *user) { return mlir::isa<nn::ReduceSumOp>(user); });
}

/// The output that e^(x - max x), which is summed, takes for logits.
mlir::Value OutputLint::logitsOf(nn::ExpOp powers) const {
  mlir::Value x = powers.getX();
  if (auto shift = x.getDefiningOp<nn::SubOp>())
    x = shift.getA();
  return isSummed(powers.getY()) ? outputBehind(x) : mlir::Value();
}

/// The output whose logarithm is taken: cut off, chosen from, or subtracted from 1 before.
mlir::Value OutputLint::probabilitiesOf(nn::LogOp logarithm) const {
  llvm::SmallVector<mlir::Value> work = {logarithm.getX()};
  while (!work.empty()) {
    mlir::Value value = work.pop_back_val();
    if (mlir::Value output = outputBehind(value))
      return output;
    mlir::Operation *op = value.getDefiningOp();
    if (!op)
      continue;
    if (auto select = mlir::dyn_cast<nn::SelectOp>(op))
      work.append({select.getA(), select.getB()});
    else if (mlir::isa<nn::MaxOp, nn::MinOp, nn::ReshapeOp, nn::TransposeOp>(op))
      work.append(op->operand_begin(), op->operand_end());
    else if (auto rest = mlir::dyn_cast<nn::SubOp>(op); rest && splatOf(rest.getA()) == 1.0)
      work.push_back(rest.getB());
  }
  return {};
}

/// Whether `value` is x - log Σ e^x.
static bool isLogSoftmax(mlir::Value value) {
  auto difference = value.getDefiningOp<nn::SubOp>();
  mlir::Value total = difference ? difference.getB() : mlir::Value();
  while (total && mlir::isa_and_nonnull<nn::BroadcastOp, nn::ReshapeOp>(total.getDefiningOp()))
    total = total.getDefiningOp()->getOperand(0);
  auto logarithm = total ? total.getDefiningOp<nn::LogOp>() : nn::LogOp();
  total = logarithm ? withoutMoves(logarithm.getX()) : mlir::Value();
  auto sum = total ? total.getDefiningOp<nn::ReduceSumOp>() : nn::ReduceSumOp();
  auto powers = sum ? sum.getX().getDefiningOp<nn::ExpOp>() : nn::ExpOp();
  return powers && powers.getX() == difference.getA();
}

/// The output z of e^-|z| or e^min(-z, z), with which a loss of two classes takes its logits.
mlir::Value OutputLint::logitsOfTwo(nn::ExpOp powers) const {
  auto negative = powers.getX().getDefiningOp<nn::NegOp>();
  auto size = negative ? negative.getX().getDefiningOp<nn::AbsOp>() : nn::AbsOp();
  if (size)
    return outputBehind(size.getX());
  auto least = powers.getX().getDefiningOp<nn::MinOp>();
  auto other = least ? least.getA().getDefiningOp<nn::NegOp>() : nn::NegOp();
  return other && other.getX() == least.getB() ? outputBehind(least.getB()) : mlir::Value();
}

/// The model's output lies between 0 and 1, and the loss takes it for a logit.
void OutputLint::warnOfSigmoid(mlir::Operation *powers, mlir::Value source, const char *wanted, const char *hint) {
  if (Diagnostic *message = network.warn(powers, "sigmoid-into-classes",
                                         Twine("the loss wants ") + wanted +
                                             ", any numbers, and the model's output lies between 0 and 1"))
    message->note("it is made here", network.evaluator.spanOf(source.getDefiningOp()->getLoc())).hint(hint);
}

void OutputLint::checkLogits(mlir::Operation *powers, mlir::Value logits) {
  mlir::Value source = withoutMoves(logits);
  Range range = rangeOf(source);
  bool probabilities = dividedBySum(source) && range.low >= 0;
  if (probabilities || isLogSoftmax(source)) {
    const char *name = probabilities ? "softmax" : "log_softmax";
    if (Diagnostic *message =
            network.warn(powers, "softmax-into-logits",
                         Twine("the loss wants logits, and the model's output went through ") + name + " already"))
      message->note(Twine("the ") + name, network.evaluator.spanOf(source.getDefiningOp()->getLoc()))
          .hint(Twine("leave the ") + name + " out of the model: the loss takes it in, more exactly");
  } else if (range.low >= 0 && range.high <= 1 && source.getDefiningOp()) {
    warnOfSigmoid(powers, source, "logits of classes",
                  "leave the sigmoid out where one class of several is right; where several may be, take "
                  "binary_cross_entropy");
  }
}

void OutputLint::run() {
  llvm::DenseSet<mlir::Value> warned;
  for (mlir::Operation &op : network.body()) {
    if (auto powers = mlir::dyn_cast<nn::ExpOp>(op)) {
      if (mlir::Value logits = logitsOf(powers))
        checkLogits(&op, logits);
      mlir::Value logit = logitsOfTwo(powers), source = logit ? withoutMoves(logit) : mlir::Value();
      if (source && source.getDefiningOp() && rangeOf(source).low >= 0 && rangeOf(source).high <= 1)
        warnOfSigmoid(&op, source, "logits", "leave the sigmoid out: the loss takes it in, more exactly");
    } else if (auto logarithm = mlir::dyn_cast<nn::LogOp>(op)) {
      mlir::Value output = probabilitiesOf(logarithm);
      if (!output || rangeOf(output).low >= 0 || !warned.insert(output).second)
        continue;
      if (Diagnostic *message = network.warn(&op, "logits-into-probs",
                                             "the loss takes the logarithm of the model's output, which may be "
                                             "negative: it wants probabilities"))
        message->hint("put a softmax or sigmoid behind the model, or take the loss of logits (its name without "
                      "`_probs`)");
    }
  }
}

void nn::frontend::lintOutputs(Network &network) {
  if (network.train && !network.outputs.empty())
    OutputLint(network).run();
}
