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

Value Evaluator::bounded(Value value, Span span) {
  if (value.isList() && value.elements().size() > 100000) {
    error(span, "a list of " + Twine(value.elements().size()) + " elements is too long to compile");
    return Value::error();
  }
  if (!value.isTensor())
    return value;
  if (!std::isinf(names.elements(value.asTensor().shape())))
    return value;
  auto &message = error(span, "a tensor " + names.type(value.asTensor()) + " has more elements than any machine");
  addTrail(message, value, "it");
  return Value::error();
}

Tensor Evaluator::weakScalar(double value) {
  Tensor result = emitter.scalar(value, emitter.builder.getF64Type());
  result.weak = true;
  return result;
}

/// A compile-time number as an attribute: integers keep all of their digits.
static mlir::TypedAttr attributeOf(const Value &value, mlir::Type element) {
  if (value.isInteger() && !isFloat(element))
    return mlir::IntegerAttr::get(element, llvm::APInt(element.getIntOrFloatBitWidth(), uint64_t(value.asInteger()),
                                                       /*isSigned=*/false, /*implicitTrunc=*/true));
  return numberAttribute(element, value.isBool() ? double(value.asBool()) : value.asNumber());
}

/// The numbers of nested lists in row-major order, and their shape; false where they do not make a block.
static bool literalShape(const Value &list, size_t depth, llvm::SmallVectorImpl<int64_t> &shape,
                         std::vector<Value> &numbers) {
  if (!list.isList() && !list.isTuple()) {
    numbers.push_back(list);
    return depth == shape.size() && (list.isNumber() || list.isBool());
  }
  int64_t extent = list.elements().size();
  if (depth == shape.size() && numbers.empty())
    shape.push_back(extent);
  return depth < shape.size() && shape[depth] == extent && extent > 0 &&
         llvm::all_of(list.elements(), [&](const Value &v) { return literalShape(v, depth + 1, shape, numbers); });
}

/// The tensor that nested lists of numbers write down.
std::optional<Tensor> Evaluator::literal(const Value &list, mlir::Type element, Span span) {
  llvm::SmallVector<int64_t> shape;
  std::vector<Value> values;
  if (!literalShape(list, 0, shape, values)) {
    error(span,
          "a list that stands for a tensor holds numbers, or lists of one length, and this is " + names.describe(list));
    return std::nullopt;
  }
  bool booleans = llvm::all_of(values, [](const Value &v) { return v.isBool(); });
  if (!element)
    element = booleans ? mlir::Type(emitter.builder.getI1Type()) : emitter.builder.getF64Type();
  std::vector<mlir::Attribute> numbers;
  for (const Value &value : values) {
    if (value.isBool() != element.isInteger(1)) {
      error(span, "a tensor of " + elementName(element) + " cannot hold " + names.describe(value));
      return std::nullopt;
    }
    if (!value.isBool() && !fits(value, element, span))
      return std::nullopt;
    numbers.push_back(attributeOf(value, element));
  }
  Tensor result;
  auto type = mlir::RankedTensorType::get(shape, element);
  result.value =
      nn::ConstantOp::create(emitter.builder, emitter.location, type, mlir::DenseElementsAttr::get(type, numbers));
  return result;
}

/// Whether a number has a place in an element type; if not, that is reported.
bool Evaluator::fits(const Value &value, mlir::Type element, Span span) {
  if (isFloat(element))
    return true;
  double number = value.asNumber();
  if (!value.isInteger()) {
    error(span, "the number " + numberText(number) + " does not fit into a tensor of " + elementName(element))
        .hint("`cast(x, f32)` makes the tensor floating-point");
    return false;
  }
  unsigned width = element.getIntOrFloatBitWidth();
  bool isUnsigned = element.isUnsignedInteger() || width == 1;
  double low = isUnsigned ? 0 : -std::ldexp(1, width - 1), high = std::ldexp(1, isUnsigned ? width : width - 1) - 1;
  if (number >= low && number <= high)
    return true;
  error(span, "the integer " + Twine(value.asInteger()) + " does not fit into " + elementName(element));
  return false;
}

