//===- DataSource.h - Where records come from ---------------------------------------------------------------------===//
//
// Reads the entries `data`, `validation` and `test` of a train block: the kind of the source, its files, its fields and
// its options. Opens no file.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_DATASOURCE_H
#define NN_FRONTEND_DATASOURCE_H

#include "frontend/Evaluator.h"

namespace nn::frontend {

struct DataField {
  std::string name;
  mlir::RankedTensorType type;      ///< of one record, without the batch
  std::vector<std::string> columns; ///< of a table, one per element of a record; none: the column of the field's name
  bool columnRange = false;         ///< `columns` are the first and the last of a row of neighbours
};

/// A `data`, `validation` or `test` entry.
struct DataSource {
  std::string kind; ///< idx npy npz safetensors csv cifar10 images text generate, or fraction, tail, kfold (of the
                    ///< training data); empty: absent
  std::vector<std::string> files;
  std::vector<DataField> fields;
  std::map<std::string, int64_t> options;
  double fraction = 0;
  const Expr *generator = nullptr; ///< of generated records: the function
  Span span;

  std::optional<int64_t> option(llvm::StringRef name) const;
};

using ModelInputs = llvm::ArrayRef<std::pair<std::string, mlir::RankedTensorType>>;

/// Reads a source. `training` is what `data` says, for the other entries: a validation entry may be a part of it, and
/// fields that are not declared are the same. An IDX source without declared fields holds records of the shape of the
/// model's first input. False after an error.
bool readSource(Evaluator &evaluator, const Expr &expr, bool isValidation, const DataSource *training,
                ModelInputs inputs, DataSource &source);

/// Finds the fields of generated records (GenerateRecords.cpp); a sole result without a name is `soleName`.
bool readGenerated(Evaluator &evaluator, llvm::StringRef soleName, DataSource &source);
/// Builds the entry that makes one: from a seed and the step, which is the number of the example, to its fields.
void buildGenerated(Evaluator &evaluator, llvm::StringRef entryName, llvm::StringRef soleName,
                    const DataSource &source);

/// The other sources of a block hold what `data` holds; false after an error.
bool checkSameFields(Evaluator &evaluator, const DataSource &data, const DataSource &other);

/// Compares what is known of a source's values when compiling with what the model takes: the vocabulary of a text.
void checkRanges(Evaluator &evaluator, const DataSource &data);

/// {kind, files, fields: [{name, shape, type, limit, ignored, columns, column_range}], value, options}.
mlir::DictionaryAttr toAttribute(const DataSource &source, const std::map<std::string, IdRange> &ranges,
                                 mlir::MLIRContext *context);

} // namespace nn::frontend

#endif // NN_FRONTEND_DATASOURCE_H
