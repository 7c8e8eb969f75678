//===- DataDescription.cpp - What the compiler says of sources ----------------------------------------------------===//
//
// Checks between a source, the other sources and the model; the description that the generated program gets.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/DataSource.h"

using namespace nn::frontend;
using llvm::StringRef;
using llvm::Twine;

std::optional<int64_t> DataSource::option(StringRef name) const {
  auto it = options.find(name.str());
  return it == options.end() ? std::nullopt : std::optional(it->second);
}

bool nn::frontend::checkSameFields(Evaluator &evaluator, const DataSource &data, const DataSource &other) {
  if (!other.fields.empty() && data.fields.size() != other.fields.size()) {
    bool more = data.fields.size() < other.fields.size();
    const DataField &odd = (more ? other : data).fields[std::min(data.fields.size(), other.fields.size())];
    evaluator.error(other.span, "the fields differ from those of `data`: there is " + Twine(more ? "a" : "no") +
                                    " field `" + odd.name + "` here");
    return false;
  }
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
  evaluator.error(other.span,
                  "the vocabulary is that of `data`, of " + Twine(*mine) + " characters, not of " + Twine(*its));
  return false;
}

void nn::frontend::checkRanges(Evaluator &evaluator, const DataSource &data) {
  auto vocabulary = data.option("vocab");
  for (const DataField &field : data.fields)
    if (auto range = evaluator.recordRanges.find(field.name);
        vocabulary && range != evaluator.recordRanges.end() && range->second.limit < *vocabulary) {
      evaluator.error(data.span, "the text has " + Twine(*vocabulary) +
                                     " different characters (`vocab`), and the model tells " +
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
