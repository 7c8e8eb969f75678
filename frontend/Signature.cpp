//===- Signature.cpp - Parameters' types against arguments --------------------------------------------------------===//
//
// Dimension variables, `...` and element variables are bound at a call by the first argument that shows them and
// checked against all others.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/AstPrinter.h"
#include "frontend/Builtins.h"
#include "frontend/Evaluator.h"
#include "frontend/Habits.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"
#include <cmath>

using namespace nn::frontend;
using llvm::StringRef;
using llvm::Twine;

//===--------------------------------------------------------------------------------------------------------------===//
// Configuration
//===--------------------------------------------------------------------------------------------------------------===//

static bool isIntegers(const Value &value, size_t count) {
  if (!value.isTuple() && !value.isList())
    return false;
  return (count == 0 || value.elements().size() == count) &&
         llvm::all_of(value.elements(), [](const Value &v) { return v.isInteger(); });
}

static bool matchesPlain(StringRef type, const Value &value) {
  using Role = FunctionDecl::Role;
  auto role = [&](Role wanted) {
    return value.isCallable() && value.asCallable().decl && value.asCallable().decl->role == wanted;
  };
  bool weakScalar = value.isTensor() && value.asTensor().weak && value.asTensor().rank() == 0;
  if (type == "int")
    return value.isInteger();
  if (type == "Steps")
    return value.isInteger() || value.kind() == Value::Kind::Epochs || weakScalar;
  if (type == "Validation")
    return value.kind() == Value::Kind::Validation || weakScalar;
  if (type == "float" || type == "number")
    return value.isNumber() || weakScalar;
  if (type == "bool")
    return value.isBool();
  if (type == "string")
    return value.kind() == Value::Kind::String;
  if (type == "pair")
    return isIntegers(value, 2);
  if (type == "pairs")
    return (value.isTuple() || value.isList()) &&
           llvm::all_of(value.elements(), [](const Value &v) { return isIntegers(v, 2); });
  if (type == "list")
    return value.isList() || value.isTuple();
  if (type == "Initializer")
    return value.isNumber() || role(Role::Initializer);
  if (type == "Schedule")
    return value.isNumber() || weakScalar || role(Role::Schedule);
  if (type == "Optimizer")
    return role(Role::Optimizer);
  if (type == "Layer")
    return role(Role::Layer) || role(Role::Model);
  if (type == "Function")
    return value.isCallable();
  if (type == "none")
    return value.kind() == Value::Kind::None;
  return value.isWord() && value.asText() == type;
}

/// Whether a function takes as many inputs as the parameter's type shows; the others have defaults.
bool Evaluator::matchFunction(const TypeExpr &type, const Value &value, std::string &reason) {
  const Callable &callable = value.asCallable();
  size_t wanted = type.fields.size(), least = 0, most = 0;
  if (callable.decl) {
    most = callable.decl->inputs.size();
    least = llvm::count_if(callable.decl->inputs, [](const Parameter &p) { return !p.initial && !p.whenTraining; });
  } else {
    llvm::SmallVector<StringRef> parameters;
    StringRef(callable.builtin->parameters).split(parameters, ' ', -1, /*KeepEmpty=*/false);
    most = parameters.size();
    least = llvm::count_if(parameters, [](StringRef p) { return !p.ends_with("?"); });
  }
  if (wanted >= least && wanted <= most)
    return true;
  reason = "`" + callable.name().str() + "` takes " + std::to_string(wanted < least ? least : most) +
           (least == 1 && most == 1 ? " input" : " inputs");
  return false;
}

