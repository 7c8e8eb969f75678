//===- BuiltinsReduce.cpp - Sums, means, extrema, counts ----------------------------------------------------------===//
//
// In losses, metrics and tallies of an evaluation, whose last batch may be partial, a reduction over the batch leaves
// out the rows that do not count.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/BuiltinFunctions.h"
#include "frontend/Evaluator.h"
#include <cmath>
#include <limits>
#include <numeric>

using namespace nn::frontend;
using llvm::SmallVector;

namespace {
struct Reduction {
  Tensor x;
  SmallVector<int64_t> axes;
  bool keep = false;
  bool masked = false;   ///< the batch is reduced and some of its rows may not count
  bool weighted = false; ///< the batch is reduced and its rows have weights
};
} // namespace

static std::optional<Reduction> parse(BuiltinCall &call) {
  std::optional<Tensor> x = tensorArgument(call, 0);
  if (!x)
    return std::nullopt;
  Reduction result;
  result.x = *x;
  if (call.arguments[1].kind() == Value::Kind::None) {
    result.axes.resize(x->rank());
    std::iota(result.axes.begin(), result.axes.end(), 0);
  } else {
    auto axes = integersArgument(call, 1);
    if (!axes)
      return std::nullopt;
    for (int64_t axis : *axes) {
      int64_t wrapped = axis < 0 ? axis + x->rank() : axis;
      if (wrapped < 0 || wrapped >= x->rank() || llvm::is_contained(result.axes, wrapped)) {
        auto &message = call.evaluator.error(call.spans[1], wrapped >= 0 && wrapped < x->rank()
                                                                ? "axis " + llvm::Twine(axis) + " is given twice"
                                                                : "there is no axis " + llvm::Twine(axis) + " in " +
                                                                      call.evaluator.names.type(*x));
        call.evaluator.addTrail(message, call.arguments[0], "it");
        return std::nullopt;
      }
      result.axes.push_back(wrapped);
    }
    llvm::sort(result.axes);
  }
  const Value &keep = call.arguments[2];
  if (keep.isBool()) {
    result.keep = keep.asBool();
  } else if (keep.kind() != Value::Kind::None) {
    call.evaluator.error(call.spans[2], "`keep_axis` is true or false");
    return std::nullopt;
  }
  EntryBuilder *entry = call.evaluator.entry;
  bool overBatch = entry && x->batch && llvm::is_contained(result.axes, x->batch.axis);
  result.masked = overBatch && entry->masked && entry->validRows;
  result.weighted = overBatch && entry->rowWeights;
  return result;
}

Tensor nn::frontend::withoutInvalidRows(Evaluator &evaluator, const Tensor &x, double outside) {
  Emitter &emitter = evaluator.emitter;
  int64_t extent = x.shape()[x.batch.axis];
  Tensor rows = *evaluator.entry->validRows;
  if (x.batch.inner != 1)
    rows = emitter.binary<nn::MulOp>(rows, emitter.scalar(x.batch.inner, rows.element()));
  Tensor counts = emitter.compare(BinaryOp::Lt, emitter.iota(extent), emitter.broadcast(rows, {extent}, {}));
  Tensor everywhere = emitter.broadcast(counts, x.shape(), {x.batch.axis});
  return emitter.select(everywhere, x, emitter.constant(outside, x.type()));
}

/// The weights of the batch's rows, for each element of x.
static Tensor rowWeights(Evaluator &evaluator, const Tensor &x) {
  Emitter &emitter = evaluator.emitter;
  Tensor rows = emitter.cast(*evaluator.entry->rowWeights, x.element());
  int64_t extent = x.shape()[x.batch.axis];
  if (x.batch.inner != 1)
    rows = emitter.reshape(emitter.broadcast(rows, {extent / x.batch.inner, x.batch.inner}, {0}), {extent});
  return Emitter::like(x, emitter.broadcast(rows, x.shape(), {x.batch.axis}).value);
}

