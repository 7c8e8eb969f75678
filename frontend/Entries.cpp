//===- Entries.cpp - The entry functions of a model ---------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/AstPrinter.h"
#include "frontend/ModelCompiler.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::StringRef;
using llvm::Twine;

//===--------------------------------------------------------------------------------------------------------------===//
// The loss and its gradients
//===--------------------------------------------------------------------------------------------------------------===//

/// What lints want to know of the model's outputs; the names of classes belong to the first of them.
void ModelCompiler::noteOutputs(const Named &outputs) {
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
  for (const auto &[name, tensor] : outputs)
    lossOutputs.push_back(tensor.value);
}

/// Parameters, state, the model's inputs and the targets to the loss and the new state; `watched`, also to facts of
/// what the layers compute.
ModelCompiler::LossFunction ModelCompiler::buildLoss(StringRef name, bool watched) {
  Example example;
  bool known = false;
  std::vector<mlir::RankedTensorType> types;
  {
    // The types of inputs and targets, from a function that is thrown away.
    EntryBuilder scratch(evaluator.emitter, module, "types");
    evaluator.entry = &scratch;
    Named fields = records(scratch);
    if (std::optional<Example> found = exampleOf(fields)) {
      known = true;
      example = std::move(*found);
      for (const Named *list : {&example.inputs, &example.targets, &example.weights})
        for (const auto &[name, tensor] : *list)
          types.push_back(tensor.type());
    }
    mlir::func::FuncOp function = scratch.finish({});
    function.erase();
    evaluator.entry = nullptr;
  }
  EntryBuilder entry(evaluator.emitter, module, name, /*isPrivate=*/true);
  evaluator.entry = &entry;
  entry.training = true;
  entry.watched = watched;
  if (!known)
    for (const auto &[name, type] : inputTypes) { // still evaluate the model, for its own mistakes
      Tensor tensor;
      tensor.value = entry.argument("input", name, type).value;
      example.inputs.emplace_back(name, tensor);
    }
  size_t next = 0;
  auto arguments = [&](Named &list, StringRef role) {
    for (auto &[name, tensor] : list)
      tensor.value = entry.argument(role, name, types[next++]).value;
  };
  if (known) {
    arguments(example.inputs, "input");
    arguments(example.targets, "target");
    arguments(example.weights, "weight");
  }
  if (watched)
    for (const auto &[input, tensor] : example.inputs)
      evaluator.observeFacts("the input `" + input + "`", tensor);
  Value result = applyModel(entry, example.inputs);
  Named outputs = outputsOf(result);
  if (known && !result.isError() && checkParameterRules()) {
    Value value = lossOf(outputs, example, {});
    if (value.isTensor()) {
      Tensor total =
          withPenalty(entry, evaluator.emitter.cast(value.asTensor(), evaluator.emitter.builder.getF32Type()));
      entry.result("loss", "loss", total);
      if (watched)
        evaluator.observeFacts("the loss", total);
    }
  }
  if (!watched)
    noteOutputs(outputs);
  mlir::func::FuncOp function = entry.finish(evaluator.owned);
  function.removeArgAttrsAttr();
  function.removeResAttrsAttr();
  evaluator.entry = nullptr;
  return {name.str(), entry.arguments(), entry.results()};
}

/// Where a state goes from batch to batch, batches follow each other.
void ModelCompiler::checkCarried() {
  for (const OwnedValue &value : evaluator.owned.all())
    if (value.role == OwnedStmt::Role::Carried && train.shuffle) {
      evaluator
          .error(train.decl->name.span,
                 "`" + value.path +
                     "` goes from batch to batch, and this train block draws its records in random order")
          .note("the state", value.span)
          .hint("write `shuffle = false`, with data that follow each other: `text(…, streams: n)`");
      return;
    }
}

