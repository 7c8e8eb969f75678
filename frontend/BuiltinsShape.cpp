//===- BuiltinsShape.cpp - Shapes and the ops that move elements --------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/BuiltinFunctions.h"
#include "frontend/Evaluator.h"
#include <numeric>

using namespace nn::frontend;
using llvm::SmallVector;
using llvm::Twine;

Value nn::frontend::shapeBuiltin(BuiltinCall &call) {
  std::optional<Tensor> x = tensorArgument(call, 0);
  if (!x)
    return Value::error();
  std::vector<Value> extents;
  for (int64_t extent : x->shape())
    extents.push_back(Value::integer(extent));
  return Value::list(std::move(extents));
}

Value nn::frontend::rankBuiltin(BuiltinCall &call) {
  std::optional<Tensor> x = tensorArgument(call, 0);
  return x ? Value::integer(x->rank()) : Value::error();
}

Value nn::frontend::sizeBuiltin(BuiltinCall &call) {
  std::optional<Tensor> x = tensorArgument(call, 0);
  return x ? Value::integer(x->type().getNumElements()) : Value::error();
}

Value nn::frontend::reshapeBuiltin(BuiltinCall &call) {
  std::optional<Tensor> x = tensorArgument(call, 0);
  auto shape = integersArgument(call, 1);
  if (!x || !shape)
    return Value::error();
  int64_t total = x->type().getNumElements(), known = 1, inferred = -1;
  for (auto [i, extent] : llvm::enumerate(*shape)) {
    if (extent == -1 && inferred < 0)
      inferred = i;
    else if (extent < 1 || llvm::MulOverflow(known, extent, known))
      known = 0; // fits nothing
  }
  if (inferred >= 0 && known > 0 && total % known == 0)
    (*shape)[inferred] = total / known;
  else if (known != total || inferred >= 0) {
    auto &message =
        call.evaluator.error(call.span, "`reshape` keeps the number of elements: " + call.evaluator.names.type(*x) +
                                            " does not fit " + call.evaluator.names.shape(*shape));
    call.evaluator.addTrail(message, call.arguments[0], "it");
    if (llvm::count(*shape, -1) > 1)
      message.hint("one extent may be -1, which stands for what is left over");
    return Value::error();
  }
  return Value::tensor(call.evaluator.emitter.reshape(*x, *shape));
}

Value nn::frontend::transposeBuiltin(BuiltinCall &call) {
  std::optional<Tensor> x = tensorArgument(call, 0);
  if (!x)
    return Value::error();
  SmallVector<int64_t> permutation(x->rank());
  std::iota(permutation.begin(), permutation.end(), 0);
  if (call.arguments[1].kind() == Value::Kind::None) {
    if (x->rank() < 2) {
      call.evaluator.error(call.span,
                           "`transpose` swaps the last two axes, and " + call.evaluator.names.type(*x) + " has fewer");
      return Value::error();
    }
    std::swap(permutation[x->rank() - 1], permutation[x->rank() - 2]);
  } else {
    auto axes = integersArgument(call, 1);
    if (!axes)
      return Value::error();
    for (int64_t &axis : *axes)
      axis += axis < 0 ? x->rank() : 0;
    SmallVector<int64_t> sorted = *axes;
    llvm::sort(sorted);
    if (sorted != permutation) {
      call.evaluator.error(call.spans[1],
                           "the axes of `transpose` are each axis of " + call.evaluator.names.type(*x) + " once");
      return Value::error();
    }
    permutation = *axes;
  }
  return Value::tensor(call.evaluator.emitter.transpose(*x, permutation));
}

