//===- Optimizer.cpp - Which optimizer updates which parameter ----------------------------------------------------===//
//
// Reads the `optimizer` entry, one optimizer or several by path, and evaluates their bodies (OptimizerBody.cpp) once
// per parameter: into the step for the update, into `init` for the slots' first values, and for the values that the
// gradient, evaluation and the written weights use.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/ModelCompiler.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::StringRef;
using Role = FunctionDecl::Role;

static bool isOptimizer(const Value &value) {
  return value.isCallable() && value.asCallable().decl && value.asCallable().decl->role == Role::Optimizer;
}

/// The optimizers of the train block, evaluated once; null after a mistake.
const PathRules *ModelCompiler::optimizers() {
  if (!optimizerRules) {
    optimizerRules.emplace(evaluator, *train.optimizer, [&](const Expr &expr) {
      Value value = evaluator.withDefaults(evaluator.evaluate(expr), expr.span);
      if (value.isError() || (isOptimizer(value) && value.asCallable().decl->inputs.size() == 3))
        return value;
      if (isOptimizer(value))
        evaluator.error(expr.span,
                        "an optimizer's inputs are the weight, its gradient and the step from 1: `(w, g, t)`");
      else {
        auto &message =
            evaluator.error(expr.span, "`optimizer` wants an optimizer such as Adam(lr: 1e-3), and this is " +
                                           evaluator.names.describe(value));
        if (value.kind() == Value::Kind::String)
          if (std::string meant = nearest(value.asText(), evaluator.program.names(nullptr)); !meant.empty())
            message.hint("names stand without quotes: `optimizer = " + meant + "`");
      }
      return Value::error();
    });
  }
  bool good = llvm::none_of(optimizerRules->all(), [](const PathRule &rule) { return rule.value.isError(); });
  return good ? &*optimizerRules : nullptr;
}

/// Reports parameters without an optimizer and optimizers without a parameter.
bool ModelCompiler::checkOptimizers() {
  const PathRules *rules = optimizers();
  if (!rules || !rules->check(evaluator, parameterPaths(), "parameter"))
    return false;
  for (const std::string &path : parameterPaths())
    if (!rules->find(path)) {
      evaluator.error(train.optimizer->span, "the parameter `" + path + "` has no optimizer")
          .hint("`else: SGD(lr: 0.1)` at the end is for all that the paths leave over");
      return false;
    }
  return true;
}

static bool hasHook(const Block &block, StringRef name) {
  return llvm::any_of(block.statements, [&](const StmtPtr &statement) {
    if (auto *hook = llvm::dyn_cast<HookStmt>(statement.get()))
      return hook->name.text == name;
    if (auto *loop = llvm::dyn_cast<ForStmt>(statement.get()))
      return hasHook(loop->body, name);
    auto *expression = llvm::dyn_cast<ExpressionStmt>(statement.get());
    auto *branch = expression ? llvm::dyn_cast<IfExpr>(expression->value.get()) : nullptr;
    return branch && (hasHook(branch->then, name) || (branch->otherwise && hasHook(*branch->otherwise, name)));
  });
}

static bool hasHook(const Callable &optimizer, StringRef name) {
  return hasHook(optimizer.decl->body, name) || llvm::any_of(optimizer.configuration, [&](const Value &value) {
           return isOptimizer(value) && hasHook(value.asCallable(), name);
         });
}

bool ModelCompiler::anyHook(StringRef name) {
  const PathRules *rules = train.decl ? optimizers() : nullptr;
  return rules &&
         llvm::any_of(rules->all(), [&](const PathRule &rule) { return hasHook(rule.value.asCallable(), name); });
}

