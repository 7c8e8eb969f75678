//===- Index.cpp - Indices and slices -----------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/Evaluator.h"
#include <algorithm>

using namespace nn::frontend;
using llvm::SmallVector;
using llvm::Twine;

/// An index into `extent` elements, counted from the end where negative.
static std::optional<int64_t> wrap(int64_t index, int64_t extent) {
  int64_t wrapped = index < 0 ? index + extent : index;
  return wrapped >= 0 && wrapped < extent ? std::optional(wrapped) : std::nullopt;
}

Value Evaluator::indexSequence(const Value &base, const IndexExpr &expr) {
  int64_t size = base.elements().size();
  auto takesOne = [&](const Subscript &place) {
    return place.kind == Subscript::Kind::Index || place.kind == Subscript::Kind::Slice;
  };
  if (expr.subscripts.size() != 1 || !takesOne(expr.subscripts.front())) {
    error(expr.span, names.describe(base) + " takes one index");
    return Value::error();
  }
  const Subscript &place = expr.subscripts.front();
  if (place.kind == Subscript::Kind::Index) {
    auto at = evaluateInteger(*place.low, "an index");
    if (!at)
      return Value::error();
    if (auto wrapped = wrap(*at, size))
      return base.elements()[*wrapped];
    error(place.span, "there is no element " + Twine(*at) + " in " + names.describe(base));
    return Value::error();
  }
  auto bound = [&](const ExprPtr &e, int64_t missing) -> std::optional<int64_t> {
    if (!e)
      return missing;
    auto value = evaluateInteger(*e, "the end of a slice");
    return value ? std::optional(std::clamp<int64_t>(*value < 0 ? *value + size : *value, 0, size)) : std::nullopt;
  };
  auto low = bound(place.low, 0), high = bound(place.high, size);
  if (!low || !high)
    return Value::error();
  return Value::list({base.elements().begin() + *low, base.elements().begin() + std::max(*low, *high)});
}

