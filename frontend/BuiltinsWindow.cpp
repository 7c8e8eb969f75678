//===- BuiltinsWindow.cpp - Convolutions, windows, random numbers -------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/BuiltinFunctions.h"
#include "frontend/Evaluator.h"
#include <algorithm>

using namespace nn::frontend;
using llvm::SmallVector;
using llvm::Twine;

/// Checks that a window has `spatial` entries everywhere and fits into the last axes of `x`.
static bool fits(BuiltinCall &call, const Tensor &x, WindowShape &shape, size_t spatial) {
  Evaluator &evaluator = call.evaluator;
  for (const auto *list : {&shape.window, &shape.strides, &shape.low, &shape.high, &shape.dilation})
    if (list->size() != spatial || int64_t(spatial) > x.rank()) {
      evaluator.error(call.span, Twine("`") + call.builtin.name + "` wants " + Twine(spatial) +
                                     " numbers for each of window, stride and padding, one per spatial axis");
      return false;
    }
  for (size_t i = 0; i < spatial; ++i) {
    int64_t axis = x.rank() - spatial + i, extent = x.shape()[axis];
    auto within = [](int64_t value, int64_t least) { return value >= least && value <= INT32_MAX; };
    if (!within(shape.window[i], 1) || !within(shape.strides[i], 1) || !within(shape.dilation[i], 1) ||
        !within(shape.low[i], 0) || !within(shape.high[i], 0)) {
      evaluator.error(call.span, "windows, strides and dilations are at least 1, padding is not negative, and none is "
                                 "above 2147483647");
      return false;
    }
    if (shape.positions(i, extent) < 1) {
      int64_t reach = (shape.window[i] - 1) * shape.dilation[i] + 1;
      auto &message = evaluator.error(call.span, "a window of " + Twine(reach) + " does not fit into the " +
                                                     evaluator.names.extent(extent) + " elements of axis " +
                                                     Twine(axis) + " of " + evaluator.names.type(x));
      evaluator.addTrail(message, Value::tensor(x), "it");
      message.hint("the input is smaller than the window: use a smaller window, padding, or fewer strides before");
      return false;
    }
  }
  return true;
}

Value nn::frontend::convolveBuiltin(BuiltinCall &call) {
  std::optional<Tensor> x = floatArgument(call, 0), w;
  if (x) // whose element type the weight may have
    w = floatArgument(call, 1);
  auto stride = integersArgument(call, 2), low = integersArgument(call, 3), high = integersArgument(call, 4),
       dilation = integersArgument(call, 5);
  std::optional<int64_t> groups = integerArgument(call, 6);
  if (!x || !w || !stride || !low || !high || !dilation || !groups)
    return Value::error();
  Evaluator &evaluator = call.evaluator;
  if (x->rank() != w->rank() || x->rank() < 3 || x->element() != w->element()) {
    evaluator.error(call.span,
                    "`convolve` wants x[n, c, …] and w[o, c, …] of one element type and rank, and these are " +
                        evaluator.names.type(*x) + " and " + evaluator.names.type(*w));
    return Value::error();
  }
  int64_t channels = x->shape()[1];
  if (*groups < 1 || channels % *groups || w->shape()[0] % *groups || channels / *groups != w->shape()[1]) {
    auto &message = evaluator.error(call.span, "with " + Twine(*groups) + " groups, " + evaluator.names.type(*x) +
                                                   " and filters " + evaluator.names.type(*w) + " do not fit");
    evaluator.addTrail(message, call.arguments[0], "the input");
    message.hint("channels and filters are divided by `groups`");
    return Value::error();
  }
  WindowShape shape{SmallVector<int64_t>(w->shape().drop_front(2)), *stride, *low, *high, *dilation};
  if (!fits(call, *x, shape, x->rank() - 2))
    return Value::error();
  return Value::tensor(evaluator.emitter.convolution(*x, *w, shape, *groups));
}

static std::optional<WindowShape> window(BuiltinCall &call, const std::optional<Tensor> &x) {
  auto extents = integersArgument(call, 1), stride = integersArgument(call, 2), low = integersArgument(call, 3),
       high = integersArgument(call, 4);
  if (!x || !extents || !stride || !low || !high)
    return std::nullopt;
  WindowShape shape{*extents, *stride, *low, *high, SmallVector<int64_t>(extents->size(), 1)};
  if (!fits(call, *x, shape, extents->size()))
    return std::nullopt;
  for (size_t i = 0; i < shape.window.size(); ++i)
    if (std::max(shape.low[i], shape.high[i]) >= shape.window[i]) {
      call.evaluator
          .error(call.span, "a padding of " + Twine(std::max(shape.low[i], shape.high[i])) + " for a window of " +
                                Twine(shape.window[i]) + ": some windows would hold padding alone")
          .hint("a pooling's padding is smaller than its window");
      return std::nullopt;
    }
  return shape;
}

Value nn::frontend::windowSumBuiltin(BuiltinCall &call) {
  std::optional<Tensor> x = floatArgument(call, 0);
  std::optional<WindowShape> shape = window(call, x);
  return shape ? Value::tensor(call.evaluator.emitter.windowSum(*x, *shape)) : Value::error();
}

Value nn::frontend::windowMaxBuiltin(BuiltinCall &call) {
  std::optional<Tensor> x = floatArgument(call, 0);
  std::optional<WindowShape> shape = window(call, x);
  return shape ? Value::tensor(call.evaluator.emitter.windowMax(*x, *shape)) : Value::error();
}

Value nn::frontend::randomUniformBuiltin(BuiltinCall &call) {
  auto shape = integersArgument(call, 0);
  if (!shape || !checkExtents(call, *shape))
    return Value::error();
  const Value &counter = call.arguments[1];
  if (counter.kind() == Value::Kind::None)
    return call.evaluator.randomUniform(*shape, call.span);
  if (counter.isError())
    return counter;
  if (!counter.isTensor() || counter.asTensor().shape() != llvm::ArrayRef<int64_t>{2} ||
      !counter.asTensor().element().isInteger(64)) {
    call.evaluator
        .error(call.spans[1],
               "`random_uniform` wants a counter, i64[2], and this is " + call.evaluator.names.describe(counter))
        .hint("a layer makes one with `random_counter()`");
    return Value::error();
  }
  return call.evaluator.randomUniform(*shape, counter.asTensor());
}

Value nn::frontend::randomCounterBuiltin(BuiltinCall &call) { return call.evaluator.randomCounter(call.span); }
