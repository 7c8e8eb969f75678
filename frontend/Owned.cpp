//===- Owned.cpp - Parameters, state, slots, tallies --------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/AstPrinter.h"
#include "frontend/Builtins.h"
#include "frontend/PathRules.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/SaveAndRestore.h"
#include "llvm/Support/xxhash.h"

using namespace nn::frontend;
using llvm::StringRef;
using llvm::Twine;
using Role = FunctionDecl::Role;

Value Evaluator::readVariable(const Variable &variable) {
  if (variable.kind != Variable::Kind::Owned)
    return variable.value;
  OwnedValue *value = owned.find(variable.path);
  if (!value || !entry)
    return variable.value;
  bool outside = value->role == OwnedStmt::Role::Carried && !entry->training; // batches do not follow each other
  Tensor tensor = outside ? emitter.constant(0, value->type) : entry->owned(*value);
  tensor.dims = variable.dims;
  if (!tensor.trail) {
    tensor.trail = std::make_shared<Trail>(Trail{variable.path, names.type(tensor), nullptr});
    entry->read(*value, tensor);
  }
  return Value::tensor(std::move(tensor));
}

bool Evaluator::isFrozen(StringRef path) const {
  return llvm::any_of(frozen, [&](const std::string &glob) { return matchesPath(glob, path); });
}

/// A layer whose state is frozen works as in evaluation: BatchNorm keeps its statistics, and uses them.
bool Evaluator::isTraining(const Frame &layer) const {
  return entry->training && (frozen.empty() || llvm::none_of(owned.all(), [&](const OwnedValue &value) {
                               return value.role == OwnedStmt::Role::State && value.owner == layer.path &&
                                      isFrozen(value.path);
                             }));
}

void Evaluator::updateOwned(const Variable &variable, const Value &value, const Name &name) {
  OwnedValue *target = owned.find(variable.path);
  if (!target || value.isError() || !entry || (update && update->phase != UpdatePhase::Update))
    return;
  if (target->role == OwnedStmt::Role::Param && !update) {
    error(name.span, "`" + name.text + "` is a parameter, which its optimizer changes, nothing else")
        .hint("what a layer changes itself is a `state`");
    return;
  }
  if (target->role == OwnedStmt::Role::State && entry->training && isFrozen(target->path))
    return;
  bool isState = target->role == OwnedStmt::Role::State || target->role == OwnedStmt::Role::Carried;
  if (isState && !entry->training) {
    error(name.span, "state changes in training only").hint("put the update into `if training { … }`");
    return;
  }
  std::optional<Tensor> tensor = toTensor(value, target->type.getElementType(), name.span);
  if (!tensor)
    return;
  if (tensor->element() != target->type.getElementType() ||
      Emitter::broadcastShape(tensor->shape(), target->type.getShape()) !=
          llvm::SmallVector<int64_t>(target->type.getShape())) {
    auto &message = error(name.span, "`" + name.text + "` is " + names.type(target->type) + ", and its new value is " +
                                         names.type(*tensor));
    addTrail(message, value);
    return;
  }
  Tensor updated = emitter.expand(*tensor, target->type.getShape());
  if (isState) // no gradient flows through state
    updated = emitter.unary<nn::StopGradientOp>(updated);
  updated.batch = {};
  entry->update(*target, updated);
}

/// Whether a dimension in a layer's body is the one that counts the rows of its inputs' batch.
bool Evaluator::countsRows(const DimExpr &dim) {
  auto *name = llvm::dyn_cast_or_null<NameExpr>(dim.value.get());
  if (!name || !frame->decl)
    return false;
  for (const Parameter &input : frame->decl->inputs) {
    const Variable *variable = find(input.name.text);
    if (!variable || !variable->value.isTensor() || !input.type)
      continue;
    BatchMark batch = variable->value.asTensor().batch;
    if (!batch || size_t(batch.axis) >= input.type->dims.size())
      continue;
    auto *rows = llvm::dyn_cast_or_null<NameExpr>(input.type->dims[batch.axis].value.get());
    if (rows && rows->name == name->name)
      return true;
  }
  return false;
}

