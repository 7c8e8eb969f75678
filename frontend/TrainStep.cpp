//===- TrainStep.cpp - The entry that trains ----------------------------------------------------------------------===//
//
// One step: gradients of one batch or the mean over several, clipping, and the optimizers' updates.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/ModelCompiler.h"

using namespace nn::frontend;
using llvm::StringRef;

std::vector<Tensor> ModelCompiler::valueAndGradients(EntryBuilder &entry, const LossFunction &function,
                                                     const Example &example, mlir::Value step,
                                                     llvm::ArrayRef<StringRef> wrt, std::vector<size_t> &indices) {
  llvm::SmallVector<mlir::Value> operands;
  llvm::SmallVector<int64_t> positions;
  llvm::SmallVector<mlir::Type> types;
  for (const auto &slot : function.results)
    types.push_back(slot.type);
  for (auto [i, slot] : llvm::enumerate(function.arguments)) {
    if (slot.role == "param" || slot.role == "state" || slot.role == "carried")
      operands.push_back(entry.owned(*evaluator.owned.find(slot.name)).value);
    else if (slot.role == "input")
      operands.push_back(find(example.inputs, slot.name)->value);
    else if (slot.role == "target" || slot.role == "weight")
      operands.push_back(find(slot.role == "target" ? example.targets : example.weights, slot.name)->value);
    else if (slot.role == "probe")
      operands.push_back(evaluator.emitter.constant(0, mlir::cast<mlir::RankedTensorType>(slot.type)).value);
    else
      operands.push_back(slot.role == "seed" ? entry.seed() : step ? step : entry.step());
    mlir::Type element = mlir::cast<mlir::RankedTensorType>(slot.type).getElementType();
    bool trained = slot.role == "param" && !evaluator.isFrozen(slot.name) && llvm::is_contained(wrt, "trained");
    if ((trained || llvm::is_contained(wrt, slot.role)) && mlir::isa<mlir::FloatType>(element)) {
      positions.push_back(i);
      indices.push_back(i);
      types.push_back(slot.type);
    }
  }
  auto op = nn::ValueAndGradOp::create(evaluator.emitter.builder, evaluator.emitter.location, types, function.name,
                                       operands, positions);
  std::vector<Tensor> results;
  for (mlir::Value value : op.getOutputs()) {
    Tensor tensor;
    tensor.value = value;
    results.push_back(tensor);
  }
  return results;
}

/// What the function returns besides the loss: new states, and what the model shows of itself.
void ModelCompiler::passOn(EntryBuilder &entry, const LossFunction &function, llvm::ArrayRef<Tensor> results,
                           bool updates) {
  for (size_t i = 1; i < function.results.size(); ++i) {
    const EntryBuilder::Slot &slot = function.results[i];
    if (slot.role == "inspect" || slot.role == "assert" || slot.role == "facts")
      entry.observe(slot.role, slot.name, results[i]);
    else if (updates)
      entry.update(*evaluator.owned.find(slot.name), results[i]);
  }
}

std::optional<ModelCompiler::StepGradients> ModelCompiler::stepGradients(EntryBuilder &entry,
                                                                         const LossFunction &function,
                                                                         const Named &records,
                                                                         llvm::ArrayRef<StringRef> wrt, bool updates) {
  Emitter &emitter = evaluator.emitter;
  int64_t count = train.accumulate, rows = train.batch;
  StepGradients sum;
  for (int64_t k = 0; k < count; ++k) {
    Named part = records;
    mlir::Value step; // draws of the batches of a step differ
    if (count > 1) {
      for (auto &[name, tensor] : part) {
        llvm::SmallVector<int64_t> offsets(tensor.rank()), extents(tensor.shape()), strides(tensor.rank(), 1);
        offsets[0] = k * rows;
        extents[0] = rows;
        std::string record = tensor.record;
        tensor = emitter.slice(tensor, offsets, extents, strides);
        tensor.batch = {0, 1};
        tensor.record = record;
      }
      Tensor now;
      now.value = entry.step();
      now = emitter.binary<nn::MulOp>(now, emitter.scalar(count, now.element()));
      step = emitter.binary<nn::AddOp>(now, emitter.scalar(k, now.element())).value;
    }
    std::optional<Example> example = exampleOf(part);
    if (!example)
      return std::nullopt;
    std::vector<size_t> indices;
    std::vector<Tensor> all = valueAndGradients(entry, function, *example, step, wrt, indices);
    passOn(entry, function, all, updates);
    std::vector<Tensor> gradients(all.begin() + function.results.size(), all.end());
    if (k == 0) {
      sum = {all.front(), std::move(gradients), std::move(indices)};
      continue;
    }
    sum.loss = emitter.binary<nn::AddOp>(sum.loss, all.front());
    for (auto [total, gradient] : llvm::zip(sum.gradients, gradients))
      total = emitter.binary<nn::AddOp>(total, gradient);
  }
  auto mean = [&](Tensor &tensor) {
    tensor = emitter.binary<nn::DivOp>(tensor, emitter.constant(count, tensor.type()));
  };
  if (count > 1) {
    mean(sum.loss);
    for (Tensor &gradient : sum.gradients)
      mean(gradient);
  }
  return sum;
}

