//===- Diagnostics.cpp - What the user is told --------------------------------------------------------------------===//
#include "frontend/Diagnostics.h"
#include "frontend/Habits.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <map>
#include <utility>

using namespace nn::frontend;
using llvm::raw_ostream;
using llvm::StringRef;

Diagnostic &Diagnostic::note(const llvm::Twine &text, Span at) {
  notes.push_back({at, text.str()});
  return *this;
}

Diagnostic &Diagnostic::hint(const llvm::Twine &text) {
  hints.push_back(text.str());
  return *this;
}

static unsigned codePoints(StringRef text) {
  return llvm::count_if(text, [](char c) { return (c & 0xC0) != 0x80; });
}

/// Prints a text of the user's with a sign in the place of each character that a terminal would obey.
static void printShown(raw_ostream &os, StringRef text) {
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char c = text[i], next = i + 1 < text.size() ? text[i + 1] : 0;
    bool isC1 = c == 0xC2 && next >= 0x80 && next < 0xA0;
    if (isC1 || c == 0x7F || (c < 0x20 && c != '\t' && c != '\n'))
      os << "\uFFFD";
    else
      os << text[i];
    i += isC1;
  }
}

/// Prints the first line of `span` and underlines what the span covers of it.
static void printExcerpt(raw_ostream &os, Span span) {
  Source::Place place = span.source->place(span.begin);
  StringRef line = span.source->line(place.line);
  std::string number = std::to_string(place.line);
  os << "  " << number << " | ";
  printShown(os, line);
  os << "\n";
  os.indent(2 + number.size()) << " | ";
  uint32_t start = span.source->lineStart(place.line);
  for (char c : line.take_front(span.begin - start))
    if ((c & 0xC0) != 0x80)
      os << (c == '\t' ? '\t' : ' ');
  unsigned width = codePoints(line.slice(span.begin - start, span.end - start));
  os << '^';
  for (unsigned i = 1; i < width; ++i)
    os << '~';
  os << "\n";
}

void Diagnostic::print(raw_ostream &os) const {
  if (span) {
    Source::Place place = span.source->place(span.begin);
    os << span.source->path() << ':' << place.line << ':' << place.column << ": ";
  }
  if (severity == Severity::Error)
    os << "error: ";
  else
    os << "warning[" << name << "]: ";
  printShown(os, text);
  os << "\n";
  if (span)
    printExcerpt(os, span);
  for (const Note &note : notes) {
    if (!note.span) {
      os << "  note: " << note.text << "\n";
      continue;
    }
    Source::Place place = note.span.source->place(note.span.begin);
    os << note.span.source->path() << ':' << place.line << ':' << place.column << ": note: " << note.text << "\n";
    printExcerpt(os, note.span);
  }
  for (const std::string &hint : hints)
    os << "  hint: " << hint << "\n";
}

Diagnostic &Diagnostics::add(Diagnostic::Severity severity, Span span, StringRef name, std::string text) {
  bool isNew = seen.insert({{span.source, span.begin}, text}).second;
  if (isNew && severity == Diagnostic::Severity::Error)
    ++errors;
  return (isNew ? list : repeated).emplace_back(severity, span, name.str(), std::move(text));
}

Diagnostic &Diagnostics::error(Span span, const llvm::Twine &text) {
  ++reported;
  return add(Diagnostic::Severity::Error, span, "", text.str());
}

Diagnostic &Diagnostics::warning(Span span, StringRef name, const llvm::Twine &text) {
  assert(llvm::is_contained(warningNames, name) && "a warning that `@allow` does not know");
  return add(Diagnostic::Severity::Warning, span, name, text.str());
}

static bool isInside(const Diagnostic &diagnostic, Span span) {
  return span.source == diagnostic.span.source && span.begin <= diagnostic.span.begin &&
         diagnostic.span.begin < span.end;
}

bool Diagnostics::warned(StringRef name, Span span) const {
  return llvm::any_of(list, [&](const Diagnostic &known) { return known.name == name && isInside(known, span); });
}

bool Diagnostics::isAllowed(const Diagnostic &diagnostic) const {
  return llvm::any_of(allowed, [&](const auto &entry) {
    const auto &[name, span] = entry;
    return name == diagnostic.name && isInside(diagnostic, span);
  });
}

void Diagnostics::print(raw_ostream &os, unsigned limit) const {
  // Files in the order of their first message, then by place, then as reported.
  using Key = std::tuple<size_t, uint32_t, size_t>;
  std::vector<const Source *> sources;
  std::vector<std::pair<Key, const Diagnostic *>> ordered;
  for (const Diagnostic &diagnostic : list) {
    if (isAllowed(diagnostic))
      continue;
    size_t source = llvm::find(sources, diagnostic.span.source) - sources.begin();
    if (source == sources.size())
      sources.push_back(diagnostic.span.source);
    ordered.push_back({{source, diagnostic.span.begin, ordered.size()}, &diagnostic});
  }
  llvm::sort(ordered, [](const auto &a, const auto &b) { return a.first < b.first; });
  // Every round of a loop has its own warning: more than a few of one kind at one place are counted only.
  constexpr unsigned alikeAtMost = 3;
  std::map<std::pair<Key, StringRef>, unsigned> alike;
  auto kindOf = [](const auto &entry) {
    auto [source, begin, number] = entry.first;
    return std::pair<Key, StringRef>({source, begin, 0}, entry.second->name);
  };
  for (auto &entry : ordered)
    ++alike[kindOf(entry)];
  unsigned printed = 0;
  for (auto &entry : ordered) {
    const Diagnostic &diagnostic = *entry.second;
    if (diagnostic.severity == Diagnostic::Severity::Error) {
      if (printed++ < limit)
        diagnostic.print(os);
    } else if (unsigned &count = alike[kindOf(entry)]; count > 0) {
      diagnostic.print(os);
      if (count > alikeAtMost)
        os << "  note: " << std::exchange(count, 0) - 1 << " more like it at this place\n";
    }
  }
  if (printed > limit)
    os << printed - limit << " more errors are not shown\n";
}

std::string nn::frontend::nearest(StringRef word, llvm::ArrayRef<std::string> candidates) {
  unsigned limit = word.size() <= 3 ? 1 : word.size() <= 6 ? 2 : 3, best = limit + 1;
  std::string result;
  if (std::string here = nameHere(word).str(); !here.empty() && llvm::is_contained(candidates, here))
    return here;
  for (const std::string &candidate : candidates) {
    if (StringRef(candidate).equals_insensitive(word))
      return candidate;
    unsigned distance = word.edit_distance(candidate, true, limit + 1);
    if (distance == 2 && candidate.size() == word.size() &&
        std::is_permutation(word.begin(), word.end(), candidate.begin()))
      distance = 1; // two letters exchanged
    if (distance < best && distance < word.size()) {
      best = distance;
      result = candidate;
    }
  }
  return result;
}
