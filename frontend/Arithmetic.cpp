//===- Arithmetic.cpp - Operators on numbers and tensors ----------------------------------------------------------===//
//
// Compile-time numbers are folded; a number or an adapting scalar takes the element type of the tensor it meets;
// tensors are brought to one shape by NumPy's rule.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/Evaluator.h"
#include <cmath>

using namespace nn::frontend;
using llvm::StringRef;
using llvm::Twine;

static bool isComparison(BinaryOp op) { return op >= BinaryOp::Eq && op <= BinaryOp::Ge; }
static bool isFloat(mlir::Type type) { return mlir::isa<mlir::FloatType>(type); }

Tensor Evaluator::weakScalar(double value) {
  Tensor result = emitter.scalar(value, emitter.builder.getF64Type());
  result.weak = true;
  return result;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Compile-time numbers
//===--------------------------------------------------------------------------------------------------------------===//

static std::optional<int64_t> integerPower(int64_t base, int64_t exponent) {
  int64_t result = 1;
  for (int64_t i = 0; i < exponent; ++i)
    if (__builtin_mul_overflow(result, base, &result))
      return std::nullopt;
  return result;
}

template <typename T>
static bool compareNumbers(BinaryOp op, T a, T b) {
  switch (op) {
  case BinaryOp::Eq:
    return a == b;
  case BinaryOp::Ne:
    return a != b;
  case BinaryOp::Lt:
    return a < b;
  case BinaryOp::Le:
    return a <= b;
  case BinaryOp::Gt:
    return a > b;
  default:
    return a >= b;
  }
}

Value Evaluator::foldNumbers(BinaryOp op, const Value &a, const Value &b, Span span) {
  if (a.isInteger() && b.isInteger()) {
    int64_t x = a.asInteger(), y = b.asInteger(), result = 0;
    bool overflow = false;
    if (isComparison(op))
      return Value::boolean(compareNumbers(op, x, y));
    switch (op) {
    case BinaryOp::Add:
      overflow = __builtin_add_overflow(x, y, &result);
      break;
    case BinaryOp::Sub:
      overflow = __builtin_sub_overflow(x, y, &result);
      break;
    case BinaryOp::Mul:
      overflow = __builtin_mul_overflow(x, y, &result);
      break;
    case BinaryOp::Div:
      if (y == 0) {
        error(span, "a division by zero");
        return Value::error();
      }
      if (x % y != 0) {
        error(span, names.extent(x) + " / " + names.extent(y) + " is not an integer")
            .hint("`/` between integers must divide exactly; `div(a, b)` rounds down, `mod(a, b)` is the remainder");
        return Value::error();
      }
      result = x / y;
      break;
    case BinaryOp::Pow:
      if (y < 0)
        return Value::number(std::pow(double(x), double(y)));
      if (auto power = integerPower(x, y))
        result = *power;
      else
        overflow = true;
      break;
    default:
      return Value::error();
    }
    if (overflow) {
      error(span, "the integer does not fit into 64 bits");
      return Value::error();
    }
    return Value::integer(result);
  }
  double x = a.asNumber(), y = b.asNumber();
  if (isComparison(op))
    return Value::boolean(compareNumbers(op, x, y));
  switch (op) {
  case BinaryOp::Add:
    return Value::number(x + y);
  case BinaryOp::Sub:
    return Value::number(x - y);
  case BinaryOp::Mul:
    return Value::number(x * y);
  case BinaryOp::Div:
    return Value::number(x / y);
  case BinaryOp::Pow:
    return Value::number(std::pow(x, y));
  default:
    return Value::error();
  }
}

//===--------------------------------------------------------------------------------------------------------------===//
// Coercions
//===--------------------------------------------------------------------------------------------------------------===//

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

//===--------------------------------------------------------------------------------------------------------------===//
// Operators
//===--------------------------------------------------------------------------------------------------------------===//

/// 1 / value if that is exact, so that a division may become a product with the same bits.
static std::optional<double> exactReciprocal(double value) {
  int exponent;
  double mantissa = std::frexp(std::fabs(value), &exponent);
  if (mantissa != 0.5 || exponent > 100 || exponent < -100)
    return std::nullopt;
  return 1 / value;
}

Value Evaluator::power(const Value &base, const Value &exponent, Span span) {
  // Small integer powers are products; a general power is exp and log.
  if (base.isTensor() && exponent.isNumber()) {
    double e = exponent.asNumber();
    const Tensor &x = base.asTensor();
    if (isFloat(x.element())) {
      if (e == 0.5)
        return Value::tensor(emitter.unary<nn::SqrtOp>(x));
      if (e == 1)
        return base;
      if (e == 2)
        return Value::tensor(emitter.binary<nn::MulOp>(x, x));
      if (e == 3)
        return Value::tensor(emitter.binary<nn::MulOp>(emitter.binary<nn::MulOp>(x, x), x));
      if (e == 4) {
        Tensor square = emitter.binary<nn::MulOp>(x, x);
        return Value::tensor(emitter.binary<nn::MulOp>(square, square));
      }
      if (e == -1)
        return binary(BinaryOp::Div, Value::integer(1), base, span);
      if (e == -2)
        return binary(BinaryOp::Div, Value::integer(1), power(base, Value::integer(2), span), span);
    }
  }
  Value lhs = base, rhs = exponent;
  Tensor a, b;
  if (!unify(lhs, rhs, "`^`", span, a, b, /*floating=*/true))
    return Value::error();
  return Value::tensor(emitter.binary<nn::PowOp>(a, b));
}

Value Evaluator::binary(BinaryOp op, Value lhs, Value rhs, Span span) {
  if (lhs.isError() || rhs.isError())
    return Value::error();
  std::string what = std::string("`") + spelling(op) + "`";
  if (lhs.isNumber() && rhs.isNumber() && op != BinaryOp::MatMul && op != BinaryOp::And && op != BinaryOp::Or)
    return foldNumbers(op, lhs, rhs, span);
  bool equality = op == BinaryOp::Eq || op == BinaryOp::Ne;
  if (!lhs.isTensor() && !rhs.isTensor()) {
    if (lhs.isBool() && rhs.isBool()) {
      bool a = lhs.asBool(), b = rhs.asBool();
      if (equality)
        return Value::boolean((a == b) == (op == BinaryOp::Eq));
      if (op == BinaryOp::And || op == BinaryOp::Or)
        return Value::boolean(op == BinaryOp::And ? a && b : a || b);
    }
    if (equality) { // words, texts, none: values of different kinds differ
      bool texts = lhs.kind() == rhs.kind() && (lhs.isWord() || lhs.kind() == Value::Kind::String);
      bool same = texts ? lhs.asText() == rhs.asText() : lhs.kind() == rhs.kind() && names.text(lhs) == names.text(rhs);
      return Value::boolean(same == (op == BinaryOp::Eq));
    }
    if (op == BinaryOp::Add && lhs.isList() && rhs.isList()) {
      std::vector<Value> both = lhs.elements();
      both.insert(both.end(), rhs.elements().begin(), rhs.elements().end());
      return Value::list(std::move(both));
    }
  }
  auto operand = [](const Value &v) { return v.isTensor() || v.isNumber() || v.isBool(); };
  if (!operand(lhs) || !operand(rhs)) {
    auto &message = error(span, what + " cannot combine " + names.describe(lhs) + " and " + names.describe(rhs));
    if (lhs.isCallable() || rhs.isCallable())
      message.hint("a layer or function is applied first: `x |> " + (lhs.isCallable() ? lhs : rhs).asCallable().name() +
                   "`");
    return Value::error();
  }
  if (op == BinaryOp::MatMul)
    return matmul(lhs, rhs, span);
  if (op == BinaryOp::Pow)
    return power(lhs, rhs, span);
  if (op == BinaryOp::Div && lhs.isTensor() && rhs.isNumber())
    if (auto reciprocal = exactReciprocal(rhs.asNumber())) {
      op = BinaryOp::Mul;
      rhs = Value::number(*reciprocal);
      if (*reciprocal == 1 && isFloat(lhs.asTensor().element()))
        return lhs;
      Tensor a, b;
      if (!unify(lhs, rhs, "`/`", span, a, b, /*floating=*/!isFloat(lhs.asTensor().element())))
        return Value::error();
      return Value::tensor(emitter.binary<nn::MulOp>(a, b));
    }
  Tensor a, b;
  if (!unify(lhs, rhs, what, span, a, b, /*floating=*/op == BinaryOp::Div))
    return Value::error();
  bool booleans = a.element().isInteger(1);
  if (booleans != (op == BinaryOp::And || op == BinaryOp::Or) && !(booleans && equality)) {
    error(span, what + " does not take " + (booleans ? Twine("booleans") : Twine("numbers")))
        .hint(booleans ? "`select(c, 1.0, 0.0)` turns booleans into numbers" : "compare the numbers first");
    return Value::error();
  }
  switch (op) {
  case BinaryOp::Add:
    return Value::tensor(emitter.binary<nn::AddOp>(a, b));
  case BinaryOp::Sub:
    return Value::tensor(emitter.binary<nn::SubOp>(a, b));
  case BinaryOp::Mul:
    return Value::tensor(emitter.binary<nn::MulOp>(a, b));
  case BinaryOp::Div:
    return Value::tensor(emitter.binary<nn::DivOp>(a, b));
  case BinaryOp::And:
    return Value::tensor(emitter.binary<nn::AndOp>(a, b));
  case BinaryOp::Or:
    return Value::tensor(emitter.binary<nn::OrOp>(a, b));
  default:
    return Value::tensor(emitter.compare(op, a, b));
  }
}

Value Evaluator::negate(const Value &value, Span span) {
  if (value.isInteger())
    return Value::integer(-value.asInteger());
  if (value.isFloat())
    return Value::number(-value.asNumber());
  if (value.isTensor() && isFloat(value.asTensor().element()))
    return Value::tensor(emitter.unary<nn::NegOp>(value.asTensor()));
  if (value.isTensor() && !value.asTensor().element().isInteger(1))
    return binary(BinaryOp::Sub, Value::integer(0), value, span);
  if (!value.isError())
    error(span, "`-` does not take " + names.describe(value));
  return Value::error();
}

Value Evaluator::logicalNot(const Value &value, Span span) {
  if (value.isBool())
    return Value::boolean(!value.asBool());
  if (value.isTensor() && value.asTensor().element().isInteger(1))
    return binary(BinaryOp::Eq, value, Value::boolean(false), span);
  if (!value.isError())
    error(span, "`not` takes booleans, and this is " + names.describe(value));
  return Value::error();
}

Value Evaluator::select(const Value &condition, Value a, Value b, Span span) {
  if (condition.isError() || a.isError() || b.isError())
    return Value::error();
  if (condition.isBool())
    return condition.asBool() ? a : b;
  if (!condition.isTensor() || !condition.asTensor().element().isInteger(1)) {
    error(span, "`select` chooses by booleans, and this is " + names.describe(condition));
    return Value::error();
  }
  Tensor x, y;
  if (!unify(a, b, "`select`", span, x, y))
    return Value::error();
  const Tensor &choice = condition.asTensor();
  auto shape = Emitter::broadcastShape(choice.shape(), x.shape());
  if (!shape) {
    auto &message =
        error(span, "`select` cannot choose by " + names.type(choice) + " between values of " + names.type(x));
    addTrail(message, condition, "the condition");
    return Value::error();
  }
  return Value::tensor(
      emitter.select(emitter.expand(choice, *shape), emitter.expand(x, *shape), emitter.expand(y, *shape)));
}

//===--------------------------------------------------------------------------------------------------------------===//
// Matrix product
//===--------------------------------------------------------------------------------------------------------------===//

/// x @ y as NumPy has it: the last axis of x meets the last but one of y (its only one if y is a vector); the axes
/// before them are batch axes that must agree, or that only one side has.
Value Evaluator::matmul(const Value &lhs, const Value &rhs, Span span) {
  if (!lhs.isTensor() || !rhs.isTensor()) {
    error(span, "`@` multiplies tensors, and " + names.describe(lhs.isTensor() ? rhs : lhs) + " is none")
        .hint("`*` multiplies by element");
    return Value::error();
  }
  Tensor x = lhs.asTensor(), y = rhs.asTensor();
  if (x.weak != y.weak) // `fill` and scalars take the other side's element type
    (x.weak ? x : y) = emitter.cast(x.weak ? x : y, (x.weak ? y : x).element());
  auto report = [&](const Twine &detail) {
    auto &message = error(span, "`@` cannot multiply " + names.type(x) + " and " + names.type(y) + ": " + detail);
    addTrail(message, lhs, "the left side");
    addTrail(message, rhs, "the right side");
    if (x.rank() && y.rank() == 2 && x.shape().back() == y.shape()[1])
      message.hint("`transpose` the right side: `x @ transpose(w)`");
    return Value::error();
  };
  if (x.rank() == 0 || y.rank() == 0)
    return report("a scalar has no axis to sum over");
  if (x.element() != y.element() || !isFloat(x.element()))
    return report("both sides must have one floating-point element type");
  int64_t inner = y.rank() == 1 ? 0 : y.rank() - 2;
  if (x.shape().back() != y.shape()[inner])
    return report("the inner extents are " + names.extent(x.shape().back()) + " and " + names.extent(y.shape()[inner]));
  int64_t xLead = x.rank() - 1 - (x.rank() > 1), yLead = std::max<int64_t>(y.rank() - 2, 0);
  llvm::SmallVector<int64_t> left, right, out;
  int64_t label = 0;
  for (int64_t i = 0; i < std::max(xLead, yLead); ++i, ++label) {
    bool inX = i >= std::max(xLead, yLead) - xLead, inY = i >= std::max(xLead, yLead) - yLead;
    int64_t xi = i - (std::max(xLead, yLead) - xLead), yi = i - (std::max(xLead, yLead) - yLead);
    if (inX && inY && x.shape()[xi] != y.shape()[yi])
      return report("the axes before the last two differ");
    if (inX)
      left.push_back(label);
    if (inY)
      right.push_back(label);
    out.push_back(label);
  }
  int64_t sum = label++;
  if (x.rank() > 1) {
    left.push_back(label);
    out.push_back(label++);
  }
  left.push_back(sum);
  right.push_back(sum);
  if (y.rank() > 1) {
    right.push_back(label);
    out.push_back(label++);
  }
  return Value::tensor(emitter.contract(x, y, left, right, out));
}
