//===- EvaluateStmt.cpp - Statements and blocks -------------------------------------------------------------------===//
#include "frontend/AstPrinter.h"
#include "frontend/Evaluator.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::cast;
using llvm::Twine;

Evaluator::Flow Evaluator::execute(const Block &block, Value *last) {
  BlockScope scope(*frame);
  for (const StmtPtr &statement : block.statements) {
    Value value;
    Flow flow = execute(*statement, &value);
    bool isResult = last && statement == block.statements.back();
    if (!isResult && llvm::isa<ExpressionStmt>(*statement) && (value.isTensor() || value.isTuple()))
      if (Diagnostic *message =
              warn(statement->span, "unused-result", "nothing uses this value, " + names.describe(value)))
        message->hint("`let y = …` names it, and `x |> f` hands it on; what stands alone changes nothing");
    if (last)
      *last = std::move(value);
    if (flow == Flow::Return)
      return flow;
  }
  return Flow::Next;
}

Evaluator::Flow Evaluator::execute(const Stmt &stmt, Value *last) {
  if (last)
    *last = Value::none();
  LocationScope here(*this, stmt.span);
  switch (stmt.kind) {
  case Stmt::Kind::Bind: {
    auto &bind = cast<BindStmt>(stmt);
    Value value = evaluate(*bind.value);
    if (frame->returned)
      return Flow::Return;
    if (auto *branch = llvm::dyn_cast<IfExpr>(bind.value.get());
        branch && !branch->otherwise && value.kind() == Value::Kind::None) {
      error(bind.value->span, "this `if` has no value here: its condition does not hold").hint("add `else { … }`");
      value = Value::error();
    }
    if (bind.type) {
      if (auto type = resolve(*bind.type)) {
        auto tensor = toTensor(value, type->getElementType(), bind.value->span);
        if (tensor && tensor->type() != *type) {
          auto &message = error(bind.value->span, "`" + bind.pattern.names[0].text + "` is declared as " +
                                                      names.type(*type) + ", and this is " + names.type(*tensor));
          addTrail(message, value);
        }
        value = tensor && tensor->type() == *type ? Value::tensor(*tensor) : Value::error();
      }
    }
    // `let enc = Dense(64)`, and `let net = Net` of a layer that takes no configuration, make the instance that its
    // applications share.
    auto *name = llvm::dyn_cast<NameExpr>(bind.value.get());
    if (!bind.pattern.tuple && value.isCallable() && value.asCallable().isLayer() && value.asCallable().configured &&
        !value.asCallable().instance && (llvm::isa<CallExpr>(*bind.value) || (name && !find(name->name)))) {
      Callable named = value.asCallable();
      named.instance = makeInstance(bind.pattern.names[0].text, bind.pattern.names[0].span);
      value = Value::callable(std::move(named));
    }
    bindPattern(bind.pattern, value, bind.rebindable ? Variable::Kind::Var : Variable::Kind::Let, bind.value->span);
    return Flow::Next;
  }
  case Stmt::Kind::Assign:
    assign(cast<AssignStmt>(stmt));
    return frame->returned ? Flow::Return : Flow::Next;
  case Stmt::Kind::Owned:
    declareOwned(cast<OwnedStmt>(stmt));
    return Flow::Next;
  case Stmt::Kind::Return: {
    auto &value = cast<ReturnStmt>(stmt).value;
    Value result = value ? evaluate(*value) : Value::none();
    if (!frame->returned)
      frame->returned = result;
    return Flow::Return;
  }
  case Stmt::Kind::Require:
    // What stands behind a failed requirement relies on it.
    if (require(cast<RequireStmt>(stmt)))
      return Flow::Next;
    frame->returned = Value::error();
    return Flow::Return;
  case Stmt::Kind::Assert:
    if (!further) // the model's own body is not what such an entry runs
      assertion(cast<AssertStmt>(stmt));
    return Flow::Next;
  case Stmt::Kind::Inspect:
    if (!further)
      inspect(cast<InspectStmt>(stmt));
    return Flow::Next;
  case Stmt::Kind::Entry:
    furtherEntry(cast<EntryStmt>(stmt));
    return frame->returned ? Flow::Return : Flow::Next;
  case Stmt::Kind::For: {
    Flow flow = Flow::Next;
    loop(cast<ForStmt>(stmt), flow);
    return flow;
  }
  case Stmt::Kind::Emit:
    emit(cast<EmitStmt>(stmt));
    return frame->returned ? Flow::Return : Flow::Next;
  case Stmt::Kind::Expression: {
    auto &expr = *cast<ExpressionStmt>(stmt).value;
    Value value = evaluate(expr);
    if (last)
      *last = value;
    return frame->returned ? Flow::Return : Flow::Next;
  }
  case Stmt::Kind::Hook:
    hook(cast<HookStmt>(stmt));
    return Flow::Next;
  }
  return Flow::Next;
}

