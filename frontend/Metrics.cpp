//===- Metrics.cpp - The entries of `metrics` --------------------------------------------------------------------===//
//
// A metric of a train block is a function of the model's outputs and the targets, or an expression over the names that
// the loss sees. One that applies a `metric` counts over the batches of an evaluation; any other is a mean.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/Builtins.h"
#include "frontend/ModelCompiler.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace nn::frontend;
using llvm::StringRef;
using llvm::Twine;
using Role = FunctionDecl::Role;

/// The function that an expression applies last: `accuracy`, `accuracy(c, y)`, `c |> accuracy(y)`; null if it is none.
static const NameExpr *functionOf(const Expr &expr) {
  if (auto *call = llvm::dyn_cast<CallExpr>(&expr))
    return functionOf(*call->callee);
  if (auto *pipe = llvm::dyn_cast<PipeExpr>(&expr))
    return functionOf(*pipe->target);
  return llvm::dyn_cast<NameExpr>(&expr);
}

/// `metrics` by name: a list, whose entries have the names of their functions, or a map.
std::vector<ModelCompiler::Metric> ModelCompiler::metricsOf() {
  std::vector<Metric> result;
  if (!train.metrics)
    return result;
  auto add = [&](std::string name, const Expr &expr, Span span) {
    const NameExpr *function = functionOf(expr);
    auto *decl =
        function ? llvm::dyn_cast_or_null<FunctionDecl>(evaluator.program.find(function->name, top.source)) : nullptr;
    for (const Metric &other : result)
      if (other.name == name)
        evaluator.error(span, "the metric `" + name + "` stands twice in the list")
            .hint("a map names them: `metrics = { a: " + name + "(…), b: " + name + "(…) }`");
    if (name == "loss")
      evaluator.error(span, "the loss is measured in any case, and a metric has another name than `loss`");
    result.push_back({std::move(name), &expr, decl && decl->role == Role::Metric});
  };
  if (auto *map = llvm::dyn_cast<MapExpr>(train.metrics)) {
    for (const Argument &entry : map->entries)
      if (StringRef(entry.name.text).find_if_not([](char c) { return llvm::isAlnum(c) || c == '_'; }) !=
          StringRef::npos)
        evaluator.error(entry.name.span, "the name of a metric has letters, digits and `_`");
      else
        add(entry.name.text, *entry.value, entry.name.span);
    return result;
  }
  auto *list = llvm::dyn_cast<ListExpr>(train.metrics);
  if (!list) {
    evaluator.error(train.metrics->span, "`metrics` is a list, or a map that names its entries")
        .hint("write `metrics = [" + train.metrics->span.text() + "]`");
    return result;
  }
  for (const ExprPtr &expr : list->elements) {
    if (const NameExpr *function = functionOf(*expr))
      add(function->name, *expr, expr->span);
    else if (llvm::isa<BinaryExpr, UnaryExpr, IfExpr>(*expr))
      evaluator.error(expr->span, "a metric that is an expression wants a name")
          .hint("write `metrics = { error: " + expr->span.text() + " }`");
    else {
      Value value = evaluator.evaluate(*expr);
      auto &message = evaluator.error(expr->span, "a metric is a metric or a loss function, and this is " +
                                                      evaluator.names.describe(value));
      if (value.kind() == Value::Kind::String)
        message.hint("names stand without quotes: `metrics = [" + value.asText() + "]`");
    }
  }
  return result;
}

/// For a block whose loss has mistakes already: whether the metrics that are named alone exist.
void ModelCompiler::checkMetricNames() {
  for (const Metric &metric : metricsOf())
    if (llvm::isa<NameExpr>(*metric.expr))
      evaluator.evaluate(*metric.expr);
}

/// Reports a loss or metric whose inputs are not as many as the outputs and targets together.
bool ModelCompiler::takesAll(const Callable &function, const Named &outputs, const Named &targets, Span span) {
  size_t given = outputs.size() + targets.size();
  if (!function.decl || function.gradientOf)
    return true;
  const std::vector<Parameter> &inputs = function.decl->inputs;
  size_t needed = llvm::count_if(inputs, [](const Parameter &p) { return !p.initial; });
  if (given >= needed && given <= inputs.size())
    return true;
  std::string names;
  for (const Named *list : {&outputs, &targets})
    for (const auto &[name, tensor] : *list)
      names += (names.empty() ? "" : ", ") + name;
  auto &message =
      evaluator.error(span, "`" + function.name() + "` takes " + Twine(needed) + (needed == 1 ? " value" : " values") +
                                ", and there are " + Twine(given) + " outputs and targets: " + names);
  if (given > needed && !outputs.empty())
    message.hint("say which: `" + function.name() + "(" + outputs.front().first + ", …)`");
  return false;
}

/// The value of a metric for a batch (`Accumulate`), or from the tallies (`Result`). `counts`: it applies a `metric`.
Value ModelCompiler::metricValue(const Metric &metric, MetricPhase phase, const BatchValues &values, bool &counts) {
  std::map<std::string, unsigned> ordinals;
  llvm::SaveAndRestore<std::string> path(top.path, metric.name);
  llvm::SaveAndRestore<MetricPhase> inPhase(top.metric, phase);
  llvm::SaveAndRestore<decltype(top.counters)> counters(top.counters, &ordinals);
  std::vector<const Named *> scopes = {&values.records, &values.inputs, &values.targets, &values.outputs};
  // The name of a function alone is that, whatever the fields and outputs are called.
  auto *name = llvm::dyn_cast<NameExpr>(metric.expr);
  bool isFunction = name && (findBuiltin(name->name) || evaluator.program.find(name->name, top.source));
  Span span = metric.expr->span;
  std::optional<Value> value = evaluateIn(*metric.expr, isFunction ? std::vector<const Named *>() : scopes);
  if (!value)
    return Value::error();
  *value = evaluator.withDefaults(*value, span);
  if (value->isCallable()) {
    std::vector<Arg> arguments;
    for (const Named *list : {&values.outputs, &values.targets})
      for (const auto &[name, tensor] : *list)
        arguments.push_back({"", Value::tensor(tensor), span});
    if (!takesAll(value->asCallable(), values.outputs, values.targets, span))
      return Value::error();
    *value = evaluator.apply(value->asCallable(), std::move(arguments), span);
  }
  counts |= ordinals.count("metric") != 0;
  return *value;
}