void Evaluator::declareOwned(const OwnedStmt &stmt) {
  using OwnedRole = OwnedStmt::Role;
  Role where = frame->decl ? frame->decl->role : Role::Function;
  const char *word = roleName(stmt.role).data();
  bool inLayer = where == Role::Layer || where == Role::Model;
  bool ofSchedule = stmt.role == OwnedRole::State && where == Role::Schedule;
  bool belongs = stmt.role == OwnedRole::Slot    ? where == Role::Optimizer
                 : stmt.role == OwnedRole::Tally ? where == Role::Metric
                                                 : inLayer || ofSchedule;
  if (!belongs) {
    error(stmt.span, Twine("a ") + word + " belongs to " +
                         (stmt.role == OwnedRole::Slot    ? "an optimizer"
                          : stmt.role == OwnedRole::Tally ? "a metric"
                                                          : "a layer or model") +
                         ", and this is a " + keyword(where));
    declare(stmt.name, {});
    return;
  }
  if (stmt.role == OwnedRole::Tally)
    return tally(stmt);
  if (ofSchedule)
    return scheduleState(stmt);
  std::string component = stmt.path ? stmt.path.text : stmt.name.text;
  std::string path =
      frame->path.empty() ? component : frame->path + (stmt.role == OwnedRole::Slot ? "/" : ".") + component;
  Variable variable;
  variable.kind = Variable::Kind::Owned;
  variable.path = path;
  std::optional<mlir::RankedTensorType> type;
  std::optional<Tensor> first;
  OwnedRole role = stmt.role;
  if (role == OwnedRole::Slot) {
    Value initial = evaluate(*stmt.initial);
    first =
        toTensor(initial, frame->elements.count("T") ? frame->elements["T"] : mlir::Type(emitter.builder.getF32Type()),
                 stmt.initial->span);
    if (first)
      type = first->type();
  } else {
    type = resolve(*stmt.type);
    variable.dims = dimensionNames(*stmt.type);
    for (auto [i, dim] : llvm::enumerate(stmt.type->dims))
      if (countsRows(dim)) {
        if (stmt.role == OwnedRole::State && i == 0)
          role = OwnedRole::Carried;
        else
          error(dim.span, Twine("a ") + word + " may not have the batch in its shape")
              .hint("a state may, as its first dimension: `state h: f32[batch, n] = zeros`");
      }
  }
  if (!type) {
    declare(stmt.name, variable);
    return;
  }
  bool isDeclared = stmt.type && elementType(stmt.type->name, emitter.builder.getContext());
  if (role == OwnedRole::Param && isDeclared && !mlir::isa<mlir::FloatType>(type->getElementType())) {
    error(stmt.type->span, "a parameter is trained by its gradient, and " + names.type(*type) + " has none")
        .hint("a parameter is f32 or f64; a `state` may hold integers");
    declare(stmt.name, {});
    return;
  }
  if (role == OwnedRole::Param && frame->instance && frame->instance->ofEntry) {
    if (!std::exchange(frame->instance->reported, true))
      error(stmt.span, "an entry makes no parameters, and this application makes `" + path + "`")
          .hint("name the layer in the model, `let head = Dense(10)`, and apply it in both");
    declare(stmt.name, {});
    return;
  }
  OwnedValue *known = owned.find(path);
  if (!known) {
    OwnedValue value{path, role, *type, {}, {}, {}, userSpan(stmt.span), frame->path};
    if (stmt.role != OwnedRole::Slot) {
      value.initial = withDefaults(evaluate(*stmt.initial), stmt.initial->span);
      bool initializer = value.initial.isCallable() && value.initial.asCallable().decl &&
                         value.initial.asCallable().decl->role == Role::Initializer;
      if (!value.initial.isError() && !value.initial.isNumber() && !initializer)
        error(stmt.initial->span, Twine("a ") + word + " starts with an initialiser or a number, and this is " +
                                      names.describe(value.initial))
            .hint(
                "initialisers are zeros, ones, full(v), normal(std), uniform(low, high), glorot_uniform, he_normal …");
      bool isZero = value.initial.isNumber() ? value.initial.asNumber() == 0
                                             : initializer && value.initial.asCallable().name() == "zeros";
      if (role == OwnedRole::Carried && !isZero && !value.initial.isError())
        error(stmt.initial->span, "a state with the batch's dimension starts with `zeros`, as each epoch does");
      if (stmt.fanIn) {
        Value in = evaluate(*stmt.fanIn), out = evaluate(*stmt.fanOut);
        if (in.isNumber() && out.isNumber()) {
          value.fanIn = in.asNumber();
          value.fanOut = out.asNumber();
        } else if (!in.isError() && !out.isError()) {
          error(cover(stmt.fanIn->span, stmt.fanOut->span), "the fans are numbers known when compiling");
        }
      }
      if (initializer && !value.fanIn)
        for (const Parameter &parameter : value.initial.asCallable().decl->inputs)
          if (parameter.name.text == "fan_in" || parameter.name.text == "fan_out") {
            error(stmt.initial->span, "the initialiser `" + value.initial.asCallable().name() +
                                          "` needs the fans of `" + stmt.name.text + "`")
                .hint("write `= " + stmt.initial->span.text() + " fan (inputs, outputs)`");
            value.initial = Value::error();
            break;
          }
    }
    known = &owned.add(std::move(value));
  } else if (known->type != *type) {
    auto &message = error(stmt.span, "`" + path + "` is " + names.type(*type) + " in this application and " +
                                         names.type(known->type) + " in an earlier one");
    if (frame->instance && frame->instance->firstCall)
      message.note("`" + frame->instance->path + "` was applied first to " + frame->instance->firstInput,
                   frame->instance->firstCall);
    message.hint("parameters belong to the instance; write the layer twice for two sets of parameters");
    declare(stmt.name, {});
    return;
  } else if (frame->application == 0 && frame->instance && frame->instance->members.count(component)) {
    error(stmt.span, "there are two parameters `" + path + "`").hint("`as name` sets the name in the path");
  }
  if (frame->instance) {
    frame->instance->members[component] = path;
    frame->instance->members[stmt.name.text] = path;
  }
  if (first && update && update->phase == UpdatePhase::Initialise)
    entry->update(*known, *first);
  if (entry && entry->startsFresh && !entry->knows(*known))
    startHere(*known);
  declare(stmt.name, variable);
  // A parameter that a compile-time `if` declares is known again where the same condition is written.
  for (const std::string &condition : frame->conditions)
    frame->conditional[condition][stmt.name.text] = *find(stmt.name.text);
}

