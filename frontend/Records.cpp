//===- Records.cpp - From records to the loss ---------------------------------------------------------------------===//
//
// What the entries have in common: a data set's fields as arguments, the model's inputs and the targets as expressions
// of them, the model applied, its outputs, and the loss.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/AstPrinter.h"
#include "frontend/ModelCompiler.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::StringRef;
using llvm::Twine;

const Tensor *ModelCompiler::find(const Named &list, StringRef name) {
  for (const auto &[known, tensor] : list)
    if (known == name)
      return &tensor;
  return nullptr;
}

ModelCompiler::Named ModelCompiler::records(EntryBuilder &entry, int64_t batches) {
  Named result;
  for (const DataField &field : train.data.fields) {
    llvm::SmallVector<int64_t> shape = {evaluator.dimensions[batchName] * batches};
    shape.append(field.type.getShape().begin(), field.type.getShape().end());
    Tensor tensor =
        entry.argument("record", field.name, mlir::RankedTensorType::get(shape, field.type.getElementType()));
    tensor.batch = {0, 1};
    tensor.record = field.name;
    tensor.trail = std::make_shared<Trail>(Trail{field.name, evaluator.names.type(tensor), nullptr});
    result.emplace_back(field.name, std::move(tensor));
  }
  return result;
}

/// Evaluates an expression of the train block with the names of `scopes` visible, later ones hiding earlier ones.
std::optional<Value> ModelCompiler::evaluateIn(const Expr &expr, const std::vector<const Named *> &scopes) {
  Evaluator::BlockScope block(top);
  for (const Named *scope : scopes)
    for (const auto &[name, tensor] : *scope) {
      Variable variable;
      variable.kind = Variable::Kind::Input;
      variable.value = Value::tensor(tensor);
      block.scope.variables[name] = variable;
    }
  Value value = evaluator.evaluate(expr);
  return value.isError() ? std::nullopt : std::optional(value);
}

/// The model's inputs from the fields of the records, as the `input` entry says.
std::optional<ModelCompiler::Named> ModelCompiler::inputsOf(const Named &records) {
  Named result;
  Span place = train.input ? train.input->span : train.data.span;
  std::optional<Value> value;
  if (train.input && !(value = evaluateIn(*train.input, {&records})))
    return std::nullopt;
  bool good = true;
  for (auto [index, parameter] : llvm::enumerate(model.inputs)) {
    auto &[name, type] = inputTypes[index];
    std::optional<Tensor> tensor;
    if (value && value->isTuple()) {
      for (size_t i = 0; i < value->elements().size(); ++i) {
        bool named = !value->names()[i].empty();
        if ((named ? value->names()[i] == name : i == index) && value->elements()[i].isTensor())
          tensor = value->elements()[i].asTensor();
      }
    } else if (value && model.inputs.size() == 1) {
      tensor = evaluator.toTensor(*value, type.getElementType(), place);
      if (!tensor)
        return std::nullopt;
    } else if (!value) {
      if (const Tensor *field = find(records, name))
        tensor = *field;
      else if (model.inputs.size() == 1 && !records.empty())
        tensor = records.front().second;
    }
    if (!tensor) {
      evaluator.error(place, "the input `" + name + "` of `" + model.name.text + "` gets no value")
          .hint("`input = (" + name + ": …)` names the expressions for several inputs");
      return std::nullopt;
    }
    if (tensor->type() != type) {
      auto &message =
          evaluator.error(place, "`" + model.name.text + "` wants `" + name + ": " + textOf(*parameter.type) +
                                     "`, and the train block gives it " + evaluator.names.type(*tensor));
      evaluator.addTrail(message, Value::tensor(*tensor), "it");
      if (tensor->element() != type.getElementType() && tensor->element().isInteger(8))
        message.hint("`input = " + (tensor->record.empty() ? std::string("image") : tensor->record) +
                     " / 255` makes numbers between 0 and 1 of bytes");
      for (auto [dim, extent] : llvm::zip(parameter.type->dims, tensor->shape())) {
        auto *free = llvm::dyn_cast_or_null<NameExpr>(dim.value.get());
        if (free && free->name != batchName && evaluator.dimensions.count(free->name) &&
            evaluator.dimensions[free->name] != extent && tensor->element() == type.getElementType())
          message.hint("`" + free->name + "` is free: the command line binds it, -D " + free->name + "=" +
                       Twine(extent));
      }
      good = false;
      continue;
    }
    tensor->batch = {0, 1};
    result.emplace_back(name, *tensor);
  }
  return good ? std::optional(result) : std::nullopt;
}