std::string nn::frontend::hintForTensor(const Value &value) {
  if (value.isTuple())
    return "take the tuple apart with `let (a, b) = …`";
  if (!value.isCallable())
    return "";
  const Callable &callable = value.asCallable();
  if (callable.decl && callable.decl->role == FunctionDecl::Role::Initializer)
    return "it gives a `param` its first value; `fill`, `random_uniform` and `random_normal` make tensors";
  return ("a layer or function is applied first: `x |> " + callable.name() + "`").str();
}

std::optional<Tensor> Evaluator::toTensor(const Value &value, mlir::Type element, Span span) {
  if (value.isTensor()) {
    const Tensor &tensor = value.asTensor();
    return tensor.weak && element ? emitter.cast(tensor, element) : tensor;
  }
  if (value.isNumber()) {
    if (!element)
      return weakScalar(value.asNumber());
    if (!fits(value, element, span))
      return std::nullopt;
    Tensor result;
    auto type = mlir::RankedTensorType::get({}, element);
    auto number = mlir::DenseElementsAttr::get(type, mlir::Attribute(attributeOf(value, element)));
    result.value = nn::ConstantOp::create(emitter.builder, emitter.location, type, number);
    return result;
  }
  if (value.isBool())
    return emitter.scalar(value.asBool(), emitter.builder.getI1Type());
  if (value.isList())
    return literal(value, element, span);
  if (value.isError())
    return std::nullopt;
  auto &message = error(span, "a tensor or number is wanted here, and this is " + names.describe(value));
  if (std::string hint = hintForTensor(value); !hint.empty())
    message.hint(hint);
  return std::nullopt;
}

/// Warns where dimensions of different names meet, because they have equally many elements here.
void Evaluator::lintChance(const Tensor &a, const Tensor &b, StringRef what, Span span) {
  if (a.rank() == b.rank() || span.inLibrary())
    return;
  // `x[:, new] - x` means every record with every other one: an axis that `new` adds is meant.
  auto isWidened = [](const Tensor &tensor) {
    auto reshape = tensor.value.getDefiningOp<nn::ReshapeOp>();
    return reshape && reshape.getX().getType().getRank() < tensor.rank();
  };
  if (a.batch && b.batch && a.rank() - a.batch.axis != b.rank() - b.batch.axis && !isWidened(a) && !isWidened(b)) {
    if (Diagnostic *message = warn(span, "chance-broadcast",
                                   Twine(what) + " of " + names.type(a) + " and " + names.type(b) +
                                       " does not line up their records: shapes line up at their last axes"))
      message->hint("`x[:, new]` adds an axis behind the records, `reshape(x, shape(y))` takes one away");
    return;
  }
  if (!a.dims || !b.dims || a.dims->owner != b.dims->owner)
    return;
  for (int64_t i = 1; i <= std::min(a.rank(), b.rank()); ++i) {
    const std::string &x = a.dims->names[a.rank() - i], &y = b.dims->names[b.rank() - i];
    int64_t extent = a.shape()[a.rank() - i];
    if (x == y || x.empty() || y.empty() || extent == 1 || extent != b.shape()[b.rank() - i])
      continue;
    if (Diagnostic *message =
            warn(span, "chance-broadcast",
                 Twine(what) + " lines `" + x + "` up with `" + y + "`: they are different dimensions that both have " +
                     names.extent(extent) + " elements here"))
      message->hint("`along(v, axis: 1, like: x)` lines a vector up with axis 1");
    return;
  }
}

void Evaluator::lintIndexed(const Tensor &x, const Tensor &index, int64_t axis, Span span) {
  if (!x.batch || !index.batch)
    return;
  Diagnostic *message = nullptr;
  if (x.batch.axis != axis)
    message = warn(span, "chance-broadcast",
                   "the indices of all records are taken from each one: " + names.type(index) + " indexes axis " +
                       Twine(axis) + " of " + names.type(x));
  else if (!index.record.empty())
    message = warn(span, "chance-broadcast",
                   "records of the batch are picked by the values of `" + index.record +
                       "`: which ones stand there is chance");
  if (message)
    message->hint("`sum(x * one_hot(n)(index), axis: -1)` takes from each record the element that its own index names");
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
  lintChance(*left, *right, what, span);
  a = emitter.expand(*left, *shape);
  b = emitter.expand(*right, *shape);
  a.trail = left->trail;
  b.trail = right->trail;
  return true;
}