/// A number that a schedule carries from step to step. It lives with the optimizer's slots: files of weights do not
/// hold it.
void Evaluator::scheduleState(const OwnedStmt &stmt) {
  Variable variable;
  variable.kind = Variable::Kind::Owned;
  variable.path = frame->path + "/" + stmt.name.text;
  std::optional<mlir::RankedTensorType> type = resolve(*stmt.type);
  Value initial = evaluate(*stmt.initial);
  if (type && (type->getRank() != 0 || !type->getElementType().isF64()))
    error(stmt.type->span, "the state of a schedule is a number, `f64`, and this is " + names.type(*type));
  else if (!initial.isNumber() && !initial.isError())
    error(stmt.initial->span,
          "the state of a schedule starts with a number that is known when compiling, and this is " +
              names.describe(initial));
  else if (type && initial.isNumber() && !owned.find(variable.path))
    owned.add({variable.path, OwnedStmt::Role::Slot, *type, initial, {}, {}, userSpan(stmt.span), ""});
  declare(stmt.name, variable);
}

/// Gives an owned value of a test its first value, in front of all that the test computes.
void Evaluator::startHere(const OwnedValue &value) {
  mlir::OpBuilder::InsertionGuard guard(emitter.builder);
  llvm::SaveAndRestore<unsigned> outside(scanDepth, 0);
  llvm::SaveAndRestore<std::vector<Tensor>> steps(scanSteps, {});
  emitter.builder.setInsertionPointToStart(&entry->body());
  entry->read(value, initialValue(value));
}

