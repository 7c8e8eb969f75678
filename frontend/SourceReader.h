//===- SourceReader.h - Reads one source of data ------------------------------------------------------------------===//
//
// Its members are spread over DataSource (kinds, files, options) and DataColumns (the columns of tables).
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_SOURCEREADER_H
#define NN_FRONTEND_SOURCEREADER_H

#include "frontend/DataSource.h"

namespace nn::frontend {

struct SourceKind;

class SourceReader {
public:
  SourceReader(Evaluator &evaluator, const Expr &expr, const DataSource *training, ModelInputs inputs,
               DataSource &source)
      : evaluator(evaluator), expr(expr), training(training), inputs(inputs), source(source) {}

  bool readPart();
  bool readKind();
  bool readGenerate();

private:
  bool fraction(const Expr &value, const llvm::Twine &message);
  bool fold(const CallExpr &call);
  bool stratify(const Expr &expr);
  std::optional<mlir::RankedTensorType> recordType(const Expr &type);
  bool argument(const SourceKind &kind, const Argument &argument);
  bool option(const SourceKind &kind, const Argument &argument);
  bool size(const Expr &pair);
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

} // namespace nn::frontend

#endif // NN_FRONTEND_SOURCEREADER_H
