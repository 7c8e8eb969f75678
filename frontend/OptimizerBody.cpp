//===- OptimizerBody.cpp - The body of an optimizer ---------------------------------------------------------------===//
//
// One body says everything about an optimizer: its slots, the update, the value where the gradient is taken (`before`)
// and the value that evaluation uses (`evaluate`). It is evaluated once per parameter and purpose. An optimizer that is
// applied in the body of another one works on the same weight, with slots of its own.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/Evaluator.h"
#include <utility>

using namespace nn::frontend;
using Role = FunctionDecl::Role;

void Evaluator::runOptimizer(const Callable &optimizer, const std::string &path, const Value &gradient, const Value &t,
                             Span span) {
  const FunctionDecl &decl = *optimizer.decl;
  CallFrame callee(&decl, frame, span, optimizer.configuration);
  callee.path = path;
  callee.elements["T"] = update->parameter->type.getElementType();
  const Name &weight = decl.inputs[0].name;
  callee.define(weight, Value::none());
  callee.scope->variables[weight.text].kind = Variable::Kind::Owned;
  callee.scope->variables[weight.text].path = update->parameter->path;
  callee.define(decl.inputs[1].name, gradient);
  callee.define(decl.inputs[2].name, t);
  run(decl, callee);
  // The optimizer that changes the weight ends first; optimizers around it see the weight as it is constrained.
  const Callable *constraint = std::exchange(update->constraint, nullptr);
  if (!constraint || update->phase != UpdatePhase::Update)
    return;
  Arg before{"", Value::tensor(entry->owned(*update->parameter)), constraint->span};
  Value bounded = apply(*constraint, {before}, constraint->span);
  std::optional<Tensor> tensor = toTensor(bounded, update->parameter->type.getElementType(), constraint->span);
  if (tensor && tensor->type() == update->parameter->type)
    entry->update(*update->parameter, *tensor);
  else if (tensor)
    error(constraint->span, "a constraint makes a weight of a weight, and `" + constraint->name() + "` makes " +
                                names.type(*tensor) + " of " + names.type(update->parameter->type));
}

/// `inner(w, g, t)` in the body of an optimizer.
Value Evaluator::applyOptimizer(const Callable &optimizer, const std::vector<Arg> &inputs, Span span) {
  const FunctionDecl &decl = *optimizer.decl;
  if (!update || !frame->decl || frame->decl->role != Role::Optimizer) {
    error(span, "the optimizer `" + decl.name.text + "` is applied in the body of another optimizer only")
        .hint("a train block names it: `optimizer = " + decl.name.text + "`");
    return Value::error();
  }
  for (const Frame *at = frame; at; at = at->caller)
    if (at->decl == &decl) {
      error(span, "`" + decl.name.text + "` is applied inside itself");
      return Value::error();
    }
  Tensor weight = entry->owned(*update->parameter);
  if (decl.inputs.size() != 3 || inputs.size() != 3 || !inputs[0].value.isTensor() ||
      inputs[0].value.asTensor().value != weight.value) {
    error(span, "an optimizer inside another one works on the same weight: `" + decl.name.text + "(w, g, t)`");
    return Value::error();
  }
  runOptimizer(optimizer, frame->path + "/" + decl.name.text, inputs[1].value, inputs[2].value, span);
  return Value::none();
}

/// `before { … }` and `evaluate { … }`
void Evaluator::hook(const HookStmt &stmt) {
  if (!update) {
    error(stmt.span, "`" + stmt.name.text + "` belongs to an optimizer");
    return;
  }
  UpdatePhase wanted = stmt.name.text == "before" ? UpdatePhase::Before : UpdatePhase::Evaluate;
  if (update->phase != wanted)
    return;
  Value value;
  execute(stmt.body, &value);
  const mlir::RankedTensorType &type = update->parameter->type;
  std::optional<Tensor> tensor = toTensor(value, type.getElementType(), stmt.span);
  if (!tensor)
    return;
  if (tensor->element() != type.getElementType() ||
      Emitter::broadcastShape(tensor->shape(), type.getShape()) != llvm::SmallVector<int64_t>(type.getShape())) {
    error(stmt.span, "the value of `" + stmt.name.text + "` is " + names.type(*tensor) + ", and the weight is " +
                         names.type(type));
    return;
  }
  update->hook = emitter.expand(*tensor, type.getShape());
}
