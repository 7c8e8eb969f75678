//===- Apply.cpp - Applications of declared functions and layers --------------------------------------------------===//
//
// Most applications are evaluated in place. A `kernel fn`, and a fn with a written gradient, becomes a private function
// of the module, one per instantiation, and is called.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/Evaluator.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Casting.h"
#include <limits>

using namespace nn::frontend;
using llvm::StringRef;
using llvm::Twine;
using Role = FunctionDecl::Role;

/// A private function of the module and what is known of its results.
struct Evaluator::Compiled {
  mlir::func::FuncOp function;
  std::vector<Tensor> results; ///< as the body returned them; their values belong to the function
  std::vector<std::string> names;
  size_t saved = 0; ///< trailing results that only the gradient sees
  bool tuple = false, failed = false;
};

Evaluator::Evaluator(const Program &program, Diagnostics &diagnostics, mlir::ModuleOp module)
    : program(program), diagnostics(diagnostics), emitter(module.getContext()), module(module) {}
Evaluator::~Evaluator() = default;

Value Evaluator::run(const FunctionDecl &decl, Frame &callee) {
  FrameScope inCallee(*this, callee);
  BlockScope body(callee);
  Value last = Value::none();
  execute(decl.body, &last);
  Value result = callee.returned ? *callee.returned : last;
  if (result.kind() == Value::Kind::None && decl.role != Role::Optimizer && decl.role != Role::Metric) {
    error(decl.name.span, "`" + decl.name.text + "` returns nothing").hint("end its body with `return`");
    return Value::error();
  }
  Span at = decl.name.span;
  if (!decl.body.statements.empty())
    at = decl.body.statements.back()->span;
  return checkResult(decl, result, at);
}

bool Evaluator::bindInputs(const FunctionDecl &decl, std::vector<Arg> inputs, Span span, Frame &callee) {
  std::vector<std::optional<Arg>> slots(decl.inputs.size());
  size_t position = 0;
  auto declared = [&] {
    std::string text = decl.name.text + "(";
    for (size_t i = 0; i < decl.inputs.size(); ++i)
      text += (i ? ", " : "") + decl.inputs[i].name.text;
    return "its inputs are `" + text + ")`";
  };
  for (Arg &input : inputs) {
    size_t index = position;
    if (input.name.empty())
      ++position;
    else
      index = llvm::find_if(decl.inputs, [&](const Parameter &p) { return p.name.text == input.name; }) -
              decl.inputs.begin();
    if (index >= decl.inputs.size()) {
      auto &message = input.name.empty()
                          ? error(input.span, "`" + decl.name.text + "` takes " + Twine(decl.inputs.size()) +
                                                  (decl.inputs.size() == 1 ? " input" : " inputs"))
                          : error(input.span, "`" + decl.name.text + "` has no input `" + input.name + "`");
      message.note(declared());
      return false;
    }
    if (slots[index]) {
      error(input.span, "`" + decl.inputs[index].name.text + "` is given twice").note(declared());
      return false;
    }
    slots[index] = std::move(input);
  }
  bool good = true;
  for (auto [parameter, slot] : llvm::zip(decl.inputs, slots))
    if (slot)
      good &= bindInput(parameter, slot->value, slot->span, callee);
  if (!good)
    return false;
  for (auto [parameter, slot] : llvm::zip(decl.inputs, slots)) {
    if (slot || (parameter.whenTraining && entry && !entry->training))
      continue;
    if (!parameter.initial) {
      error(span, "`" + decl.name.text + "` wants a value for `" + parameter.name.text + "`").note(declared());
      return false;
    }
    FrameScope inCallee(*this, callee);
    Value value = evaluateFor(*parameter.initial, parameter.type.get());
    // `h0: T[batch, units] = zeros`: an initialiser of a constant stands for a tensor of the declared type.
    if (value.isCallable() && value.asCallable().decl && value.asCallable().decl->role == Role::Initializer &&
        parameter.type) {
      std::optional<mlir::RankedTensorType> type = resolve(*parameter.type);
      if (!type)
        return false;
      OwnedValue tensor{"", OwnedStmt::Role::State, *type, withDefaults(value, span), {}, {}, span, ""};
      value = Value::tensor(initialValue(tensor));
    }
    if (!bindInput(parameter, value, span, callee))
      return false;
  }
  return true;
}

