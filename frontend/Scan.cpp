//===- Scan.cpp - Loops that stay loops ---------------------------------------------------------------------------===//
//
// The body of a `scan` is evaluated once, into the region of an nn.scan: its instances and parameters are the same in
// every step.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/Evaluator.h"
#include "llvm/ADT/ScopeExit.h"

using namespace nn::frontend;
using llvm::SmallVector;
using llvm::Twine;

/// What one step emits, in order.
struct nn::frontend::ScanBody {
  struct Emitted {
    Tensor value;
    int64_t axis;
  };
  std::vector<Emitted> emitted;
};

namespace {
struct Steps {
  int64_t first, count;
  bool reversed;
};
} // namespace

/// The steps of `0..n` or of `reversed(0..n)`, which is a list.
static std::optional<Steps> stepsOf(const Value &range) {
  if (range.kind() == Value::Kind::Range)
    return Steps{range.elements()[0].asInteger(), range.rangeSize(), false};
  if (!range.isList() || !llvm::all_of(range.elements(), [](const Value &v) { return v.isInteger(); }))
    return std::nullopt;
  int64_t count = range.elements().size();
  for (int64_t i = 1; i < count; ++i)
    if (range.elements()[i].asInteger() != range.elements()[i - 1].asInteger() - 1)
      return std::nullopt;
  return Steps{count ? range.elements()[count - 1].asInteger() : 0, count, true};
}

/// `h0: T[batch, units] = zeros`: an initialiser of a constant stands for a tensor of the declared type.
Value Evaluator::startingValue(Value value, const TypeExpr *type, Span span) {
  bool isInitializer =
      value.isCallable() && value.asCallable().decl && value.asCallable().decl->role == FunctionDecl::Role::Initializer;
  if (!isInitializer || !type)
    return value;
  std::optional<mlir::RankedTensorType> resolved = resolve(*type);
  if (!resolved)
    return Value::error();
  OwnedValue tensor{"", OwnedStmt::Role::State, *resolved, withDefaults(value, span), {}, {}, span, ""};
  return Value::tensor(initialValue(tensor));
}

std::optional<Tensor> Evaluator::firstCarried(const Carry &carry) {
  Value value = startingValue(evaluateFor(*carry.initial, carry.type.get()), carry.type.get(), carry.initial->span);
  std::optional<mlir::RankedTensorType> type;
  if (carry.type && !(type = resolve(*carry.type)))
    return std::nullopt;
  mlir::Type element = type ? type->getElementType() : mlir::Type(emitter.builder.getF32Type());
  std::optional<Tensor> tensor = toTensor(value, element, carry.initial->span);
  if (!tensor || !type || tensor->type() == *type)
    return tensor;
  if (tensor->element() == element &&
      Emitter::broadcastShape(tensor->shape(), type->getShape()) == SmallVector<int64_t>(type->getShape()))
    return emitter.expand(*tensor, type->getShape());
  auto &message = error(carry.initial->span, "`" + carry.name.text + "` is carried as " + names.type(*type) +
                                                 ", and its first value is " + names.type(*tensor));
  addTrail(message, value);
  return std::nullopt;
}

void Evaluator::emit(const EmitStmt &stmt) {
  if (!frame->scan) {
    error(stmt.span, "`emit` stands in a `scan` only");
    return;
  }
  Value value = evaluate(*stmt.value);
  std::optional<Tensor> tensor = toTensor(value, emitter.builder.getF32Type(), stmt.value->span);
  std::optional<int64_t> axis = stmt.axis ? evaluateInteger(*stmt.axis, "the axis of `emit`") : 0;
  if (!tensor || !axis)
    return;
  int64_t wrapped = *axis < 0 ? *axis + tensor->rank() + 1 : *axis;
  if (wrapped < 0 || wrapped > tensor->rank()) {
    error(stmt.axis->span, "`emit` of " + names.type(*tensor) + " makes an axis from 0 to " + Twine(tensor->rank()) +
                               ", not " + Twine(*axis));
    return;
  }
  frame->scan->emitted.push_back({*tensor, wrapped});
}

void Evaluator::updateCarried(Variable &variable, const Value &value, const Name &name) {
  const Tensor &before = variable.value.asTensor();
  std::optional<Tensor> next = toTensor(value, before.element(), name.span);
  if (!next)
    return;
  if (next->element() == before.element() &&
      Emitter::broadcastShape(next->shape(), before.shape()) == SmallVector<int64_t>(before.shape()))
    next = emitter.expand(*next, before.shape());
  if (next->type() == before.type()) {
    variable.value = Value::tensor(*next);
    return;
  }
  auto &message = error(name.span, "`" + name.text + "` is carried as " + names.type(before) +
                                       ", and its next value is " + names.type(*next));
  addTrail(message, value);
}

