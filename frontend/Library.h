//===- Library.h - The standard library's text --------------------------------------------------------------------===//
//
// The .nn files of stdlib/, embedded in the compiler by CMake; a folder may replace them file by file.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_LIBRARY_H
#define NN_FRONTEND_LIBRARY_H

#include "llvm/ADT/ArrayRef.h"
#include <string>
#include <vector>

namespace nn::frontend {

struct EmbeddedFile {
  const char *name, *text;
};
/// What CMake embedded (the generated StdlibText.cpp).
llvm::ArrayRef<EmbeddedFile> embeddedLibrary();

struct LibraryFile {
  std::string path; ///< `stdlib/dense.nn`, or the path below the replacing folder
  std::string text;
};
/// The embedded files, those that exist in `folder` replaced by its own, and its further files. An empty folder name
/// replaces nothing.
std::vector<LibraryFile> libraryFiles(const std::string &folder);

} // namespace nn::frontend

#endif // NN_FRONTEND_LIBRARY_H
