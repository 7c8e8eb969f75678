//===- LearningRate.cpp - The lint on learning rates --------------------------------------------------------------===//
//
// Runs the optimizer on one parameter with a gradient of which half stays and half is noise: how far does a step go?
// Where that does not depend on the size of the gradient, it is compared with what weights are like, else with the
// gradient.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/lints/Lints.h"
#include "frontend/lints/Sample.h"

using namespace nn::frontend;
using llvm::Twine;

namespace {

/// The optimizer at work on a weight whose gradient has the mean square `gradient`².
class Trial {
public:
  Trial(mlir::ModuleOp module, const UpdateFunction &update, double gradient);
  /// One step; `total` counts all of them.
  void step(double number, double total);
  double rate = 0, change = 0; ///< of the last step

private:
  mlir::RankedTensorType type(size_t i) { return mlir::cast<mlir::RankedTensorType>(body.getArgument(i).getType()); }
  const UpdateFunction &update;
  mlir::Block &body;
  Sampler sampler;
  double gradient;
  Sampler::SamplePtr lasting; ///< what of the gradient stays
};

} // namespace

Trial::Trial(mlir::ModuleOp module, const UpdateFunction &update, double gradient)
    : update(update), body(mlir::func::FuncOp(update.function).getBody().front()), sampler(module), gradient(gradient) {
  for (auto [i, slot] : llvm::enumerate(update.arguments)) {
    Sampler::SamplePtr start = sampler.number(type(i), 0);
    if (slot.role == "param") {
      auto sample = std::make_shared<Sample>(*sampler.input(type(i), 1));
      for (double &element : sample->elements)
        element *= 0.05;
      start = sample;
    } else if (slot.role == "placeholder") {
      lasting = sampler.input(type(i), 1);
    }
    sampler.set(body.getArgument(i), start);
  }
}

void Trial::step(double number, double total) {
  for (auto [i, slot] : llvm::enumerate(update.arguments)) {
    if (slot.role == "step" || slot.role == "total" || slot.role == "examples")
      sampler.set(body.getArgument(i), sampler.number(type(i), slot.role == "step" ? number : total));
    if (slot.role != "placeholder")
      continue;
    auto sample = std::make_shared<Sample>(*sampler.input(type(i), 1));
    for (auto [element, stays] : llvm::zip(sample->elements, lasting->elements))
      element = gradient * std::sqrt(0.5) * (element + stays);
    sampler.set(body.getArgument(i), sample);
  }
  sampler.run(body);
  for (auto [i, slot] : llvm::enumerate(update.results)) {
    Sampler::SamplePtr next = sampler.get(body.getTerminator()->getOperand(i));
    if (slot.role == "rate") {
      rate = next->elements[0];
      continue;
    }
    for (auto [k, argument] : llvm::enumerate(update.arguments)) {
      if (argument.name != slot.name || argument.role != slot.role)
        continue;
      if (slot.role == "param") {
        Sample difference = *next;
        for (auto [x, y] : llvm::zip(difference.elements, sampler.get(body.getArgument(k))->elements))
          x -= y;
        change = std::sqrt(difference.meanSquare());
      } else {
        sampler.set(body.getArgument(k), next);
      }
    }
  }
}

void nn::frontend::lintLearningRate(Evaluator &evaluator, const UpdateFunction &update) {
  constexpr double total = 1000;
  Trial small(evaluator.module, update, 0.1), large(evaluator.module, update, 10);
  for (double number = 0; number < 16; ++number) {
    small.step(number, total);
    large.step(number, total);
  }
  if (!(small.rate > 0) || !(small.change > 0) || !(large.change > 0))
    return;
  double reached = small.rate, highest = reached;
  Trial later(evaluator.module, update, 0.1);
  for (double number : {0.0, 50.0, 100.0, 200.0, 300.0, 500.0, 750.0}) {
    later.step(number, total);
    highest = std::max(highest, later.rate);
  }
  bool normalised = large.change < 3 * small.change;
  double far = (normalised ? small.change : small.change / 0.1) * highest / reached;
  double most = normalised ? 0.05 : 20, least = normalised ? 1e-7 : 1e-6;
  if (far >= least && far <= most)
    return;
  std::string text = normalised ? "a step moves each weight by about " + rounded(far) +
                                      " however small its gradient is, and weights are about 0.05 in size"
                                : "a step goes about " + rounded(far) + " times the gradient";
  evaluator.diagnostics
      .warning(update.span, "learning-rate",
               "the learning rate is unusually " + Twine(far > most ? "high" : "low") + ": " + text)
      .hint(normalised ? "optimizers that scale the gradient are usually run with rates from 1e-5 to 1e-2"
                       : "rates from 1e-4 to 1 are usual, with momentum up to 0.1");
}