/// Adds to a tally over the batches, or reads it for the metric's result.
void Evaluator::tally(const OwnedStmt &stmt) {
  if (frame->metric == MetricPhase::None) {
    error(stmt.span, "`" + Twine(frame->decl->name.text) + "` is a metric: it counts over the batches of an evaluation")
        .hint("name it among `metrics`; a loss, or what a layer calls, is a function");
    declare(stmt.name, {});
    return;
  }
  std::string path = frame->path + "/" + stmt.name.text;
  Value value = evaluate(*stmt.initial);
  std::optional<Tensor> batch = toTensor(value, emitter.builder.getF64Type(), stmt.initial->span);
  Variable variable;
  variable.kind = Variable::Kind::Owned;
  variable.path = path;
  if (batch) {
    Tensor addend = emitter.cast(*batch, emitter.builder.getF64Type());
    OwnedValue *known = owned.find(path);
    if (!known)
      known = &owned.add({path, OwnedStmt::Role::Tally, addend.type(), Value::integer(0), {}, {}, stmt.span, ""});
    if (frame->metric == MetricPhase::Accumulate)
      entry->update(*known, emitter.binary<nn::AddOp>(entry->owned(*known), addend));
  }
  declare(stmt.name, variable);
}

Tensor Evaluator::initialValue(const OwnedValue &value) {
  auto zero = [&] { return emitter.constant(0, value.type); };
  if (value.initial.isNumber())
    return emitter.constant(value.initial.asNumber(), value.type);
  if (!value.initial.isCallable())
    return zero();
  const Callable &callable = value.initial.asCallable();
  // Initialisers are given what they ask for by name.
  std::vector<Arg> inputs;
  std::vector<Value> extents;
  for (int64_t extent : value.type.getShape())
    extents.push_back(Value::integer(extent));
  for (const Parameter &parameter : callable.decl->inputs) {
    StringRef name = parameter.name.text;
    Value argument = name == "shape"     ? Value::list(extents)
                     : name == "fan_in"  ? Value::number(value.fanIn.value_or(1))
                     : name == "fan_out" ? Value::number(value.fanOut.value_or(1))
                                         : Value::error();
    if (argument.isError()) {
      error(parameter.name.span, "an initializer's inputs are shape, fan_in and fan_out, and this is `" + name + "`");
      return zero();
    }
    inputs.push_back({name.str(), argument, value.span});
  }
  Frame own;
  Scope scope;
  own.caller = frame;
  own.callSpan = value.span;
  own.source = value.span.source;
  own.scope = &scope;
  own.path = value.path;
  own.elements["T"] = value.type.getElementType();
  FrameScope inOwn(*this, own);
  Value result = apply(callable, std::move(inputs), value.span);
  std::optional<Tensor> tensor = toTensor(result, value.type.getElementType(), value.span);
  if (!tensor)
    return zero();
  if (Emitter::broadcastShape(tensor->shape(), value.type.getShape()) !=
      llvm::SmallVector<int64_t>(value.type.getShape())) {
    error(value.span, "the initialiser of `" + value.path + "` makes " + names.type(*tensor) + ", and it is " +
                          names.type(value.type));
    return zero();
  }
  return emitter.expand(emitter.cast(*tensor, value.type.getElementType()), value.type.getShape());
}

//===--------------------------------------------------------------------------------------------------------------===//
// Random numbers
//===--------------------------------------------------------------------------------------------------------------===//

