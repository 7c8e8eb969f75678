//===- Values.h - What expressions evaluate to --------------------------------------------------------------------===//
//
// Compile-time values (integers, numbers, booleans, text, words, tuples, lists, callables, element types) and tensors,
// which stand for SSA values of the function that is being built. Values are cheap to copy and immutable.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_VALUES_H
#define NN_FRONTEND_VALUES_H

#include "frontend/Ast.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"
#include <map>

namespace nn::frontend {

class Value;
struct Builtin;

/// Where a tensor's shape comes from: the applications that made it, newest first.
struct Trail {
  std::string label; ///< what the user wrote, such as `Conv2d(6, kernel: 5)`
  std::string type;  ///< the tensor's type as messages write it
  std::shared_ptr<const Trail> before;
};

/// Marks the dimension that counts the rows of a batch. Position i along `axis` belongs to row i / inner, so that the
/// mark survives merging the batch with dimensions behind it.
struct BatchMark {
  int64_t axis = -1; ///< negative: no dimension is the batch
  int64_t inner = 1;
  explicit operator bool() const { return axis >= 0; }
  bool operator==(const BatchMark &other) const { return axis == other.axis && inner == other.inner; }
};

/// a · b, at most so large that the sum of two is no overflow: receptive fields grow with the product of all strides.
int64_t boundedProduct(int64_t a, int64_t b);

/// How much of a model's input one element of a spatial tensor sees, per axis.
struct ReceptiveField {
  int64_t extent = 0; ///< 0: not spatial
  int64_t jump = 1;   ///< distance in the input between neighbours
};

/// One layer with parameters of its own.
struct Instance {
  std::string path;
  Span created;
  unsigned applications = 0;
  bool reported = false; ///< a mistake, which its other parameters would repeat
  bool ofEntry = false;  ///< made by a further entry of a model, which knows no parameters but the model's
  std::map<std::string, std::string> members; ///< variable or path name of a parameter → its full path
  Span firstCall;
  std::string firstInput; ///< type of the first application's input, for messages
  std::map<std::string, std::shared_ptr<Instance>>
      parts; ///< the layers inside by path, which further applications share
};

/// The names of a tensor's dimensions, as the declaration `owner` wrote them (empty where it wrote none).
struct DimensionNames {
  const FunctionDecl *owner;
  std::vector<std::string> names;
};

/// One mean of a weighted sum of means, all scalars.
struct MeanTerm {
  mlir::Value value;
  mlir::Value divisor; ///< what the mean was divided by (in f64); null: each valid row counts once
};

struct Tensor {
  mlir::Value value;
  /// Adapts to the element type it meets, like a literal: scalars of steps, schedules and configurations (in f64).
  bool weak = false;
  BatchMark batch;
  ReceptiveField field;
  std::shared_ptr<const Trail> trail;
  /// Of a mean taken under a validity mask, and of weighted sums of such means: the terms, which add up exactly over
  /// batches. Null for everything else.
  std::shared_ptr<const std::vector<MeanTerm>> means;
  std::shared_ptr<const DimensionNames> dims;
  std::string record; ///< name of the data field whose values these are, perhaps in another type

  mlir::RankedTensorType type() const { return mlir::cast<mlir::RankedTensorType>(value.getType()); }
  llvm::ArrayRef<int64_t> shape() const { return type().getShape(); }
  int64_t rank() const { return type().getRank(); }
  mlir::Type element() const { return type().getElementType(); }
};

/// A function, layer or builtin, with its configuration where one was given, and its instance where it has one.
struct Callable {
  const FunctionDecl *decl = nullptr;
  const Builtin *builtin = nullptr;
  bool configured = false;
  std::vector<Value> configuration; ///< in the order of the declaration, defaults filled in
  std::shared_ptr<Instance> instance;
  Span span;                                  ///< where it was written
  std::shared_ptr<const Callable> gradientOf; ///< of `grad(f)`: f
  std::vector<std::string> wrt;               ///< the inputs of f whose gradients it returns; none: the first
  bool gradientTuple = false;                 ///< as a tuple
  const TypeExpr *functionType = nullptr;     ///< of the parameter that it was given for

  llvm::StringRef name() const;
  bool isLayer() const {
    return decl && !gradientOf && (decl->role == FunctionDecl::Role::Layer || decl->role == FunctionDecl::Role::Model);
  }
};

class Value {
public:
  enum class Kind {
    Error, ///< what a reported mistake leaves; everything made of it is silent
    None,
    Integer,
    Float,
    Bool,
    String,
    Word, ///< `same`, `valid` …: a choice that a parameter's type lists
    Tensor,
    Tuple,
    List,
    Range,
    Map,
    Callable,
    Type,
    Epochs,     ///< a number of epochs, which are steps when the program runs
    Validation, ///< a result of the last validation, by name
  };