void ModelCompiler::buildGradients(bool fromInputs) {
  EntryBuilder entry(evaluator.emitter, module, fromInputs ? "gradients_input" : "gradients");
  evaluator.entry = &entry;
  entry.training = true;
  std::optional<Example> example;
  if (fromInputs) {
    Named inputs;
    for (const auto &[name, type] : inputTypes) {
      Tensor tensor = entry.argument("input", name, type);
      tensor.batch = {0, 1};
      inputs.emplace_back(name, tensor);
    }
    Named fields = records(entry);
    std::optional<Named> targets = targetsOf(fields, inputs);
    std::optional<Named> weights = targets ? weightsOf(fields, inputs) : std::nullopt;
    if (weights)
      example = Example{std::move(inputs), std::move(*targets), std::move(*weights)};
  } else {
    example = exampleOf(records(entry));
  }
  if (example) {
    std::vector<size_t> indices;
    std::vector<Tensor> all = valueAndGradients(entry, loss, *example, {}, {"param", "input"}, indices);
    entry.result("loss", "loss", all.front());
    for (auto [i, index] : llvm::enumerate(indices))
      entry.result("gradient", loss.arguments[index].name, all[loss.results.size() + i]);
    passOn(entry, loss, all, /*updates=*/false);
  }
  entry.finish({}); // nothing is updated
  evaluator.entry = nullptr;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Prediction and initialisation
//===--------------------------------------------------------------------------------------------------------------===//

mlir::func::FuncOp ModelCompiler::buildPredict() {
  EntryBuilder entry(evaluator.emitter, module, "predict");
  evaluator.entry = &entry;
  Named inputs;
  for (auto [parameter, input] : llvm::zip(model.inputs, inputTypes))
    if (!parameter.whenTraining)
      inputs.emplace_back(input.first, entry.argument("input", input.first, input.second));
  useEvaluated(entry);
  evaluator.rows = &rows;
  Value result = applyModel(entry, inputs);
  evaluator.rows = nullptr;
  if (!result.isError() && !result.isTensor() && !result.isTuple())
    evaluator.error(model.name.span,
                    "a model returns a tensor or several, and this one returns " + evaluator.names.describe(result));
  predicted = outputsOf(result);
  for (const auto &[name, tensor] : predicted)
    entry.result("output", name, tensor);
  mlir::func::FuncOp function = entry.finish(evaluator.owned);
  checkPlaceholders(entry);
  predictArguments = entry.arguments();
  evaluator.entry = nullptr;
  return function;
}

/// @predict_record: what @predict does, with the inputs as expressions of a record.
void ModelCompiler::buildPredictRecord(mlir::func::FuncOp predict) {
  EntryBuilder entry(evaluator.emitter, module, "predict_record");
  evaluator.entry = &entry;
  std::optional<Named> inputs = inputsOf(records(entry));
  if (inputs)
    for (auto &[slot, tensor] : entry.copy(predict, evaluator.owned, [&](const EntryBuilder::Slot &slot) {
           return slot.role == "input" ? find(*inputs, slot.name) : nullptr;
         }))
      entry.result(slot.role, slot.name, tensor);
  entry.finish({});
  evaluator.entry = nullptr;
}

/// @init, and where the slots' first values depend on the weights or evaluation reads them, @slots: these values for
/// weights that were loaded.
void ModelCompiler::buildInit() {
  mlir::func::FuncOp slots = train.decl && open != Open::All ? buildSlots() : nullptr;
  EntryBuilder entry(evaluator.emitter, module, "init");
  evaluator.entry = &entry;
  for (const OwnedValue &value : evaluator.owned.all()) {
    Evaluator::LocationScope here(evaluator, value.span);
    bool ofSchedule = value.role == OwnedStmt::Role::Slot && value.initial.isNumber();
    if (value.role == OwnedStmt::Role::Param || value.role == OwnedStmt::Role::State ||
        value.role == OwnedStmt::Role::Carried || ofSchedule)
      entry.update(value, evaluator.initialValue(value));
  }
  if (slots)
    for (auto &[slot, tensor] : entry.copy(slots, evaluator.owned, [](const EntryBuilder::Slot &) { return nullptr; }))
      entry.update(*evaluator.owned.find(slot.name), tensor);
  mlir::func::FuncOp function = entry.finish(evaluator.owned);
  evaluator.entry = nullptr;
  function->moveBefore(&module.getBody()->front());
  if (!slots)
    return;
  bool readsWeights = llvm::any_of(slots.getArguments(), [](mlir::BlockArgument a) { return !a.use_empty(); });
  if (!readsWeights && !anyHook("evaluate"))
    slots.erase();
}

mlir::func::FuncOp ModelCompiler::buildSlots() {
  EntryBuilder entry(evaluator.emitter, module, "slots");
  evaluator.entry = &entry;
  const PathRules *rules = optimizers();
  Value one = Value::tensor(evaluator.weakScalar(1));
  for (const std::string &path : parameterPaths()) {
    const OwnedValue &parameter = *evaluator.owned.find(path);
    runOptimizer(withoutStep(rules->find(path)->value.asCallable(), one), parameter,
                 Value::tensor(evaluator.emitter.constant(0, parameter.type)), one, UpdatePhase::Initialise);
  }
  mlir::func::FuncOp function = entry.finish(evaluator.owned);
  evaluator.entry = nullptr;
  return function;
}