/// Draws for the layer or owned value around; the counter is (path, draw, application, step), so that no two draws
/// meet.
std::optional<Evaluator::Draw> Evaluator::draw(Span span) {
  Frame *owner = frame;
  bool initializing = false;
  mlir::Type element;
  for (; owner; owner = owner->caller) {
    if (auto it = owner->elements.find("T"); !element && it != owner->elements.end())
      element = it->second;
    initializing |= owner->decl && owner->decl->role == Role::Initializer;
    if (initializing ? !owner->decl
                     : (owner->decl && (owner->decl->role == Role::Layer || owner->decl->role == Role::Model)))
      break;
  }
  if (!owner || !entry) {
    error(span, "random numbers are drawn in layers and initialisers only")
        .hint("draw in a layer and hand the numbers, or a `random_counter()`, to the function");
    return std::nullopt;
  }
  if (!element || !mlir::isa<mlir::FloatType>(element))
    element = emitter.builder.getF32Type();
  mlir::Value step;
  if (initializing) {
    auto type = mlir::RankedTensorType::get({}, emitter.builder.getI64Type());
    step = emitter.constant(0, type).value;
  } else {
    step = entry->step();
  }
  // The step of each scan around moves the seed, so that no two steps meet.
  mlir::Value seed = entry->seed();
  uint64_t factor = 0x9E3779B97F4A7C15u;
  for (const Tensor &counter : scanSteps) {
    mlir::Type word = emitter.builder.getI64Type();
    auto one = mlir::RankedTensorType::get({}, word);
    auto constant = [&](uint64_t number) {
      Tensor result;
      result.value = nn::ConstantOp::create(
          emitter.builder, emitter.location, one,
          mlir::DenseElementsAttr::get(one, mlir::Attribute(emitter.builder.getI64IntegerAttr(int64_t(number)))));
      return result;
    };
    Tensor now, known;
    known.value = seed;
    now = emitter.binary<nn::AddOp>(emitter.cast(counter, word), constant(1));
    seed = emitter.binary<nn::AddOp>(known, emitter.binary<nn::MulOp>(now, constant(factor))).value;
    factor *= 0xD1342543DE82EF95u; // odd: another generator of all words
  }
  int64_t path = int64_t(llvm::xxh3_64bits(owner->path));
  return Draw{seed, step, element, path, owner->draws++, owner->application};
}

Value Evaluator::randomUniform(llvm::ArrayRef<int64_t> shape, Span span) {
  std::optional<Draw> d = draw(span);
  if (!d)
    return Value::error();
  auto type = mlir::RankedTensorType::get(shape, d->element);
  return Value::tensor(emitter.random(d->seed, d->step, type, d->path, d->number, d->application));
}

/// A key that differs from draw to draw, and the step.
Value Evaluator::randomCounter(Span span) {
  std::optional<Draw> d = draw(span);
  if (!d)
    return Value::error();
  std::string place = std::to_string(d->path) + " " + std::to_string(d->number) + " " + std::to_string(d->application);
  auto word = mlir::RankedTensorType::get({}, emitter.builder.getI64Type());
  auto shift = emitter.builder.getI64IntegerAttr(int64_t(llvm::xxh3_64bits(place)));
  Tensor seed, moved, step;
  seed.value = d->seed;
  step.value = d->step;
  moved.value = nn::ConstantOp::create(emitter.builder, emitter.location, word,
                                       mlir::DenseElementsAttr::get(word, mlir::Attribute(shift)));
  Tensor key = emitter.binary<nn::AddOp>(seed, moved);
  return Value::tensor(emitter.concat({emitter.reshape(key, {1}), emitter.reshape(step, {1})}, 0));
}

Value Evaluator::randomUniform(llvm::ArrayRef<int64_t> shape, const Tensor &counter) {
  mlir::Type element = frame->elements.count("T") ? frame->elements["T"] : mlir::Type();
  if (!element || !mlir::isa<mlir::FloatType>(element))
    element = emitter.builder.getF32Type();
  auto word = [&](int64_t k) { return emitter.reshape(emitter.slice(counter, {k}, {1}, {1}), {}).value; };
  return Value::tensor(emitter.random(word(0), word(1), mlir::RankedTensorType::get(shape, element), 0, 0, 0));
}