void Evaluator::bindPattern(const Pattern &pattern, Value value, Variable::Kind kind, Span span) {
  auto bind = [&](const Name &name, Value element) {
    if (kind == Variable::Kind::Var)
      if (Variable *known = find(name.text);
          known && known->kind == Variable::Kind::Var && known->span.begin == name.span.begin)
        return void(known->value = std::move(element));
    Variable variable;
    variable.kind = kind;
    if (element.isTensor() && element.asTensor().value.getDefiningOp() && !name.span.inLibrary()) {
      // The user's name for a value is what dumps call it.
      mlir::Operation *op = element.asTensor().value.getDefiningOp();
      if (!mlir::isa<mlir::NameLoc>(op->getLoc()))
        op->setLoc(mlir::NameLoc::get(emitter.builder.getStringAttr(name.text), op->getLoc()));
    }
    variable.value = std::move(element);
    declare(name, std::move(variable));
  };
  if (!pattern.tuple)
    return bind(pattern.names[0], std::move(value));
  bool sequence = value.isTuple() || value.isList();
  if (!value.isError() && (!sequence || value.elements().size() != pattern.names.size())) {
    error(span, Twine(pattern.names.size()) + " names for " + names.describe(value));
    value = Value::error();
  }
  for (auto [i, name] : llvm::enumerate(pattern.names))
    bind(name, value.isError() ? value : value.elements()[i]);
}

void Evaluator::assign(const AssignStmt &stmt) {
  Value value = evaluate(*stmt.value);
  if (frame->returned)
    return;
  const Pattern &pattern = stmt.pattern;
  if (pattern.tuple && !value.isError() &&
      ((!value.isTuple() && !value.isList()) || value.elements().size() != pattern.names.size())) {
    error(stmt.value->span, Twine(pattern.names.size()) + " names for " + names.describe(value));
    value = Value::error();
  }
  for (auto [i, name] : llvm::enumerate(pattern.names)) {
    if (name.text == "_")
      continue;
    Value element = pattern.tuple && !value.isError() ? value.elements()[i] : value;
    Variable *variable = find(name.text);
    if (!variable) {
      auto &message = error(name.span, "there is no `" + name.text + "` here");
      if (std::string meant = nearest(name.text, visibleNames()); !meant.empty())
        message.hint("did you mean `" + meant + "`?");
      else
        message.hint("`let` or `var` introduces a name");
      Variable unknown; // what follows from it is no mistake of its own
      unknown.kind = Variable::Kind::Var;
      unknown.value = Value::error();
      declare(name, std::move(unknown));
      continue;
    }
    bool isOwned = variable->kind == Variable::Kind::Owned, isCarried = variable->kind == Variable::Kind::Carried;
    bool isUpdate = stmt.update && (isOwned || isCarried);
    bool rebinds = isUpdate || (!stmt.update && variable->kind == Variable::Kind::Var);
    // What an entry owns lives outside of all its scans, wherever it is declared.
    if (rebinds && scanDepth != (isOwned ? 0 : variable->scans)) {
      auto &message = error(name.span, "`" + name.text + "` lives outside of this `scan`, whose steps are one body");
      if (variable->span)
        message.note("it is declared here", variable->span);
      message.hint("`carry (" + name.text + " = …)` takes a value from step to step");
      continue;
    }
    if (isUpdate && isCarried) {
      if (!element.isError())
        updateCarried(*variable, element, name);
      continue;
    }
    if (isUpdate) {
      updateOwned(*variable, element, name);
      continue;
    }
    if (!stmt.update && variable->kind == Variable::Kind::Var) {
      variable->value = element;
      continue;
    }
    auto &message =
        error(name.span, stmt.update ? "`:=` updates owned and carried values, and `" + Twine(name.text) + "` is none"
                                     : "`" + Twine(name.text) + "` cannot be rebound");
    if (variable->span)
      message.note("it is declared here", variable->span);
    if (variable->kind == Variable::Kind::Let)
      message.hint("`var` introduces a name that may be rebound with `=`");
    else if (isOwned || isCarried)
      message.hint("owned and carried values are updated with `:=`");
    else if (variable->kind == Variable::Kind::Input && !stmt.update)
      message.hint("`var h = …` introduces a name that may be rebound");
    else if (variable->kind == Variable::Kind::Var)
      message.hint("a `var` is rebound with `=`");
    if (!stmt.update && !isOwned && !isCarried)
      variable->value = Value::error(); // what follows from the other value is no mistake of its own
  }
}

