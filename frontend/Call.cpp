//===- Call.cpp - Calls, pipes and configurations -----------------------------------------------------------------===//
//
// Decides what a call's arguments are: configuration, or the inputs of an application; the rules are in language.md
// under "Two argument lists".
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/Builtins.h"
#include "frontend/Evaluator.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::StringRef;
using llvm::Twine;

/// The parameter that positional argument `position`, or the argument of that name, goes to.
static const Parameter *parameterFor(const std::vector<Parameter> &parameters, size_t position, StringRef name) {
  if (name.empty())
    return position < parameters.size() ? &parameters[position] : nullptr;
  for (const Parameter &parameter : parameters)
    if (parameter.name.text == name)
      return &parameter;
  return nullptr;
}

static std::string signature(const FunctionDecl &decl) {
  auto list = [](const std::vector<Parameter> &parameters) {
    std::string text = "(";
    for (size_t i = 0; i < parameters.size(); ++i)
      text += (i ? ", " : "") + parameters[i].name.text;
    return text + ")";
  };
  return decl.name.text + (decl.configured ? list(decl.configuration) : "") + list(decl.inputs);
}

CallFrame::CallFrame(const FunctionDecl *decl, Frame *caller, Span span, llvm::ArrayRef<Value> configuration) {
  this->decl = decl;
  this->caller = caller;
  callSpan = span;
  source = decl->span.source;
  scope = &inputs;
  counters = &ordinals;
  for (auto [parameter, value] : llvm::zip(decl->configuration, configuration))
    define(parameter.name, value);
}

void CallFrame::define(const Name &name, Value value) {
  Variable variable;
  variable.kind = Variable::Kind::Input;
  variable.value = std::move(value);
  variable.span = name.span;
  inputs.variables[name.text] = std::move(variable);
}

Value Evaluator::withDefaults(const Value &value, Span span) {
  if (!value.isCallable() || value.asCallable().configured)
    return value;
  return configure(value.asCallable(), {}, span);
}

Value Evaluator::configure(const Callable &callable, std::vector<Arg> arguments, Span span) {
  const FunctionDecl &decl = *callable.decl;
  std::vector<std::optional<Value>> values(decl.configuration.size());
  std::vector<Span> spans(decl.configuration.size(), span);
  size_t position = 0;
  bool good = true, named = false;
  for (Arg &argument : arguments) {
    if (named && argument.name.empty()) {
      error(argument.span, "arguments without a name stand before those with one");
      return Value::error();
    }
    named |= !argument.name.empty();
    const Parameter *parameter = parameterFor(decl.configuration, position, argument.name);
    if (argument.name.empty())
      ++position;
    if (!parameter) {
      auto &message =
          argument.name.empty()
              ? error(argument.span,
                      "`" + decl.name.text + "` takes " + Twine(decl.configuration.size()) + " configuration values")
              : error(argument.span, "`" + decl.name.text + "` has no configuration `" + argument.name + "`");
      std::vector<std::string> known;
      for (const Parameter &p : decl.configuration)
        known.push_back(p.name.text);
      std::string meant = nearest(argument.name, known);
      if (!argument.name.empty() && !meant.empty())
        message.hint("did you mean `" + meant + "`?");
      else
        message.note("it is declared as `" + signature(decl) + "`");
      if (decl.role == FunctionDecl::Role::Initializer && argument.name.empty())
        message.hint("it gives a `param` its first value; a tensor of one number is `fill(0, n, m)`");
      if (argument.name == "activation" || argument.name == "act")
        message.hint("an activation follows: `" + decl.name.text + "(…) |> relu`");
      good = false;
      continue;
    }
    size_t index = parameter - decl.configuration.data();
    if (values[index]) {
      error(argument.span, "`" + parameter->name.text + "` is given twice");
      good = false;
      continue;
    }
    if (!matchConfiguration(*parameter, argument.value, argument.span, decl))
      good = false;
    values[index] = argument.value;
    spans[index] = argument.span;
  }
  if (!good)
    return Value::error();
  Callable result = callable;
  result.configured = true;
  result.span = span;
  // Defaults see the declaration's file and the configuration before them.
  CallFrame own(&decl, frame, span);
  FrameScope inOwn(*this, own);
  for (auto [index, parameter] : llvm::enumerate(decl.configuration)) {
    if (!values[index]) {
      if (!parameter.initial) {
        error(span, "`" + decl.name.text + "` wants a value for `" + parameter.name.text + "`")
            .note("it is declared as `" + signature(decl) + "`");
        return Value::error();
      }
      Value value = evaluateFor(*parameter.initial, parameter.type.get());
      if (!matchConfiguration(parameter, value, parameter.initial->span, decl))
        return Value::error();
      values[index] = value;
    }
    own.define(parameter.name, *values[index]);
    result.configuration.push_back(*values[index]);
  }
  return Value::callable(std::move(result));
}

