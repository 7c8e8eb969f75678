//===- Optimizer.cpp - The update of the parameters ---------------------------------------------------------------===//
//
// Evaluates the optimizer's body once per parameter, into the step for the update and into `init` for the slots' first
// values. The learning rate is computed once per step, in f64.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/ModelCompiler.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using Role = FunctionDecl::Role;

/// The optimizer of the train block, evaluated once.
const Callable *ModelCompiler::optimizer() {
  if (!optimizerValue) {
    Value value = evaluator.withDefaults(evaluator.evaluate(*train.optimizer), train.optimizer->span);
    if (!value.isError() &&
        !(value.isCallable() && value.asCallable().decl && value.asCallable().decl->role == Role::Optimizer)) {
      auto &message =
          evaluator.error(train.optimizer->span, "`optimizer` wants an optimizer such as Adam(lr: 1e-3), and this is " +
                                                     evaluator.names.describe(value));
      if (value.kind() == Value::Kind::Map)
        message.hint("one optimizer per group of parameters cannot be compiled yet");
      value = Value::error();
    }
    if (!value.isError() && value.asCallable().decl->inputs.size() != 3) {
      evaluator.error(train.optimizer->span,
                      "an optimizer's inputs are the weight, its gradient and the step from 1: `(w, g, t)`");
      value = Value::error();
    }
    optimizerValue = value;
  }
  return optimizerValue->isCallable() ? &optimizerValue->asCallable() : nullptr;
}

/// Puts this step's value into every configuration value of type Schedule and returns that of `lr`. A number there, and
/// the first argument of a schedule that stands for `lr`, can be replaced on the program's command line.
Tensor ModelCompiler::learningRate(EntryBuilder &entry, Callable &optimizer) {
  Emitter &emitter = evaluator.emitter;
  mlir::Type f64 = emitter.builder.getF64Type();
  auto scalar = [&](mlir::Value value) {
    Tensor tensor;
    tensor.value = value;
    tensor = emitter.cast(tensor, f64);
    tensor.weak = true;
    return tensor;
  };
  auto hyper = [&](double initial) {
    Tensor tensor = entry.argument("hyper", "lr", mlir::RankedTensorType::get({}, f64), initial);
    tensor.weak = true;
    return tensor;
  };
  std::optional<Tensor> rate;
  for (auto [parameter, value] : llvm::zip(optimizer.decl->configuration, optimizer.configuration)) {
    if (!parameter.type || parameter.type->name != "Schedule")
      continue;
    bool isRate = parameter.name.text == "lr";
    Span span = train.optimizer->span;
    if (value.isNumber()) {
      value = Value::tensor(isRate ? hyper(value.asNumber()) : evaluator.weakScalar(value.asNumber()));
    } else if (value.isCallable()) {
      Callable schedule = value.asCallable();
      if (isRate && !schedule.configuration.empty() && schedule.configuration.front().isNumber())
        schedule.configuration.front() = Value::tensor(hyper(schedule.configuration.front().asNumber()));
      std::vector<Arg> inputs;
      for (const Parameter &input : schedule.decl->inputs) {
        if (input.name.text == "step")
          inputs.push_back({"step", Value::tensor(scalar(entry.step())), span});
        else if (input.name.text == "total")
          inputs.push_back(
              {"total",
               Value::tensor(scalar(
                   entry.argument("total", "total", mlir::RankedTensorType::get({}, emitter.builder.getI64Type()))
                       .value)),
               span});
        else
          evaluator.error(span, "a schedule sees `step` and `total`, and `" + schedule.name() + "` wants `" +
                                    input.name.text + "`");
      }
      Value now = evaluator.apply(schedule, std::move(inputs), span);
      std::optional<Tensor> tensor = evaluator.toTensor(now, {}, span);
      if (tensor && tensor->rank() != 0) {
        evaluator.error(span, "a schedule makes one number, and `" + schedule.name() + "` makes " +
                                  evaluator.names.type(*tensor));
        tensor.reset();
      }
      value = Value::tensor(tensor ? *tensor : evaluator.weakScalar(0));
    }
    if (isRate && value.isTensor())
      rate = value.asTensor();
  }
  return rate ? emitter.cast(*rate, f64) : evaluator.weakScalar(0);
}

void ModelCompiler::updateParameter(EntryBuilder &entry, const Callable &optimizer, const OwnedValue &parameter,
                                    const Value &gradient, const Value &t, bool initialising) {
  const FunctionDecl &decl = *optimizer.decl;
  Evaluator::LocationScope here(evaluator, train.optimizer->span);
  mlir::Location outer = evaluator.emitter.location;
  evaluator.emitter.location = mlir::NameLoc::get(evaluator.emitter.builder.getStringAttr(parameter.path), outer);
  Frame frame;
  Scope scope;
  frame.decl = &decl;
  frame.caller = &top;
  frame.callSpan = train.optimizer->span;
  frame.source = decl.span.source;
  frame.scope = &scope;
  frame.path = parameter.path;
  frame.elements["T"] = parameter.type.getElementType();
  frame.initialising = initialising;
  auto define = [&](const Parameter &name, Value value, Variable::Kind kind) {
    Variable variable;
    variable.kind = kind;
    variable.value = std::move(value);
    variable.span = name.name.span;
    variable.path = kind == Variable::Kind::Owned ? parameter.path : "";
    scope.variables[name.name.text] = std::move(variable);
  };
  for (auto [name, value] : llvm::zip(decl.configuration, optimizer.configuration))
    define(name, value, Variable::Kind::Input);
  define(decl.inputs[0], Value::none(), Variable::Kind::Owned);
  define(decl.inputs[1], gradient, Variable::Kind::Input);
  define(decl.inputs[2], t, Variable::Kind::Input);
  evaluator.run(decl, frame);
  evaluator.emitter.location = outer;
}
