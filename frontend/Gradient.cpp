//===- Gradient.cpp - grad(f): derivatives as functions -----------------------------------------------------------===//
//
// `grad(f, wrt: x)` is a function of f's inputs. Its application builds f as a private function of the module, whose
// arguments are the inputs and what f owns, and asks nn.value_and_grad for the gradient. Derivatives nest, since the
// private function may ask for one, too.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/BuiltinFunctions.h"
#include "frontend/Evaluator.h"
#include "llvm/ADT/StringExtras.h"

using namespace nn::frontend;
using llvm::Twine;

/// The names of a callable's inputs; those of builtins are not told.
static std::vector<std::string> inputNames(const Callable &callable) {
  std::vector<std::string> names;
  if (callable.decl)
    for (const Parameter &input : callable.decl->inputs)
      names.push_back(input.name.text);
  return names;
}

Value nn::frontend::gradBuiltin(BuiltinCall &call) {
  Evaluator &evaluator = call.evaluator;
  Value function = evaluator.withDefaults(call.arguments[0], call.spans[0]);
  if (function.isError())
    return function;
  if (!function.isCallable()) {
    evaluator
        .error(call.spans[0], "`grad` differentiates a function, and this is " + evaluator.names.describe(function))
        .hint("`grad(f)(x)` is the gradient of the number f(x)");
    return Value::error();
  }
  const Callable &inner = function.asCallable();
  Callable result = inner;
  result.gradientOf = std::make_shared<const Callable>(inner);
  result.wrt.clear();
  result.span = call.span;
  const Value &wrt = call.arguments[1];
  std::vector<Value> wanted;
  if (wrt.isTuple() || wrt.isList())
    wanted = wrt.elements();
  else if (wrt.kind() != Value::Kind::None)
    wanted = {wrt};
  std::vector<std::string> known = inputNames(inner);
  for (const Value &name : wanted) {
    if (!name.isWord() || !llvm::is_contained(known, name.asText())) {
      auto &message = evaluator.error(call.spans[1], "`wrt` names inputs of `" + inner.name() + "`, and this is " +
                                                         evaluator.names.describe(name));
      std::string meant = name.isWord() ? nearest(name.asText(), known) : "";
      if (!meant.empty())
        message.hint("did you mean `" + meant + "`?");
      else if (!known.empty())
        message.hint("its inputs are " + llvm::join(known, ", "));
      return Value::error();
    }
    result.wrt.push_back(name.asText());
  }
  result.gradientTuple = wrt.isTuple() || wrt.isList();
  return Value::callable(std::move(result));
}

/// The private function's name: none of another one.
static std::string freshName(mlir::ModuleOp module, const Twine &base) {
  std::string name = base.str();
  for (unsigned i = 1; module.lookupSymbol(name); ++i)
    name = (base + "_" + Twine(i)).str();
  return name;
}

