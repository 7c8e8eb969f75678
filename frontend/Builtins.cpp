//===- Builtins.cpp - The table of builtins, and the elementwise ones ---------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/BuiltinFunctions.h"
#include "frontend/Evaluator.h"
#include "llvm/ADT/StringMap.h"
#include <cmath>

using namespace nn::frontend;
using llvm::SmallVector;
using llvm::Twine;

//===--------------------------------------------------------------------------------------------------------------===//
// Arguments
//===--------------------------------------------------------------------------------------------------------------===//

std::optional<Tensor> nn::frontend::tensorArgument(BuiltinCall &call, size_t index) {
  const Value &value = call.arguments[index];
  if (value.isTensor())
    return value.asTensor();
  if (!value.isError())
    call.evaluator.error(call.spans[index], Twine("`") + call.builtin.name + "` takes a tensor, and this is " +
                                                call.evaluator.names.describe(value));
  return std::nullopt;
}

std::optional<Tensor> nn::frontend::floatArgument(BuiltinCall &call, size_t index) {
  std::optional<Tensor> x = tensorArgument(call, index);
  if (!x || mlir::isa<mlir::FloatType>(x->element()))
    return x;
  call.evaluator
      .error(call.spans[index], Twine("`") + call.builtin.name + "` takes floating-point numbers, and this is " +
                                    call.evaluator.names.type(*x))
      .hint("`cast(x, f32)` converts");
  return std::nullopt;
}

std::optional<int64_t> nn::frontend::integerArgument(BuiltinCall &call, size_t index, std::optional<int64_t> missing) {
  const Value &value = call.arguments[index];
  if (value.kind() == Value::Kind::None && missing)
    return missing;
  if (value.isInteger())
    return value.asInteger();
  if (!value.isError())
    call.evaluator.error(call.spans[index], Twine("`") + call.builtin.name + "` wants an integer here, and this is " +
                                                call.evaluator.names.describe(value));
  return std::nullopt;
}

std::optional<SmallVector<int64_t>> nn::frontend::integersArgument(BuiltinCall &call, size_t index) {
  const Value &value = call.arguments[index];
  SmallVector<int64_t> result;
  bool good = value.isInteger() || value.isList() || value.isTuple();
  if (value.isInteger())
    result.push_back(value.asInteger());
  else if (good)
    for (const Value &element : value.elements()) {
      good &= element.isInteger();
      result.push_back(element.isInteger() ? element.asInteger() : 0);
    }
  if (good)
    return result;
  if (!value.isError())
    call.evaluator.error(call.spans[index], Twine("`") + call.builtin.name +
                                                "` wants a list of integers here, and this is " +
                                                call.evaluator.names.describe(value));
  return std::nullopt;
}

bool nn::frontend::checkExtents(BuiltinCall &call, llvm::ArrayRef<int64_t> shape) {
  for (int64_t extent : shape)
    if (extent < 1) {
      call.evaluator.error(call.span, Twine("`") + call.builtin.name +
                                          "` makes a tensor with extents of at least 1, not " + Twine(extent));
      return false;
    }
  return true;
}