/// Whether the name stands in an expression as a word.
static bool mentions(const Expr &expr, StringRef name) {
  std::string text = textOf(expr);
  auto isPart = [&](size_t at) { return at < text.size() && (llvm::isAlnum(text[at]) || text[at] == '_'); };
  for (size_t at = 0; (at = text.find(name.str(), at)) != std::string::npos; ++at)
    if (!isPart(at - 1) && !isPart(at + name.size()))
      return true;
  return false;
}

/// What the loss compares with: the `target` entry, else the fields that are no inputs.
std::optional<ModelCompiler::Named> ModelCompiler::targetsOf(const Named &records, const Named &inputs) {
  Named result;
  if (!train.target) {
    for (size_t i = 0; i < records.size(); ++i) {
      const auto &[name, tensor] = records[i];
      bool used = find(inputs, name) || (!train.input && inputs.size() == 1 && i == 0);
      for (const Expr *entry : {train.input, train.sampleWeight})
        used |= entry && mentions(*entry, name);
      if (!used)
        result.emplace_back(name, tensor);
    }
    if (result.size() == 1)
      train.targetField = result.front().first;
    return result;
  }
  std::optional<Value> value = evaluateIn(*train.target, {&inputs, &records});
  if (!value)
    return std::nullopt;
  std::vector<Value> elements = value->isTuple() ? value->elements() : std::vector<Value>{*value};
  for (auto [i, element] : llvm::enumerate(elements)) {
    auto *list = llvm::dyn_cast<TupleExpr>(train.target);
    bool isListed = list && list->elements.size() == elements.size();
    auto *name = llvm::dyn_cast<NameExpr>(isListed ? list->elements[i].value.get() : train.target);
    std::string given = value->isTuple() ? value->names()[i] : "";
    if (given.empty() && name)
      given = name->name;
    if (!element.isTensor()) {
      evaluator.error(train.target->span,
                      "`target` is made of the fields of the data, and this is " + evaluator.names.describe(element));
      return std::nullopt;
    }
    if (!value->isTuple() && find(records, given))
      train.targetField = given;
    result.emplace_back(given.empty() ? "target" + (elements.size() > 1 ? std::to_string(i + 1) : "") : given,
                        element.asTensor());
  }
  return result;
}

/// The weight of each record in the loss: one tensor, or none.
std::optional<ModelCompiler::Named> ModelCompiler::weightsOf(const Named &records, const Named &inputs) {
  if (!train.sampleWeight)
    return Named();
  std::optional<Value> value = evaluateIn(*train.sampleWeight, {&inputs, &records});
  if (!value)
    return std::nullopt;
  if (!value->isTensor() || value->asTensor().rank() != 1 || value->asTensor().batch.axis != 0 ||
      value->asTensor().batch.inner != 1) {
    auto &message = evaluator.error(train.sampleWeight->span, "`sample_weight` is one number per record, and this is " +
                                                                  evaluator.names.describe(*value));
    evaluator.addTrail(message, *value, "it");
    return std::nullopt;
  }
  Tensor weight = value->asTensor();
  if (!mlir::isa<mlir::FloatType>(weight.element()))
    weight = evaluator.emitter.cast(weight, evaluator.emitter.builder.getF32Type());
  return Named{{"sample_weight", weight}};
}