/// The tensors that `concat` and `stack` join, given one by one or as a list; none after a message.
static std::vector<Tensor> joinedParts(BuiltinCall &call) {
  std::vector<Value> values = call.rest;
  if (values.size() == 1 && (values[0].isList() || values[0].isTuple()))
    values = std::vector<Value>(values[0].elements());
  if (values.empty())
    call.evaluator.error(call.span, "`" + Twine(call.builtin.name) + "` wants at least one tensor");
  std::vector<Tensor> parts;
  for (const Value &value : values) {
    if (!value.isTensor()) {
      if (!value.isError())
        call.evaluator.error(call.span, "`" + Twine(call.builtin.name) + "` joins tensors, and one of these is " +
                                            call.evaluator.names.describe(value));
      return {};
    }
    parts.push_back(value.asTensor());
  }
  return parts;
}

/// Reports two parts that do not go together.
static Value reportParts(BuiltinCall &call, int64_t axis, const Tensor &first, const Tensor &other) {
  const TypeNames &names = call.evaluator.names;
  auto &message =
      call.evaluator.error(call.span, "`" + Twine(call.builtin.name) + "` along axis " + Twine(axis) + " cannot join " +
                                          names.type(first) + " and " + names.type(other));
  call.evaluator.addTrail(message, Value::tensor(first), "the first one");
  call.evaluator.addTrail(message, Value::tensor(other), "the other one");
  return Value::error();
}

Value nn::frontend::concatBuiltin(BuiltinCall &call) {
  std::vector<Tensor> parts = joinedParts(call);
  if (parts.empty())
    return Value::error();
  std::optional<int64_t> axis = axisArgument(call, 1, parts.front());
  if (!axis)
    return Value::error();
  for (const Tensor &part : parts) {
    bool fits = part.rank() == parts.front().rank() && part.element() == parts.front().element();
    for (int64_t i = 0; fits && i < part.rank(); ++i)
      fits = i == *axis || part.shape()[i] == parts.front().shape()[i];
    if (!fits)
      return reportParts(call, *axis, parts.front(), part);
  }
  return Value::tensor(call.evaluator.emitter.concat(parts, *axis));
}

Value nn::frontend::stackBuiltin(BuiltinCall &call) {
  std::vector<Tensor> parts = joinedParts(call);
  if (parts.empty())
    return Value::error();
  int64_t rank = parts.front().rank() + 1;
  std::optional<int64_t> axis = integerArgument(call, 1);
  if (!axis)
    return Value::error();
  if (*axis < -rank || *axis >= rank) {
    auto &message =
        call.evaluator.error(call.spans[1], "`stack` makes a new axis from 0 to " + Twine(rank - 1) + " of " +
                                                call.evaluator.names.type(parts.front()) + ", not " + Twine(*axis));
    call.evaluator.addTrail(message, Value::tensor(parts.front()), "the first one");
    return Value::error();
  }
  int64_t place = *axis < 0 ? *axis + rank : *axis;
  Tensor first = parts.front();
  for (Tensor &part : parts) {
    if (part.type() != first.type())
      return reportParts(call, place, first, part);
    SmallVector<int64_t> shape(part.shape());
    shape.insert(shape.begin() + place, 1);
    part = call.evaluator.emitter.reshape(part, shape);
  }
  return Value::tensor(call.evaluator.emitter.concat(parts, place));
}

Value nn::frontend::splitBuiltin(BuiltinCall &call) {
  std::optional<Tensor> x = tensorArgument(call, 0);
  std::optional<int64_t> parts = integerArgument(call, 1);
  if (!x || !parts)
    return Value::error();
  std::optional<int64_t> axis = axisArgument(call, 2, *x);
  if (!axis)
    return Value::error();
  int64_t extent = x->shape()[*axis];
  if (*parts < 1 || extent % *parts) {
    auto &message =
        call.evaluator.error(call.span, "`split` makes equal parts: " + call.evaluator.names.extent(extent) +
                                            " elements of axis " + Twine(*axis) + " do not make " + Twine(*parts));
    call.evaluator.addTrail(message, call.arguments[0], "it");
    return Value::error();
  }
  if (*parts > 50000) {
    call.evaluator.error(call.span, "`split` makes a value of each part, and " + Twine(*parts) + " are too many");
    return Value::error();
  }
  std::vector<Value> result;
  SmallVector<int64_t> offsets(x->rank(), 0), extents(x->shape()), strides(x->rank(), 1);
  extents[*axis] = extent / *parts;
  for (int64_t i = 0; i < *parts; ++i) {
    offsets[*axis] = i * extents[*axis];
    result.push_back(Value::tensor(call.evaluator.emitter.slice(*x, offsets, extents, strides)));
  }
  return Value::tuple(std::move(result));
}