std::optional<int64_t> nn::frontend::axisArgument(BuiltinCall &call, size_t index, const Tensor &x) {
  std::optional<int64_t> axis = integerArgument(call, index);
  if (!axis)
    return std::nullopt;
  int64_t wrapped = *axis < 0 ? *axis + x.rank() : *axis;
  if (wrapped >= 0 && wrapped < x.rank())
    return wrapped;
  auto &message = call.evaluator.error(call.spans[index],
                                       "there is no axis " + Twine(*axis) + " in " + call.evaluator.names.type(x));
  call.evaluator.addTrail(message, Value::tensor(x), "it");
  return std::nullopt;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Elementwise functions
//===--------------------------------------------------------------------------------------------------------------===//

/// A function of one number: folded for numbers, an op for tensors.
template <typename Op, double (*fold)(double)>
static Value unary(BuiltinCall &call) {
  const Value &value = call.arguments[0];
  if (value.isNumber())
    return Value::number(fold(value.asNumber()));
  std::optional<Tensor> x = floatArgument(call, 0);
  return x ? Value::tensor(call.evaluator.emitter.unary<Op>(*x)) : Value::error();
}

static double foldRsqrt(double x) { return 1 / std::sqrt(x); }
static double foldSigmoid(double x) { return 1 / (1 + std::exp(-x)); }
static double foldSign(double x) { return (x > 0) - (x < 0); }
static double foldRound(double x) { return std::nearbyint(x); }

static Value absolute(BuiltinCall &call) {
  if (const Value &x = call.arguments[0]; x.isInteger())
    return x.asInteger() < 0 ? call.evaluator.negate(x, call.span) : x;
  if (const Value &x = call.arguments[0];
      x.isTensor() && !mlir::isa<mlir::FloatType>(x.asTensor().element()) && !x.asTensor().element().isInteger(1))
    return Value::tensor(
        call.evaluator.emitter.binary<nn::MaxOp>(x.asTensor(), call.evaluator.negate(x, call.span).asTensor()));
  return unary<nn::AbsOp, std::fabs>(call);
}

/// The larger or smaller of two, by element.
template <typename Op, bool larger>
static Value extremum(BuiltinCall &call) {
  Value a = call.arguments[0], b = call.arguments[1];
  if (a.isNumber() && b.isNumber())
    return (a.asNumber() > b.asNumber()) == larger ? a : b;
  Tensor x, y;
  if (!call.evaluator.unify(a, b, Twine("`" + Twine(call.builtin.name) + "`").str(), call.span, x, y))
    return Value::error();
  return Value::tensor(call.evaluator.emitter.binary<Op>(x, y));
}

/// Division that rounds down, and what it leaves.
template <bool remainder>
static Value integerDivision(BuiltinCall &call) {
  Value a = call.arguments[0], b = call.arguments[1];
  if (a.isInteger() && b.isInteger()) {
    int64_t x = a.asInteger(), y = b.asInteger();
    if (y == 0) {
      call.evaluator.error(call.span, "a division by zero");
      return Value::error();
    }
    if (y == -1) { // the quotient of the smallest integer does not fit
      if (remainder)
        return Value::integer(0);
      return call.evaluator.negate(a, call.span);
    }
    int64_t rest = x % y;
    bool down = rest != 0 && (rest < 0) != (y < 0);
    return Value::integer(remainder ? rest + (down ? y : 0) : x / y - down);
  }
  Tensor x, y;
  if (!call.evaluator.unify(a, b, remainder ? "`mod`" : "`div`", call.span, x, y))
    return Value::error();
  if (remainder)
    return Value::tensor(call.evaluator.emitter.binary<nn::ModOp>(x, y));
  if (mlir::isa<mlir::FloatType>(x.element()))
    return Value::tensor(call.evaluator.emitter.unary<nn::FloorOp>(call.evaluator.emitter.binary<nn::DivOp>(x, y)));
  return Value::tensor(call.evaluator.emitter.binary<nn::DivOp>(x, y));
}

static Value power(BuiltinCall &call) {
  return call.evaluator.binary(BinaryOp::Pow, call.arguments[0], call.arguments[1], call.span);
}

static Value selectBuiltin(BuiltinCall &call) {
  return call.evaluator.select(call.arguments[0], call.arguments[1], call.arguments[2], call.span);
}

static Value castBuiltin(BuiltinCall &call) {
  if (call.arguments[1].kind() != Value::Kind::Type) {
    call.evaluator.error(call.spans[1], "`cast` wants an element type such as f32, and this is " +
                                            call.evaluator.names.describe(call.arguments[1]));
    return Value::error();
  }
  mlir::Type element = call.arguments[1].asType();
  std::optional<Tensor> x =
      call.evaluator.toTensor(call.arguments[0], call.arguments[0].isNumber() ? element : mlir::Type(), call.spans[0]);
  return x ? Value::tensor(call.evaluator.emitter.cast(*x, element)) : Value::error();
}

static Value stopGradient(BuiltinCall &call) {
  if (call.arguments[0].isNumber())
    return call.arguments[0];
  std::optional<Tensor> x = tensorArgument(call, 0);
  if (!x)
    return Value::error();
  bool floating = mlir::isa<mlir::FloatType>(x->element());
  return Value::tensor(floating ? call.evaluator.emitter.unary<nn::StopGradientOp>(*x) : *x);
}

static Value reversedList(BuiltinCall &call) {
  const Value &list = call.arguments[0];
  if (list.isError())
    return list;
  std::vector<Value> elements;
  if (list.kind() == Value::Kind::Range) {
    if (list.rangeSize() > 1000000) {
      call.evaluator.error(call.spans[0], "`reversed` makes a list, and this range has " + Twine(list.rangeSize()) +
                                              " numbers: at most 1000000");
      return Value::error();
    }
    for (int64_t i = list.elements()[1].asInteger(); i-- > list.elements()[0].asInteger();)
      elements.push_back(Value::integer(i));
  } else if (list.isList()) {
    elements.assign(list.elements().rbegin(), list.elements().rend());
  } else {
    call.evaluator.error(call.spans[0],
                         "`reversed` takes a list or a range, and this is " + call.evaluator.names.describe(list));
    return Value::error();
  }
  return Value::list(std::move(elements));
}

static Value length(BuiltinCall &call) {
  const Value &value = call.arguments[0];
  if (value.isList() || value.isTuple() || value.kind() == Value::Kind::Map)
    return Value::integer(value.elements().size());
  auto &message =
      call.evaluator.error(call.spans[0], "`len` takes a list, and this is " + call.evaluator.names.describe(value));
  if (value.isTensor())
    message.hint("`shape(x)[0]` is the extent of an axis");
  return Value::error();
}

/// How many steps an epoch has is known when the program runs.
static Value epochs(BuiltinCall &call) {
  const Value &value = call.arguments[0];
  if (value.isNumber() && value.asNumber() >= 0)
    return Value::epochs(value.asNumber());
  call.evaluator.error(call.spans[0], "`epochs` takes a number from 0 up that is known when compiling, and this is " +
                                          call.evaluator.names.describe(value));
  return Value::error();
}

//===--------------------------------------------------------------------------------------------------------------===//
// The table
//===--------------------------------------------------------------------------------------------------------------===//

static const Builtin table[] = {
    // clang-format off
    {"abs",            "x",                    absolute,                             "|x|"},
    {"exp",            "x",                    unary<nn::ExpOp, std::exp>,           "e^x"},
    {"expm1",          "x",                    unary<nn::Expm1Op, std::expm1>,       "e^x - 1, exact near 0"},
    {"log",            "x",                    unary<nn::LogOp, std::log>,           "the natural logarithm"},
    {"log1p",          "x",                    unary<nn::Log1pOp, std::log1p>,       "ln(1 + x), exact near 0"},
    {"sqrt",           "x",                    unary<nn::SqrtOp, std::sqrt>,         "the square root"},
    {"rsqrt",          "x",                    unary<nn::RsqrtOp, foldRsqrt>,        "1 / square root"},
    {"tanh",           "x",                    unary<nn::TanhOp, std::tanh>,         "the hyperbolic tangent"},
    {"sigmoid",        "x",                    unary<nn::SigmoidOp, foldSigmoid>,    "1 / (1 + e^-x)"},
    {"sin",            "x",                    unary<nn::SinOp, std::sin>,           "the sine"},
    {"cos",            "x",                    unary<nn::CosOp, std::cos>,           "the cosine"},
    {"erf",            "x",                    unary<nn::ErfOp, std::erf>,           "the error function"},
    {"floor",          "x",                    unary<nn::FloorOp, std::floor>,       "the largest integer <= x"},
    {"ceil",           "x",                    unary<nn::CeilOp, std::ceil>,         "the smallest integer >= x"},
    {"round",          "x",                    unary<nn::RoundOp, foldRound>,        "the nearest integer, ties to even"},
    {"sign",           "x",                    unary<nn::SignOp, foldSign>,          "1, 0 or -1"},
    {"max",            "a b",                  extremum<nn::MaxOp, true>,            "the larger of two, by element"},
    {"min",            "a b",                  extremum<nn::MinOp, false>,           "the smaller of two, by element"},
    {"div",            "a b",                  integerDivision<false>,               "a / b rounded down"},
    {"mod",            "a b",                  integerDivision<true>,                "what div(a, b) leaves"},
    {"pow",            "a b",                  power,                                "a^b"},
    {"select",         "condition a b",        selectBuiltin,                        "a where the condition holds, b elsewhere"},
    {"cast",           "x type",               castBuiltin,                          "x in another element type"},
    {"stop_gradient",  "x",                    stopGradient,                         "x, through which no gradient flows"},
    {"sum",            "x axis? keep_axis?",   sumBuiltin,                           "the sum over axes (all by default)"},
    {"mean",           "x axis? keep_axis? weights?", meanBuiltin,                   "the mean over axes, by default over all"},
    {"reduce_max",     "x axis? keep_axis?",   reduceMaxBuiltin,                     "the largest element over axes"},
    {"reduce_min",     "x axis? keep_axis?",   reduceMinBuiltin,                     "the smallest element over axes"},
    {"argmax",         "x axis",               argmaxBuiltin,                        "the position of the first largest element, as i32"},
    {"contract",       "*operands",            contractBuiltin,                      "a sum of products: contract(\"ij,jk->ik\", a, b)"},
    {"count",          "x",                    countBuiltin,                         "the number of elements; of valid ones in losses and metrics"},
    {"shape",          "x",                    shapeBuiltin,                         "the extents as a list"},
    {"rank",           "x",                    rankBuiltin,                          "the number of axes"},
    {"size",           "x",                    sizeBuiltin,                          "the number of elements of a full batch"},
    {"reversed",       "list",                 reversedList,                         "a list or range from its last element to its first"},
    {"len",            "list",                 length,                               "the number of elements of a list"},
    {"reshape",        "x shape",              reshapeBuiltin,                       "the elements in another shape; one extent may be -1"},
    {"transpose",      "x axes?",              transposeBuiltin,                     "the last two axes swapped, or the axes in the given order"},
    {"gather",         "x index axis",         gatherBuiltin,                        "the elements of x at indices along an axis"},
    {"scatter_sum",    "d index extent axis",  scatterSumBuiltin,                    "sums along an axis of the terms that have the same index"},
    {"concat",         "*parts axis",          concatBuiltin,                        "tensors one behind the other along an axis"},
    {"stack",          "*parts axis",          stackBuiltin,                         "tensors of one type beside each other along a new axis"},
    {"split",          "x parts axis",         splitBuiltin,                         "equal parts along an axis, as a tuple"},
    {"pad",            "x low high",           padBuiltin,                           "x surrounded by zeros"},
    {"along",          "v axis like",          alongBuiltin,                         "a vector lined up with an axis of `like`"},
    {"zeros_like",     "x",                    zerosLikeBuiltin,                     "zeros of x's type"},
    {"ones_like",      "x",                    onesLikeBuiltin,                      "ones of x's type"},
    {"fill",           "*value",               fillBuiltin,                          "fill(v, n, m): a tensor [n, m] of v, a number or a tensor of rank 0"},
    {"epochs",         "count",                epochs,                               "the steps of so many epochs, where `Steps` are wanted"},
    {"grad",           "function wrt?",        gradBuiltin,                          "the gradient of a function that returns a number, by its first input or those that `wrt` names"},
    {"tensor",         "values type?",         tensorBuiltin,                        "the tensor that a number or nested lists of numbers write down, in f32 where no type is given"},
    {"iota",           "n",                    iotaBuiltin,                          "0, 1, … n-1, as i32"},
    {"pair",           "x",                    pairBuiltin,                          "(x, x) of an integer, a pair as it is"},
    {"pairs",          "x",                    pairsBuiltin,                         "((x, x), (x, x)) of an integer, ((h, h), (w, w)) of a pair"},
    {"ids",            "x below ignored?",     idsBuiltin,                           "x, whose values are ids below a number (or `ignored`); records are checked where they enter"},
    {"convolve",       "x w stride low high dilation groups", convolveBuiltin,       "convolution (cross-correlation) of x[n, c, …] with w[o, c, …]"},
    {"window_sum",     "x window stride low high", windowSumBuiltin,                 "sums over windows of the last axes"},
    {"window_max",     "x window stride low high", windowMaxBuiltin,                 "maxima over windows of the last axes"},
    {"random_uniform", "shape counter?",       randomUniformBuiltin,                 "numbers uniform in [0, 1), in functions from a counter"},
    {"random_counter", "",                     randomCounterBuiltin,                 "a draw of the layer around, for a function to make numbers of"},
    // clang-format on
};

llvm::ArrayRef<Builtin> nn::frontend::builtins() { return table; }

const Builtin *nn::frontend::findBuiltin(llvm::StringRef name) {
  static const llvm::StringMap<const Builtin *> byName = [] {
    llvm::StringMap<const Builtin *> map;
    for (const Builtin &builtin : table)
      map[builtin.name] = &builtin;
    return map;
  }();
  return byName.lookup(name);
}