Tensor nn::frontend::summedRows(Evaluator &evaluator, const Tensor &x) {
  const EntryBuilder *entry = evaluator.entry;
  if (!entry || !x.batch)
    return x;
  bool isWeighted = entry->rowWeights && mlir::isa<mlir::FloatType>(x.element());
  Tensor weighted = isWeighted ? evaluator.emitter.binary<nn::MulOp>(x, rowWeights(evaluator, x)) : x;
  return entry->masked && entry->validRows ? withoutInvalidRows(evaluator, weighted, 0) : weighted;
}

static Tensor reduce(Evaluator &evaluator, Emitter::Reduction kind, const Reduction &r, const Tensor &x) {
  if (r.axes.empty())
    return x;
  Tensor result = evaluator.emitter.reduce(kind, x, r.axes);
  if (!r.keep)
    return result;
  SmallVector<int64_t> shape(x.shape());
  for (int64_t axis : r.axes)
    shape[axis] = 1;
  BatchMark mark = llvm::is_contained(r.axes, x.batch.axis) ? BatchMark{} : x.batch;
  result = evaluator.emitter.reshape(result, shape);
  result.batch = mark;
  return result;
}

/// Booleans and bytes are summed as i32.
static Tensor widened(Evaluator &evaluator, const Tensor &x) {
  bool narrow = x.element().isInteger(1) || x.element().isInteger(8);
  return narrow ? evaluator.emitter.cast(x, evaluator.emitter.builder.getI32Type()) : x;
}

/// How many elements each sum has: a number, or, where rows may not count, an f64 scalar of the running program.
static int64_t elementsPerSum(const Reduction &r, bool withBatch) {
  int64_t result = 1;
  for (int64_t axis : r.axes)
    if (withBatch || axis != r.x.batch.axis)
      result *= r.x.shape()[axis];
  return result;
}

static Tensor validCount(Evaluator &evaluator, const Reduction &r) {
  Emitter &emitter = evaluator.emitter;
  Tensor rows = emitter.cast(*evaluator.entry->validRows, emitter.builder.getF64Type());
  int64_t factor = elementsPerSum(r, false) * r.x.batch.inner;
  return factor == 1 ? rows : emitter.binary<nn::MulOp>(rows, emitter.scalar(factor, rows.element()));
}

Value nn::frontend::sumBuiltin(BuiltinCall &call) {
  std::optional<Reduction> r = parse(call);
  if (!r)
    return Value::error();
  Tensor x = widened(call.evaluator, r->x);
  if (r->masked || r->weighted)
    x = summedRows(call.evaluator, x);
  return Value::tensor(reduce(call.evaluator, Emitter::Reduction::Sum, *r, x));
}

static std::shared_ptr<const std::vector<MeanTerm>> oneMean(const Tensor &mean, const Tensor &divisor) {
  return std::make_shared<const std::vector<MeanTerm>>(1, MeanTerm{mean.value, divisor.value});
}

