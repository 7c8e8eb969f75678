//===- Parameters.cpp - What a train block says of single parameters ----------------------------------------------===//
//
// `freeze`, `regularize` and `constraint`: read before the model is evaluated, compared with its paths afterwards.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/ModelCompiler.h"
#include "llvm/ADT/STLExtras.h"

using namespace nn::frontend;
using llvm::StringRef;

/// The paths of the parameters that are trained.
std::vector<std::string> ModelCompiler::parameterPaths() const {
  std::vector<std::string> paths;
  for (const OwnedValue &value : evaluator.owned.all())
    if (value.role == OwnedStmt::Role::Param && !evaluator.isFrozen(value.path))
      paths.push_back(value.path);
  return paths;
}

bool ModelCompiler::readParameterRules() {
  for (const auto &[glob, span] : train.freeze)
    evaluator.frozen.push_back(glob);
  auto read = [&](StringRef entry, StringRef known, const Expr *expr, std::optional<PathRules> &rules) {
    if (!expr)
      return true;
    rules.emplace(evaluator, *expr, [&](const Expr &value) {
      Value function = evaluator.withDefaults(evaluator.evaluate(value), value.span);
      bool fits = function.isCallable() && function.asCallable().decl &&
                  function.asCallable().decl->role == FunctionDecl::Role::Function &&
                  function.asCallable().decl->inputs.size() == 1;
      if (fits) {
        Callable callable = function.asCallable();
        callable.span = value.span;
        return Value::callable(std::move(callable));
      }
      if (!function.isError())
        evaluator.error(value.span, "`" + entry + "` wants a function of a weight such as " + known + ", and this is " +
                                        evaluator.names.describe(function));
      return Value::error();
    });
    return llvm::none_of(rules->all(), [](const PathRule &rule) { return rule.value.isError(); });
  };
  bool good = read("regularize", "l2(1e-4)", train.regularize, penalties);
  return read("constraint", "max_norm(2)", train.constraint, constraints) && good;
}

/// Reports paths that name nothing of the model.
bool ModelCompiler::checkParameterRules() {
  std::vector<std::string> trained = parameterPaths(), all;
  for (const OwnedValue &value : evaluator.owned.all())
    all.push_back(value.path);
  bool good = true;
  for (const auto &[glob, span] : train.freeze)
    if (llvm::none_of(all, [&, &glob = glob](const std::string &path) { return matchesPath(glob, path); })) {
      reportUnmatched(evaluator, glob, span, all, "parameter");
      good = false;
    }
  if (good && trained.empty()) {
    evaluator.error(train.freeze.empty() ? train.decl->span : train.freeze.front().second,
                    "nothing is left to train: `" + model.name.text + "` has no parameter" +
                        (train.freeze.empty() ? "" : " that is not frozen"));
    good = false;
  }
  if (train.load)
    good &= checkLoad(evaluator, *train.load, all);
  for (const std::optional<PathRules> *rules : {&penalties, &constraints})
    if (*rules)
      good &= (*rules)->check(evaluator, trained, "parameter that is trained");
  return good;
}

/// The loss with the penalties of the parameters that `regularize` names.
Tensor ModelCompiler::withPenalty(EntryBuilder &entry, Tensor loss) {
  if (!penalties)
    return loss;
  for (const std::string &path : parameterPaths()) {
    const PathRule *rule = penalties->find(path);
    if (!rule)
      continue;
    Tensor weight = entry.owned(*evaluator.owned.find(path));
    Arg input{"", Value::tensor(weight), rule->span};
    Value value = evaluator.apply(rule->value.asCallable(), {input}, rule->span);
    if (value.isError())
      continue;
    if (!value.isTensor() || value.asTensor().rank() != 0) {
      evaluator.error(rule->span, "a penalty is one number, and `" + rule->value.asCallable().name() + "` makes " +
                                      evaluator.names.describe(value) + " of `" + path + "`");
      return loss;
    }
    loss = evaluator.emitter.binary<nn::AddOp>(loss, evaluator.emitter.cast(value.asTensor(), loss.element()));
  }
  return loss;
}
