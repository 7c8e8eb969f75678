//===- PathRules.h - Values by the paths of parameters ------------------------------------------------------------===//
//
// `{ "*.bias": a, head: b, else: c }` in a train block. `*` in a path stands for any characters, `?` for one; the path
// of a layer stands for all that it owns. The first rule that fits decides. A value that is no map is for everything.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_PATHRULES_H
#define NN_FRONTEND_PATHRULES_H

#include "frontend/Evaluator.h"

namespace nn::frontend {

/// Whether `glob` names `path` or a layer around it.
bool matchesPath(llvm::StringRef glob, llvm::StringRef path);

struct PathRule {
  std::string glob; ///< empty: everything else
  Span span;        ///< of the value
  Value value;
};

class PathRules {
public:
  /// The rules of an entry's value, each made ready by `read` (which reports what is wrong with it).
  PathRules(Evaluator &evaluator, const Expr &expr, llvm::function_ref<Value(const Expr &)> read);
  /// The rule for a path, or null.
  const PathRule *find(llvm::StringRef path) const;
  const std::vector<PathRule> &all() const { return rules; }
  /// Reports globs that decide about none of `paths`. `what` they are: "parameter".
  bool check(Evaluator &evaluator, llvm::ArrayRef<std::string> paths, llvm::StringRef what) const;

private:
  std::vector<PathRule> rules;
  std::vector<Span> keys;
};

/// Reports that `glob` fits none of `paths` and names the nearest one.
void reportUnmatched(Evaluator &evaluator, llvm::StringRef glob, Span span, llvm::ArrayRef<std::string> paths,
                     llvm::StringRef what);

} // namespace nn::frontend

#endif // NN_FRONTEND_PATHRULES_H
