//===- Source.cpp - Texts of .nn files and places in them ---------------------------------------------------------===//
#include "frontend/Source.h"
#include <algorithm>

using namespace nn::frontend;

Source::Source(std::string path, std::string text, bool library)
    : filePath(std::move(path)), contents(std::move(text)), library(library) {
  if (llvm::StringRef(contents).starts_with("\uFEFF")) // the byte order mark of some editors
    contents.erase(0, 3);
  lineStarts.push_back(0);
  for (size_t i = 0; i < contents.size(); ++i)
    if (contents[i] == '\n')
      lineStarts.push_back(i + 1);
}

Source::Place Source::place(uint32_t offset) const {
  unsigned line = std::upper_bound(lineStarts.begin(), lineStarts.end(), offset) - lineStarts.begin();
  unsigned column = 1;
  for (uint32_t i = lineStarts[line - 1]; i < offset && i < contents.size(); ++i)
    column += (contents[i] & 0xC0) != 0x80;
  return {line, column};
}

llvm::StringRef Source::line(unsigned line) const {
  uint32_t begin = lineStarts[line - 1];
  llvm::StringRef rest = llvm::StringRef(contents).drop_front(begin);
  return rest.take_until([](char c) { return c == '\n'; }).rtrim('\r');
}
