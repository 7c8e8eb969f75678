//===- DataColumns.cpp - Which columns of a table a field is made of ----------------------------------------------===//
#include "frontend/SourceReader.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::dyn_cast;
using llvm::Twine;

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
          .hint("name them: `columns: {" + field.name +
                ": [\"first\", \"second\", …]}`, or neighbours as `\"first\" .. \"last\"`");
      return false;
    }
  }
  return true;
}
