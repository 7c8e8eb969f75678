//===- Source.h - Texts of .nn files and places in them -----------------------------------------------------------===//
//
// Owns the text of each file that takes part in a compilation and maps byte offsets to lines and columns.
// Knows nothing of tokens or of messages.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_SOURCE_H
#define NN_FRONTEND_SOURCE_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace nn::frontend {

/// One file's text. Library files are the ones embedded in the compiler: errors in them are reported at the user's
/// call.
class Source {
public:
  Source(std::string path, std::string text, bool library);

  llvm::StringRef path() const { return filePath; }
  llvm::StringRef text() const { return contents; }
  bool isLibrary() const { return library; }

  struct Place {
    unsigned line, column; ///< both from 1; columns count code points
  };
  Place place(uint32_t offset) const;
  /// The text of line `line` (from 1), without its newline.
  llvm::StringRef line(unsigned line) const;
  /// The offset at which line `line` starts.
  uint32_t lineStart(unsigned line) const { return lineStarts[line - 1]; }

private:
  std::string filePath, contents;
  bool library;
  std::vector<uint32_t> lineStarts;
};

/// A half-open range of bytes in one file. A span without a source stands for "no place".
struct Span {
  const Source *source = nullptr;
  uint32_t begin = 0, end = 0;

  explicit operator bool() const { return source != nullptr; }
  llvm::StringRef text() const { return source ? source->text().slice(begin, end) : llvm::StringRef(); }
  bool inLibrary() const { return source && source->isLibrary(); }
};

/// The smallest span that covers both.
inline Span cover(Span first, Span last) {
  if (!first)
    return last;
  if (!last || last.source != first.source)
    return first;
  return {first.source, std::min(first.begin, last.begin), std::max(first.end, last.end)};
}

/// The files of one compilation; their addresses stay valid while it lives.
class SourceSet {
public:
  const Source &add(std::string path, std::string text, bool library = false) {
    return sources.emplace_back(std::move(path), std::move(text), library);
  }

private:
  std::deque<Source> sources;
};

} // namespace nn::frontend

#endif // NN_FRONTEND_SOURCE_H