Value nn::frontend::meanBuiltin(BuiltinCall &call) {
  std::optional<Reduction> r = parse(call);
  if (!r)
    return Value::error();
  Evaluator &evaluator = call.evaluator;
  Emitter &emitter = evaluator.emitter;
  if (!mlir::isa<mlir::FloatType>(r->x.element()))
    r->x = emitter.cast(r->x, emitter.builder.getF32Type());
  mlir::Type element = r->x.element();
  if (element.isBF16() || element.isF16()) { // sums of many halves have no place in a half
    BuiltinCall wide = call;
    wide.arguments[0] = Value::tensor(emitter.cast(r->x, emitter.builder.getF32Type()));
    if (wide.arguments[3].isTensor())
      wide.arguments[3] = Value::tensor(emitter.cast(wide.arguments[3].asTensor(), emitter.builder.getF32Type()));
    Value mean = meanBuiltin(wide);
    return mean.isError() ? mean : Value::tensor(emitter.cast(mean.asTensor(), element));
  }
  Tensor x = r->x;
  bool given = call.arguments[3].kind() != Value::Kind::None;
  if (given || r->weighted) {
    // sum(x w) / sum(w), with w what counts.
    Value left = Value::tensor(x), right = given ? call.arguments[3] : Value::tensor(rowWeights(evaluator, x));
    if (right.isTensor() && !mlir::isa<mlir::FloatType>(right.asTensor().element()))
      right = Value::tensor(emitter.cast(right.asTensor(), element));
    Tensor weights;
    if (!evaluator.unify(left, right, "`mean` with weights", call.span, x, weights))
      return Value::error();
    if (given && r->weighted)
      weights = Emitter::like(x, emitter.binary<nn::MulOp>(weights, rowWeights(evaluator, x)).value);
    if (r->masked)
      weights = withoutInvalidRows(evaluator, weights.batch ? weights : Emitter::like(x, weights.value), 0);
    Tensor weighted = emitter.binary<nn::MulOp>(x, weights);
    if (r->masked)
      weighted = withoutInvalidRows(evaluator, weighted, 0);
    Tensor total = reduce(evaluator, Emitter::Reduction::Sum, *r, weights);
    // Where nothing counts, the mean is 0: a batch of ignored labels leaves the weights as they are.
    Tensor result = emitter.quotient(reduce(evaluator, Emitter::Reduction::Sum, *r, weighted), total);
    if (total.rank() == 0)
      result.means = oneMean(result, emitter.cast(total, emitter.builder.getF64Type()));
    return Value::tensor(result);
  }
  if (!r->masked) {
    Value sum = Value::tensor(reduce(evaluator, Emitter::Reduction::Sum, *r, x));
    return evaluator.binary(BinaryOp::Div, sum, Value::integer(elementsPerSum(*r, true)), call.span);
  }
  Tensor sum = reduce(evaluator, Emitter::Reduction::Sum, *r, withoutInvalidRows(evaluator, x, 0));
  Tensor count = validCount(evaluator, *r);
  Tensor divisor = emitter.expand(emitter.cast(count, element), sum.shape());
  Tensor result = emitter.binary<nn::DivOp>(sum, divisor);
  if (result.rank() == 0)
    result.means = oneMean(result, count);
  return Value::tensor(result);
}

static Value extremum(BuiltinCall &call, Emitter::Reduction kind) {
  std::optional<Reduction> r = parse(call);
  if (!r)
    return Value::error();
  Tensor x = r->x;
  if (r->masked) {
    bool largest = kind == Emitter::Reduction::Max;
    double outside = largest ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    if (!mlir::isa<mlir::FloatType>(x.element())) {
      unsigned width = x.element().getIntOrFloatBitWidth();
      bool isUnsigned = x.element().isUnsignedInteger() || width == 1;
      double least = isUnsigned ? 0 : -std::ldexp(1, width - 1),
             most = std::ldexp(1, isUnsigned ? width : width - 1) - 1;
      outside = largest ? least : std::min(most, 0x1p62); // of 64 bits: larger than any that is exact as a double
    }
    x = withoutInvalidRows(call.evaluator, x, outside);
  }
  return Value::tensor(reduce(call.evaluator, kind, *r, x));
}

Value nn::frontend::reduceMaxBuiltin(BuiltinCall &call) { return extremum(call, Emitter::Reduction::Max); }
Value nn::frontend::reduceMinBuiltin(BuiltinCall &call) { return extremum(call, Emitter::Reduction::Min); }

Value nn::frontend::argmaxBuiltin(BuiltinCall &call) {
  std::optional<Tensor> x = tensorArgument(call, 0);
  if (!x)
    return Value::error();
  std::optional<int64_t> axis = axisArgument(call, 1, *x);
  return axis ? Value::tensor(call.evaluator.emitter.argmax(*x, *axis)) : Value::error();
}

Value nn::frontend::countBuiltin(BuiltinCall &call) {
  std::optional<Tensor> x = tensorArgument(call, 0);
  if (!x)
    return Value::error();
  EntryBuilder *entry = call.evaluator.entry;
  if (!entry || !entry->masked || !entry->validRows || !x->batch)
    return Value::integer(x->type().getNumElements());
  Reduction all;
  all.x = *x;
  all.axes.resize(x->rank());
  std::iota(all.axes.begin(), all.axes.end(), 0);
  Tensor count = validCount(call.evaluator, all);
  count.weak = true;
  return Value::tensor(count);
}