std::optional<Tensor> ModelCompiler::runOptimizer(const Callable &optimizer, const OwnedValue &parameter,
                                                  const Value &gradient, const Value &t, UpdatePhase phase) {
  Evaluator::LocationScope here(evaluator, train.optimizer->span);
  mlir::Location outer = evaluator.emitter.location;
  evaluator.emitter.location = mlir::NameLoc::get(evaluator.emitter.builder.getStringAttr(parameter.path), outer);
  WeightUpdate update{&parameter, phase, {}, nullptr};
  bool isMatrix = parameter.type.getRank() >= 2;
  const PathRule *constraint = constraints ? constraints->find(parameter.path) : nullptr;
  // One constraint for everything is meant for the weights of units.
  if (constraint && (isMatrix || !train.constraint || llvm::isa<MapExpr>(*train.constraint)))
    update.constraint = &constraint->value.asCallable();
  evaluator.update = &update;
  unsigned before = diagnostics.reports();
  evaluator.runOptimizer(optimizer, parameter.path, gradient, t, train.optimizer->span);
  evaluator.update = nullptr;
  if (phase == UpdatePhase::Update && diagnostics.reports() == before && !evaluator.entry->isChanged(parameter)) {
    const Name &weight = optimizer.decl->inputs[0].name;
    evaluator
        .error(train.optimizer->span, "`" + optimizer.name() + "` never changes the weight `" + parameter.path + "`")
        .hint("the update is written into it, `" + weight.text + " := " + weight.text +
              " - …`; `freeze` names what keeps its value");
  }
  evaluator.emitter.location = outer;
  return update.hook;
}

/// Puts the values at which `before` takes the gradient in the place of the weights; returns the weights.
std::vector<std::pair<const OwnedValue *, Tensor>>
ModelCompiler::lookAhead(EntryBuilder &entry, const std::map<const PathRule *, Callable> &scheduled, const Value &t) {
  std::vector<std::pair<const OwnedValue *, Tensor>> weights, ahead;
  for (const std::string &path : parameterPaths()) {
    const OwnedValue &parameter = *evaluator.owned.find(path);
    const Callable &optimizer = scheduled.at(optimizerRules->find(path));
    if (!hasHook(optimizer, "before"))
      continue;
    Value gradient = Value::tensor(entry.placeholder(parameter.type));
    if (auto value = runOptimizer(optimizer, parameter, gradient, t, UpdatePhase::Before)) {
      weights.emplace_back(&parameter, entry.owned(parameter));
      ahead.emplace_back(&parameter, *value);
    }
  }
  for (auto &[parameter, value] : ahead)
    entry.read(*parameter, value);
  return weights;
}

/// The values that evaluation and the written weights use, where they are not the weights themselves.
std::vector<std::pair<const OwnedValue *, Tensor>> ModelCompiler::evaluated(EntryBuilder &entry) {
  std::vector<std::pair<const OwnedValue *, Tensor>> result;
  if (!anyHook("evaluate"))
    return result;
  Tensor number = entry.placeholder(mlir::RankedTensorType::get({}, evaluator.emitter.builder.getF64Type()));
  number.weak = true;
  for (const std::string &path : parameterPaths()) {
    const OwnedValue &parameter = *evaluator.owned.find(path);
    const Callable &optimizer = optimizers()->find(path)->value.asCallable();
    if (!hasHook(optimizer, "evaluate"))
      continue;
    Value gradient = Value::tensor(entry.placeholder(parameter.type)), t = Value::tensor(number);
    if (auto value = runOptimizer(withoutStep(optimizer, t), parameter, gradient, t, UpdatePhase::Evaluate))
      result.emplace_back(&parameter, *value);
    else
      break; // one message is enough
  }
  return result;
}

void ModelCompiler::useEvaluated(EntryBuilder &entry) {
  for (auto &[parameter, value] : evaluated(entry))
    entry.read(*parameter, value);
}

/// Reports a hook that needs what is not known where it is evaluated.
void ModelCompiler::checkPlaceholders(const EntryBuilder &entry) {
  if (!entry.usesPlaceholder())
    return;
  if (entry.training)
    evaluator.error(train.optimizer->span, "`before` is evaluated before there is a gradient: it sees the weight, the "
                                           "slots as the last step left them, and the step");
  else
    evaluator.error(train.optimizer->span,
                    "`evaluate` sees the weight and the slots: where a model is evaluated there is no gradient, no "
                    "step and no learning rate");
}

/// @export: what the file of the weights holds in the place of the weights.
void ModelCompiler::buildExport() {
  EntryBuilder entry(evaluator.emitter, module, "export");
  evaluator.entry = &entry;
  for (auto &[parameter, value] : evaluated(entry))
    entry.result("output", parameter->path, value);
  entry.finish({});
  checkPlaceholders(entry);
  evaluator.entry = nullptr;
}