/// Warns of what course notes warn of, where the library's own functions meet.
void Evaluator::lint(const FunctionDecl &decl, const Value &input, Span span) {
  if (!decl.span.inLibrary() || !input.isTensor() || !input.asTensor().maker)
    return;
  const Tensor &x = input.asTensor();
  StringRef name = decl.name.text, maker = x.maker->name.text;
  if (name == "BatchNorm" && x.layer && x.layer->members.count("bias"))
    if (Diagnostic *message =
            warn(span, "bias-before-norm",
                 "the bias of `" + x.layer->path + "` has no effect: BatchNorm subtracts the mean behind it"))
      message->hint("write `" + maker + "(…, bias: false)`");
  if (name == "cross_entropy" && x.maker->span.inLibrary() && (maker == "softmax" || maker == "log_softmax"))
    if (Diagnostic *message = warn(span, "softmax-into-logits",
                                   "`" + name + "` wants logits, and this went through `" + maker + "` already"))
      message->hint("leave `" + maker + "` out of the model: the loss takes it in, more exactly");
}

Value Evaluator::apply(const Callable &callable, std::vector<Arg> inputs, Span span, const Name *as) {
  for (const Arg &input : inputs)
    if (input.value.isError())
      return Value::error();
  if (callable.builtin)
    return applyBuiltin(*callable.builtin, std::move(inputs), span);
  const FunctionDecl &decl = *callable.decl;
  for (const Frame *at = frame; at; at = at->caller)
    if (at->decl == &decl && decl.role != Role::Initializer) {
      error(span, "`" + decl.name.text + "` calls itself")
          .hint("recursion is not possible; `for` repeats at compile time");
      return Value::error();
    }
  if (as && !callable.isLayer()) {
    error(as->span, "`as` names a layer, and " + names.describe(Value::callable(callable)) + " owns nothing");
    return Value::error();
  }
  if (as && callable.instance) {
    error(as->span,
          "`" + callable.instance->path + "` has its name already: it is one instance, wherever it is applied");
    return Value::error();
  }
  LocationScope here(*this, span);
  Value first = inputs.empty() ? Value::none() : inputs.front().value;
  Frame callee;
  Scope scope;
  std::map<std::string, unsigned> counters;
  callee.decl = &decl;
  callee.caller = frame;
  callee.callSpan = span;
  callee.source = decl.span.source;
  callee.scope = &scope;
  callee.counters = &counters;
  if (callable.isLayer()) {
    if (frame->decl && frame->decl->role != Role::Layer && frame->decl->role != Role::Model) {
      error(span, "a layer is applied in layers and models only, not in a " + Twine(keyword(frame->decl->role)));
      return Value::error();
    }
    callee.instance = callable.instance;
    if (!callee.instance)
      callee.instance = makeInstance(as ? as->text : numbered(decl.name.text), as ? as->span : span);
    callee.path = callee.instance->path;
    callee.application = callee.instance->applications;
    mlir::Location line = emitter.location;
    while (auto named = mlir::dyn_cast<mlir::NameLoc>(line))
      line = named.getChildLoc();
    emitter.location = mlir::NameLoc::get(emitter.builder.getStringAttr(callee.path), line);
  }
  for (auto [parameter, value] : llvm::zip(decl.configuration, callable.configuration)) {
    Variable variable;
    variable.kind = Variable::Kind::Input;
    variable.value = value;
    variable.span = parameter.name.span;
    scope.variables[parameter.name.text] = variable;
  }
  lint(decl, first, span);
  attributes.push_back(&decl.attributes);
  llvm::scope_exit leave([&] { attributes.pop_back(); });
  if (!bindInputs(decl, std::move(inputs), span, callee))
    return Value::error();
  if (callee.instance && callee.instance->applications++ == 0) {
    callee.instance->firstCall = userSpan(span);
    callee.instance->firstInput = first.isTensor() ? names.type(first.asTensor()) : "";
  }
  bool isCall = decl.role == Role::Function && (decl.kernel || program.gradientOf(&decl));
  Value result = isCall ? callFunction(decl, callee) : run(decl, callee);
  if (rows && callee.instance && result.isTensor() && decl.role == Role::Layer) {
    const Tensor &y = result.asTensor();
    rows->push_back({callee.path, decl.name.text, llvm::SmallVector<int64_t>(y.shape()), 0, y.field.extent});
  }
  if (result.isTensor()) {
    Tensor made = result.asTensor();
    made.maker = &decl;
    made.layer = callee.instance;
    result = Value::tensor(std::move(made));
  }
  return leaveTrail(result, first.isTensor() ? &first : nullptr, span.text(), span);
}

//===--------------------------------------------------------------------------------------------------------------===//
// Functions of the module
//===--------------------------------------------------------------------------------------------------------------===//

bool Evaluator::flatten(const Value &value, std::vector<Tensor> &out, Span span) {
  if (value.isTuple())
    return llvm::all_of(value.elements(), [&](const Value &element) { return flatten(element, out, span); });
  mlir::Type element = frame->elements.count("T") ? frame->elements["T"] : mlir::Type(emitter.builder.getF32Type());
  std::optional<Tensor> tensor = toTensor(value, element, span);
  if (tensor)
    out.push_back(*tensor);
  return tensor.has_value();
}