Value nn::frontend::padBuiltin(BuiltinCall &call) {
  std::optional<Tensor> x = tensorArgument(call, 0);
  auto low = integersArgument(call, 1), high = integersArgument(call, 2);
  if (!x || !low || !high)
    return Value::error();
  auto outside = [](int64_t n) { return n < 0 || n > INT32_MAX; };
  if (int64_t(low->size()) != x->rank() || low->size() != high->size() || llvm::any_of(*low, outside) ||
      llvm::any_of(*high, outside)) {
    call.evaluator.error(call.span, "`pad` wants a number of zeros from 0 to 2147483647, before and behind, for each "
                                    "axis of " +
                                        call.evaluator.names.type(*x));
    return Value::error();
  }
  return Value::tensor(call.evaluator.emitter.pad(*x, *low, *high));
}

Value nn::frontend::alongBuiltin(BuiltinCall &call) {
  Evaluator &evaluator = call.evaluator;
  std::optional<Tensor> like = tensorArgument(call, 2);
  if (call.arguments[0].isNumber())
    return call.arguments[0];
  std::optional<Tensor> v = tensorArgument(call, 0);
  if (!v || !like)
    return Value::error();
  std::optional<int64_t> axis = axisArgument(call, 1, *like);
  if (!axis)
    return Value::error();
  if (v->rank() != 1 || v->shape()[0] != like->shape()[*axis]) {
    auto &message =
        evaluator.error(call.span, "`along` lines " + evaluator.names.type(*v) + " up with axis " + Twine(*axis) +
                                       " of " + evaluator.names.type(*like) + ", and they differ");
    evaluator.addTrail(message, call.arguments[0], "the vector");
    return Value::error();
  }
  if (v->weak)
    v = evaluator.emitter.cast(*v, like->element());
  return Value::tensor(evaluator.emitter.broadcast(*v, like->shape(), {*axis}));
}

static Value constantLike(BuiltinCall &call, double value) {
  std::optional<Tensor> x = tensorArgument(call, 0);
  return x ? Value::tensor(call.evaluator.emitter.constant(value, x->type())) : Value::error();
}

Value nn::frontend::zerosLikeBuiltin(BuiltinCall &call) { return constantLike(call, 0); }
Value nn::frontend::onesLikeBuiltin(BuiltinCall &call) { return constantLike(call, 1); }

Value nn::frontend::fillBuiltin(BuiltinCall &call) {
  Emitter &emitter = call.evaluator.emitter;
  auto isScalar = [](const Value &value) {
    return value.isNumber() || (value.isTensor() && value.asTensor().rank() == 0);
  };
  const Value *wrong = call.rest.empty() || isScalar(call.rest.front()) ? nullptr : &call.rest.front();
  SmallVector<int64_t> shape;
  auto take = [&](const Value &extent) {
    if (extent.isInteger())
      shape.push_back(extent.asInteger());
    else
      wrong = &extent;
  };
  for (const Value &extent : llvm::ArrayRef<Value>(call.rest).drop_front(call.rest.empty() ? 0 : 1)) {
    if (extent.isList() || extent.isTuple())
      llvm::for_each(extent.elements(), take);
    else
      take(extent);
  }
  if (call.rest.empty() || wrong) {
    call.evaluator.error(call.span, "`fill(v, n, m)` wants a number and extents" +
                                        (wrong ? ", and this is " + call.evaluator.names.describe(*wrong) : ""));
    return Value::error();
  }
  if (!checkExtents(call, shape))
    return Value::error();
  const Value &number = call.rest.front();
  if (number.isTensor())
    return Value::tensor(emitter.broadcast(number.asTensor(), shape, {}));
  Tensor result = emitter.constant(number.asNumber(), mlir::RankedTensorType::get(shape, emitter.builder.getF64Type()));
  result.weak = true; // takes the element type of the tensor it meets
  return Value::tensor(std::move(result));
}