/// What the entries of training and evaluation see of a batch, as expressions of its records.
std::optional<ModelCompiler::Example> ModelCompiler::exampleOf(const Named &records) {
  std::optional<Named> inputs = inputsOf(records);
  std::optional<Named> targets = inputs ? targetsOf(records, *inputs) : std::nullopt;
  std::optional<Named> weights = targets ? weightsOf(records, *inputs) : std::nullopt;
  if (!weights)
    return std::nullopt;
  return Example{std::move(*inputs), std::move(*targets), std::move(*weights)};
}

Value ModelCompiler::applyModel(EntryBuilder &entry, const Named &inputs) {
  Callable callable;
  callable.decl = &model;
  callable.configured = !model.configured;
  callable.span = model.span;
  Value configured = Value::callable(std::move(callable));
  configured = evaluator.withDefaults(configured, model.span);
  if (configured.isError())
    return configured;
  CallFrame frame(&model, &top, {}, configured.asCallable().configuration);
  frame.instance = std::make_shared<Instance>();
  for (const Parameter &parameter : model.inputs) {
    if (parameter.whenTraining && !entry.training)
      continue;
    const Tensor *given = find(inputs, parameter.name.text);
    if (!given)
      return Value::error();
    Tensor input = *given;
    input.trail = nullptr;
    auto *first = input.rank() ? llvm::dyn_cast_or_null<NameExpr>(parameter.type->dims.front().value.get()) : nullptr;
    input.batch = first && first->name == batchName ? BatchMark{0, 1} : BatchMark{};
    if (input.rank() > 2)
      input.field = {1, 1};
    input.trail = std::make_shared<Trail>(Trail{parameter.name.text, evaluator.names.type(input), nullptr});
    if (!evaluator.bindInput(parameter, Value::tensor(input), parameter.name.span, frame))
      return Value::error();
  }
  return evaluator.run(model, frame);
}

ModelCompiler::Named ModelCompiler::outputsOf(const Value &result) const {
  Named outputs;
  if (result.isTensor())
    outputs.emplace_back("output", result.asTensor());
  else if (result.isTuple())
    for (size_t i = 0; i < result.elements().size(); ++i)
      if (result.elements()[i].isTensor())
        outputs.emplace_back(result.names()[i].empty() ? "output" + std::to_string(i + 1) : result.names()[i],
                             result.elements()[i].asTensor());
  return outputs;
}

/// The loss: a function of outputs and targets, or an expression over their names.
Value ModelCompiler::lossOf(const Named &outputs, const Example &example, const Named &records) {
  EntryBuilder &entry = *evaluator.entry;
  if (!example.weights.empty())
    entry.rowWeights = example.weights.front().second;
  Value loss = weightedLossOf(outputs, example, records);
  entry.rowWeights.reset();
  return loss;
}

Value ModelCompiler::weightedLossOf(const Named &outputs, const Example &example, const Named &records) {
  std::optional<Value> value = evaluateIn(*train.loss, {&records, &example.inputs, &example.targets, &outputs});
  if (!value)
    return Value::error();
  Span span = train.loss->span;
  *value = evaluator.withDefaults(*value, span);
  if (value->isCallable()) {
    std::vector<Arg> arguments;
    for (const Named *list : {&outputs, &example.targets})
      for (const auto &[name, tensor] : *list)
        arguments.push_back({"", Value::tensor(tensor), span});
    if (!takesAll(value->asCallable(), outputs, example.targets, span))
      return Value::error();
    *value = evaluator.apply(value->asCallable(), std::move(arguments), span);
  }
  if (value->isError())
    return *value;
  if (!value->isTensor() || value->asTensor().rank() != 0 || !mlir::isa<mlir::FloatType>(value->asTensor().element())) {
    auto &message = evaluator.error(span, "a loss is one number, and this is " + evaluator.names.describe(*value));
    evaluator.addTrail(message, *value, "it");
    if (value->isTensor() && value->asTensor().rank())
      message.hint("take the `mean` over the batch");
    if (value->kind() == Value::Kind::String)
      message.hint("names stand without quotes: `loss = " + value->asText() + "`");
    return Value::error();
  }
  return *value;
}
