//===- Entries.cpp - The entry functions of a model ---------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/AstPrinter.h"
#include "frontend/ModelCompiler.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::StringRef;
using llvm::Twine;

//===--------------------------------------------------------------------------------------------------------------===//
// Training
//===--------------------------------------------------------------------------------------------------------------===//

/// @loss: parameters, state, the model's inputs and the targets to the loss and the new state.
void ModelCompiler::buildLoss() {
  Named inputs, targets;
  std::vector<mlir::RankedTensorType> types;
  {
    // The types of inputs and targets, from a function that is thrown away.
    EntryBuilder scratch(evaluator.emitter, module, "types");
    evaluator.entry = &scratch;
    Named fields = records(scratch);
    std::optional<Named> in = inputsOf(fields);
    std::optional<Named> out = in ? targetsOf(fields, *in) : std::nullopt;
    if (in && out)
      for (const Named *list : {&*in, &*out})
        for (const auto &[name, tensor] : *list)
          types.push_back(tensor.type());
    mlir::func::FuncOp function = scratch.finish({});
    function.erase();
    evaluator.entry = nullptr;
    if (in && out) {
      inputs = std::move(*in);
      targets = std::move(*out);
    }
  }
  bool known = !inputs.empty();
  EntryBuilder entry(evaluator.emitter, module, "loss", /*isPrivate=*/true);
  evaluator.entry = &entry;
  entry.training = true;
  if (!known)
    for (const auto &[name, type] : inputTypes) { // still evaluate the model, for its own mistakes
      Tensor tensor;
      tensor.value = entry.argument("input", name, type).value;
      inputs.emplace_back(name, tensor);
    }
  else
    for (auto [i, named] : llvm::enumerate(inputs))
      named.second.value = entry.argument("input", named.first, types[i]).value;
  for (auto [i, named] : llvm::enumerate(targets))
    named.second.value = entry.argument("target", named.first, types[inputs.size() + i]).value;
  Value result = applyModel(entry, inputs);
  Named outputs = outputsOf(result);
  if (known && !result.isError()) {
    Value loss = lossOf(outputs, targets, inputs, {});
    if (loss.isTensor())
      entry.result("loss", "loss", evaluator.emitter.cast(loss.asTensor(), evaluator.emitter.builder.getF32Type()));
  }
  if (!train.classes.empty() && !outputs.empty() && outputs.front().second.rank() > 0) {
    const Tensor &first = outputs.front().second;
    int64_t units = first.shape().back();
    if (units != int64_t(train.classes.size())) {
      auto &message = evaluator.error(train.decl->find("classes")->span,
                                      "there are " + Twine(train.classes.size()) + " names of classes, and `" +
                                          model.name.text + "` tells " + evaluator.names.extent(units) + " apart");
      evaluator.addTrail(message, Value::tensor(first), "its output");
    }
  }
  for (auto &[name, tensor] : outputs) {
    outputTypes.emplace_back(name, tensor.type());
    outputMarks.push_back(tensor.batch);
  }
  for (auto &[name, tensor] : targets) {
    targetTypes.emplace_back(name, tensor.type());
    targetMarks.push_back(tensor.batch);
  }
  mlir::func::FuncOp function = entry.finish(evaluator.owned);
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    function.setArgAttrs(i, llvm::ArrayRef<mlir::NamedAttribute>());
  function.setResAttrsAttr(nullptr);
  lossArguments = entry.arguments();
  lossResults = entry.results();
  evaluator.entry = nullptr;
}

std::vector<Tensor> ModelCompiler::valueAndGradients(EntryBuilder &entry, const Named &inputs, const Named &targets,
                                                     llvm::ArrayRef<StringRef> wrt, std::vector<size_t> &indices) {
  llvm::SmallVector<mlir::Value> operands;
  llvm::SmallVector<int64_t> positions;
  llvm::SmallVector<mlir::Type> types;
  for (const auto &slot : lossResults)
    types.push_back(slot.type);
  for (auto [i, slot] : llvm::enumerate(lossArguments)) {
    if (slot.role == "param" || slot.role == "state")
      operands.push_back(entry.owned(*evaluator.owned.find(slot.name)).value);
    else if (slot.role == "input" || slot.role == "target")
      operands.push_back(find(slot.role == "input" ? inputs : targets, slot.name)->value);
    else
      operands.push_back(slot.role == "seed" ? entry.seed() : entry.step());
    mlir::Type element = mlir::cast<mlir::RankedTensorType>(slot.type).getElementType();
    if (llvm::is_contained(wrt, slot.role) && mlir::isa<mlir::FloatType>(element)) {
      positions.push_back(i);
      indices.push_back(i);
      types.push_back(slot.type);
    }
  }
  auto op = nn::ValueAndGradOp::create(evaluator.emitter.builder, evaluator.emitter.location, types, "loss", operands,
                                       positions);
  std::vector<Tensor> results;
  for (mlir::Value value : op.getOutputs()) {
    Tensor tensor;
    tensor.value = value;
    results.push_back(tensor);
  }
  return results;
}