/// `x` or `(x, y)` as words: inputs of the function that `grad` differentiates.
static Value inputNamesOf(const Expr &expr) {
  if (auto *name = llvm::dyn_cast<NameExpr>(&expr))
    return Value::word(name->name);
  std::vector<Value> words;
  if (auto *tuple = llvm::dyn_cast<TupleExpr>(&expr))
    for (const Argument &element : tuple->elements)
      words.push_back(inputNamesOf(*element.value));
  return Value::tuple(std::move(words));
}

Value Evaluator::call(const CallExpr &expr, const Value *piped, Span pipedSpan, const Name *as) {
  Value callee = evaluate(*expr.callee);
  if (callee.isError()) {
    for (const Argument &argument : expr.arguments)
      if (!llvm::isa<NameExpr>(*argument.value))
        evaluate(*argument.value);
    return callee;
  }
  if (!callee.isCallable()) {
    auto &message = error(expr.callee->span, names.describe(callee) + " cannot be called");
    if (callee.kind() == Value::Kind::Type)
      message.hint("`cast(x, " + expr.callee->span.text() + ")` changes the element type");
    return Value::error();
  }
  const Callable callable = callee.asCallable();
  const FunctionDecl *decl = callable.decl;
  bool choosing = decl && !callable.configured; // configuration or inputs?
  std::vector<Arg> arguments;
  size_t position = 0;
  bool failed = false, anyTensor = false, allTensors = true;
  for (const Argument &argument : expr.arguments) {
    const TypeExpr *type = nullptr;
    if (decl) {
      const auto &list = choosing ? decl->configuration : decl->inputs;
      const Parameter *parameter = parameterFor(list, position + (piped && !choosing), argument.name.text);
      type = parameter ? parameter->type.get() : nullptr;
    }
    position += argument.name.text.empty();
    bool isNames = callable.builtin && llvm::StringRef(callable.builtin->name) == "grad" && !callable.gradientOf &&
                   argument.name.text == "wrt";
    Arg arg{argument.name.text, isNames ? inputNamesOf(*argument.value) : evaluateFor(*argument.value, type),
            cover(argument.name.span, argument.value->span)};
    failed |= arg.value.isError();
    // A number of the running program may be configuration: the rate of an optimizer.
    bool isNumber = arg.value.isTensor() && arg.value.asTensor().weak && arg.value.asTensor().rank() == 0;
    bool isTensor = arg.value.isTensor() && !(isNumber && choosing && type);
    anyTensor |= isTensor;
    allTensors &= isTensor;
    arguments.push_back(std::move(arg));
  }
  if (failed)
    return Value::error();
  auto withPiped = [&] {
    if (piped)
      arguments.insert(arguments.begin(), Arg{"", *piped, pipedSpan});
    return std::move(arguments);
  };
  if (callable.builtin && !callable.gradientOf && !callable.functionType) {
    if (!piped || callable.builtin != findBuiltin("grad"))
      return applyBuiltin(*callable.builtin, withPiped(), expr.span);
    // `x |> grad(f)` is `grad(f)(x)`.
    Value gradient = applyBuiltin(*callable.builtin, std::move(arguments), expr.span);
    return gradient.isError() ? gradient : apply(gradient.asCallable(), {Arg{"", *piped, pipedSpan}}, expr.span, as);
  }
  if (!choosing || callable.builtin)
    return apply(callable, withPiped(), expr.span, as);
  if (anyTensor && allTensors) {
    Value defaults = withDefaults(callee, expr.span);
    return defaults.isError() ? defaults : apply(defaults.asCallable(), withPiped(), expr.span, as);
  }
  if (anyTensor) {
    auto misplaced = llvm::find_if(arguments, [](const Arg &a) { return a.value.isTensor(); });
    std::string configuration, input = misplaced->span.text().str(), corrected;
    for (const Arg &argument : arguments)
      if (!argument.value.isTensor())
        configuration += (configuration.empty() ? "" : ", ") + argument.span.text().str();
    auto layer =
        llvm::find_if(arguments, [](const Arg &a) { return a.value.isCallable() && a.value.asCallable().isLayer(); });
    if (layer != arguments.end()) {
      error(layer->span, "`" + decl->name.text + "` takes what a layer or model computes, and this is " +
                             names.describe(layer->value))
          .hint("a loss is named alone, `loss = " + decl->name.text +
                "`, or sees the model's outputs by their names; elsewhere a "
                "layer is applied first: `" +
                layer->value.asCallable().name() + "(x)`");
      return Value::error();
    }
    std::string configured = decl->name.text + "(" + configuration + ")";
    if (misplaced->name.empty())
      corrected = "`" + input + " |> " + configured + "`";
    else
      corrected =
          "`" + (piped ? pipedSpan.text().str() + " |> " + configured + "(" : configured + "(x, ") + input + ")`";
    error(misplaced->span, "the configuration of `" + decl->name.text + "` holds no tensors, and this is " +
                               names.describe(misplaced->value))
        .hint("configuration comes first, tensors second: " + corrected);
    return Value::error();
  }
  Value configured = configure(callable, std::move(arguments), expr.span);
  if (configured.isError() || !piped) {
    if (!configured.isError() && as)
      error(as->span, "`as` names the application of a layer, and this one is not applied");
    return configured;
  }
  return apply(configured.asCallable(), {Arg{"", *piped, pipedSpan}}, expr.span, as);
}

