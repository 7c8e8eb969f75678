//===- Coercion.cpp - Operands of one type and shape --------------------------------------------------------------===//
//
// A number or an adapting scalar takes the element type of the tensor it meets; shapes broadcast by NumPy's rules.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/Evaluator.h"
#include <cmath>

using namespace nn::frontend;
using llvm::StringRef;
using llvm::Twine;

static bool isFloat(mlir::Type type) { return mlir::isa<mlir::FloatType>(type); }

Tensor Evaluator::weakScalar(double value) {
  Tensor result = emitter.scalar(value, emitter.builder.getF64Type());
  result.weak = true;
  return result;
}

std::optional<Tensor> Evaluator::toTensor(const Value &value, mlir::Type element, Span span) {
  if (value.isTensor()) {
    const Tensor &tensor = value.asTensor();
    return tensor.weak && element ? emitter.cast(tensor, element) : tensor;
  }
  if (value.isNumber()) {
    if (!element)
      return weakScalar(value.asNumber());
    double number = value.asNumber();
    if (!isFloat(element)) {
      if (!value.isInteger()) {
        error(span, "the number " + numberText(number) + " does not fit into a tensor of " + elementName(element))
            .hint("`cast(x, f32)` makes the tensor floating-point");
        return std::nullopt;
      }
      unsigned width = element.getIntOrFloatBitWidth();
      bool isUnsigned = element.isUnsignedInteger() || width == 1;
      double low = isUnsigned ? 0 : -std::ldexp(1, width - 1), high = std::ldexp(1, isUnsigned ? width : width - 1) - 1;
      if (number < low || number > high) {
        error(span, "the integer " + Twine(value.asInteger()) + " does not fit into " + elementName(element));
        return std::nullopt;
      }
    }
    return emitter.scalar(number, element);
  }
  if (value.isBool())
    return emitter.scalar(value.asBool(), emitter.builder.getI1Type());
  if (!value.isError())
    error(span, "a tensor or number is wanted here, and this is " + names.describe(value));
  return std::nullopt;
}

bool Evaluator::unify(Value &lhs, Value &rhs, StringRef what, Span span, Tensor &a, Tensor &b, bool floating) {
  if (lhs.isError() || rhs.isError())
    return false;
  auto strictType = [](const Value &v) {
    return v.isTensor() && !v.asTensor().weak ? v.asTensor().element() : mlir::Type();
  };
  mlir::Type element = strictType(lhs) ? strictType(lhs) : strictType(rhs);
  bool weak = !element;
  if (weak)
    element = lhs.isBool() && rhs.isBool() ? mlir::Type(emitter.builder.getI1Type()) : emitter.builder.getF64Type();
  if (strictType(lhs) && strictType(rhs) && strictType(lhs) != strictType(rhs) &&
      !(floating && !isFloat(strictType(lhs)) && !isFloat(strictType(rhs)))) {
    auto &message = error(span, Twine(what) + " cannot combine " + names.type(lhs.asTensor()) + " and " +
                                    names.type(rhs.asTensor()) + ": the element types differ");
    message.hint("`cast(x, " + elementName(strictType(lhs)) + ")` converts");
    addTrail(message, lhs, "the left side");
    addTrail(message, rhs, "the right side");
    return false;
  }
  auto coerce = [&](const Value &value) -> std::optional<Tensor> {
    mlir::Type target = element;
    // Bytes and integers become f32 where the result is floating-point.
    if (floating && !isFloat(element))
      target = emitter.builder.getF32Type();
    // An adapting scalar meets an integer tensor as a number does.
    if (value.isTensor() && value.asTensor().weak && !isFloat(target) && value.asTensor().element() != target) {
      error(span, Twine(what) + " cannot combine a floating-point scalar and a tensor of " + elementName(target))
          .hint("`cast(x, f32)` makes the tensor floating-point");
      return std::nullopt;
    }
    std::optional<Tensor> tensor = toTensor(value, target, span);
    if (tensor && tensor->element() != target && floating)
      tensor = emitter.cast(*tensor, target);
    return tensor;
  };
  std::optional<Tensor> left = coerce(lhs), right = coerce(rhs);
  if (!left || !right)
    return false;
  left->weak = right->weak = weak;
  if (left->element() != right->element()) {
    error(span, Twine(what) + " cannot combine " + names.describe(lhs) + " and " + names.describe(rhs));
    return false;
  }
  auto shape = Emitter::broadcastShape(left->shape(), right->shape());
  if (!shape) {
    std::string detail;
    for (int64_t i = 1; i <= std::min(left->rank(), right->rank()) && detail.empty(); ++i) {
      int64_t x = left->shape()[left->rank() - i], y = right->shape()[right->rank() - i];
      if (x != y && x != 1 && y != 1)
        detail = (Twine("axis ") + Twine(-i) + " has " + names.extent(x) + " elements on the left and " +
                  names.extent(y) + " on the right")
                     .str();
    }
    auto &message = error(span, Twine(what) + " cannot combine " + names.type(*left) + " and " + names.type(*right) +
                                    ": " + detail);
    addTrail(message, lhs, "the left side");
    addTrail(message, rhs, "the right side");
    const Tensor &small = left->rank() < right->rank() ? *left : *right,
                 &large = left->rank() < right->rank() ? *right : *left;
    if (small.rank() == 1 && large.rank() > 1)
      for (int64_t i = 0; i + 1 < large.rank(); ++i)
        if (large.shape()[i] == small.shape()[0]) {
          message.hint("shapes line up at their last axes; `along(v, axis: " + Twine(i) +
                       ", like: x)` lines a vector up with axis " + Twine(i));
          break;
        }
    return false;
  }
  a = emitter.expand(*left, *shape);
  b = emitter.expand(*right, *shape);
  a.trail = left->trail;
  b.trail = right->trail;
  return true;
}
