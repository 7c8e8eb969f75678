//===- CheckEntries.cpp - Entries that look for mistakes ----------------------------------------------------------===//
//
// `--with=check`. `check_gradient` and `check_loss` compute in f64, from parameters that are moved along a random
// direction, layer by layer: what the gradient says of the loss, and the loss. `diagnose` says for every value of a
// training step where one is not finite.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/DoublePrecision.h"
#include "frontend/ModelCompiler.h"
#include "llvm/Support/xxhash.h"
#include <numeric>

using namespace nn::frontend;
using llvm::StringRef;

/// The sum of all products of two tensors of one shape.
static Tensor dot(Emitter &emitter, const Tensor &a, const Tensor &b) {
  llvm::SmallVector<int64_t> axes(a.rank());
  std::iota(axes.begin(), axes.end(), 0);
  Tensor products = emitter.binary<nn::MulOp>(a, b);
  return axes.empty() ? products : emitter.reduce(Emitter::Reduction::Sum, products, axes);
}

void ModelCompiler::buildCheck() {
  std::string name = inDoublePrecision(module.lookupSymbol<mlir::func::FuncOp>(loss.name)).getSymName().str();
  buildCheck(name, /*gradient=*/true);
  buildCheck(name, /*gradient=*/false);
}

/// Parameters p are p + shift·v, with one `shift` per layer and v uniform in [-1, 1). `slope` of a layer is the sum of
/// g·v over its parameters: what the loss grows by, divided by the shift.
void ModelCompiler::buildCheck(const std::string &doubleLoss, bool gradient) {
  EntryBuilder entry(evaluator.emitter, module, gradient ? "check_gradient" : "check_loss");
  evaluator.entry = &entry;
  entry.training = true;
  if (std::optional<Example> example = exampleOf(records(entry))) {
    std::vector<Direction> directions;
    llvm::SmallVector<mlir::Value> operands = movedOperands(entry, *example, directions);
    Emitter &emitter = evaluator.emitter;
    llvm::SmallVector<mlir::Type> types;
    for (const auto &slot : loss.results)
      types.push_back(inDoublePrecision(slot.type));
    llvm::SmallVector<int64_t> positions;
    if (gradient)
      for (const Direction &direction : directions) {
        positions.push_back(direction.argument);
        types.push_back(direction.value.type());
      }
    auto op = nn::ValueAndGradOp::create(emitter.builder, emitter.location, types, doubleLoss, operands, positions);
    auto result = [&](size_t index) {
      Tensor tensor;
      tensor.value = op.getOutputs()[index];
      return tensor;
    };
    entry.result("loss", "loss", result(0));
    for (size_t k = 0; k < positions.size();) {
      const std::string &layer = directions[k].layer; // its parameters follow each other
      std::optional<Tensor> slope;
      for (; k < positions.size() && directions[k].layer == layer; ++k) {
        Tensor part = dot(emitter, result(loss.results.size() + k), directions[k].value);
        slope = slope ? emitter.binary<nn::AddOp>(*slope, part) : part;
      }
      entry.result("slope", layer, *slope);
    }
  }
  entry.finish({});
  evaluator.entry = nullptr;
}

/// What the loss is called with: floating-point values in f64, parameters that are trained moved along their
/// directions.
llvm::SmallVector<mlir::Value> ModelCompiler::movedOperands(EntryBuilder &entry, const Example &example,
                                                            std::vector<Direction> &directions) {
  Emitter &emitter = evaluator.emitter;
  mlir::Type f64 = emitter.builder.getF64Type();
  llvm::SmallVector<mlir::Value> operands;
  std::map<std::string, std::pair<size_t, Tensor>> shifts; // of layers, in the order in which they are met
  for (auto [i, slot] : llvm::enumerate(loss.arguments)) {
    Tensor operand;
    if (slot.role == "input")
      operand = *find(example.inputs, slot.name);
    else if (slot.role == "target" || slot.role == "weight")
      operand = *find(slot.role == "target" ? example.targets : example.weights, slot.name);
    else if (const OwnedValue *owned = evaluator.owned.find(slot.name))
      operand = entry.owned(*owned);
    else
      operand.value = entry.counter(slot.role);
    bool isFloat = mlir::isa<mlir::FloatType>(operand.element());
    if (isFloat)
      operand = emitter.cast(operand, f64);
    if (isFloat && slot.role == "param" && !evaluator.isFrozen(slot.name)) {
      const OwnedValue &parameter = *evaluator.owned.find(slot.name);
      std::string layer = parameter.owner.empty() ? parameter.path : parameter.owner;
      auto [known, isNew] = shifts.try_emplace(layer);
      if (isNew)
        known->second = {shifts.size(), entry.argument("shift", layer, mlir::RankedTensorType::get({}, f64))};
      const auto &[order, shift] = known->second;
      mlir::RankedTensorType type = operand.type();
      Tensor v =
          emitter.random(entry.seed(), entry.step(), type, int64_t(llvm::xxh3_64bits("check " + slot.name)), 0, 0);
      v = emitter.binary<nn::SubOp>(emitter.binary<nn::MulOp>(v, emitter.constant(2, type)), emitter.constant(1, type));
      Tensor moved = emitter.binary<nn::MulOp>(v, emitter.expand(shift, type.getShape()));
      operand = emitter.binary<nn::AddOp>(operand, moved);
      directions.push_back({order, int64_t(i), layer, v});
    }
    operands.push_back(operand.value);
  }
  llvm::sort(directions, [](const Direction &a, const Direction &b) {
    return std::tie(a.order, a.argument) < std::tie(b.order, b.argument);
  });
  return operands;
}

/// @diagnose: what a training step sees and computes, in the order in which it arises, and then the gradients, in the
/// order in which they do.
void ModelCompiler::buildDiagnose() {
  LossFunction watched = buildLoss("watched_loss", /*watched=*/true);
  EntryBuilder entry(evaluator.emitter, module, "diagnose");
  evaluator.entry = &entry;
  entry.training = true;
  Named fields = records(entry, train.accumulate);
  for (const OwnedValue &value : evaluator.owned.all())
    if (value.role != OwnedStmt::Role::Slot && value.role != OwnedStmt::Role::Tally)
      evaluator.observeFacts((value.role == OwnedStmt::Role::Param ? "the parameter `" : "the state `") + value.path +
                                 "`, in front of the step",
                             entry.owned(value));
  if (std::optional<StepGradients> step = stepGradients(entry, watched, fields, {"trained", "probe"}, false)) {
    entry.result("loss", "loss", step->loss);
    auto observe = [&](StringRef role, const std::string &what) {
      for (size_t k = step->gradients.size(); k-- > 0;)
        if (const EntryBuilder::Slot &slot = watched.arguments[step->indices[k]]; slot.role == role)
          evaluator.observeFacts("the gradient of " + (role == "param" ? what + slot.name + "`" : slot.name),
                                 step->gradients[k]);
    };
    observe("probe", "");
    observe("param", "the parameter `");
  }
  entry.finish({});
  evaluator.entry = nullptr;
}
