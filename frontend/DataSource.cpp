//===- DataSource.cpp - Where records come from -------------------------------------------------------------------===//
#include "frontend/DataSource.h"
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

/// What a kind of source is told besides its files.
struct SourceKind {
  const char *name;
  int files;     ///< how many; 0: one per field, -1: any number
  bool declares; ///< its fields are written in the program
  std::vector<Option> options;
};

const SourceKind kinds[] = {
    {"idx", 0, true, {}},
    {"npy", 0, true, {}},
    {"npz", 1, true, {}},
    {"safetensors", 1, true, {}},
    {"csv", 1, true, {}},
    {"cifar10", -1, false, {}},
    {"text", 1, false, {{"window", true}, {"stride", false}, {"vocab", true}}},
};
const char *const laterKinds[] = {"images", "generate"};

/// "a, b and c"
std::string listOf(llvm::ArrayRef<std::string> words, StringRef last) {
  std::string text;
  for (auto [i, word] : llvm::enumerate(words))
    text += (i == 0 ? "" : i + 1 == words.size() ? (" " + last + " ").str() : ", ") + word;
  return text;
}

class SourceReader {
public:
  SourceReader(Evaluator &evaluator, const Expr &expr, const DataSource *training, ModelInputs inputs,
               DataSource &source)
      : evaluator(evaluator), expr(expr), training(training), inputs(inputs), source(source) {}

  bool readPart();
  bool readKind();

private:
  bool fraction(const Expr &value, const Twine &message);
  bool fold(const CallExpr &call);
  std::optional<mlir::RankedTensorType> recordType(const Expr &type);
  bool argument(const SourceKind &kind, const Argument &argument);
  bool option(const SourceKind &kind, const Argument &argument);
  bool columns(const Expr &map);
  bool columnsOf(const Argument &entry);
  bool checkColumns();
  bool complete(const SourceKind &kind);
  void fixedFields();

  Evaluator &evaluator;
  const Expr &expr;
  const DataSource *training;
  ModelInputs inputs;
  DataSource &source;
};
} // namespace

std::optional<int64_t> DataSource::option(StringRef name) const {
  auto it = options.find(name.str());
  return it == options.end() ? std::nullopt : std::optional(it->second);
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
  bool named = call.arguments.size() == 2 && !call.arguments[0].name && call.arguments[1].name.text == "index";
  if (!named) {
    evaluator.error(expr.span, "`kfold` takes the number of parts, and which of them validates")
        .hint("write `kfold(5, index: 0)`; with `const fold = 0`, `index: fold` and -D fold=1 it is another part each time");
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
  return true;
}

/// A validation entry that is no source of its own.
bool SourceReader::readPart() {
  auto *call = dyn_cast<CallExpr>(&expr);
  if (auto *name = call ? dyn_cast<NameExpr>(call->callee.get()) : nullptr; name && name->name == "kfold")
    return fold(*call);
  source.kind = call ? "tail" : "fraction";
  if (!call)
    return fraction(expr, "`validation` is a fraction between 0 and 1, `tail(fraction)`, `kfold(n, index: i)` or a source of data");
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
    evaluator.error(type.span, "the type of a field looks like `u8[batch, 1, 28, 28]`");
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
        .hint("write `" + name->name + "[batch, …]`");
    return std::nullopt;
  }
  return mlir::RankedTensorType::get(shape, element);
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
  auto value = evaluator.evaluateInteger(*argument.value, "`" + argument.name.text + "`");
  if (value && *value < 1) {
    evaluator.error(argument.value->span, "`" + argument.name.text + "` is at least 1, not " + Twine(*value));
    return false;
  }
  source.options[argument.name.text] = value.value_or(1);
  return value.has_value();
}

/// `{x: ["height", "weight"], pixels: "p0" .. "p783"}`
bool SourceReader::columns(const Expr &map) {
  auto *entries = dyn_cast<MapExpr>(&map);
  if (!entries) {
    evaluator.error(map.span, "`columns` says which columns a field is made of")
        .hint("write `columns: {x: [\"height\", \"weight\"]}`");
    return false;
  }
  return llvm::all_of(entries->entries, [&](const Argument &entry) { return columnsOf(entry); });
}

