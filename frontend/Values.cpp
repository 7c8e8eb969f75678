//===- Values.cpp - What expressions evaluate to ------------------------------------------------------------------===//
#include "frontend/Values.h"
#include "frontend/Builtins.h"
#include "llvm/ADT/Twine.h"

using namespace nn::frontend;

llvm::StringRef Callable::name() const {
  return decl ? llvm::StringRef(decl->name.text) : llvm::StringRef(builtin->name);
}

int64_t Value::rangeSize() const {
  int64_t low = elements()[0].asInteger(), high = elements()[1].asInteger();
  return high > low ? int64_t(std::min<uint64_t>(uint64_t(high) - uint64_t(low), INT64_MAX)) : 0;
}

std::string nn::frontend::elementName(mlir::Type element) {
  if (element.isF32())
    return "f32";
  if (element.isF64())
    return "f64";
  if (element.isBF16())
    return "bf16";
  if (element.isF16())
    return "f16";
  if (element.isInteger(1))
    return "bool";
  return (element.isUnsignedInteger() ? "u" : "i") + std::to_string(element.getIntOrFloatBitWidth());
}

mlir::Type nn::frontend::elementType(llvm::StringRef name, mlir::MLIRContext *context) {
  using namespace mlir;
  if (name == "f32")
    return Float32Type::get(context);
  if (name == "f64")
    return Float64Type::get(context);
  if (name == "bf16")
    return BFloat16Type::get(context);
  if (name == "f16")
    return Float16Type::get(context);
  if (name == "bool")
    return IntegerType::get(context, 1);
  if (name == "i8" || name == "i32" || name == "i64")
    return IntegerType::get(context, name == "i8" ? 8 : name == "i32" ? 32 : 64);
  if (name == "u8")
    return IntegerType::get(context, 8, IntegerType::Unsigned);
  return {};
}

std::string nn::frontend::numberText(double value) {
  char text[40];
  for (int digits = 1; digits <= 17; ++digits) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, nullptr) == value)
      break;
  }
  if (llvm::StringRef(text).contains('e') && std::abs(value) >= 1 && std::abs(value) < 1e6)
    snprintf(text, sizeof text, "%.0f", value); // 50 has one digit that counts, and is not written 5e+01
  return text;
}

int64_t nn::frontend::boundedProduct(int64_t a, int64_t b) {
  constexpr int64_t most = INT64_MAX / 4;
  int64_t product;
  return llvm::MulOverflow(a, b, product) ? most : std::min(product, most);
}

std::string TypeNames::extent(int64_t extent) const {
  for (const auto &[symbol, name] : symbols)
    if (extent && extent % symbol == 0)
      return extent == symbol ? name : std::to_string(extent / symbol) + "*" + name;
  return std::to_string(extent);
}

double TypeNames::elements(llvm::ArrayRef<int64_t> shape) const {
  double known = 1, all = 1;
  for (int64_t extent : shape) {
    all *= double(extent);
    bool madeUp = llvm::any_of(symbols, [&](const auto &symbol) { return extent && extent % symbol.first == 0; });
    known *= madeUp ? 1 : double(extent);
  }
  return known > 0x1p48 || all > 0x1p62 ? std::numeric_limits<double>::infinity() : known;
}

std::string TypeNames::shape(llvm::ArrayRef<int64_t> shape, BatchMark batch) const {
  std::string result = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    result += i ? ", " : "";
    bool isBatch = int64_t(i) == batch.axis && shape[i] != 1;
    if (isBatch && batch.inner == 1)
      result += batchName;
    else
      result += extent(shape[i]);
  }
  return result + "]";
}

std::string TypeNames::type(mlir::RankedTensorType type, BatchMark batch) const {
  std::string element = elementName(type.getElementType());
  return type.getRank() ? element + shape(type.getShape(), batch) : element;
}

std::string TypeNames::type(const Tensor &tensor) const { return type(tensor.type(), tensor.batch); }

std::string TypeNames::describe(const Value &value) const {
  switch (value.kind()) {
  case Value::Kind::Error:
    return "a mistake";
  case Value::Kind::None:
    return "nothing";
  case Value::Kind::Integer:
    return "the integer " + text(value);
  case Value::Kind::Float:
    return "the number " + text(value);
  case Value::Kind::Bool:
    return text(value);
  case Value::Kind::String:
    return "the text " + text(value);
  case Value::Kind::Word:
    return "the word `" + value.asText() + "`";
  case Value::Kind::Tensor:
    return value.asTensor().weak && value.asTensor().rank() == 0 ? "a scalar" : "a tensor " + type(value.asTensor());
  case Value::Kind::Tuple:
    return "a tuple of " + std::to_string(value.elements().size());
  case Value::Kind::List:
    return "a list of " + std::to_string(value.elements().size());
  case Value::Kind::Range:
    return "the range " + text(value);
  case Value::Kind::Map:
    return "a map";
  case Value::Kind::Callable:
    return std::string("the ") + (value.asCallable().decl ? keyword(value.asCallable().decl->role) : "function") +
           " `" + value.asCallable().name().str() + "`";
  case Value::Kind::Type:
    return "the element type " + elementName(value.asType());
  case Value::Kind::Epochs:
    return "a number of epochs";
  case Value::Kind::Validation:
    return "the result `" + text(value) + "`";
  }
  return "";
}

std::string TypeNames::text(const Value &value) const {
  auto join = [&](const char *open, const char *close) {
    std::string result = open;
    for (size_t i = 0; i < value.elements().size(); ++i)
      result += (i ? ", " : "") + text(value.elements()[i]);
    return result + close;
  };
  switch (value.kind()) {
  case Value::Kind::Integer:
    return extent(value.asInteger());
  case Value::Kind::Float:
    return numberText(value.asNumber());
  case Value::Kind::Bool:
    return value.asBool() ? "true" : "false";
  case Value::Kind::String:
    return "\"" + value.asText() + "\"";
  case Value::Kind::Word:
    return value.asText();
  case Value::Kind::Tensor:
    return type(value.asTensor());
  case Value::Kind::Tuple:
    return join("(", ")");
  case Value::Kind::List:
    return join("[", "]");
  case Value::Kind::Range:
    return text(value.elements()[0]) + ".." + text(value.elements()[1]);
  case Value::Kind::Callable:
    return value.asCallable().name().str();
  case Value::Kind::Type:
    return elementName(value.asType());
  case Value::Kind::Epochs:
    return "epochs(" + numberText(value.asNumber()) + ")";
  case Value::Kind::Validation:
    return "validation." + value.asText();
  default:
    return "?";
  }
}