/// Compares what a function returned that was given as an argument with what its parameter's type says.
Value Evaluator::checkFunctionResult(const Callable &callable, llvm::ArrayRef<Arg> inputs, Value value) {
  const TypeExpr &type = *callable.functionType;
  if (!type.result || !value.isTensor())
    return value;
  Frame own; // the dimensions and element variables of the type are its own
  Scope scope;
  own.caller = frame;
  own.source = type.span.source;
  own.scope = &scope;
  std::string reason;
  for (auto [field, input] : llvm::zip(type.fields, inputs))
    if (input.value.isTensor()) {
      own.elements.try_emplace(field.type->name, input.value.asTensor().element());
      matchDims(*field.type, input.value.asTensor(), own, reason);
    }
  reason.clear();
  const TypeExpr &result = *type.result;
  const Tensor &tensor = value.asTensor();
  mlir::Type element;
  {
    FrameScope inOwn(*this, own);
    element = resolveElement(result.name, result.span);
  }
  if (element && tensor.element() != element && !tensor.weak)
    reason = "the element types differ";
  else if (result.kind == TypeExpr::Kind::Plain ? tensor.rank() != 0 : !matchDims(result, tensor, own, reason))
    reason = reason.empty() ? "a scalar is wanted" : reason;
  if (reason.empty())
    return value;
  auto &message = error(callable.span, "a function `" + textOf(type) + "` is wanted here, and `" + callable.name() +
                                           "` returns " + names.type(tensor) + ": " + reason);
  addTrail(message, value, "it");
  return Value::error();
}

static bool namesType(const TypeExpr &type, StringRef name) {
  auto names = [&](const TypeExpr &one) { return one.kind == TypeExpr::Kind::Plain && one.name == name; };
  return names(type) || llvm::any_of(type.alternatives, [&](const TypePtr &one) { return names(*one); });
}