/// The inputs of a function in the order of its declaration: tensors become arguments, the rest is part of the key.
static std::vector<std::pair<std::string, Value>> boundValues(const FunctionDecl &decl, Frame &callee) {
  std::vector<std::pair<std::string, Value>> result;
  for (const auto *list : {&decl.configuration, &decl.inputs})
    for (const Parameter &parameter : *list)
      if (auto it = callee.scope->variables.find(parameter.name.text); it != callee.scope->variables.end())
        result.emplace_back(parameter.name.text, it->second.value);
  return result;
}

Value Evaluator::callFunction(const FunctionDecl &decl, Frame &callee) {
  std::string key = decl.name.text + (decl.span.inLibrary() ? " library" : " user");
  llvm::SmallVector<mlir::Value> operands;
  for (auto &[name, value] : boundValues(decl, callee)) {
    key += " " + name + "=";
    if (!value.isTensor()) {
      key += names.text(value);
      continue;
    }
    const Tensor &tensor = value.asTensor();
    operands.push_back(tensor.value);
    key += TypeNames().type(tensor.type()) + (tensor.weak ? "~" : "") + "@" + std::to_string(tensor.batch.axis) + "/" +
           std::to_string(tensor.batch.inner);
  }
  std::unique_ptr<Compiled> &slot = functions[key];
  if (!slot)
    slot.reset(compileFunction(decl, callee, key));
  if (slot->failed)
    return Value::error();
  auto call = nn::CallOp::create(emitter.builder, emitter.location, slot->function.getFunctionType().getResults(),
                                 slot->function.getSymName(), operands);
  std::vector<Value> results;
  for (size_t i = 0; i + slot->saved < slot->results.size(); ++i) {
    Tensor result = slot->results[i];
    result.value = call.getResult(i);
    result.trail = nullptr;
    results.push_back(Value::tensor(std::move(result)));
  }
  if (!slot->tuple)
    return results.front();
  std::vector<std::string> resultNames(slot->names.begin(), slot->names.begin() + results.size());
  if (results.size() == 1)
    return results.front();
  return Value::tuple(std::move(results), std::move(resultNames));
}

static std::string freshSymbol(mlir::ModuleOp module, StringRef base) {
  std::string name = base.str();
  for (unsigned i = 1; module.lookupSymbol(name); ++i)
    name = (base + "_" + Twine(i)).str();
  return name;
}

Evaluator::Compiled *Evaluator::compileFunction(const FunctionDecl &decl, Frame &callee, const std::string &key) {
  auto *compiled = new Compiled;
  EntryBuilder *outer = entry;
  mlir::Location outerLocation = emitter.location;
  EntryBuilder body(emitter, module, freshSymbol(module, decl.name.text), /*isPrivate=*/true);
  entry = nullptr;
  Frame inner = callee;
  Scope scope = *callee.scope;
  inner.scope = &scope;
  for (auto &[name, value] : boundValues(decl, callee))
    if (value.isTensor()) {
      Tensor argument = value.asTensor();
      argument.value = body.argument("operand", name, argument.type()).value;
      argument.trail = std::make_shared<Trail>(Trail{name, names.type(argument), nullptr});
      scope.variables[name].value = Value::tensor(std::move(argument));
    }
  Value result = run(decl, inner);
  FrameScope inInner(*this, inner);
  compiled->failed = result.isError() || !flatten(result, compiled->results, decl.name.span);
  compiled->tuple = result.isTuple();
  if (decl.result && decl.result->kind == TypeExpr::Kind::Tuple)
    for (const TypeField &field : decl.result->fields) {
      compiled->names.push_back(field.name.text);
      compiled->saved += field.saved;
    }
  compiled->names.resize(compiled->results.size());
  for (auto [name, tensor] : llvm::zip(compiled->names, compiled->results)) {
    if (tensor.weak)
      tensor = emitter.cast(tensor, emitter.builder.getF32Type());
    body.result("output", name, tensor);
  }
  compiled->function = body.finish({});
  entry = outer;
  // Operands of private functions carry no roles.
  compiled->function.setAllArgAttrs(llvm::ArrayRef<mlir::DictionaryAttr>(llvm::SmallVector<mlir::DictionaryAttr>(
      compiled->function.getNumArguments(), emitter.builder.getDictionaryAttr({}))));
  compiled->function.setResAttrsAttr(nullptr);
  if (decl.kernel)
    compiled->function->setAttr("nn.kernel_fn", emitter.builder.getStringAttr(decl.name.text));
  if (compiled->saved)
    compiled->function->setAttr("nn.saved", emitter.builder.getI64IntegerAttr(compiled->saved));
  if (const GradientDecl *gradient = program.gradientOf(&decl); gradient && !compiled->failed)
    compileGradient(*gradient, decl, inner, *compiled);
  if (compiled->failed)
    compiled->function.erase();
  emitter.location = outerLocation;
  return compiled;
}