Value Evaluator::pipe(const PipeExpr &expr) {
  Value input = evaluate(*expr.value);
  const Expr *target = expr.target.get();
  const Name *as = nullptr;
  if (auto *named = llvm::dyn_cast<AsExpr>(target)) {
    as = &named->name;
    target = named->value.get();
  }
  LocationScope here(*this, target->span);
  Value result;
  if (auto *call = llvm::dyn_cast<CallExpr>(target)) {
    result = this->call(*call, &input, expr.value->span, as);
  } else {
    Value callee = evaluate(*target);
    if (callee.isError())
      return callee;
    if (!callee.isCallable()) {
      error(target->span, "right of `|>` stands a layer or function, and this is " + names.describe(callee));
      return Value::error();
    }
    std::vector<Arg> arguments = {Arg{"", input, expr.value->span}};
    if (callee.asCallable().builtin && !callee.asCallable().gradientOf && !callee.asCallable().functionType) {
      result = input.isError() ? input : applyBuiltin(*callee.asCallable().builtin, std::move(arguments), target->span);
    } else {
      callee = withDefaults(callee, target->span);
      if (!callee.isError())
        result = apply(callee.asCallable(), std::move(arguments), target->span, as);
    }
  }
  return result;
}

Value Evaluator::applyBuiltin(const Builtin &builtin, std::vector<Arg> arguments, Span span) {
  LocationScope here(*this, span);
  BuiltinCall call{*this, builtin, span, {}, {}, {}};
  llvm::SmallVector<StringRef> parameters;
  StringRef(builtin.parameters).split(parameters, ' ', -1, /*KeepEmpty=*/false);
  bool variadic = !parameters.empty() && parameters.front().starts_with("*");
  call.arguments.resize(parameters.size());
  call.spans.resize(parameters.size(), span);
  std::vector<bool> given(parameters.size());
  size_t position = variadic ? 1 : 0;
  auto nameOf = [](StringRef parameter) { return parameter.trim("*?"); };
  auto form = [&] {
    std::string text = builtin.name + std::string("(");
    for (StringRef parameter : parameters)
      text += (text.back() == '(' ? "" : ", ") + nameOf(parameter).str() + (parameter.ends_with("?") ? "?" : "");
    return "it is `" + text + ")`";
  };
  for (Arg &argument : arguments) {
    if (argument.value.isError())
      return Value::error();
    if (argument.name.empty() && variadic) {
      call.rest.push_back(argument.value);
      continue;
    }
    size_t index = position;
    if (argument.name.empty())
      ++position;
    else
      index = llvm::find_if(parameters, [&](StringRef p) { return nameOf(p) == argument.name; }) - parameters.begin();
    if (index >= parameters.size() || given[index]) {
      auto &message = error(argument.span,
                            (argument.name.empty()
                                 ? "too many arguments for `" + std::string(builtin.name) + "`"
                                 : "`" + std::string(builtin.name) + "` does not take `" + argument.name + "` here"));
      message.note(form());
      std::vector<std::string> known;
      for (StringRef parameter : parameters)
        known.push_back(nameOf(parameter).str());
      if (std::string meant = argument.name.empty() ? "" : nearest(argument.name, known); !meant.empty())
        message.hint("did you mean `" + meant + "`?");
      if (argument.name == "axis" && findBuiltin("reduce_" + std::string(builtin.name)))
        message.hint("that along an axis is `reduce_" + Twine(builtin.name) + "(x, axis: …)`");
      if (argument.name.empty() && llvm::is_contained({"shape", "axes?"}, parameters.back()))
        message.hint("several integers are one list: `" + Twine(builtin.name) + "(x, [a, b])`");
      return Value::error();
    }
    given[index] = true;
    call.arguments[index] = argument.value;
    call.spans[index] = argument.span;
  }
  for (size_t i = variadic ? 1 : 0; i < parameters.size(); ++i) {
    if (given[i])
      continue;
    if (!parameters[i].ends_with("?")) {
      auto &message = error(span, "`" + Twine(builtin.name) + "` wants a value for `" + nameOf(parameters[i]) + "`");
      message.note(form());
      if (variadic)
        message.hint("behind any number of others it has its name: `" + nameOf(parameters[i]) + ": …`");
      if (findBuiltin("reduce_" + std::string(builtin.name)))
        message.hint("that of all elements is `reduce_" + Twine(builtin.name) + "(x)`");
      return Value::error();
    }
    call.arguments[i] = Value::none();
  }
  Value result = bounded(builtin.evaluate(call), span);
  const Value *input = nullptr;
  for (const Arg &argument : arguments)
    if (!input && argument.value.isTensor())
      input = &argument.value;
  return leaveTrail(result, input, span.text(), span);
}