bool Evaluator::matchConfiguration(const Parameter &parameter, Value &value, Span span, const FunctionDecl &decl) {
  if (value.isError())
    return false;
  value = withDefaults(value, span);
  if (value.isError())
    return false;
  if (!parameter.type)
    return true;
  const TypeExpr &type = *parameter.type;
  bool matches = false;
  std::string reason;
  auto matchesOne = [&](const TypeExpr &one) {
    if (one.kind == TypeExpr::Kind::Plain) {
      if (!matchesPlain(one.name, value))
        return false;
      // `Dropout(0)`: the integer is a number from here on, whose quotients need not be exact.
      if (value.isInteger() && (one.name == "float" || one.name == "Schedule"))
        value = Value::number(value.asNumber());
      return true;
    }
    if (one.kind != TypeExpr::Kind::Function || !value.isCallable() || !matchFunction(one, value, reason))
      return false;
    Callable checked = value.asCallable();
    checked.functionType = &one;
    checked.span = span;
    value = Value::callable(std::move(checked));
    return true;
  };
  if (type.kind == TypeExpr::Kind::Union)
    for (const TypePtr &alternative : type.alternatives)
      matches = matches || matchesOne(*alternative);
  else
    matches = matchesOne(type);
  if (matches && value.isInteger() && namesType(type, "Steps")) {
    auto *standard = llvm::dyn_cast_or_null<IntegerExpr>(parameter.initial.get());
    int64_t least = standard && standard->value == 0 ? 0 : 1;
    if (value.asInteger() < least) {
      error(span, "`" + decl.name.text + "` wants a `" + parameter.name.text + "` of at least " + Twine(least) +
                      (least == 1 ? " step" : " steps") + ", not " + Twine(value.asInteger()));
      return false;
    }
  }
  if (matches)
    return true;
  auto &message = error(span, "`" + decl.name.text + "` wants `" + parameter.name.text + ": " + textOf(type) +
                                  "`, and this is " + names.describe(value));
  if (StringRef meant = type.kind == TypeExpr::Kind::Plain ? typeHere(type.name) : ""; !meant.empty())
    message.hint("`" + type.name + "` is a word here: the type is `" + meant + "`");
  if (!reason.empty())
    message.note(reason);
  if (value.kind() == Value::Kind::String &&
      (program.isWord(value.asText()) || program.find(value.asText(), nullptr) || findBuiltin(value.asText())))
    message.hint("names stand without quotes: `" + parameter.name.text + ": " + value.asText() + "`");
  if (value.isTensor() && decl.configured)
    message.hint("configuration comes first, tensors second: `x |> " + decl.name.text + "(…)`");
  if (value.isWord())
    message.hint("the words that `" + parameter.name.text + "` knows stand in its type");
  return false;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Inputs
//===--------------------------------------------------------------------------------------------------------------===//

mlir::Type Evaluator::resolveElement(StringRef name, Span span) {
  if (mlir::Type known = elementType(name, emitter.builder.getContext()))
    return known;
  if (auto it = frame->elements.find(name.str()); it != frame->elements.end())
    return it->second;
  auto &message = error(span, "the element type `" + name + "` is not known here");
  if (StringRef here = nameHere(name); elementType(here, emitter.builder.getContext()))
    message.hint("here it is `" + here + "`");
  else
    message.hint(
        "an element type is one of f32 f64 bf16 f16 i32 i64 i8 u8 bool, or a variable that an input's type binds");
  return {};
}

/// Matches the dimensions of a tensor against a type, binding variables in `callee`. On failure `reason` says why.
bool Evaluator::matchDims(const TypeExpr &type, const Tensor &tensor, Frame &callee, std::string &reason) {
  size_t fixed = llvm::count_if(type.dims, [](const DimExpr &dim) { return dim.kind != DimExpr::Kind::Rest; });
  bool hasRest = fixed < type.dims.size();
  if (type.dims.size() - fixed > 1) {
    reason = "its `...` stands more than once";
    return false;
  }
  auto shape = tensor.shape();
  if (hasRest ? shape.size() < fixed : shape.size() != fixed) {
    reason =
        ("the rank is " + Twine(shape.size()) + ", wanted is " + (hasRest ? "at least " : "") + Twine(fixed)).str();
    return false;
  }
  // The dimensions of the program's model are settled; a model that is applied as a layer has any, as a layer does.
  bool isProgram =
      callee.decl && callee.decl->role == FunctionDecl::Role::Model && callee.caller && !callee.caller->decl;
  size_t at = 0;
  for (const DimExpr &dim : type.dims) {
    if (dim.kind == DimExpr::Kind::Rest) {
      llvm::ArrayRef<int64_t> taken = shape.slice(at, shape.size() - fixed);
      at += taken.size();
      if (callee.rest && llvm::ArrayRef<int64_t>(*callee.rest) != taken) {
        reason =
            "`...` is " + names.shape(taken) + " here and " + names.shape(*callee.rest) + " in the arguments before";
        return false;
      }
      callee.rest.emplace(taken.begin(), taken.end());
      continue;
    }
    int64_t extent = shape[at];
    ++at;
    if (dim.kind == DimExpr::Kind::Inferred)
      continue;
    FrameScope inCallee(*this, callee);
    auto *name = llvm::dyn_cast<NameExpr>(dim.value.get());
    if (name && !find(name->name) && !llvm::isa_and_nonnull<ConstDecl>(program.find(name->name, callee.source)) &&
        !(isProgram && dimensions.count(name->name))) {
      Variable variable;
      variable.kind = Variable::Kind::Dimension;
      variable.value = Value::integer(extent);
      declare({name->name, name->span}, variable);
      continue;
    }
    Value wanted = evaluate(*dim.value);
    if (wanted.isError())
      return false;
    if (!wanted.isInteger()) {
      reason = "a dimension is an integer, and `" + textOf(*dim.value) + "` is " + names.describe(wanted);
      return false;
    }
    if (wanted.asInteger() != extent) {
      std::string text = textOf(*dim.value), number = names.extent(wanted.asInteger());
      reason = "axis " + std::to_string(at - 1) + " has " + names.extent(extent) + " elements, wanted is " +
               (llvm::isa<IntegerExpr>(*dim.value) ? number : "`" + text + "` = " + number);
      return false;
    }
  }
  return true;
}

/// A tensor for an input of `type`, whose variables it binds; `wanted` says in a message what is wanted.
/// `LSTM(16)` and its like, as trails show them.
static bool isRecurrent(StringRef label) {
  return llvm::any_of(std::initializer_list<StringRef>{"LSTM(", "GRU(", "SimpleRNN(", "Bidirectional("},
                      [&](StringRef layer) { return label.contains(layer); });
}

std::optional<Value> Evaluator::matchTensor(const TypeExpr &type, const Value &value, Span span, Frame &callee,
                                            const std::string &wanted) {
  mlir::MLIRContext *context = emitter.builder.getContext();
  // A tensor type: find the element type, then compare the dimensions.
  mlir::Type element = elementType(type.name, context);
  bool strict = value.isTensor() && !value.asTensor().weak;
  if (!element) {
    auto it = callee.elements.find(type.name);
    if (it != callee.elements.end())
      element = it->second;
    else
      element = strict ? value.asTensor().element() : mlir::Type(emitter.builder.getF32Type());
  }
  bool isNumber = value.isNumber() || (value.isBool() && element.isInteger(1));
  if (!value.isTensor() && !value.isList() && !isNumber) {
    auto &message = error(span, wanted + ", and this is " + names.describe(value));
    if (std::string hint = hintForTensor(value); !hint.empty())
      message.hint(hint);
    return std::nullopt;
  }
  std::optional<Tensor> tensor = toTensor(value, element, span);
  if (!tensor)
    return std::nullopt;
  std::string reason;
  if (tensor->element() != element) {
    auto &message = error(span, wanted + ", and this is " + names.type(*tensor) + ": the element types differ");
    addTrail(message, value, "it");
    bool isField = !tensor->record.empty() && tensor->record != span.text();
    message.hint((isField ? "`target = cast(" + tensor->record + ", " : "`cast(x, ") + elementName(element) +
                 ")` converts");
    return std::nullopt;
  }
  callee.elements.try_emplace(type.name, element);
  if (type.kind == TypeExpr::Kind::Plain ? tensor->rank() != 0 : !matchDims(type, *tensor, callee, reason)) {
    if (type.kind == TypeExpr::Kind::Plain)
      reason = "a scalar is wanted";
    if (!reason.empty()) {
      auto &message = error(span, wanted + ", and this is " + names.type(*tensor) + ": " + reason);
      addTrail(message, value, "it");
      if (callee.decl && !span.inLibrary() && type.dims.size() == 2 && tensor->rank() == 4)
        message.hint("`flatten` makes one axis of all but the first");
      if (const Trail *made = value.isTensor() ? value.asTensor().trail.get() : nullptr;
          made && type.dims.size() == 3 && tensor->rank() == 2 && isRecurrent(made->label))
        message.hint("`return_sequences: true` keeps the steps of a recurrent layer");
      if (callee.instance && callee.instance->applications > 0)
        message.note("`" + callee.instance->path + "` was applied first to " + callee.instance->firstInput,
                     callee.instance->firstCall);
    }
    return std::nullopt;
  }
  FrameScope inCallee(*this, callee);
  tensor->dims = dimensionNames(type);
  return Value::tensor(*tensor);
}

/// A tuple for an input such as `state: (h: T[n], c: T[n])`; its elements get the names of the type.
std::optional<Value> Evaluator::matchTuple(const Parameter &parameter, const TypeExpr &type, const Value &value,
                                           Span span, Frame &callee) {
  std::string wanted =
      "`" + (callee.decl ? callee.decl->name.text : "") + "` wants `" + parameter.name.text + ": " + textOf(type) + "`";
  if ((!value.isTuple() && !value.isList()) || value.elements().size() != type.fields.size()) {
    error(span, wanted + ", and this is " + names.describe(value));
    return std::nullopt;
  }
  std::vector<Value> elements;
  std::vector<std::string> elementNames;
  for (auto [field, element] : llvm::zip(type.fields, value.elements())) {
    std::optional<Value> matched = field.type->kind == TypeExpr::Kind::Tuple
                                       ? matchTuple(parameter, *field.type, element, span, callee)
                                       : matchTensor(*field.type, element, span, callee, wanted);
    if (!matched)
      return std::nullopt;
    elements.push_back(std::move(*matched));
    elementNames.push_back(field.name.text);
  }
  return Value::tuple(std::move(elements), std::move(elementNames));
}

bool Evaluator::bindInput(const Parameter &parameter, Value value, Span span, Frame &callee) {
  if (value.isError())
    return false;
  std::string owner = callee.decl ? callee.decl->name.text : "";
  auto wanted = [&] { return "`" + owner + "` wants `" + parameter.name.text + ": " + textOf(*parameter.type) + "`"; };
  auto bind = [&](Value bound) {
    FrameScope inCallee(*this, callee);
    Variable variable;
    variable.kind = Variable::Kind::Input;
    variable.value = std::move(bound);
    declare(parameter.name, std::move(variable));
    return true;
  };
  if (!parameter.type)
    return bind(value);
  const TypeExpr &type = *parameter.type;
  mlir::MLIRContext *context = emitter.builder.getContext();
  bool elementVariable = type.kind != TypeExpr::Kind::Union && type.kind != TypeExpr::Kind::Function &&
                         type.kind != TypeExpr::Kind::Tuple && !type.name.empty() && llvm::isUpper(type.name[0]) &&
                         !isTypeName(type.name);
  if (type.kind == TypeExpr::Kind::Union || type.kind == TypeExpr::Kind::Function ||
      (type.kind == TypeExpr::Kind::Plain && !elementVariable && !elementType(type.name, context)) ||
      (type.kind == TypeExpr::Kind::Plain && type.name == "bool" && value.isBool())) {
    return matchConfiguration(parameter, value, span, *callee.decl) && bind(value);
  }
  if (type.kind == TypeExpr::Kind::Tuple) {
    std::optional<Value> tuple = matchTuple(parameter, type, value, span, callee);
    return tuple && bind(*tuple);
  }
  std::optional<Value> tensor = matchTensor(type, value, span, callee, wanted());
  return tensor && bind(*tensor);
}

//===--------------------------------------------------------------------------------------------------------------===//
// Declared and result types
//===--------------------------------------------------------------------------------------------------------------===//

std::shared_ptr<const DimensionNames> Evaluator::dimensionNames(const TypeExpr &type) const {
  auto result = std::make_shared<DimensionNames>(DimensionNames{frame->decl, {}});
  for (const DimExpr &dim : type.dims) {
    if (dim.kind == DimExpr::Kind::Rest)
      return nullptr;
    auto *name = llvm::dyn_cast_or_null<NameExpr>(dim.value.get());
    result->names.push_back(name ? name->name : "");
  }
  return result;
}

std::optional<mlir::RankedTensorType> Evaluator::resolve(const TypeExpr &type) {
  if (type.kind != TypeExpr::Kind::Plain && type.kind != TypeExpr::Kind::Tensor) {
    error(type.span, "a tensor type such as `f32[n, m]` is wanted here");
    return std::nullopt;
  }
  mlir::Type element = resolveElement(type.name, type.span);
  if (!element)
    return std::nullopt;
  llvm::SmallVector<int64_t> shape;
  for (const DimExpr &dim : type.dims) {
    if (dim.kind == DimExpr::Kind::Rest) {
      if (!frame->rest) {
        error(dim.span, "`...` stands for nothing here: no input's type has it");
        return std::nullopt;
      }
      shape.append(frame->rest->begin(), frame->rest->end());
      continue;
    }
    if (dim.kind == DimExpr::Kind::Inferred) {
      error(dim.span, "`_` is inferred in the types of inputs and results only");
      return std::nullopt;
    }
    auto extent = evaluateInteger(*dim.value, "a dimension");
    if (!extent)
      return std::nullopt;
    if (*extent < 1) {
      error(dim.span, "a dimension is at least 1, and `" + textOf(*dim.value) + "` is " + Twine(*extent))
          .hint("a free dimension has a name, such as `batch`");
      return std::nullopt;
    }
    shape.push_back(*extent);
  }
  if (std::isinf(names.elements(shape))) {
    error(type.span, "`" + textOf(type) + "` has more elements than any machine");
    return std::nullopt;
  }
  return mlir::RankedTensorType::get(shape, element);
}

/// Compares what a body returned with the declared result type and gives a tuple's elements their declared names.
Value Evaluator::checkResult(const FunctionDecl &decl, Value value, Span span) {
  if (!decl.result || value.isError())
    return value;
  auto check = [&](const TypeExpr &type, Value &element, StringRef which) {
    if (type.kind == TypeExpr::Kind::Union || element.isError())
      return true;
    mlir::Type wanted = resolveElement(type.name, type.span);
    if (!wanted)
      return false;
    std::string what = "the result" + (which.empty() ? "" : " `" + which.str() + "`") + " of `" + decl.name.text +
                       "` is declared as `" + textOf(type) + "`";
    if (!element.isTensor() && !element.isNumber() && !element.isList()) {
      auto &message = error(span, what + ", and this is " + names.describe(element));
      if (element.isCallable())
        message.hint("it is applied first: `x |> " + element.asCallable().name() + "(…)`");
      return false;
    }
    std::optional<Tensor> tensor = toTensor(element, wanted, span);
    if (!tensor)
      return false;
    std::string reason;
    if (tensor->element() != wanted)
      reason = "the element types differ";
    else if (type.kind == TypeExpr::Kind::Plain ? tensor->rank() != 0 : !matchDims(type, *tensor, *frame, reason))
      reason = reason.empty() ? "a scalar is declared" : reason;
    if (reason.empty()) {
      element = Value::tensor(*tensor);
      return true;
    }
    auto &message = error(span, what + ", and this is " + names.type(*tensor) + ": " + reason);
    addTrail(message, element, "it");
    if (type.dims.size() == 2 && tensor->rank() > 2)
      message.hint("`flatten` makes one axis of all but the first");
    return false;
  };
  if (decl.result->kind != TypeExpr::Kind::Tuple)
    return check(*decl.result, value, "") ? value : Value::error();
  const auto &fields = decl.result->fields;
  if (fields.size() == 1 && value.isTensor())
    value = Value::tuple({value}, {""});
  if (!value.isTuple() || value.elements().size() != fields.size()) {
    error(span, "`" + decl.name.text + "` declares " + Twine(fields.size()) + " results, and this is " +
                    names.describe(value));
    return Value::error();
  }
  std::vector<Value> elements = value.elements();
  std::vector<std::string> resultNames, declared;
  for (const TypeField &field : fields)
    declared.push_back(field.name.text);
  // What is returned by name goes to the result of that name.
  for (auto [name, element] : llvm::zip(value.names(), value.elements())) {
    if (name.empty())
      continue;
    auto place = llvm::find(declared, name);
    if (place == declared.end() || llvm::count(value.names(), name) > 1 || llvm::is_contained(value.names(), "")) {
      bool isUnknown = place == declared.end();
      auto &message = error(span, "`" + decl.name.text + "` " +
                                      (isUnknown ? "declares no result `" + name + "`: its results are "
                                                 : "returns by name, once each, all of its results ") +
                                      llvm::join(declared, ", "));
      if (std::string meant = nearest(name, declared); isUnknown && !meant.empty())
        message.hint("did you mean `" + meant + "`?");
      return Value::error();
    }
    elements[place - declared.begin()] = element;
  }
  for (auto [element, field] : llvm::zip(elements, fields)) {
    if (!check(*field.type, element, field.name.text))
      return Value::error();
    resultNames.push_back(field.name.text);
  }
  return Value::tuple(std::move(elements), std::move(resultNames));
}