Value Evaluator::index(const IndexExpr &expr) {
  Value base = evaluate(*expr.base);
  if (base.isList() || base.isTuple())
    return indexSequence(base, expr);
  if (!base.isTensor()) {
    if (!base.isError()) {
      auto &message = error(expr.span, names.describe(base) + " cannot be indexed");
      if (base.isCallable())
        message.hint("a call is written with parentheses: `" + base.asCallable().name() + "(…)`");
    }
    return Value::error();
  }
  const Tensor &x = base.asTensor();
  int64_t used = 0, rests = 0;
  for (const Subscript &place : expr.subscripts) {
    used += place.kind == Subscript::Kind::Index || place.kind == Subscript::Kind::Slice;
    rests += place.kind == Subscript::Kind::Rest;
  }
  if (rests > 1) {
    error(expr.span, "`...` takes all axes that no index names, and stands " + Twine(rests) + " times here");
    return Value::error();
  }
  if (used > x.rank()) {
    auto &message =
        error(expr.span, Twine(used) + " indices for a tensor of rank " + Twine(x.rank()) + ", " + names.type(x));
    addTrail(message, base);
    return Value::error();
  }
  SmallVector<int64_t> offsets, extents, strides, result;
  std::vector<std::pair<Tensor, int64_t>> gathers; // indices of the running program, and the axes of the result
  auto keep = [&](int64_t extent) {
    offsets.push_back(0);
    extents.push_back(extent);
    strides.push_back(1);
    result.push_back(extent);
  };
  int64_t axis = 0;
  for (const Subscript &place : expr.subscripts) {
    int64_t extent = axis < x.rank() ? x.shape()[axis] : 1;
    switch (place.kind) {
    case Subscript::Kind::NewAxis:
      result.push_back(1);
      continue;
    case Subscript::Kind::Rest:
      for (int64_t i = 0, skip = x.rank() - used; i < skip; ++i)
        keep(x.shape()[axis++]);
      continue;
    case Subscript::Kind::Index: {
      Value given = evaluate(*place.low);
      if (given.isTensor() && mlir::isa<mlir::IntegerType>(given.asTensor().element())) {
        auto last = scanLast.find(given.asTensor().value);
        if (last != scanLast.end() && last->second >= extent && names.extent(extent) == std::to_string(extent))
          if (Diagnostic *message = warn(place.span, "index-beyond",
                                         "`" + place.span.text() + "` goes up to " + Twine(last->second) +
                                             ", and axis " + Twine(axis) + " of " + names.type(x) + " ends at " +
                                             Twine(extent - 1) + ": steps behind it see the last element again"))
            message->hint("let the scan run over 0.." + Twine(extent));
        gathers.push_back({given.asTensor(), int64_t(result.size())});
        keep(extent);
        break;
      }
      if (!given.isInteger()) {
        if (!given.isError())
          error(place.low->span,
                "an index is an integer or a tensor of integers, and this is " + names.describe(given));
        return Value::error();
      }
      auto at = std::optional(given.asInteger());
      auto wrapped = wrap(*at, extent);
      if (!wrapped) {
        auto &message = error(place.span, "index " + Twine(*at) + " is outside axis " + Twine(axis) + ", which has " +
                                              names.extent(extent) + " elements in " + names.type(x));
        addTrail(message, base);
        return Value::error();
      }
      offsets.push_back(*wrapped);
      extents.push_back(1);
      strides.push_back(1);
      break;
    }
    case Subscript::Kind::Slice: {
      auto low = place.low ? evaluateInteger(*place.low, "the start of a slice") : std::optional<int64_t>(0);
      auto high = place.high ? evaluateInteger(*place.high, "the end of a slice") : std::optional<int64_t>(extent);
      auto step = place.step ? evaluateInteger(*place.step, "the step of a slice") : std::optional<int64_t>(1);
      if (!low || !high || !step)
        return Value::error();
      *step = std::clamp(*step, -extent, extent); // a longer one takes one element, too
      if (*step < 0) {
        std::optional<int64_t> last = place.low ? wrap(*low, extent) : std::optional(extent - 1);
        std::optional<int64_t> end = place.high ? wrap(*high, extent) : std::optional<int64_t>(-1);
        if (last && end && *last > *end) {
          int64_t count = (*last - *end - *step - 1) / -*step;
          offsets.push_back(*last + (count - 1) * *step);
          extents.push_back(count);
          strides.push_back(-*step);
          Tensor places = emitter.iota(count), ends = emitter.constant(double(count - 1), places.type());
          gathers.push_back({emitter.binary<nn::SubOp>(ends, places), int64_t(result.size())});
          result.push_back(count);
          break;
        }
      }
      int64_t from = *low < 0 ? *low + extent : *low, to = *high < 0 ? *high + extent : *high;
      if (from < 0 || to > extent || from >= to || *step < 1) {
        auto &message =
            error(place.span, "the slice takes no elements of axis " + Twine(axis) + " or leaves it; it has " +
                                  names.extent(extent) + " elements in " + names.type(x));
        if (*step < 1)
          message.hint(*step == 0 ? "a step is not 0"
                                  : "a negative step goes from the first place down to behind the second one");
        addTrail(message, base);
        return Value::error();
      }
      offsets.push_back(from);
      extents.push_back((to - from + *step - 1) / *step);
      strides.push_back(*step);
      result.push_back(extents.back());
      break;
    }
    }
    ++axis;
  }
  while (axis < x.rank())
    keep(x.shape()[axis++]);
  Tensor sliced = emitter.reshape(emitter.slice(x, offsets, extents, strides), result);
  for (const auto &[index, at] : llvm::reverse(gathers)) { // from the back, so that earlier axes keep their places
    lintIndexed(sliced, index, at, expr.span);
    sliced = emitter.gather(sliced, index, at);
  }
  return leaveTrail(Value::tensor(std::move(sliced)), &base, expr.span.text(), expr.span);
}