/// A function of the inputs, the outputs (saved ones included) and the gradients of those that are not saved; it
/// returns one gradient per floating-point input.
void Evaluator::compileGradient(const GradientDecl &gradient, const FunctionDecl &decl, Frame &callee,
                                Compiled &compiled) {
  auto fail = [&](Span span, const Twine &text) {
    error(span, text).note("the function", decl.name.span);
    compiled.failed = true;
  };
  size_t visible = compiled.results.size() - compiled.saved;
  if (gradient.inputs.size() != decl.inputs.size())
    return fail(gradient.name.span, "`" + decl.name.text + "` has " + Twine(decl.inputs.size()) +
                                        " inputs, its gradient names " + Twine(gradient.inputs.size()));
  if (gradient.outputs.size() != compiled.results.size())
    return fail(gradient.name.span, "`" + decl.name.text + "` has " + Twine(compiled.results.size()) +
                                        " results with the saved ones, its gradient names " +
                                        Twine(gradient.outputs.size()));
  if (gradient.gradients.size() != visible)
    return fail(gradient.name.span, "`" + decl.name.text + "` has " + Twine(visible) +
                                        " results, its gradient names gradients of " +
                                        Twine(gradient.gradients.size()));
  std::string symbol = freshSymbol(module, (compiled.function.getSymName() + "_gradient").str());
  EntryBuilder body(emitter, module, symbol, /*isPrivate=*/true);
  EntryBuilder *outer = entry;
  entry = nullptr;
  Frame inner = callee;
  Scope scope;
  inner.scope = &scope;
  inner.returned.reset();
  for (const auto &[name, variable] : callee.scope->variables)
    if (variable.kind == Variable::Kind::Dimension)
      scope.variables[name] = variable;
  auto define = [&](const Name &name, Value value) {
    Variable variable;
    variable.kind = Variable::Kind::Input;
    variable.value = std::move(value);
    variable.span = name.span;
    scope.variables[name.text] = std::move(variable);
  };
  auto argument = [&](const Name &name, Tensor like) {
    like.value = body.argument("operand", name.text, like.type()).value;
    like.trail = nullptr;
    define(name, Value::tensor(std::move(like)));
  };
  for (auto [name, parameter] : llvm::zip(gradient.configuration, decl.configuration))
    define(name, callee.scope->variables[parameter.name.text].value);
  llvm::SmallVector<mlir::RankedTensorType> wanted;
  for (auto [name, parameter] : llvm::zip(gradient.inputs, decl.inputs)) {
    Value bound = callee.scope->variables[parameter.name.text].value;
    if (!bound.isTensor()) {
      define(name, bound);
      continue;
    }
    argument(name, bound.asTensor());
    if (mlir::isa<mlir::FloatType>(bound.asTensor().element()))
      wanted.push_back(bound.asTensor().type());
  }
  for (auto [name, result] : llvm::zip(gradient.outputs, compiled.results))
    argument(name, result);
  for (auto [name, result] : llvm::zip(gradient.gradients, compiled.results))
    argument(name, result);
  FrameScope inInner(*this, inner);
  Value last = Value::none();
  execute(gradient.body, &last);
  Value result = inner.returned ? *inner.returned : last;
  std::vector<Tensor> gradients;
  if (result.isError() || !flatten(result, gradients, gradient.name.span))
    compiled.failed = true;
  else if (gradients.size() != wanted.size())
    fail(gradient.name.span, "the gradient of `" + decl.name.text + "` returns " + Twine(gradients.size()) +
                                 " values, and " + Twine(wanted.size()) + " inputs can have a gradient");
  else
    for (auto [i, type] : llvm::enumerate(wanted))
      if (gradients[i].type() != type) {
        fail(gradient.name.span, "gradient " + Twine(i + 1) + " of `" + decl.name.text + "` is " +
                                     names.type(gradients[i]) + ", and its input is " + names.type(type));
        break;
      }
  for (const Tensor &tensor : gradients)
    body.result("gradient", "", tensor);
  mlir::func::FuncOp function = body.finish({});
  entry = outer;
  function.setAllArgAttrs(llvm::ArrayRef<mlir::DictionaryAttr>(
      llvm::SmallVector<mlir::DictionaryAttr>(function.getNumArguments(), emitter.builder.getDictionaryAttr({}))));
  function.setResAttrsAttr(nullptr);
  compiled.function->setAttr("nn.gradient", mlir::FlatSymbolRefAttr::get(function));
  if (compiled.failed)
    function.erase();
}
