//===- Schedules.cpp - The values of schedules at a step ----------------------------------------------------------===//
//
// Before an optimizer's body is evaluated, its schedules are replaced by their values at this step and counts of epochs
// by counts of steps, all in f64. A number for `lr`, and the first number of a schedule for it, is an argument of the
// entry that the command line can replace.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/ModelCompiler.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace nn::frontend;
using llvm::StringRef;

/// An i64 argument of the entry as an adapting scalar.
static Tensor counter(EntryBuilder &entry, Emitter &emitter, StringRef role) {
  Tensor tensor;
  tensor.value = entry.counter(role);
  tensor = emitter.cast(tensor, emitter.builder.getF64Type());
  tensor.weak = true;
  return tensor;
}

static bool isSchedule(const Value &value) {
  return value.isCallable() && value.asCallable().decl && value.asCallable().decl->role == FunctionDecl::Role::Schedule;
}

static bool isType(const Parameter &parameter, StringRef name) {
  return parameter.type && parameter.type->name == name;
}

/// The steps of so many epochs: the batches that their records fill.
Tensor ModelCompiler::stepsOf(EntryBuilder &entry, double epochs) {
  Emitter &emitter = evaluator.emitter;
  auto scalar = [&](double number) { return emitter.scalar(number, emitter.builder.getF64Type()); };
  Tensor records = emitter.binary<nn::MulOp>(counter(entry, emitter, "examples"), scalar(epochs));
  Tensor steps = emitter.unary<nn::CeilOp>(emitter.binary<nn::DivOp>(records, scalar(train.batch * train.accumulate)));
  steps.weak = true;
  return steps;
}

/// Reports a result that no validation has.
bool ModelCompiler::checkValidation(StringRef result, Span span, StringRef who) {
  if (train.validation.kind.empty()) {
    evaluator.error(span, who + " watches validation." + result + ", and the train block has no `validation`")
        .hint("`validation = 0.1` keeps a tenth of the records for it");
    return false;
  }
  std::vector<std::string> known = {"loss"};
  unsigned before = diagnostics.reports();
  for (const Metric &metric : metricsOf())
    known.push_back(metric.name);
  if (llvm::is_contained(known, result))
    return true;
  if (diagnostics.reports() != before)
    return false; // of the metrics
  auto &message = evaluator.error(span, "a validation has no result `" + result + "`");
  if (std::string meant = nearest(result, known); !meant.empty())
    message.hint("did you mean `" + meant + "`?");
  else
    message.hint("its results are the loss and the `metrics` of the train block: " + llvm::join(known, ", "));
  return false;
}

/// `value` at this step: schedules are applied, epochs counted in steps, results of validations read. `isRate`: its
/// first number is the hyper `lr`. What a schedule carries from step to step lies under `path`.
Value ModelCompiler::atThisStep(EntryBuilder &entry, const Value &value, bool isRate, const std::string &path) {
  Emitter &emitter = evaluator.emitter;
  if (value.kind() == Value::Kind::Epochs)
    return Value::tensor(stepsOf(entry, value.asNumber()));
  if (value.kind() == Value::Kind::Validation) {
    if (!checkValidation(value.asText(), train.optimizer->span, "a schedule"))
      return Value::tensor(evaluator.weakScalar(0));
    Tensor result = entry.validation(value.asText());
    result.weak = true;
    return Value::tensor(result);
  }
  if (value.isList()) {
    std::vector<Value> elements;
    for (auto [i, element] : llvm::enumerate(value.elements()))
      elements.push_back(atThisStep(entry, element, false, path + "." + std::to_string(i)));
    return Value::list(std::move(elements));
  }
  if (value.isNumber() && isRate) {
    if (value.asNumber() < 0)
      evaluator
          .error(train.optimizer->span, "a learning rate is at least 0, and this one is " +
                                            evaluator.names.text(value) + ": the loss would rise")
          .hint("minimise the negative: `loss = -score(…)`");
    Tensor tensor = entry.hyper("lr", value.asNumber());
    tensor.weak = true;
    return Value::tensor(tensor);
  }
  if (!isSchedule(value))
    return value;
  Span span = train.optimizer->span;
  Callable schedule = value.asCallable();
  for (auto [i, configuration] : llvm::enumerate(schedule.configuration))
    configuration =
        atThisStep(entry, configuration, isRate && i == 0, path + "." + schedule.decl->configuration[i].name.text);
  std::vector<Arg> inputs;
  for (const Parameter &input : schedule.decl->inputs) {
    StringRef name = input.name.text;
    if (name == "step")
      inputs.push_back({"step", Value::tensor(counter(entry, emitter, "step")), span});
    else if (name == "total" || name == "validations")
      inputs.push_back({name.str(), Value::tensor(counter(entry, emitter, name)), span});
    else {
      evaluator.error(span, "a schedule sees `step`, `total` and `validations`, and `" + schedule.name() + "` wants `" +
                                name + "`");
      return Value::tensor(evaluator.weakScalar(0));
    }
  }
  llvm::SaveAndRestore<std::string> inPath(evaluator.frame->path, path);
  Value now = evaluator.apply(schedule, std::move(inputs), span);
  std::optional<Tensor> tensor = evaluator.toTensor(now, {}, span);
  if (tensor && tensor->rank() != 0) {
    evaluator.error(span, "a schedule makes one number, and `" + schedule.name() + "` makes " +
                              evaluator.names.type(*tensor));
    tensor.reset();
  }
  if (tensor) // f64 or an element type of its own: it adapts to what it meets
    tensor->weak = tensor->element().isF64();
  return Value::tensor(tensor ? *tensor : evaluator.weakScalar(0));
}

