//===- EvaluateExpr.cpp - Expressions, names and messages ---------------------------------------------------------===//
#include "frontend/AstPrinter.h"
#include "frontend/Builtins.h"
#include "frontend/Evaluator.h"
#include "frontend/Habits.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"
#include <cmath>

using namespace nn::frontend;
using llvm::cast;
using llvm::dyn_cast;
using llvm::StringRef;
using llvm::Twine;

//===--------------------------------------------------------------------------------------------------------------===//
// Messages and places
//===--------------------------------------------------------------------------------------------------------------===//

Span Evaluator::userSpan(Span span) const {
  for (const Frame *at = frame; at && (!span || span.inLibrary()); at = at->caller)
    if (at->callSpan)
      span = at->callSpan;
  return span;
}

Span Evaluator::spanOf(mlir::Location location) const {
  while (auto named = mlir::dyn_cast<mlir::NameLoc>(location))
    location = named.getChildLoc();
  return spans.lookup(location);
}

/// The innermost frame that is a layer with a path, from the current one outwards.
static const Frame *layerOf(const Frame *frame) {
  while (frame && frame->path.empty())
    frame = frame->caller;
  return frame;
}

Diagnostic &Evaluator::error(Span span, const Twine &text) {
  Span place = userSpan(span);
  Diagnostic &result = diagnostics.error(place, text);
  if (const Frame *layer = layerOf(frame); layer && layer->decl && layer->decl->role == FunctionDecl::Role::Layer) {
    bool calledHere = place.source == layer->callSpan.source && place.begin >= layer->callSpan.begin &&
                      place.end <= layer->callSpan.end;
    result.note("in the layer `" + layer->path + "`, " +
                    (StringRef("AEIO").contains(layer->decl->name.text[0]) ? "an " : "a ") + layer->decl->name.text,
                calledHere || layer->callSpan.inLibrary() ? Span() : layer->callSpan);
  }
  return result;
}

Diagnostic *Evaluator::warn(Span span, StringRef name, const Twine &text) {
  Span place = userSpan(span);
  return place.inLibrary() ? nullptr : &diagnostics.warning(place, name, text);
}

void Evaluator::addTrail(Diagnostic &diagnostic, const Value &value, StringRef what) const {
  if (!value.isTensor())
    return;
  std::vector<const Trail *> steps;
  for (const Trail *at = value.asTensor().trail.get(); at; at = at->before.get())
    steps.push_back(at);
  if (steps.empty())
    return;
  if (steps.size() == 1 && steps[0]->type == names.type(value.asTensor()))
    return;
  std::string text = "how " + (what.empty() ? "the value" : what.str()) + " got its shape:";
  size_t width = 0;
  for (const Trail *step : steps)
    width = std::max(width, step->label.size());
  for (auto it = steps.rbegin(); it != steps.rend(); ++it)
    text += "\n    " + (*it)->label + std::string(width - (*it)->label.size() + 2, ' ') + (*it)->type;
  diagnostic.note(text);
}

