//===- Apply.cpp - Applications of declared functions and layers --------------------------------------------------===//
//
// Inputs are bound, layers get their instance, and the body is evaluated in place or called (KernelFunctions.cpp).
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/Evaluator.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::Twine;
using Role = FunctionDecl::Role;

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

/// Ids stand before numbers where the declaration has them the other way round, as in `cross_entropy(y, output)`.
static bool areExchanged(const FunctionDecl &decl, llvm::ArrayRef<std::optional<Arg>> slots) {
  if (slots.size() < 2 || !slots[0] || !slots[1] || !slots[0]->value.isTensor() || !slots[1]->value.isTensor())
    return false;
  const Tensor &first = slots[0]->value.asTensor(), &second = slots[1]->value.asTensor();
  auto wantsIds = [&](size_t i) {
    const TypeExpr *type = decl.inputs[i].type.get();
    return type && type->kind == TypeExpr::Kind::Tensor && llvm::is_contained({"i8", "i32", "i64", "u8"}, type->name);
  };
  return wantsIds(1) && !wantsIds(0) && mlir::isa<mlir::IntegerType>(first.element()) &&
         mlir::isa<mlir::FloatType>(second.element());
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
      std::vector<std::string> known;
      for (const Parameter &parameter : decl.inputs)
        known.push_back(parameter.name.text);
      if (std::string meant = input.name.empty() ? "" : nearest(input.name, known); !meant.empty())
        message.hint("did you mean `" + meant + "`?");
      else
        message.note(declared());
      return false;
    }
    if (slots[index]) {
      error(input.span, "`" + decl.inputs[index].name.text + "` is given twice").note(declared());
      return false;
    }
    slots[index] = std::move(input);
  }
  if (areExchanged(decl, slots)) {
    error(slots[0]->span, "`" + decl.name.text + "` wants ids as `" + decl.inputs[1].name.text +
                              "`, and here they are `" + decl.inputs[0].name.text + "`")
        .note(declared())
        .hint("`" + slots[1]->span.text() + "` stands before `" + slots[0]->span.text() + "`");
    return false;
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
    value = startingValue(value, parameter.type.get(), span);
    if (!bindInput(parameter, value, span, callee))
      return false;
  }
  return true;
}

Value Evaluator::apply(const Callable &callable, std::vector<Arg> inputs, Span span, const Name *as) {
  for (const Arg &input : inputs)
    if (input.value.isError())
      return Value::error();
  if (callable.functionType) {
    Callable plain = callable;
    plain.functionType = nullptr;
    return checkFunctionResult(callable, inputs, apply(plain, inputs, span, as));
  }
  if (callable.gradientOf)
    return applyGradient(callable, std::move(inputs), span);
  if (callable.builtin)
    return applyBuiltin(*callable.builtin, std::move(inputs), span);
  const FunctionDecl &decl = *callable.decl;
  if (decl.role == Role::Optimizer)
    return applyOptimizer(callable, inputs, span);
  unsigned depth = 0;
  // A layer that was given as an argument may be of the kind that it is given to: `Box(Box(Dense(4)))`.
  bool namedInside = false;
  auto holds = [&](const FunctionDecl &outer) {
    return callable.span.source == outer.span.source && callable.span.begin >= outer.span.begin &&
           callable.span.end <= outer.body.span.end;
  };
  for (const Frame *at = frame; at; at = at->caller) {
    ++depth;
    namedInside |= at->decl && holds(*at->decl);
    if (at->decl != &decl || decl.role == Role::Initializer || !namedInside)
      continue;
    error(span, "`" + decl.name.text + "` calls itself")
        .hint("recursion is not possible; `for` repeats at compile time");
    return Value::error();
  }
  if (depth > 100 || ++calls > 100000) {
    error(span, depth > 100 ? "calls nest more than 100 deep here"
                            : "this program makes more than 100000 calls, and each is compiled in its place");
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
  CallFrame callee(&decl, frame, span, callable.configuration);
  if (decl.role == Role::Schedule)
    callee.path = frame->path;
  if (decl.role == Role::Metric && !frame->decl && frame->metric != MetricPhase::None) { // an entry of `metrics`
    callee.metric = frame->metric;
    unsigned number = ++(*frame->counters)["metric"];
    callee.path = number > 1 ? frame->path + "." + std::to_string(number) : frame->path;
  }
  if (callable.isLayer()) {
    bool inMetric = !frame->decl && frame->metric != MetricPhase::None;
    if (inMetric || (frame->decl && frame->decl->role != Role::Layer && frame->decl->role != Role::Model)) {
      error(span, "a layer is applied in layers and models only, not in a " +
                      Twine(keyword(inMetric ? Role::Metric : frame->decl->role)));
      return Value::error();
    }
    if (&decl == model && !frame->decl) { // in the train block
      error(span, "`" + decl.name.text + "` would be another network here, with parameters of its own")
          .hint("what the model returns for a batch is `output`, or has the names of its results");
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
  if (!bindInputs(decl, std::move(inputs), span, callee))
    return Value::error();
  if (callee.instance && callee.instance->applications++ == 0) {
    callee.instance->firstCall = userSpan(span);
    callee.instance->firstInput = first.isTensor() ? names.type(first.asTensor()) : "";
  }
  bool isCall = decl.role == Role::Function && (decl.kernel || program.gradientOf(&decl));
  Value result = isCall ? callFunction(decl, callee) : run(decl, callee);
  if (callee.metric != MetricPhase::None && result.isTensor() && result.asTensor().rank() == 0) {
    Tensor number = result.asTensor(); // adapts to what it meets in an expression
    number.weak = true;
    result = Value::tensor(std::move(number));
  }
  if (entry && entry->watched && callee.instance && decl.role == Role::Layer)
    result = watch(result, "the output of the layer `" + callee.path + "` (" + decl.name.text + ")");
  bool isTuple = result.isTuple() && !result.elements().empty();
  const Value &output = isTuple ? result.elements().front() : result;
  if (rows && callee.instance && output.isTensor() && decl.role == Role::Layer) {
    const Tensor &y = output.asTensor();
    rows->push_back({callee.path, decl.name.text, y.type(), y.field.extent});
  }
  return leaveTrail(result, first.isTensor() ? &first : nullptr, span.text(), span);
}