static Value withoutStep(const Value &value, const Value &stand) {
  if (isSchedule(value) || value.kind() == Value::Kind::Epochs || value.kind() == Value::Kind::Validation)
    return stand;
  if (!value.isList())
    return value;
  std::vector<Value> elements;
  for (const Value &element : value.elements())
    elements.push_back(withoutStep(element, stand));
  return Value::list(std::move(elements));
}

Callable ModelCompiler::withoutStep(const Callable &optimizer, const Value &stand) {
  Callable result = optimizer;
  for (auto [parameter, value] : llvm::zip(optimizer.decl->configuration, result.configuration))
    if (isType(parameter, "Optimizer"))
      value = Value::callable(withoutStep(value.asCallable(), stand));
    else
      value = isType(parameter, "Schedule") ? stand : ::withoutStep(value, stand);
  return result;
}

/// The first number of what stands for `lr`, which --lr replaces.
static std::optional<double> firstRate(const Callable &callable) {
  if (!callable.decl) // a built-in function, which is no rate
    return std::nullopt;
  for (auto [i, pair] : llvm::enumerate(llvm::zip(callable.decl->configuration, callable.configuration))) {
    auto &[parameter, value] = pair;
    bool inside = isType(parameter, "Optimizer"), first = isSchedule(Value::callable(callable)) && i == 0;
    if (value.isNumber() && (first || parameter.name.text == "lr"))
      return value.asNumber();
    if (value.isCallable() && (inside || first || parameter.name.text == "lr"))
      return firstRate(value.asCallable());
  }
  return std::nullopt;
}

Callable ModelCompiler::scheduled(EntryBuilder &entry, const Callable &optimizer, bool isHyper, const std::string &path,
                                  Tensor &rate) {
  Callable result = optimizer;
  for (auto [parameter, value] : llvm::zip(optimizer.decl->configuration, result.configuration)) {
    if (isType(parameter, "Optimizer")) {
      value = Value::callable(scheduled(entry, value.asCallable(), isHyper, path + "." + parameter.name.text, rate));
      continue;
    }
    bool isRate = isType(parameter, "Schedule") && parameter.name.text == "lr";
    value = atThisStep(entry, value, isRate && isHyper, path + "." + parameter.name.text);
    if (isType(parameter, "Schedule") && value.isNumber())
      value = Value::tensor(evaluator.weakScalar(value.asNumber()));
    if (isRate && value.isTensor())
      rate = evaluator.emitter.cast(value.asTensor(), evaluator.emitter.builder.getF64Type());
  }
  return result;
}

std::string ModelCompiler::optimizerPath(size_t index) const {
  return optimizerRules->all().size() == 1 ? "optimizer" : "optimizer" + std::to_string(index);
}

Tensor ModelCompiler::learningRates(EntryBuilder &entry, std::map<const PathRule *, Callable> &scheduled) {
  const std::vector<PathRule> &rules = optimizerRules->all();
  // --lr is for all optimizers or none.
  bool isHyper = llvm::all_of(rules, [&](const PathRule &rule) {
    return firstRate(rule.value.asCallable()) == firstRate(rules.front().value.asCallable());
  });
  Tensor rate;
  for (auto [i, rule] : llvm::enumerate(rules)) {
    rate = evaluator.weakScalar(0);
    scheduled[&rule] = this->scheduled(entry, rule.value.asCallable(), isHyper, optimizerPath(i), rate);
  }
  return rate;
}