Value nn::frontend::iotaBuiltin(BuiltinCall &call) {
  std::optional<int64_t> n = integerArgument(call, 0);
  if (!n)
    return Value::error();
  if (*n < 1) {
    call.evaluator.error(call.spans[0], "`iota` wants at least one element, not " + Twine(*n));
    return Value::error();
  }
  return Value::tensor(call.evaluator.emitter.iota(*n));
}

Value nn::frontend::tensorBuiltin(BuiltinCall &call) {
  Evaluator &evaluator = call.evaluator;
  const Value &type = call.arguments[1], &values = call.arguments[0];
  if (type.kind() != Value::Kind::None && type.kind() != Value::Kind::Type) {
    evaluator.error(call.spans[1],
                    "`tensor` wants an element type such as i32, and this is " + evaluator.names.describe(type));
    return Value::error();
  }
  const Value *leaf = &values;
  while (leaf->isList() && !leaf->elements().empty())
    leaf = &leaf->elements().front();
  bool given = type.kind() == Value::Kind::Type, isNumeric = !leaf->isBool();
  mlir::Type element = given       ? type.asType()
                       : isNumeric ? mlir::Type(evaluator.emitter.builder.getF32Type())
                                   : mlir::Type();
  std::optional<Tensor> result = evaluator.toTensor(values, element, call.spans[0]);
  return result ? Value::tensor(*result) : Value::error();
}

Value nn::frontend::pairBuiltin(BuiltinCall &call) {
  const Value &x = call.arguments[0];
  if (x.isInteger())
    return Value::tuple({x, x});
  auto integers = integersArgument(call, 0);
  if (!integers)
    return Value::error();
  if (integers->size() == 2)
    return x;
  call.evaluator.error(call.spans[0],
                       "an integer or a pair is wanted, and this is " + call.evaluator.names.describe(x));
  return Value::error();
}

Value nn::frontend::pairsBuiltin(BuiltinCall &call) {
  const Value &x = call.arguments[0];
  if (x.isInteger())
    return Value::tuple({Value::tuple({x, x}), Value::tuple({x, x})});
  bool sequence = (x.isTuple() || x.isList()) && x.elements().size() == 2;
  if (sequence && x.elements()[0].isInteger() && x.elements()[1].isInteger()) {
    Value h = x.elements()[0], w = x.elements()[1];
    return Value::tuple({Value::tuple({h, h}), Value::tuple({w, w})});
  }
  if (sequence && (x.elements()[0].isTuple() || x.elements()[0].isList()))
    return x;
  call.evaluator.error(call.spans[0],
                       "an integer, a pair or pairs are wanted, and this is " + call.evaluator.names.describe(x));
  return Value::error();
}

/// Labels and other ids: where the values come unchanged from a data field, the field gets the limit. An `ignored`
/// value is let through where every use of the field ignores it.
Value nn::frontend::idsBuiltin(BuiltinCall &call) {
  std::optional<Tensor> x = tensorArgument(call, 0);
  std::optional<int64_t> below = integerArgument(call, 1), ignored = integerArgument(call, 2, /*missing=*/0);
  if (!x || !below || !ignored)
    return Value::error();
  if (!x->record.empty()) {
    IdRange range{*below, *ignored >= 0 && *ignored < *below ? 0 : *ignored};
    auto [it, isNew] = call.evaluator.recordRanges.try_emplace(x->record, range);
    it->second.limit = std::min(it->second.limit, range.limit);
    if (it->second.ignored != range.ignored)
      it->second.ignored = 0;
  }
  return Value::tensor(*x);
}