bool SourceReader::columnsOf(const Argument &entry) {
  auto field = llvm::find_if(source.fields, [&](const DataField &f) { return f.name == entry.name.text; });
  if (field == source.fields.end()) {
    evaluator.error(entry.name.span, "`" + entry.name.text + "` in `columns` is no field of this source");
    return false;
  }
  llvm::SmallVector<const Expr *> parts = {entry.value.get()};
  auto *range = dyn_cast<RangeExpr>(entry.value.get());
  field->columnRange = range;
  if (range)
    parts = {range->low.get(), range->high.get()};
  else if (auto *list = dyn_cast<ListExpr>(entry.value.get())) {
    parts.clear();
    for (const ExprPtr &element : list->elements)
      parts.push_back(element.get());
  }
  for (const Expr *part : parts) {
    Value name = evaluator.evaluate(*part);
    if (name.kind() != Value::Kind::String) {
      if (!name.isError())
        evaluator.error(part->span, "the name of a column is text in quotes");
      return false;
    }
    field->columns.push_back(name.asText());
  }
  if (int64_t elements = field->type.getNumElements(); !range && int64_t(parts.size()) != elements) {
    evaluator.error(entry.value->span, "`" + field->name + ": " + evaluator.names.type(field->type) + "` has " +
                                           Twine(elements) + " values per record, and these are " +
                                           Twine(parts.size()) + " columns");
    return false;
  }
  return true;
}

/// A field of several values says where they are; all types can be written as text.
bool SourceReader::checkColumns() {
  for (const DataField &field : source.fields) {
    std::string written = "`" + field.name + ": " + evaluator.names.type(field.type) + "` per record";
    mlir::Type element = field.type.getElementType();
    if (element.isF16() || element.isBF16()) {
      evaluator.error(expr.span, written + ": numbers of a table are f32, f64, i32, i64, i8, u8 or bool");
      return false;
    }
    if (field.type.getNumElements() != 1 && field.columns.empty()) {
      evaluator.error(expr.span, written + " needs " + Twine(field.type.getNumElements()) + " columns of the table")
          .hint("name them: `columns: {" + field.name + ": [\"first\", \"second\", …]}`, or neighbours as `\"first\" .. \"last\"`");
      return false;
    }
  }
  return true;
}

bool SourceReader::argument(const SourceKind &kind, const Argument &argument) {
  if (argument.name && !kind.declares)
    return option(kind, argument);
  if (argument.name.text == "columns" && source.kind == "csv")
    return columns(*argument.value);
  if (argument.name) {
    auto type = recordType(*argument.value);
    if (type)
      source.fields.push_back({argument.name.text, *type});
    return type.has_value();
  }
  Value file = evaluator.evaluate(*argument.value);
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
    source.fields.push_back({name, mlir::RankedTensorType::get(shape, element)});
  };
  if (source.kind == "text") {
    int64_t window = *source.option("window");
    source.options.try_emplace("stride", window);
    add("tokens", {window}, builder.getI32Type());
    add("next", {window}, builder.getI32Type());
  } else if (source.kind == "cifar10") {
    add("image", {3, 32, 32}, builder.getIntegerType(8, false));
    add("label", {}, builder.getI32Type());
  } else if (training && !training->fields.empty()) {
    source.fields = training->fields;
  } else if (source.kind == "idx" && !inputs.empty()) {
    // Bytes of the shape that the model looks at, and a label.
    add("image", inputs.front().second.getShape().drop_front(), builder.getIntegerType(8, false));
    if (source.files.size() > 1)
      add("label", {}, builder.getI32Type());
  }
}

/// Everything that is needed was given; what may be left out gets its value.
bool SourceReader::complete(const SourceKind &kind) {
  if (source.files.empty() || (kind.files > 0 && source.files.size() != size_t(kind.files))) {
    evaluator.error(expr.span,
                    "`" + source.kind + "` wants " + (kind.files > 0 ? "the name of one file" : "the names of its files"));
    return false;
  }
  for (const Option &option : kind.options)
    if (option.required && !source.option(option.name)) {
      evaluator.error(expr.span, Twine("`") + kind.name + "` does not say its `" + option.name + "`")
          .hint("a text is cut into windows of characters: `text(\"input.txt\", window: 64, vocab: 65)`");
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
    if (name && llvm::is_contained(laterKinds, name->name)) {
      evaluator.error(at, "the source `" + name->name + "` cannot be compiled yet");
      return false;
    }
    std::vector<std::string> names, calls;
    for (const SourceKind &k : kinds) {
      names.push_back(k.name);
      calls.push_back(k.name + std::string("(…)"));
    }
    auto &message = evaluator.error(at, "a source of data is " + listOf(calls, "or"));
    if (std::string meant = name ? nearest(name->name, names) : ""; !meant.empty())
      message.hint("did you mean `" + meant + "`?");
    return false;
  }
  source.kind = kind->name;
  for (const Argument &given : call->arguments)
    if (!argument(*kind, given))
      return false;
  return complete(*kind);
}

