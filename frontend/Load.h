//===- Load.h - Weights to start from -----------------------------------------------------------------------------===//
//
// The entry `load = weights("file", from: "a", into: "b", except: ["c.*"], match: order)` of a train block.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_LOAD_H
#define NN_FRONTEND_LOAD_H

#include "frontend/Evaluator.h"

namespace nn::frontend {

struct WeightSource {
  std::string file, from, into;                     ///< prefixes of paths: in the file, in the model
  std::vector<std::pair<std::string, Span>> except; ///< globs of what keeps its first value
  bool byOrder = false;                             ///< pair by order and shape what does not match by name
  Span span;
};

bool readLoad(Evaluator &evaluator, const Expr &expr, WeightSource &source);
/// One path in quotes, or a list of them. `what` they are to: "`freeze`".
bool readGlobs(Evaluator &evaluator, const Expr &expr, llvm::StringRef what,
               std::vector<std::pair<std::string, Span>> &globs);
/// Reports paths that name nothing of the model.
bool checkLoad(Evaluator &evaluator, const WeightSource &source, llvm::ArrayRef<std::string> paths);
/// {file, from, into, except, order}
mlir::DictionaryAttr toAttribute(const WeightSource &source, mlir::MLIRContext *context);

} // namespace nn::frontend

#endif // NN_FRONTEND_LOAD_H
