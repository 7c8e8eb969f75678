//===- Arithmetic.cpp - Operators on numbers and tensors ----------------------------------------------------------===//
//
// Compile-time numbers are folded; tensors are brought to one type and shape (Coercion.cpp) and become ops.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/BuiltinFunctions.h"
#include "frontend/Evaluator.h"
#include <cmath>

using namespace nn::frontend;
using llvm::Twine;

static bool isComparison(BinaryOp op) { return op >= BinaryOp::Eq && op <= BinaryOp::Ge; }
static bool isFloat(mlir::Type type) { return mlir::isa<mlir::FloatType>(type); }

//===--------------------------------------------------------------------------------------------------------------===//
// Compile-time numbers
//===--------------------------------------------------------------------------------------------------------------===//

static std::optional<int64_t> integerPower(int64_t base, int64_t exponent) {
  if (base >= -1 && base <= 1) // any exponent will do, and may be huge
    return exponent == 0 || base == 1 || (base == -1 && exponent % 2 == 0) ? 1 : base;
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
      if (y == -1) {
        overflow = __builtin_sub_overflow(int64_t(0), x, &result);
        break;
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

using Means = std::vector<MeanTerm>;

/// The terms of a scalar that is added to means: itself, where it is no mean.
static Means termsOf(const Tensor &x) { return x.means ? *x.means : Means{{x.value, {}}}; }

static Tensor negated(Emitter &emitter, const Tensor &x) {
  Tensor result = emitter.unary<nn::NegOp>(x);
  if (!x.means)
    return result;
  Means terms = *x.means;
  for (MeanTerm &term : terms) {
    Tensor mean;
    mean.value = term.value;
    term.value = terms.size() == 1 ? result.value : emitter.unary<nn::NegOp>(mean).value;
  }
  result.means = std::make_shared<const Means>(std::move(terms));
  return result;
}

/// `result` = a + b, or a - b: its means are those of both.
static Tensor sumOfMeans(Emitter &emitter, const Tensor &a, const Tensor &b, Tensor result, bool isDifference) {
  if (result.rank() != 0 || (!a.means && !b.means))
    return result;
  Means terms = termsOf(a), others = termsOf(b);
  if (terms.size() == 1 && others.size() == 1 && terms[0].divisor == others[0].divisor) {
    terms[0].value = result.value;
  } else {
    Tensor subtrahend = b;
    subtrahend.means = std::make_shared<const Means>(std::move(others));
    others = *(isDifference ? negated(emitter, subtrahend) : subtrahend).means;
    terms.insert(terms.end(), others.begin(), others.end());
  }
  result.means = std::make_shared<const Means>(std::move(terms));
  return result;
}

/// a * b or a / b: means that are scaled stay means.
template <typename Op>
static Tensor scaledMeans(Emitter &emitter, const Tensor &a, const Tensor &b) {
  Tensor result = emitter.binary<Op>(a, b);
  bool scalesLeft = a.means && !b.means, scalesRight = b.means && !a.means && std::is_same_v<Op, nn::MulOp>;
  if (result.rank() != 0 || (!scalesLeft && !scalesRight))
    return result;
  const Tensor &scaled = scalesLeft ? a : b, &factor = scalesLeft ? b : a;
  Means terms = *scaled.means;
  for (MeanTerm &term : terms) {
    Tensor mean;
    mean.value = term.value;
    term.value =
        terms.size() == 1 ? result.value : emitter.binary<Op>(emitter.cast(mean, factor.element()), factor).value;
  }
  result.means = std::make_shared<const Means>(std::move(terms));
  return result;
}

Value Evaluator::binary(BinaryOp op, Value lhs, Value rhs, Span span) {
  if (lhs.isError() || rhs.isError())
    return Value::error();
  std::string what = std::string("`") + spelling(op) + "`";
  if (lhs.isNumber() && rhs.isNumber() && op != BinaryOp::MatMul && op != BinaryOp::And && op != BinaryOp::Or)
    return foldNumbers(op, lhs, rhs, span);
  bool equality = op == BinaryOp::Eq || op == BinaryOp::Ne;
  // `mask == none` asks whether an optional argument was given.
  bool noLeft = lhs.kind() == Value::Kind::None, noRight = rhs.kind() == Value::Kind::None;
  if (equality && (noLeft || noRight))
    return Value::boolean((noLeft == noRight) == (op == BinaryOp::Eq));
  if (!lhs.isTensor() && !rhs.isTensor()) {
    if (lhs.isBool() && rhs.isBool()) {
      bool a = lhs.asBool(), b = rhs.asBool();
      if (equality)
        return Value::boolean((a == b) == (op == BinaryOp::Eq));
      if (op == BinaryOp::And || op == BinaryOp::Or)
        return Value::boolean(op == BinaryOp::And ? a && b : a || b);
    }
    if (equality && lhs.isWord() != rhs.isWord() &&
        (lhs.kind() == Value::Kind::String || rhs.kind() == Value::Kind::String)) {
      const Value &word = lhs.isWord() ? lhs : rhs, &text = lhs.isWord() ? rhs : lhs;
      error(span, "the word `" + word.asText() + "` is never the text \"" + text.asText() + "\"")
          .hint("words stand without quotes: `== " + text.asText() + "`");
      return Value::error();
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
  bool anyTensor = lhs.isTensor() || rhs.isTensor();
  auto operand = [&](const Value &v) {
    return v.isTensor() || v.isNumber() || v.isBool() || (v.isList() && anyTensor);
  };
  if (!operand(lhs) || !operand(rhs)) {
    auto &message = error(span, what + " cannot combine " + names.describe(lhs) + " and " + names.describe(rhs));
    if (lhs.isCallable() || rhs.isCallable())
      message.hint(hintForTensor(lhs.isCallable() ? lhs : rhs));
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
      return Value::tensor(scaledMeans<nn::MulOp>(emitter, a, b));
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
    return Value::tensor(sumOfMeans(emitter, a, b, emitter.binary<nn::AddOp>(a, b), /*isDifference=*/false));
  case BinaryOp::Sub:
    return Value::tensor(sumOfMeans(emitter, a, b, emitter.binary<nn::SubOp>(a, b), /*isDifference=*/true));
  case BinaryOp::Mul:
    return Value::tensor(scaledMeans<nn::MulOp>(emitter, a, b));
  case BinaryOp::Div:
    return Value::tensor(scaledMeans<nn::DivOp>(emitter, a, b));
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
    return foldNumbers(BinaryOp::Sub, Value::integer(0), value, span);
  if (value.isFloat())
    return Value::number(-value.asNumber());
  if (value.isTensor() && isFloat(value.asTensor().element()))
    return Value::tensor(negated(emitter, value.asTensor()));
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
    auto &message = error(span, "`select` chooses by booleans, and this is " + names.describe(condition));
    if (condition.isTensor())
      message.hint("a comparison makes booleans: `mask != 0`");
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
    if (!isFloat(x.element()))
      message.hint("`cast(x, f32)` converts; bytes of images are often divided: `image / 255`");
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
  if (x.batch && x.batch.axis == x.rank() - 1)
    x = summedRows(*this, x);
  else if (y.batch && y.batch.axis == inner)
    y = summedRows(*this, y);
  return Value::tensor(emitter.contract(x, y, left, right, out));
}