  Value() = default;
  static Value error() { return Value(); }
  static Value none() { return Value(Kind::None); }
  static Value integer(int64_t value) {
    Value v(Kind::Integer);
    v.integerValue = value;
    return v;
  }
  static Value number(double value) {
    Value v(Kind::Float);
    v.floatValue = value;
    return v;
  }
  static Value boolean(bool value) {
    Value v(Kind::Bool);
    v.integerValue = value;
    return v;
  }
  static Value string(std::string text) { return text_(Kind::String, std::move(text)); }
  static Value word(std::string text) { return text_(Kind::Word, std::move(text)); }
  static Value tensor(Tensor tensor) {
    Value v(Kind::Tensor);
    v.data = std::make_shared<const Tensor>(std::move(tensor));
    return v;
  }
  static Value tuple(std::vector<Value> elements, std::vector<std::string> names = {}) {
    return sequence(Kind::Tuple, std::move(elements), std::move(names));
  }
  static Value list(std::vector<Value> elements) { return sequence(Kind::List, std::move(elements), {}); }
  /// The integers from `low` up to below `high`.
  static Value range(int64_t low, int64_t high) { return sequence(Kind::Range, {integer(low), integer(high)}, {}); }
  static Value map(std::vector<Value> elements, std::vector<std::string> keys) {
    return sequence(Kind::Map, std::move(elements), std::move(keys));
  }
  static Value callable(Callable callable) {
    Value v(Kind::Callable);
    v.data = std::make_shared<const Callable>(std::move(callable));
    return v;
  }
  static Value epochs(double count) {
    Value v(Kind::Epochs);
    v.floatValue = count;
    return v;
  }
  static Value validation(std::string result) { return text_(Kind::Validation, std::move(result)); }
  static Value type(mlir::Type type) {
    Value v(Kind::Type);
    v.typeValue = type;
    return v;
  }

  Kind kind() const { return valueKind; }
  bool isError() const { return valueKind == Kind::Error; }
  bool isInteger() const { return valueKind == Kind::Integer; }
  bool isFloat() const { return valueKind == Kind::Float; }
  bool isNumber() const { return isInteger() || isFloat(); }
  bool isBool() const { return valueKind == Kind::Bool; }
  bool isTensor() const { return valueKind == Kind::Tensor; }
  bool isCallable() const { return valueKind == Kind::Callable; }
  bool isWord() const { return valueKind == Kind::Word; }
  bool isTuple() const { return valueKind == Kind::Tuple; }
  bool isList() const { return valueKind == Kind::List; }

  int64_t asInteger() const { return integerValue; }
  bool asBool() const { return integerValue != 0; }
  /// The number of an integer, float or count of epochs.
  double asNumber() const { return isInteger() ? double(integerValue) : floatValue; }
  const std::string &asText() const { return *static_cast<const std::string *>(data.get()); }
  const Tensor &asTensor() const { return *static_cast<const Tensor *>(data.get()); }
  const Callable &asCallable() const { return *static_cast<const Callable *>(data.get()); }
  mlir::Type asType() const { return typeValue; }
  /// The elements of a tuple, list or map; the bounds of a range.
  const std::vector<Value> &elements() const;
  /// How many integers a range has, the largest number where there are more.
  int64_t rangeSize() const;
  /// Names of a tuple's elements (empty where there are none) or keys of a map.
  const std::vector<std::string> &names() const;

private:
  explicit Value(Kind kind) : valueKind(kind) {}
  static Value text_(Kind kind, std::string text) {
    Value v(kind);
    v.data = std::make_shared<const std::string>(std::move(text));
    return v;
  }
  static Value sequence(Kind kind, std::vector<Value> elements, std::vector<std::string> names);

  Kind valueKind = Kind::Error;
  int64_t integerValue = 0;
  double floatValue = 0;
  mlir::Type typeValue;
  struct Sequence;
  std::shared_ptr<const void> data; ///< a text, tensor, callable or sequence, as the kind says
};

struct Value::Sequence {
  std::vector<Value> elements;
  std::vector<std::string> names;
};

inline Value Value::sequence(Kind kind, std::vector<Value> elements, std::vector<std::string> names) {
  Value v(kind);
  names.resize(elements.size());
  v.data = std::make_shared<const Sequence>(Sequence{std::move(elements), std::move(names)});
  return v;
}
inline const std::vector<Value> &Value::elements() const { return static_cast<const Sequence *>(data.get())->elements; }
inline const std::vector<std::string> &Value::names() const { return static_cast<const Sequence *>(data.get())->names; }

/// How messages write values and types. Extents that stand for a dimension variable print as its name.
class TypeNames {
public:
  /// `extent` was made up for the free variable `name`; its multiples print as `k*name`.
  void addSymbol(int64_t extent, std::string name) { symbols.emplace_back(extent, std::move(name)); }
  /// How many elements there are, made-up extents counted as one; infinite where no machine holds so many.
  double elements(llvm::ArrayRef<int64_t> shape) const;
  void setBatchName(std::string name) { batchName = std::move(name); }

  std::string extent(int64_t extent) const;
  std::string shape(llvm::ArrayRef<int64_t> shape, BatchMark batch = {}) const;
  std::string type(const Tensor &tensor) const;
  std::string type(mlir::RankedTensorType type, BatchMark batch = {}) const;
  /// What a value is, in the words of a message: "the integer 3", "a tensor f32[batch, 10]".
  std::string describe(const Value &value) const;
  /// The value as text for `{name}` in the message of a `require`.
  std::string text(const Value &value) const;

private:
  std::vector<std::pair<int64_t, std::string>> symbols;
  std::string batchName = "batch";
};

/// `f32`, `u8`, `bool` … as .nn writes an element type.
std::string elementName(mlir::Type element);
/// The element type of that name, or null.
mlir::Type elementType(llvm::StringRef name, mlir::MLIRContext *context);
/// The decimal text of a number as messages show it.
std::string numberText(double value);
/// What to do with a value where a tensor is wanted; empty where nothing is known.
std::string hintForTensor(const Value &value);

} // namespace nn::frontend

#endif // NN_FRONTEND_VALUES_H