Evaluator::LocationScope::LocationScope(Evaluator &evaluator, Span span)
    : evaluator(evaluator), before(evaluator.emitter.location) {
  if (!span || span.inLibrary())
    return;
  mlir::MLIRContext *context = before.getContext();
  Source::Place place = span.source->place(span.begin);
  mlir::Location location = mlir::FileLineColLoc::get(context, span.source->path(), place.line, place.column);
  evaluator.spans[location] = span;
  if (const Frame *layer = layerOf(evaluator.frame))
    location = mlir::NameLoc::get(mlir::StringAttr::get(context, layer->path), location);
  evaluator.emitter.location = location;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Names
//===--------------------------------------------------------------------------------------------------------------===//

Variable *Evaluator::find(StringRef name) {
  if (!frame)
    return nullptr;
  for (Scope *scope = frame->scope; scope; scope = scope->outer)
    if (auto it = scope->variables.find(name); it != scope->variables.end())
      return &it->second;
  return nullptr;
}

void Evaluator::declare(const Name &name, Variable variable) {
  if (name.text == "_")
    return;
  variable.span = name.span;
  variable.scans = scanDepth;
  frame->scope->variables[name.text] = std::move(variable);
}

std::vector<std::string> Evaluator::visibleNames() const {
  std::vector<std::string> result = program.names(frame ? frame->source : nullptr);
  for (const Builtin &builtin : builtins())
    result.push_back(builtin.name);
  for (std::string &word : program.words())
    result.push_back(std::move(word));
  for (const Scope *scope = frame ? frame->scope : nullptr; scope; scope = scope->outer)
    for (const auto &[name, variable] : scope->variables)
      result.push_back(name);
  return result;
}

/// The first tensor that the value is or holds, or null.
static const Value *tensorIn(const Value &value) {
  if (value.isTensor())
    return &value;
  if (value.isTuple() || value.isList())
    for (const Value &element : value.elements())
      if (const Value *tensor = tensorIn(element))
        return tensor;
  return nullptr;
}

Value Evaluator::constant(const ConstDecl &decl) {
  if (auto it = constants.find(&decl); it != constants.end())
    return it->second;
  if (!evaluating.insert(&decl).second) {
    error(decl.span, "the constant `" + decl.name.text + "` is defined by itself");
    return Value::error();
  }
  Frame top;
  Scope scope;
  top.source = decl.span.source;
  top.scope = &scope;
  FrameScope inTop(*this, top);
  // What is built here is thrown away: a constant is no tensor.
  mlir::Block scratch;
  mlir::OpBuilder::InsertionGuard here(emitter.builder);
  emitter.builder.setInsertionPointToEnd(&scratch);
  const Expr *defined = decl.span.inLibrary() ? nullptr : program.define(decl.name.text);
  Value value = evaluate(defined ? *defined : *decl.value);
  if (const Value *tensor = tensorIn(value)) {
    error(decl.value->span, StringRef("a constant is known when compiling, and this ") +
                                (tensor == &value ? "is " : "holds ") + names.describe(*tensor));
    value = Value::error();
  }
  evaluating.erase(&decl);
  return constants[&decl] = value;
}

Value Evaluator::lookup(StringRef name, Span span) {
  if (Variable *variable = find(name))
    return readVariable(*variable);
  if (auto it = frame->elements.find(name.str()); it != frame->elements.end())
    return Value::type(it->second);
  if (const Decl *decl = program.find(name, frame->source)) {
    if (auto *constantDecl = dyn_cast<ConstDecl>(decl))
      return constant(*constantDecl);
    Callable callable;
    callable.decl = cast<FunctionDecl>(decl);
    callable.configured = !callable.decl->configured;
    callable.span = span;
    return Value::callable(std::move(callable));
  }
  if (name == "training") {
    for (const Frame *at = frame; at; at = at->caller) {
      if (!at->decl || at->decl->role == FunctionDecl::Role::Layer || at->decl->role == FunctionDecl::Role::Model)
        return entry ? Value::boolean(isTraining(*at)) : Value::error();
      if (at->decl->role == FunctionDecl::Role::Function)
        break;
    }
    error(span, "`training` is known in layers only").hint("hand it to the function as an argument: `training: bool`");
    return Value::error();
  }
  if (const Builtin *builtin = findBuiltin(name)) {
    Callable callable;
    callable.builtin = builtin;
    callable.configured = true;
    callable.span = span;
    return Value::callable(std::move(callable));
  }
  if (name == "pi")
    return Value::number(M_PI);
  if (name == "inf")
    return Value::number(INFINITY);
  if (name == "none")
    return Value::none();
  if (mlir::Type element = elementType(name, emitter.builder.getContext()))
    return Value::type(element);
  if (auto it = dimensions.find(name.str()); it != dimensions.end())
    return Value::integer(it->second);
  if (program.isWord(name))
    return Value::word(name.str());
  auto &message = error(span, "there is no `" + name + "` here");
  if (std::string hint = hintForName(name); !hint.empty())
    message.hint(hint);
  else if (std::string meant = nearest(name, visibleNames()); !meant.empty())
    message.hint("did you mean `" + meant + "`?");
  return Value::error();
}

//===--------------------------------------------------------------------------------------------------------------===//
// Expressions
//===--------------------------------------------------------------------------------------------------------------===//

Value Evaluator::evaluate(const Expr &expr) {
  std::optional<LocationScope> here;
  if (!llvm::isa<IntegerExpr, FloatExpr, BoolExpr, StringExpr, NameExpr>(expr)) // which build no ops
    here.emplace(*this, expr.span);
  switch (expr.kind) {
  case Expr::Kind::Integer:
    return Value::integer(cast<IntegerExpr>(expr).value);
  case Expr::Kind::Float:
    return Value::number(cast<FloatExpr>(expr).value);
  case Expr::Kind::Bool:
    return Value::boolean(cast<BoolExpr>(expr).value);
  case Expr::Kind::String:
    return Value::string(cast<StringExpr>(expr).value);
  case Expr::Kind::Name:
    return lookup(cast<NameExpr>(expr).name, expr.span);
  case Expr::Kind::Unary: {
    auto &unary = cast<UnaryExpr>(expr);
    Value operand = evaluate(*unary.operand);
    return unary.op == UnaryOp::Negate ? negate(operand, expr.span) : logicalNot(operand, expr.span);
  }
  case Expr::Kind::Binary: {
    auto &operation = cast<BinaryExpr>(expr);
    Value lhs = evaluate(*operation.lhs);
    // `and` and `or` of compile-time conditions stop early, so that the right side may rely on the left one.
    if (lhs.isBool() && (operation.op == BinaryOp::And || operation.op == BinaryOp::Or) &&
        lhs.asBool() == (operation.op == BinaryOp::Or))
      return lhs;
    // `reduction == sum` compares with the word, though a function has that name, too.
    bool equality = operation.op == BinaryOp::Eq || operation.op == BinaryOp::Ne;
    auto *word = dyn_cast<NameExpr>(operation.rhs.get());
    bool named = lhs.isWord() && equality && word && program.isWord(word->name) && !find(word->name);
    Value rhs = named ? Value::word(word->name) : evaluate(*operation.rhs);
    Value result = bounded(binary(operation.op, lhs, rhs, expr.span), expr.span);
    return leaveTrail(result, lhs.isTensor() ? &lhs : nullptr, expr.span.text(), expr.span);
  }
  case Expr::Kind::Pipe:
    return pipe(cast<PipeExpr>(expr));
  case Expr::Kind::Call:
    return call(cast<CallExpr>(expr), nullptr, {}, nullptr);
  case Expr::Kind::As: {
    auto &named = cast<AsExpr>(expr);
    auto *application = dyn_cast<CallExpr>(named.value.get());
    if (application)
      return call(*application, nullptr, {}, &named.name);
    error(expr.span, "`as` names the application of a layer before it");
    return Value::error();
  }
  case Expr::Kind::Index:
    return index(cast<IndexExpr>(expr));
  case Expr::Kind::Member:
    return member(cast<MemberExpr>(expr));
  case Expr::Kind::Tuple:
  case Expr::Kind::Map: {
    auto &arguments = expr.kind == Expr::Kind::Tuple ? cast<TupleExpr>(expr).elements : cast<MapExpr>(expr).entries;
    std::vector<Value> elements;
    std::vector<std::string> keys;
    for (const Argument &argument : arguments) {
      elements.push_back(evaluate(*argument.value));
      keys.push_back(argument.name.text);
    }
    if (llvm::any_of(elements, [](const Value &element) { return element.isError(); }))
      return Value::error();
    return expr.kind == Expr::Kind::Tuple ? Value::tuple(std::move(elements), std::move(keys))
                                          : Value::map(std::move(elements), std::move(keys));
  }
  case Expr::Kind::List: {
    std::vector<Value> elements;
    for (const ExprPtr &element : cast<ListExpr>(expr).elements)
      elements.push_back(evaluate(*element));
    return Value::list(std::move(elements));
  }
  case Expr::Kind::If:
    return evaluateIf(cast<IfExpr>(expr));
  case Expr::Kind::Range: {
    auto low = evaluateInteger(*cast<RangeExpr>(expr).low, "the lower end of a range");
    auto high = evaluateInteger(*cast<RangeExpr>(expr).high, "the upper end of a range");
    return low && high ? Value::range(*low, *high) : Value::error();
  }
  case Expr::Kind::Scan:
    return scan(cast<ScanExpr>(expr));
  }
  return Value::error();
}

Value Evaluator::evaluateFor(const Expr &expr, const TypeExpr *type) {
  auto *name = dyn_cast<NameExpr>(&expr);
  if (!name || !type)
    return evaluate(expr);
  auto names = [&](const TypeExpr &t) { return t.kind == TypeExpr::Kind::Plain && t.name == name->name; };
  bool listed = names(*type);
  for (const TypePtr &alternative : type->alternatives)
    listed |= names(*alternative);
  if (listed && !isTypeName(name->name) && llvm::isLower(name->name[0]))
    return name->name == "none" ? Value::none() : Value::word(name->name);
  return evaluate(expr);
}

std::optional<int64_t> Evaluator::evaluateInteger(const Expr &expr, const Twine &what) {
  Value value = evaluate(expr);
  if (value.isInteger())
    return value.asInteger();
  if (!value.isError())
    error(expr.span, what + " is an integer that is known when compiling, and this is " + names.describe(value));
  return std::nullopt;
}

std::optional<bool> Evaluator::evaluateCondition(const Expr &expr) {
  Value value = evaluate(expr);
  if (value.isBool())
    return value.asBool();
  if (value.isError())
    return std::nullopt;
  auto &message = error(expr.span, "a condition of `if` is known when compiling, and this is " + names.describe(value));
  if (value.isTensor())
    message.hint("`select(condition, a, b)` chooses by element when the program runs");
  return std::nullopt;
}

Value Evaluator::evaluateIf(const IfExpr &expr) {
  // What a taken branch declares with `param` stays visible under the same condition.
  std::string text = textOf(*expr.condition);
  BlockScope again(*frame);
  for (auto &[name, variable] : frame->conditional[text])
    again.scope.variables[name] = variable;
  frame->conditions.push_back(text);
  llvm::scope_exit leave([&] { frame->conditions.pop_back(); });
  std::optional<bool> condition = evaluateCondition(*expr.condition);
  if (!condition)
    return Value::error();
  if (!*condition || expr.otherwise) {
    // Numbers in paths are given before branches are chosen, so that they do not depend on the choice.
    if (!*condition)
      countApplications(expr.then);
  }
  Value result = Value::none();
  if (*condition)
    execute(expr.then, &result);
  else if (expr.otherwise)
    execute(*expr.otherwise, &result);
  if (*condition && expr.otherwise && !frame->returned)
    countApplications(*expr.otherwise);
  return result;
}

Value Evaluator::member(const MemberExpr &expr) {
  // `validation.loss`, unless the name means something here.
  if (auto *name = dyn_cast<NameExpr>(expr.base.get());
      name && name->name == "validation" && !find(name->name) && !program.find(name->name, frame->source))
    return Value::validation(expr.member.text);
  Value base = evaluate(*expr.base);
  const std::string &name = expr.member.text;
  if (base.isError())
    return base;
  if (base.isTuple() || base.kind() == Value::Kind::Map) {
    for (size_t i = 0; i < base.names().size(); ++i)
      if (base.names()[i] == name)
        return base.elements()[i];
    auto &message = error(expr.member.span, "the tuple has no element `" + name + "`");
    if (std::string meant = nearest(name, base.names()); !meant.empty())
      message.hint("did you mean `" + meant + "`?");
    return Value::error();
  }
  if (base.isCallable() && base.asCallable().instance) {
    const Instance &instance = *base.asCallable().instance;
    auto it = instance.members.find(name);
    if (it != instance.members.end())
      if (OwnedValue *value = owned.find(it->second)) {
        if (entry->startsFresh && !entry->knows(*value)) // `grad` applied the instance in a function of its own
          startHere(*value);
        return Value::tensor(entry->owned(*value));
      }
    auto &message = error(expr.member.span, "`" + instance.path + "` has no parameter `" + name + "`");
    std::vector<std::string> members;
    for (const auto &[member, path] : instance.members)
      members.push_back(member);
    if (members.empty())
      message.hint("its parameters exist after its first application");
    else if (std::string meant = nearest(name, members); !meant.empty())
      message.hint("did you mean `" + meant + "`?");
    return Value::error();
  }
  auto &message = error(expr.member.span, names.describe(base) + " has no members");
  bool isFunction = findBuiltin(name) || program.find(name, frame->source);
  if (std::string hint = base.isTensor() ? hintForMember(name, isFunction) : ""; !hint.empty())
    message.hint(hint);
  return Value::error();
}

Value Evaluator::leaveTrail(Value value, const Value *input, StringRef label, Span span) {
  if (!value.isTensor() || span.inLibrary())
    return value;
  Tensor tensor = value.asTensor();
  std::string type = names.type(tensor);
  std::shared_ptr<const Trail> before = input && input->isTensor() ? input->asTensor().trail : tensor.trail;
  if (before && before->type == type)
    return value;
  std::string text;
  for (char c : label) // one line
    if (c != '\n' && !(c == ' ' && !text.empty() && text.back() == ' '))
      text += c;
  if (text.size() > 48)
    text = text.substr(0, 45) + "...";
  tensor.trail = std::make_shared<Trail>(Trail{text, type, before});
  return Value::tensor(std::move(tensor));
}
