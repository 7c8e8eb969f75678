//===- Observe.cpp - inspect and assert in a model ----------------------------------------------------------------===//
//
// What a running program says of its values: an entry returns a few numbers more, which the runtime prints or checks.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/Evaluator.h"
#include <limits>
#include <numeric>

using namespace nn::frontend;
using llvm::Twine;

/// All elements of x summed, or their extremum.
static Tensor overall(Emitter &emitter, Emitter::Reduction kind, const Tensor &x) {
  llvm::SmallVector<int64_t> axes(x.rank());
  std::iota(axes.begin(), axes.end(), 0);
  return axes.empty() ? x : emitter.reduce(kind, x, axes);
}

/// `inspect "name", x`: mean, deviation, smallest, largest element, and how many are not finite.
void Evaluator::inspect(const InspectStmt &stmt) {
  Value value = evaluate(*stmt.value);
  if (value.isError())
    return;
  std::optional<Tensor> tensor = toTensor(value, emitter.builder.getF32Type(), stmt.value->span);
  if (!tensor)
    return;
  if (scanDepth > 0) {
    error(stmt.span, "`inspect` cannot stand in a `scan`").hint("`emit` the value and inspect what the `scan` yields");
    return;
  }
  if (!entry || !entry->observed)
    return;
  std::string name = stmt.name + " " + names.type(*tensor);
  Tensor x = emitter.cast(*tensor, emitter.builder.getF32Type());
  double count = x.type().getNumElements();
  auto sum = [&](const Tensor &terms) { return overall(emitter, Emitter::Reduction::Sum, terms); };
  auto divided = [&](const Tensor &total) {
    return emitter.binary<nn::DivOp>(total, emitter.scalar(count, total.element()));
  };
  Tensor mean = divided(sum(x));
  Tensor centred = emitter.binary<nn::SubOp>(x, emitter.expand(mean, x.shape()));
  Tensor deviation = emitter.unary<nn::SqrtOp>(divided(sum(emitter.binary<nn::MulOp>(centred, centred))));
  Tensor zero = emitter.constant(0, x.type());
  Tensor isFinite = emitter.compare(BinaryOp::Eq, emitter.binary<nn::SubOp>(x, x), zero);
  Tensor wrong = sum(emitter.select(isFinite, zero, emitter.constant(1, x.type())));
  std::vector<Tensor> facts;
  for (const Tensor &fact : {mean, deviation, overall(emitter, Emitter::Reduction::Min, x),
                             overall(emitter, Emitter::Reduction::Max, x), wrong})
    facts.push_back(emitter.reshape(fact, {1}));
  entry->observe("inspect", name, emitter.unary<nn::StopGradientOp>(emitter.concat(facts, 0)));
}

/// `assert` outside of tests: how many elements do not hold.
void Evaluator::assertInModel(const AssertStmt &stmt, const Value &condition) {
  if (condition.isBool()) {
    if (!condition.asBool())
      error(stmt.span, "the assertion does not hold");
    return;
  }
  if (!entry || !entry->observed)
    return;
  Span at = userSpan(stmt.span);
  std::string name = (at.source->path() + ":" + Twine(at.source->place(at.begin).line) + ": " + at.text()).str();
  const Tensor &holds = condition.asTensor();
  mlir::Type count = emitter.builder.getI32Type();
  Tensor wrong = emitter.select(holds, emitter.constant(0, mlir::RankedTensorType::get(holds.shape(), count)),
                                emitter.constant(1, mlir::RankedTensorType::get(holds.shape(), count)));
  wrong.batch = {};
  entry->observe("assert", name, overall(emitter, Emitter::Reduction::Sum, wrong));
}

void Evaluator::observeFacts(const std::string &name, const Tensor &x) {
  if (!mlir::isa<mlir::FloatType>(x.element()))
    return;
  auto counts = mlir::RankedTensorType::get(x.shape(), emitter.builder.getF32Type());
  Tensor zero = emitter.constant(0, counts), one = emitter.constant(1, counts);
  auto count = [&](const Tensor &holds) {
    Tensor marks = emitter.select(holds, one, zero);
    marks.batch = {};
    return emitter.reshape(overall(emitter, Emitter::Reduction::Sum, marks), {1});
  };
  Tensor isNaN = emitter.compare(BinaryOp::Ne, x, x);
  Tensor isInfinite = emitter.compare(BinaryOp::Eq, emitter.unary<nn::AbsOp>(x),
                                      emitter.constant(std::numeric_limits<double>::infinity(), x.type()));
  entry->observe("facts", name, emitter.concat({count(isNaN), count(isInfinite)}, 0));
}

/// A layer's output, with its facts observed and a zero added to it whose gradient is that of the output.
Value Evaluator::watch(const Value &output, const std::string &name) {
  if (output.isTuple()) {
    std::vector<Value> elements;
    for (const Value &element : output.elements())
      elements.push_back(watch(element, name));
    return Value::tuple(std::move(elements), output.names());
  }
  if (!output.isTensor() || !mlir::isa<mlir::FloatType>(output.asTensor().element()) || scanDepth > 0)
    return output;
  const Tensor &watched = output.asTensor();
  observeFacts(name, watched);
  Tensor probed = emitter.binary<nn::AddOp>(watched, entry->argument("probe", name, watched.type()));
  return Value::tensor(Emitter::like(watched, probed.value));
}
