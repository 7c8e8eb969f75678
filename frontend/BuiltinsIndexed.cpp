//===- BuiltinsIndexed.cpp - Elements at indices of the running program -------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/BuiltinFunctions.h"
#include "frontend/Evaluator.h"

using namespace nn::frontend;
using llvm::Twine;

/// The integer tensor in argument `index`, or nothing after a message.
static std::optional<Tensor> indicesArgument(BuiltinCall &call, size_t index) {
  std::optional<Tensor> indices = tensorArgument(call, index);
  if (indices && !mlir::isa<mlir::IntegerType>(indices->element())) {
    auto &message = call.evaluator.error(call.spans[index], "`" + Twine(call.builtin.name) +
                                                                "` takes integers as indices, and this is " +
                                                                call.evaluator.names.type(*indices));
    call.evaluator.addTrail(message, call.arguments[index]);
    return std::nullopt;
  }
  return indices;
}

Value nn::frontend::gatherBuiltin(BuiltinCall &call) {
  std::optional<Tensor> x = tensorArgument(call, 0), index = indicesArgument(call, 1);
  if (!x || !index)
    return Value::error();
  std::optional<int64_t> axis = axisArgument(call, 2, *x);
  if (!axis)
    return Value::error();
  call.evaluator.lintIndexed(*x, *index, *axis, call.span);
  return Value::tensor(call.evaluator.emitter.gather(*x, *index, *axis));
}

Value nn::frontend::scatterSumBuiltin(BuiltinCall &call) {
  Evaluator &evaluator = call.evaluator;
  std::optional<Tensor> d = floatArgument(call, 0), index = indicesArgument(call, 1);
  std::optional<int64_t> extent = integerArgument(call, 2);
  if (!d || !index || !extent)
    return Value::error();
  std::optional<int64_t> axis = axisArgument(call, 3, *d);
  if (!axis)
    return Value::error();
  if (*extent < 1) {
    evaluator.error(call.spans[2], "`scatter_sum` wants at least one sum, not " + Twine(*extent));
    return Value::error();
  }
  bool fits = *axis + index->rank() <= d->rank() && d->shape().slice(*axis, index->rank()) == index->shape();
  if (!fits) {
    auto &message = evaluator.error(call.span, "`scatter_sum` along axis " + Twine(*axis) +
                                                   " wants one index for each term: " + evaluator.names.type(*index) +
                                                   " does not fit " + evaluator.names.type(*d));
    evaluator.addTrail(message, call.arguments[0], "the terms");
    evaluator.addTrail(message, call.arguments[1], "the indices");
    return Value::error();
  }
  Tensor terms = *d;
  EntryBuilder *entry = evaluator.entry;
  bool isReduced = terms.batch && terms.batch.axis >= *axis && terms.batch.axis < *axis + index->rank();
  if (isReduced && entry && entry->masked && entry->validRows)
    terms = withoutInvalidRows(evaluator, terms, 0);
  return Value::tensor(evaluator.emitter.scatterSum(terms, *index, *extent, *axis));
}
