//===- PathRules.cpp - Values by the paths of parameters ----------------------------------------------------------===//
#include "frontend/PathRules.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::StringRef;

/// The fewest characters to add, drop or change so that `glob` fits `path`; 0 where it fits.
static unsigned distance(StringRef glob, StringRef path) {
  std::vector<unsigned> row(path.size() + 1);
  for (size_t j = 0; j <= path.size(); ++j)
    row[j] = j;
  for (char c : glob) {
    unsigned diagonal = row[0];
    row[0] += c != '*';
    for (size_t j = 1; j <= path.size(); ++j) {
      unsigned above = row[j], change = diagonal + (c != path[j - 1] && c != '?');
      row[j] = c == '*' ? std::min(above, row[j - 1]) : std::min({change, above + 1, row[j - 1] + 1});
      diagonal = above;
    }
  }
  return row.back();
}

bool nn::frontend::matchesPath(StringRef glob, StringRef path) {
  for (StringRef owner = path; !owner.empty(); owner = owner.rsplit('.').first) {
    if (distance(glob, owner) == 0)
      return true;
    if (!owner.contains('.'))
      break;
  }
  return false;
}

void nn::frontend::reportUnmatched(Evaluator &evaluator, StringRef glob, Span span, llvm::ArrayRef<std::string> paths,
                                   StringRef what) {
  auto &message = evaluator.error(span, "no " + what + " has a path like `" + glob + "`");
  auto near = llvm::min_element(
      paths, [&](const std::string &a, const std::string &b) { return distance(glob, a) < distance(glob, b); });
  if (near != paths.end())
    message.hint("the nearest one is `" + *near + "`");
}

PathRules::PathRules(Evaluator &evaluator, const Expr &expr, llvm::function_ref<Value(const Expr &)> read) {
  auto *map = llvm::dyn_cast<MapExpr>(&expr);
  if (!map) {
    rules.push_back({"", expr.span, read(expr)});
    keys.push_back(expr.span);
    return;
  }
  for (const Argument &entry : map->entries) {
    bool rest = entry.name.text == "else";
    if (!rules.empty() && rules.back().glob.empty()) {
      evaluator.error(entry.name.span, "`else` is the last entry: nothing is left for this one");
      return;
    }
    rules.push_back({rest ? "" : entry.name.text, entry.value->span, read(*entry.value)});
    keys.push_back(entry.name.span);
  }
}

const PathRule *PathRules::find(StringRef path) const {
  for (const PathRule &rule : rules)
    if (rule.glob.empty() || matchesPath(rule.glob, path))
      return &rule;
  return nullptr;
}

bool PathRules::check(Evaluator &evaluator, llvm::ArrayRef<std::string> paths, StringRef what) const {
  bool good = true;
  for (size_t i = 0; i < rules.size(); ++i) {
    const PathRule &rule = rules[i];
    Span key = keys[i];
    auto fits = [&](const std::string &path) { return matchesPath(rule.glob, path); };
    if (rule.glob.empty() || llvm::any_of(paths, [&](const std::string &path) { return find(path) == &rule; }))
      continue;
    good = false;
    if (llvm::any_of(paths, fits))
      evaluator.error(key, "`" + rule.glob + "` is left nothing: an earlier entry has all that it fits");
    else
      reportUnmatched(evaluator, rule.glob, key, paths, what);
  }
  return good;
}