/// Scales and cuts the gradients as `clip_norm` and `clip_value` say; their norm before that is logged.
void ModelCompiler::clip(EntryBuilder &entry, std::vector<Tensor> &gradients) {
  Emitter &emitter = evaluator.emitter;
  mlir::Type f64 = emitter.builder.getF64Type();
  bool log = open != Open::All;
  if (log || train.clipNorm) {
    // Each tensor's squares are summed in its own type, the sums of the tensors in f64.
    std::optional<Tensor> total;
    for (const Tensor &gradient : gradients) {
      llvm::SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, gradient.rank()));
      Tensor squares = emitter.binary<nn::MulOp>(gradient, gradient);
      Tensor sum = emitter.cast(axes.empty() ? squares : emitter.reduce(Emitter::Reduction::Sum, squares, axes), f64);
      total = total ? emitter.binary<nn::AddOp>(*total, sum) : sum;
    }
    Tensor norm = emitter.unary<nn::SqrtOp>(total.value_or(emitter.scalar(0, f64)));
    if (log)
      entry.result("norm", "grad_norm", emitter.cast(norm, emitter.builder.getF32Type()));
    if (train.clipNorm) {
      Tensor limit = emitter.scalar(*train.clipNorm, f64), factor;
      if (train.clipKeras)
        factor = emitter.binary<nn::DivOp>(limit, emitter.binary<nn::MaxOp>(norm, limit));
      else
        factor = emitter.binary<nn::MinOp>(
            emitter.binary<nn::DivOp>(limit, emitter.binary<nn::AddOp>(norm, emitter.scalar(1e-6, f64))),
            emitter.scalar(1, f64));
      for (Tensor &gradient : gradients)
        gradient = emitter.binary<nn::MulOp>(
            gradient, emitter.expand(emitter.cast(factor, gradient.element()), gradient.shape()));
    }
  }
  if (train.clipValue)
    for (Tensor &gradient : gradients) {
      gradient = emitter.binary<nn::MinOp>(gradient, emitter.constant(*train.clipValue, gradient.type()));
      gradient = emitter.binary<nn::MaxOp>(gradient, emitter.constant(-*train.clipValue, gradient.type()));
    }
}

/// The step without the norm of the gradients, for which nobody asks where nothing is logged.
static void copyWithoutNorm(mlir::func::FuncOp logging) {
  mlir::func::FuncOp plain = logging.clone();
  plain.setName("train_step");
  logging->getBlock()->getOperations().insert(logging->getIterator(), plain);
  for (unsigned i = plain.getNumResults(); i-- > 0;)
    if (plain.getResultAttrOfType<mlir::StringAttr>(i, "nn.role") == "norm") {
      plain.getBody().front().getTerminator()->eraseOperand(i);
      (void)plain.eraseResult(i);
    }
  eraseDeadOps(plain.getBody().front());
}

/// @train_step_log and @train_step.
void ModelCompiler::buildTrainStep() {
  EntryBuilder entry(evaluator.emitter, module, "train_step_log");
  evaluator.entry = &entry;
  entry.training = true;
  Emitter &emitter = evaluator.emitter;
  mlir::Type f64 = emitter.builder.getF64Type();
  Named fields = records(entry, train.accumulate);
  std::map<const PathRule *, Callable> scheduled;
  Tensor rate, t;
  auto schedule = [&] {
    Evaluator::LocationScope here(evaluator, train.optimizer->span);
    rate = learningRates(entry, scheduled);
    t.value = entry.step();
    t = emitter.binary<nn::AddOp>(emitter.cast(t, f64), emitter.scalar(1, f64));
    t.weak = true;
  };
  bool good = checkOptimizers(), looksAhead = good && anyHook("before");
  std::vector<std::pair<const OwnedValue *, Tensor>> weights;
  if (looksAhead) {
    schedule();
    weights = lookAhead(entry, scheduled, Value::tensor(t));
  }
  std::optional<StepGradients> step = good ? stepGradients(entry, loss, fields, {"trained"}) : std::nullopt;
  if (step) {
    for (auto &[parameter, weight] : weights)
      entry.read(*parameter, weight);
    entry.result("loss", "loss", step->loss);
    Evaluator::LocationScope here(evaluator, train.optimizer->span);
    clip(entry, step->gradients);
    if (!looksAhead)
      schedule();
    entry.result("rate", "lr", rate);
    unsigned before = diagnostics.reports();
    std::set<std::tuple<const PathRule *, const PathRule *, const void *>> checked;
    for (auto [i, index] : llvm::enumerate(step->indices)) {
      if (diagnostics.reports() != before)
        break; // the other parameters would say the same
      const OwnedValue &parameter = *evaluator.owned.find(loss.arguments[index].name);
      const PathRule *optimizer = optimizerRules->find(parameter.path);
      const PathRule *constraint = constraints ? constraints->find(parameter.path) : nullptr;
      if (open == Open::All && !checked.insert({optimizer, constraint, parameter.type.getAsOpaquePointer()}).second)
        continue; // the update of another parameter of this type has said everything
      runOptimizer(scheduled.at(optimizer), parameter, Value::tensor(step->gradients[i]), Value::tensor(t),
                   UpdatePhase::Update);
    }
  }
  mlir::func::FuncOp function = entry.finish(evaluator.owned);
  checkPlaceholders(entry);
  evaluator.entry = nullptr;
  if (open != Open::All)
    copyWithoutNorm(function);
}
