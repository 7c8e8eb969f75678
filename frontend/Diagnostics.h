//===- Diagnostics.h - What the user is told ----------------------------------------------------------------------===//
//
// Collects errors and warnings and prints them as
//   FILE:LINE:COL: error: text
//    12 | the source line
//       |     ^~~~~~
//   note: …
//   hint: …
// Equal messages at one place are reported once, since a body is evaluated once per entry function; of more than a few
// warnings of one kind at one place, as a loop's rounds have them, the first is shown.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_DIAGNOSTICS_H
#define NN_FRONTEND_DIAGNOSTICS_H

#include "frontend/Source.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Twine.h"
#include <deque>
#include <set>

namespace llvm {
class raw_ostream;
}

namespace nn::frontend {

/// What `@allow` takes.
inline constexpr llvm::StringLiteral warningNames[] = {
    "batch-exceeds-data",  "batch-norm-of-one", "bias-before-norm",   "chance-broadcast", "class-count",
    "constant-weights",    "dropout-last",      "exploding-variance", "index-beyond",     "learning-rate",
    "linear-linear",       "logits-into-probs", "pipe-of-sum",        "receptive-field",  "sigmoid-into-classes",
    "softmax-into-logits", "stride-skips",      "unused-parameter",   "unused-result",    "vanishing-variance"};

/// One message with what belongs to it; the setters return the message for chaining.
class Diagnostic {
public:
  enum class Severity { Error, Warning };

  Diagnostic(Severity severity, Span span, std::string name, std::string text)
      : severity(severity), span(span), name(std::move(name)), text(std::move(text)) {}

  /// Adds a remark; with a span its source line is shown, too.
  Diagnostic &note(const llvm::Twine &text, Span at = {});
  /// Says what the user can do.
  Diagnostic &hint(const llvm::Twine &text);

  bool hasHints() const { return !hints.empty(); }
  void print(llvm::raw_ostream &os) const;

  const Severity severity;
  const Span span;
  const std::string name; ///< of a warning: what @allow(name) takes
  const std::string text;

private:
  struct Note {
    Span span;
    std::string text;
  };
  std::vector<Note> notes;
  std::vector<std::string> hints;
};

class Diagnostics {
public:
  Diagnostic &error(Span span, const llvm::Twine &text);
  /// A warning that `@allow(name)` silences; `name` is one of `warningNames`.
  Diagnostic &warning(Span span, llvm::StringRef name, const llvm::Twine &text);
  /// Silences the warnings of that name inside `span`, those that were given already, too.
  void allow(llvm::StringRef name, Span span) { allowed.emplace_back(name.str(), span); }

  /// Whether there is a warning of that name inside `span`.
  bool warned(llvm::StringRef name, Span span) const;
  bool hasErrors() const { return errors != 0; }
  /// How many errors were reported, those that had been reported before included: tells whether a step failed.
  unsigned reports() const { return reported; }
  /// Prints everything in the order of the text, at most `limit` errors.
  void print(llvm::raw_ostream &os, unsigned limit = 20) const;

private:
  Diagnostic &add(Diagnostic::Severity severity, Span span, llvm::StringRef name, std::string text);

  bool isAllowed(const Diagnostic &diagnostic) const;

  std::deque<Diagnostic> list;
  std::deque<Diagnostic> repeated; ///< swallows notes of messages that were reported before
  std::set<std::pair<std::pair<const Source *, uint32_t>, std::string>> seen;
  std::vector<std::pair<std::string, Span>> allowed;
  unsigned errors = 0, reported = 0;
};

/// The candidate nearest to `word` if one is near enough to have been meant, else an empty string.
std::string nearest(llvm::StringRef word, llvm::ArrayRef<std::string> candidates);

} // namespace nn::frontend

#endif // NN_FRONTEND_DIAGNOSTICS_H
