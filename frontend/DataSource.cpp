//===- DataSource.cpp - Where records come from -------------------------------------------------------------------===//
#include "frontend/SourceReader.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::dyn_cast;
using llvm::StringRef;
using llvm::Twine;

namespace {
struct Option {
  const char *name;
  bool required;
};
} // namespace

/// What a kind of source is told besides its files.
struct nn::frontend::SourceKind {
  const char *name;
  int files;     ///< how many; 0: one per field, -1: any number
  bool declares; ///< its fields are written in the program
  std::vector<Option> options;
};

static const SourceKind kinds[] = {
    {"idx", 0, true, {}},
    {"npy", 0, true, {}},
    {"npz", 1, true, {}},
    {"safetensors", 1, true, {}},
    {"csv", 1, true, {}},
    {"cifar10", -1, false, {}},
    {"images", 1, false, {{"size", true}, {"channels", false}}},
    {"text", 1, false, {{"window", true}, {"stride", false}, {"vocab", true}, {"streams", false}}},
};

/// "a, b and c"
static std::string listOf(llvm::ArrayRef<std::string> words, StringRef last) {
  std::string text;
  for (auto [i, word] : llvm::enumerate(words))
    text += (i == 0 ? "" : i + 1 == words.size() ? (" " + last + " ").str() : ", ") + word;
  return text;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Parts of the training data
//===--------------------------------------------------------------------------------------------------------------===//

bool SourceReader::fraction(const Expr &part, const Twine &message) {
  Value value = evaluator.evaluate(part);
  if (value.isNumber() && value.asNumber() > 0 && value.asNumber() < 1) {
    source.fraction = value.asNumber();
    return true;
  }
  if (!value.isError())
    evaluator.error(expr.span, message);
  return false;
}

/// `kfold(5, index: 0)`
bool SourceReader::fold(const CallExpr &call) {
  bool stratified = call.arguments.size() == 3 && call.arguments[2].name.text == "stratify";
  bool named =
      (call.arguments.size() == 2 || stratified) && !call.arguments[0].name && call.arguments[1].name.text == "index";
  if (!named) {
    evaluator.error(expr.span, "`kfold` takes the number of parts, and which of them validates")
        .hint("write `kfold(5, index: 0)`; with `const fold = 0`, `index: fold` and -D fold=1 it is another part each "
              "time");
    return false;
  }
  auto folds = evaluator.evaluateInteger(*call.arguments[0].value, "the number of parts");
  auto index = folds ? evaluator.evaluateInteger(*call.arguments[1].value, "`index`") : std::nullopt;
  if (!index)
    return false;
  if (*folds < 2 || *index < 0 || *index >= *folds) {
    evaluator.error(expr.span, *folds < 2 ? "`kfold` wants at least two parts, not " + Twine(*folds)
                                          : "`index` is one of 0 to " + Twine(*folds - 1) + ", not " + Twine(*index));
    return false;
  }
  source.kind = "kfold";
  source.options = {{"folds", *folds}, {"index", *index}};
  return !stratified || stratify(*call.arguments[2].value);
}

/// The field of classes by which folds are drawn.
bool SourceReader::stratify(const Expr &expr) {
  auto *name = dyn_cast<NameExpr>(&expr);
  for (size_t i = 0; name && i < training->fields.size(); ++i) {
    const DataField &field = training->fields[i];
    if (field.name == name->name && field.type.getRank() == 0 && field.type.getElementType().isIntOrIndex()) {
      source.options["stratify"] = int64_t(i) + 1;
      return true;
    }
  }
  evaluator.error(expr.span, "`stratify` names a field of `data` that holds one class per record");
  return false;
}

/// A validation entry that is no source of its own.
bool SourceReader::readPart() {
  auto *call = dyn_cast<CallExpr>(&expr);
  if (auto *name = call ? dyn_cast<NameExpr>(call->callee.get()) : nullptr; name && name->name == "kfold")
    return fold(*call);
  source.kind = call ? "tail" : "fraction";
  if (!call)
    return fraction(
        expr, "`validation` is a fraction between 0 and 1, `tail(fraction)`, `kfold(n, index: i)` or a source of data");
  if (call->arguments.size() == 1)
    return fraction(*call->arguments[0].value, "`tail` takes a fraction between 0 and 1");
  evaluator.error(expr.span, "`tail` takes a fraction between 0 and 1");
  return false;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Sources
//===--------------------------------------------------------------------------------------------------------------===//

/// `u8[batch, 1, 28, 28]` in an argument: the type of one record, without its leading batch dimension.
std::optional<mlir::RankedTensorType> SourceReader::recordType(const Expr &type) {
  auto *index = dyn_cast<IndexExpr>(&type);
  auto *name = index ? dyn_cast<NameExpr>(index->base.get()) : nullptr;
  mlir::Type element = name ? elementType(name->name, evaluator.emitter.builder.getContext()) : mlir::Type();
  auto report = [&]() -> std::optional<mlir::RankedTensorType> {
    auto &message = evaluator.error(type.span, "the type of a field looks like `u8[batch, 1, 28, 28]`");
    if (!element && name)
      message.hint("element types are f32 f64 bf16 f16 i32 i64 i8 u8 bool");
    return std::nullopt;
  };
  if (!element || index->subscripts.empty())
    return report();
  llvm::SmallVector<int64_t> shape;
  for (const Subscript &place : llvm::ArrayRef<Subscript>(index->subscripts).drop_front()) {
    if (place.kind != Subscript::Kind::Index)
      return report();
    auto extent = evaluator.evaluateInteger(*place.low, "a dimension");
    if (!extent)
      return std::nullopt;
    shape.push_back(*extent);
  }
  auto *batch = index->subscripts[0].kind == Subscript::Kind::Index ? dyn_cast<NameExpr>(index->subscripts[0].low.get())
                                                                    : nullptr;
  if (!batch || !evaluator.dimensions.count(batch->name)) {
    evaluator.error(index->subscripts[0].span, "the first dimension of a field is the batch")
        .hint("write `" + name->name + "[" +
              (evaluator.dimensions.empty() ? "batch" : evaluator.dimensions.begin()->first) + ", …]`");
    return std::nullopt;
  }
  return mlir::RankedTensorType::get(shape, element);
}

/// `size: (32, 32)`, height and width
bool SourceReader::size(const Expr &pair) {
  Value value = evaluator.evaluate(pair);
  bool good = value.isTuple() && value.elements().size() == 2 &&
              llvm::all_of(value.elements(), [](const Value &v) { return v.isInteger() && v.asInteger() > 0; });
  if (good) {
    source.options["height"] = value.elements()[0].asInteger();
    source.options["width"] = value.elements()[1].asInteger();
  } else if (!value.isError()) {
    evaluator.error(pair.span, "`size` is the height and the width that all images get: `size: (32, 32)`");
  }
  return good;
}

/// A named argument of a source whose fields are fixed.
bool SourceReader::option(const SourceKind &kind, const Argument &argument) {
  auto known = llvm::find_if(kind.options, [&](const Option &o) { return argument.name.text == o.name; });
  if (known == kind.options.end()) {
    std::vector<std::string> names;
    for (const Option &option : kind.options)
      names.push_back(option.name);
    auto &message =
        evaluator.error(argument.name.span, Twine("`") + kind.name + "` has no argument `" + argument.name.text + "`");
    if (std::string meant = nearest(argument.name.text, names); !meant.empty())
      message.hint("did you mean `" + meant + "`?");
    else
      message.hint(names.empty() ? Twine("it takes names of files only") : "it takes " + listOf(names, "and"));
    return false;
  }
  if (argument.name.text == "size")
    return size(*argument.value);
  auto value = evaluator.evaluateInteger(*argument.value, "`" + argument.name.text + "`");
  if (value && *value < 1) {
    evaluator.error(argument.value->span, "`" + argument.name.text + "` is at least 1, not " + Twine(*value));
    return false;
  }
  source.options[argument.name.text] = value.value_or(1);
  return value.has_value();
}

bool SourceReader::argument(const SourceKind &kind, const Argument &argument) {
  if (argument.name && !kind.declares)
    return option(kind, argument);
  if (argument.name.text == "columns" && source.kind == "csv")
    return columns(*argument.value);
  if (argument.name) {
    auto type = recordType(*argument.value);
    if (type)
      source.fields.push_back({argument.name.text, *type, {}, false});
    return type.has_value();
  }
  bool isPath = llvm::isa<MemberExpr>(*argument.value); // data.npz
  Value file = isPath ? Value::none() : evaluator.evaluate(*argument.value);
  if (file.kind() != Value::Kind::String) {
    if (!file.isError())
      evaluator.error(argument.value->span, "the name of a file is text in quotes");
    return false;
  }
  source.files.push_back(file.asText());
  return true;
}

/// The fields that a source has without a declaration.
void SourceReader::fixedFields() {
  mlir::OpBuilder &builder = evaluator.emitter.builder;
  auto add = [&](const char *name, llvm::ArrayRef<int64_t> shape, mlir::Type element) {
    source.fields.push_back({name, mlir::RankedTensorType::get(shape, element), {}, false});
  };
  if (source.kind == "text") {
    int64_t window = *source.option("window");
    source.options.try_emplace("stride", window);
    add("tokens", {window}, builder.getI32Type());
    add("next", {window}, builder.getI32Type());
  } else if (source.kind == "images") {
    add("image", {source.option("channels").value_or(3), *source.option("height"), *source.option("width")},
        builder.getIntegerType(8, false));
    add("label", {}, builder.getI32Type());
  } else if (source.kind == "cifar10") {
    add("image", {3, 32, 32}, builder.getIntegerType(8, false));
    add("label", {}, builder.getI32Type());
  } else if (training && !training->fields.empty()) {
    source.fields = training->fields;
  } else if (source.kind == "idx" && !inputs.empty() && inputs.front().second.getRank() > 0) {
    // Bytes of the shape that the model looks at, and a label.
    add("image", inputs.front().second.getShape().drop_front(), builder.getIntegerType(8, false));
    if (source.files.size() > 1)
      add("label", {}, builder.getI32Type());
  }
}

/// Everything that is needed was given; what may be left out gets its value.
bool SourceReader::complete(const SourceKind &kind) {
  if (source.files.empty() || (kind.files > 0 && source.files.size() != size_t(kind.files))) {
    evaluator.error(expr.span, "`" + source.kind + "` wants " +
                                   (kind.files > 0 ? "the name of one file" : "the names of its files"));
    return false;
  }
  for (const Option &option : kind.options)
    if (option.required && !source.option(option.name == StringRef("size") ? "height" : option.name)) {
      evaluator.error(expr.span, Twine("`") + kind.name + "` does not say its `" + option.name + "`")
          .hint(source.kind == "text"
                    ? "a text is cut into windows of characters: `text(\"input.txt\", window: 64, vocab: 65)`"
                    : "all images are brought to one size: `images(\"folder\", size: (32, 32))`");
      return false;
    }
  if (auto channels = source.option("channels"); channels && *channels != 1 && *channels != 3) {
    evaluator.error(expr.span, "`channels` is 3 (red, green, blue) or 1 (grey), not " + Twine(*channels));
    return false;
  }
  if (source.option("streams") && source.option("stride")) {
    evaluator.error(expr.span, "in `streams` a window begins where the one before it ends: leave `stride` out");
    return false;
  }
  if (source.fields.empty())
    fixedFields();
  if (source.fields.empty()) {
    evaluator.error(expr.span, "`" + source.kind + "` does not say what its fields are")
        .hint("declare them: `" + source.kind + "(\"file\", image: u8[batch, 1, 28, 28], label: i32[batch])`");
    return false;
  }
  if (source.kind == "csv" && !checkColumns())
    return false;
  if (!kind.files && source.fields.size() != source.files.size()) {
    evaluator.error(expr.span, "`" + source.kind + "` has one file per field: " + Twine(source.files.size()) +
                                   " files and " + Twine(source.fields.size()) + " fields");
    return false;
  }
  return true;
}

bool SourceReader::readKind() {
  auto *call = dyn_cast<CallExpr>(&expr);
  auto *name = call ? dyn_cast<NameExpr>(call->callee.get()) : nullptr;
  auto kind = llvm::find_if(kinds, [&](const SourceKind &k) { return name && name->name == k.name; });
  if (kind == std::end(kinds)) {
    Span at = name ? name->span : expr.span;
    std::vector<std::string> names, calls;
    for (const SourceKind &k : kinds) {
      names.push_back(k.name);
      calls.push_back(k.name + std::string("(…)"));
    }
    names.push_back("generate");
    calls.push_back("generate(…)");
    auto &message = evaluator.error(at, "a source of data is " + listOf(calls, "or"));
    if (name && StringRef(name->name).equals_insensitive("mnist"))
      message.hint("the files of MNIST are read by `idx(…)`");
    else if (std::string meant = name ? nearest(name->name, names) : ""; !meant.empty())
      message.hint("did you mean `" + meant + "`?");
    else if (auto *file = dyn_cast<StringExpr>(&expr))
      message.hint("say what the file is, and its fields: `csv(\"" + file->value +
                   "\", x: f32[batch, 4], y: f32[batch])`");
    return false;
  }
  source.kind = kind->name;
  for (const Argument &given : call->arguments)
    if (!argument(*kind, given))
      return false;
  return complete(*kind);
}

/// `generate(sample, 1000)`
bool SourceReader::readGenerate() {
  auto &call = llvm::cast<CallExpr>(expr);
  if (call.arguments.size() != 2 || call.arguments[0].name || call.arguments[1].name) {
    evaluator.error(expr.span, "`generate` takes a function and the number of records: `generate(sample, 1000)`");
    return false;
  }
  auto count = evaluator.evaluateInteger(*call.arguments[1].value, "the number of records");
  if (count && *count < 1)
    evaluator.error(call.arguments[1].value->span, "`generate` wants at least one record, not " + Twine(*count));
  if (!count || *count < 1)
    return false;
  source.kind = "generate";
  source.options["records"] = *count;
  source.generator = call.arguments[0].value.get();
  source.files.push_back(source.generator->span.text().str());
  return readGenerated(evaluator, inputs.empty() ? "x" : inputs.front().first, source);
}

bool nn::frontend::readSource(Evaluator &evaluator, const Expr &expr, bool isValidation, const DataSource *training,
                              ModelInputs inputs, DataSource &source) {
  source.span = expr.span;
  SourceReader reader(evaluator, expr, training, inputs, source);
  auto *call = dyn_cast<CallExpr>(&expr);
  auto *name = call ? dyn_cast<NameExpr>(call->callee.get()) : nullptr;
  if (name && name->name == "generate")
    return reader.readGenerate();
  return isValidation && (!call || (name && (name->name == "tail" || name->name == "kfold"))) ? reader.readPart()
                                                                                              : reader.readKind();
}