void Evaluator::loop(const ForStmt &stmt, Flow &flow) {
  Value range = evaluate(*stmt.range);
  std::vector<Value> items;
  if (range.kind() == Value::Kind::Range) {
    int64_t low = range.elements()[0].asInteger(), high = range.elements()[1].asInteger();
    if (range.rangeSize() > 10000) {
      error(stmt.range->span, "a `for` of " + Twine(range.rangeSize()) + " rounds is unrolled")
          .hint("`scan` is a loop that stays one");
      return;
    }
    for (int64_t i = low; i < high; ++i)
      items.push_back(Value::integer(i));
  } else if (range.isList() || range.isTuple()) {
    items = range.elements();
  } else {
    if (!range.isError())
      error(stmt.range->span, "`for` runs over a range `0..n` or a list, and this is " + names.describe(range));
    return;
  }
  if ((rounds += items.size()) > program.maxRounds()) {
    error(stmt.range->span, "the loops of this program take more than " + Twine(program.maxRounds()) +
                                " rounds in all, those of training and of prediction together, and each is unrolled")
        .hint("`scan` is a loop that stays one");
    return;
  }
  // Rounds are known by their number, or by their item where that is a number of its own.
  std::set<int64_t> numbers;
  for (const Value &item : items)
    if (item.isInteger())
      numbers.insert(item.asInteger());
  bool byItem = !stmt.pattern.tuple && numbers.size() == items.size();
  // Instances of the body are new in each round: their paths get the variable and the round.
  std::string outerPath = frame->path, name = stmt.pattern.names[0].text;
  std::map<std::string, unsigned> *outerCounters = frame->counters;
  unsigned ordinal = outerCounters ? ++(*outerCounters)["for " + name] : 1;
  if (ordinal > 1)
    name += "_" + std::to_string(ordinal) + "_";
  for (auto [round, item] : llvm::enumerate(items)) {
    std::map<std::string, unsigned> counters;
    int64_t number = byItem ? item.asInteger() : int64_t(round);
    frame->path = (outerPath.empty() ? "" : outerPath + ".") + name + std::to_string(number);
    frame->counters = &counters;
    BlockScope scope(*frame);
    bindPattern(stmt.pattern, item, Variable::Kind::Let, stmt.range->span);
    unsigned before = diagnostics.reports();
    flow = execute(stmt.body);
    if (flow == Flow::Return || diagnostics.reports() != before) // the next rounds would have the same mistakes
      break;
  }
  frame->path = outerPath;
  frame->counters = outerCounters;
}

/// `require condition, "message {value}"`: the message is given at the call, since the mistake is there.
bool Evaluator::require(const RequireStmt &stmt) {
  Value condition = evaluate(*stmt.condition);
  if (condition.isError() || (condition.isBool() && condition.asBool()))
    return true;
  if (!condition.isBool()) {
    error(stmt.condition->span,
          "`require` takes a condition that is known when compiling, and this is " + names.describe(condition));
    return false;
  }
  std::string text;
  llvm::StringRef rest = cast<StringExpr>(*stmt.message).value;
  Value trail;
  while (!rest.empty()) {
    size_t open = rest.find('{'), close = rest.find('}', open);
    text += rest.take_front(open).str();
    if (open == llvm::StringRef::npos || close == llvm::StringRef::npos)
      break;
    Value value = lookup(rest.slice(open + 1, close).trim(), stmt.message->span);
    text += names.text(value);
    if (value.isTensor())
      trail = value;
    rest = rest.drop_front(close + 1);
  }
  auto &message = error(frame->callSpan ? frame->callSpan : stmt.span, text);
  if (frame->callSpan && !stmt.span.inLibrary())
    message.note("required here", stmt.span);
  addTrail(message, trail);
  return false;
}