Value Evaluator::applyGradient(const Callable &callable, std::vector<Arg> inputs, Span span) {
  const Callable &function = *callable.gradientOf;
  if (scanDepth > 0) {
    error(span, "`grad` cannot stand in a `scan`").hint("a function that holds the `scan` may be differentiated");
    return Value::error();
  }
  std::vector<std::string> names = inputNames(function), wanted = callable.wrt;
  auto nameOf = [&](size_t position, const Arg &input) {
    return !input.name.empty() ? input.name : position < names.size() ? names[position] : "";
  };
  if (wanted.empty() && !inputs.empty())
    wanted.push_back(nameOf(0, inputs.front()));

  // Numbers among the inputs that are differentiated become tensors here, in front of the function.
  bool good = true;
  for (auto [position, input] : llvm::enumerate(inputs)) {
    if (!llvm::is_contained(wanted, nameOf(position, input)))
      continue;
    if (input.value.isNumber() || input.value.isList())
      if (auto tensor = toTensor(input.value, emitter.builder.getF32Type(), input.span))
        input.value = Value::tensor(*tensor);
    if (input.value.isTensor() && input.value.asTensor().weak)
      input.value = Value::tensor(emitter.cast(input.value.asTensor(), emitter.builder.getF32Type()));
    if (input.value.isTensor() && !mlir::isa<mlir::FloatType>(input.value.asTensor().element())) {
      error(input.span, "there is no gradient of integers and booleans, and `" + nameOf(position, input) + "` is " +
                            this->names.type(input.value.asTensor()));
      good = false;
    }
  }
  for (const std::string &name : wanted) {
    bool isGiven = false;
    for (auto [position, input] : llvm::enumerate(inputs))
      isGiven |= input.value.isTensor() && nameOf(position, input) == name;
    if (!isGiven && good)
      error(span, "`grad` has no value for `" + name + "`, whose gradient it is");
    good &= isGiven;
  }
  if (!good || wanted.empty()) {
    if (good)
      error(span, "`grad` has no value whose gradient it is");
    return Value::error();
  }

  // The function's arguments.
  EntryBuilder *outer = entry;
  EntryBuilder body(emitter, module, freshName(module, "grad_" + function.name()), /*isPrivate=*/true);
  if (outer) {
    body.training = outer->training;
    body.masked = outer->masked;
    body.startsFresh = outer->startsFresh;
  }
  body.observed = false;
  llvm::SmallVector<mlir::Value> operands;
  struct Differentiated {
    std::string name;
    Tensor tensor;
    size_t operand;
  };
  std::vector<Differentiated> differentiated;
  auto pass = [&](const Tensor &tensor) {
    std::string name = "x" + std::to_string(operands.size());
    Tensor inside = Emitter::like(tensor, body.argument("operand", name, tensor.type()).value);
    operands.push_back(tensor.value);
    return inside;
  };
  for (auto [position, input] : llvm::enumerate(inputs)) {
    if (!input.value.isTensor())
      continue;
    Tensor given = input.value.asTensor();
    if (llvm::is_contained(wanted, nameOf(position, input)))
      differentiated.push_back({nameOf(position, input), given, operands.size()});
    input.value = Value::tensor(pass(given));
  }
  if (outer && outer->validRows)
    body.validRows = pass(*outer->validRows);

  entry = &body;
  unsigned before = diagnostics.reports();
  Value value = apply(function, std::move(inputs), span);
  entry = outer;
  if (!value.isError() &&
      (!value.isTensor() || value.asTensor().rank() != 0 || !mlir::isa<mlir::FloatType>(value.asTensor().element()))) {
    auto &message = error(span, "`grad` differentiates a number, and `" + function.name() + "` returns " +
                                    this->names.describe(value));
    message.hint("a function that returns the `sum` has the gradient of all elements together");
    addTrail(message, value);
    value = Value::error();
  }
  if (!value.isError())
    body.result("output", "value", value.asTensor());
  mlir::func::FuncOp built = body.finish(owned);
  if (value.isError() || diagnostics.reports() != before) {
    built.erase();
    return Value::error();
  }
  built.removeArgAttrsAttr();
  built.removeResAttrsAttr();

  // The call.
  llvm::SmallVector<mlir::Value> arguments;
  llvm::SmallVector<int64_t> positions(differentiated.size());
  size_t next = 0;
  for (auto [i, slot] : llvm::enumerate(body.arguments())) {
    if (slot.role != "operand") {
      if (!outer) {
        error(span, "`" + function.name() + "` reads values of a layer, which a `kernel fn` cannot differentiate");
        return Value::error();
      }
      OwnedValue *known = owned.find(slot.name);
      arguments.push_back(known && slot.role == roleName(known->role) ? outer->owned(*known).value
                                                                      : outer->counter(slot.role));
      continue;
    }
    for (auto [position, known] : llvm::zip(positions, differentiated))
      if (known.operand == next)
        position = i;
    arguments.push_back(operands[next++]);
  }
  llvm::SmallVector<mlir::Type> types;
  for (const auto &slot : body.results())
    types.push_back(slot.type);
  for (const Differentiated &known : differentiated)
    types.push_back(known.tensor.value.getType());
  auto op =
      nn::ValueAndGradOp::create(emitter.builder, emitter.location, types, built.getSymName(), arguments, positions);
  for (size_t i = 1; i < body.results().size(); ++i) { // states that the function changed
    Tensor state;
    state.value = op.getOutputs()[i];
    outer->update(*owned.find(body.results()[i].name), state);
  }
  std::vector<Value> gradients;
  for (const std::string &name : wanted)
    for (auto [k, known] : llvm::enumerate(differentiated))
      if (known.name == name)
        gradients.push_back(Value::tensor(Emitter::like(known.tensor, op.getOutputs()[body.results().size() + k])));
  return callable.gradientTuple ? Value::tuple(std::move(gradients)) : gradients.front();
}