bool nn::frontend::readSource(Evaluator &evaluator, const Expr &expr, bool isValidation, const DataSource *training,
                              ModelInputs inputs, DataSource &source) {
  source.span = expr.span;
  SourceReader reader(evaluator, expr, training, inputs, source);
  auto *call = dyn_cast<CallExpr>(&expr);
  auto *name = call ? dyn_cast<NameExpr>(call->callee.get()) : nullptr;
  return isValidation && (!call || (name && (name->name == "tail" || name->name == "kfold"))) ? reader.readPart() : reader.readKind();
}

//===--------------------------------------------------------------------------------------------------------------===//
// Checks and description
//===--------------------------------------------------------------------------------------------------------------===//

bool nn::frontend::checkSameFields(Evaluator &evaluator, const DataSource &data, const DataSource &other) {
  for (auto [a, b] : llvm::zip(data.fields, other.fields))
    if (a.name != b.name || a.type != b.type) {
      evaluator.error(other.span, "the fields differ from those of `data`: `" + b.name + ": " +
                                      evaluator.names.type(b.type) + "` where `data` has `" + a.name + ": " +
                                      evaluator.names.type(a.type) + "` per record");
      return false;
    }
  auto mine = data.option("vocab"), its = other.option("vocab");
  if (!mine || !its || *mine == *its)
    return true;
  evaluator.error(other.span, "the vocabulary is that of `data`, of " + Twine(*mine) + " characters, not of " + Twine(*its));
  return false;
}

void nn::frontend::checkRanges(Evaluator &evaluator, const DataSource &data) {
  auto vocabulary = data.option("vocab");
  for (const DataField &field : data.fields)
    if (auto range = evaluator.recordRanges.find(field.name);
        vocabulary && range != evaluator.recordRanges.end() && range->second.limit < *vocabulary) {
      evaluator.error(data.span, "the text has " + Twine(*vocabulary) + " different characters (`vocab`), and the model tells " +
                                     Twine(range->second.limit) + " apart in `" + field.name + "`");
      return;
    }
}

mlir::DictionaryAttr nn::frontend::toAttribute(const DataSource &source, const std::map<std::string, IdRange> &ranges,
                                               mlir::MLIRContext *context) {
  mlir::OpBuilder b(context);
  llvm::SmallVector<mlir::Attribute> fields, files;
  for (const DataField &field : source.fields) {
    auto range = ranges.find(field.name);
    IdRange ids = range == ranges.end() ? IdRange{0, 0} : range->second;
    llvm::SmallVector<mlir::Attribute> columns;
    for (const std::string &column : field.columns)
      columns.push_back(b.getStringAttr(column));
    fields.push_back(b.getDictionaryAttr({
        b.getNamedAttr("columns", b.getArrayAttr(columns)),
        b.getNamedAttr("column_range", b.getI64IntegerAttr(field.columnRange)),
        b.getNamedAttr("name", b.getStringAttr(field.name)),
        b.getNamedAttr("shape", b.getDenseI64ArrayAttr(field.type.getShape())),
        b.getNamedAttr("type", mlir::TypeAttr::get(field.type.getElementType())),
        b.getNamedAttr("limit", b.getI64IntegerAttr(ids.limit)),
        b.getNamedAttr("ignored", b.getI64IntegerAttr(ids.ignored)),
    }));
  }
  for (const std::string &file : source.files)
    files.push_back(b.getStringAttr(file));
  llvm::SmallVector<mlir::NamedAttribute> options;
  for (const auto &[name, value] : source.options)
    options.push_back(b.getNamedAttr(name, b.getI64IntegerAttr(value)));
  llvm::SmallVector<mlir::NamedAttribute> result = {
      b.getNamedAttr("kind", b.getStringAttr(source.kind)),
      b.getNamedAttr("files", b.getArrayAttr(files)),
      b.getNamedAttr("fields", b.getArrayAttr(fields)),
      b.getNamedAttr("value", b.getF64FloatAttr(source.fraction)),
  };
  if (!options.empty())
    result.push_back(b.getNamedAttr("options", b.getDictionaryAttr(options)));
  return b.getDictionaryAttr(result);
}