Value Evaluator::scan(const ScanExpr &expr) {
  Value range = evaluate(*expr.range);
  if (range.isError())
    return Value::error();
  std::optional<Steps> steps = stepsOf(range);
  if (!steps) {
    error(expr.range->span,
          "`scan` runs over a range `0..n` or `reversed(0..n)`, and this is " + names.describe(range));
    return Value::error();
  }
  if (steps->count < 1) {
    error(expr.range->span, "a `scan` takes at least one step, and this range is empty");
    return Value::error();
  }
  if (steps->count > INT32_MAX) {
    error(expr.range->span, "a `scan` of " + Twine(steps->count) + " steps does not end");
    return Value::error();
  }
  SmallVector<mlir::Value> inits;
  std::vector<Tensor> carried;
  for (const Carry &carry : expr.carries) {
    std::optional<Tensor> first = firstCarried(carry);
    if (!first)
      return Value::error();
    first->trail = nullptr;
    inits.push_back(first->value);
    carried.push_back(*first);
  }

  mlir::OpBuilder &b = emitter.builder;
  auto region = std::make_unique<mlir::Region>();
  mlir::Block &block = region->emplaceBlock();
  ScanBody body;
  {
    mlir::OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&block);
    ScanBody *outer = std::exchange(frame->scan, &body);
    mlir::Value variable;
    ++scanDepth;
    llvm::scope_exit leave([&] {
      scanLast.erase(variable);
      scanSteps.pop_back();
      --scanDepth;
      frame->scan = outer;
    });
    BlockScope scope(*frame);
    Tensor step;
    step.value = block.addArgument(mlir::RankedTensorType::get({}, b.getI32Type()), emitter.location);
    scanSteps.push_back(step);
    if (steps->first != 0)
      step = emitter.binary<nn::AddOp>(step, emitter.scalar(steps->first, step.element()));
    variable = step.value;
    scanLast[variable] = steps->first + steps->count - 1;
    Variable counter;
    counter.value = Value::tensor(step);
    declare(expr.variable, std::move(counter));
    for (auto [carry, value] : llvm::zip(expr.carries, carried)) {
      Variable variable;
      variable.kind = Variable::Kind::Carried;
      value.value = block.addArgument(value.type(), emitter.location);
      variable.value = Value::tensor(value);
      declare(carry.name, std::move(variable));
    }
    unsigned errors = diagnostics.reports();
    if (execute(expr.body) == Flow::Return) {
      if (!frame->returned || !frame->returned->isError())
        error(expr.span, "a `scan` has no `return`: `emit` yields a value of each step, a carry the last one");
      frame->returned = Value::error();
      return Value::error();
    }
    for (auto [carry, value] : llvm::zip(expr.carries, carried))
      value = scope.scope.variables[carry.name.text].value.asTensor();
    SmallVector<mlir::Value> yielded;
    for (const ScanBody::Emitted &emitted : body.emitted)
      yielded.push_back(emitted.value.value);
    for (const Tensor &value : carried)
      yielded.push_back(value.value);
    if (diagnostics.reports() != errors)
      return Value::error();
    if (yielded.empty()) {
      error(expr.span, "this `scan` yields nothing")
          .hint("`emit` yields a value of each step, `carry (h = …)` the last one");
      return Value::error();
    }
    nn::EmitOp::create(b, emitter.location, yielded);
  }

  SmallVector<mlir::Value> shared = nn::ScanOp::shareCaptures(block);
  auto op = nn::ScanOp::create(b, emitter.location, inits, /*sequences=*/mlir::ValueRange(), shared, steps->count,
                               steps->reversed, *region);
  std::vector<Value> results;
  for (auto [k, emitted] : llvm::enumerate(body.emitted)) {
    Tensor stack = Emitter::like(emitted.value, op->getResult(k));
    stack.field = {};
    if (stack.batch)
      ++stack.batch.axis;
    SmallVector<int64_t> order; // the steps to their axis
    for (int64_t d = 1; d < stack.rank(); ++d)
      order.push_back(d);
    order.insert(order.begin() + emitted.axis, 0);
    results.push_back(Value::tensor(emitter.transpose(stack, order)));
  }
  for (auto [k, value] : llvm::enumerate(carried))
    results.push_back(Value::tensor(Emitter::like(value, op->getResult(body.emitted.size() + k))));
  for (Value &result : results)
    result = leaveTrail(std::move(result), nullptr, "scan", expr.span);
  return results.size() == 1 ? results.front() : Value::tuple(std::move(results), {});
}