void ModelCompiler::buildTrainStep(bool log) {
  EntryBuilder entry(evaluator.emitter, module, log ? "train_step_log" : "train_step");
  evaluator.entry = &entry;
  entry.training = true;
  Emitter &emitter = evaluator.emitter;
  Named fields = records(entry);
  std::optional<Named> inputs = inputsOf(fields);
  std::optional<Named> targets = inputs ? targetsOf(fields, *inputs) : std::nullopt;
  const Callable *update = targets ? optimizer() : nullptr;
  if (update) {
    std::vector<size_t> indices;
    std::vector<Tensor> all = valueAndGradients(entry, *inputs, *targets, {"param"}, indices);
    std::vector<Tensor> gradients(all.begin() + lossResults.size(), all.end());
    entry.result("loss", "loss", all.front());
    for (size_t i = 1; i < lossResults.size(); ++i)
      entry.update(*evaluator.owned.find(lossResults[i].name), all[i]);
    Evaluator::LocationScope here(evaluator, train.optimizer->span);
    mlir::Type f64 = emitter.builder.getF64Type();
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
        Tensor ratio = emitter.binary<nn::DivOp>(emitter.scalar(*train.clipNorm, f64),
                                                 emitter.binary<nn::AddOp>(norm, emitter.scalar(1e-6, f64)));
        Tensor factor = emitter.binary<nn::MinOp>(ratio, emitter.scalar(1, f64));
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
    Callable scheduled = *update;
    Tensor rate = learningRate(entry, scheduled);
    entry.result("rate", "lr", rate);
    mlir::Value step = entry.step();
    Tensor t;
    t.value = step;
    t = emitter.binary<nn::AddOp>(emitter.cast(t, f64), emitter.scalar(1, f64));
    t.weak = true;
    for (auto [i, index] : llvm::enumerate(indices)) {
      const OwnedValue &parameter = *evaluator.owned.find(lossArguments[index].name);
      updateParameter(entry, scheduled, parameter, Value::tensor(gradients[i]), Value::tensor(t),
                      /*initialising=*/false);
    }
  }
  entry.finish(evaluator.owned);
  evaluator.entry = nullptr;
}

void ModelCompiler::buildGradients(bool fromInputs) {
  EntryBuilder entry(evaluator.emitter, module, fromInputs ? "gradients_input" : "gradients");
  evaluator.entry = &entry;
  entry.training = true;
  std::optional<Named> inputs, targets;
  if (fromInputs) {
    inputs.emplace();
    for (const auto &[name, type] : inputTypes) {
      Tensor tensor = entry.argument("input", name, type);
      tensor.batch = {0, 1};
      inputs->emplace_back(name, tensor);
    }
    targets = targetsOf(records(entry), *inputs);
  } else {
    Named fields = records(entry);
    inputs = inputsOf(fields);
    targets = inputs ? targetsOf(fields, *inputs) : std::nullopt;
  }
  if (inputs && targets) {
    std::vector<size_t> indices;
    std::vector<Tensor> all = valueAndGradients(entry, *inputs, *targets, {"param", "input"}, indices);
    entry.result("loss", "loss", all.front());
    for (auto [i, index] : llvm::enumerate(indices))
      entry.result("gradient", lossArguments[index].name, all[lossResults.size() + i]);
  }
  entry.finish({}); // nothing is updated
  evaluator.entry = nullptr;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Prediction and initialisation
//===--------------------------------------------------------------------------------------------------------------===//

void ModelCompiler::buildPredict() {
  EntryBuilder entry(evaluator.emitter, module, "predict");
  evaluator.entry = &entry;
  Named inputs;
  for (auto [parameter, input] : llvm::zip(model.inputs, inputTypes))
    if (!parameter.whenTraining)
      inputs.emplace_back(input.first, entry.argument("input", input.first, input.second));
  evaluator.rows = &rows;
  Value result = applyModel(entry, inputs);
  evaluator.rows = nullptr;
  if (!result.isError() && !result.isTensor() && !result.isTuple())
    evaluator.error(model.name.span,
                    "a model returns a tensor or several, and this one returns " + evaluator.names.describe(result));
  for (const auto &[name, tensor] : outputsOf(result))
    entry.result("output", name, tensor);
  entry.finish(evaluator.owned);
  evaluator.entry = nullptr;
}

void ModelCompiler::buildPredictRecord() {
  EntryBuilder entry(evaluator.emitter, module, "predict_record");
  evaluator.entry = &entry;
  std::optional<Named> inputs = inputsOf(records(entry));
  if (inputs)
    for (const auto &[name, tensor] : outputsOf(applyModel(entry, *inputs)))
      entry.result("output", name, tensor);
  entry.finish(evaluator.owned);
  evaluator.entry = nullptr;
}

void ModelCompiler::buildInit() {
  EntryBuilder entry(evaluator.emitter, module, "init");
  evaluator.entry = &entry;
  std::vector<const OwnedValue *> parameters;
  for (const OwnedValue &value : evaluator.owned.all()) {
    Evaluator::LocationScope here(evaluator, value.span);
    if (value.role == OwnedStmt::Role::Param || value.role == OwnedStmt::Role::State)
      entry.update(value, evaluator.initialValue(value));
    if (value.role == OwnedStmt::Role::Param)
      parameters.push_back(&value);
  }
  if (const Callable *update = train.decl ? optimizer() : nullptr) {
    Tensor one = evaluator.weakScalar(1);
    Callable scheduled = *update;
    for (auto [parameter, value] : llvm::zip(update->decl->configuration, scheduled.configuration))
      if (parameter.type && parameter.type->name == "Schedule")
        value = Value::tensor(one);
    for (const OwnedValue *parameter : parameters)
      updateParameter(entry, scheduled, *parameter, Value::tensor(evaluator.emitter.constant(0, parameter->type)),
                      Value::tensor(one), /*initialising=*/true);
  }
  mlir::func::FuncOp function = entry.finish(evaluator.owned);
  evaluator.entry = nullptr;
  function->moveBefore(&module.getBody()->front());
}
