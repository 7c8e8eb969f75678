//===- Library.cpp - The standard library's text ------------------------------------------------------------------===//
#include "frontend/Library.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace nn::frontend;

std::vector<LibraryFile> nn::frontend::libraryFiles(const std::string &folder) {
  std::vector<LibraryFile> result;
  auto readInto = [](const std::string &path, LibraryFile &file) {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    if (!buffer)
      return false;
    file = {path, (*buffer)->getBuffer().str()};
    return true;
  };
  for (const EmbeddedFile &embedded : embeddedLibrary()) {
    LibraryFile file{std::string("stdlib/") + embedded.name, embedded.text};
    if (!folder.empty())
      readInto(folder + "/" + embedded.name, file);
    result.push_back(std::move(file));
  }
  if (folder.empty())
    return result;
  std::vector<std::string> further;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator it(folder, error), end; it != end && !error; it.increment(error)) {
    llvm::StringRef name = llvm::sys::path::filename(it->path());
    bool embedded = llvm::any_of(embeddedLibrary(), [&](const EmbeddedFile &file) { return name == file.name; });
    if (name.ends_with(".nn") && !embedded)
      further.push_back(it->path());
  }
  llvm::sort(further);
  for (const std::string &path : further)
    if (LibraryFile file; readInto(path, file))
      result.push_back(std::move(file));
  return result;
}
