//===- Program.cpp - All declarations of a compilation ------------------------------------------------------------===//
#include "frontend/Program.h"
#include "frontend/Frontend.h"
#include "frontend/Library.h"
#include "frontend/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <deque>

using namespace nn::frontend;
using llvm::StringRef;

bool nn::frontend::isTypeName(StringRef name) {
  static const char *const names[] = {"int",   "float",    "number",      "bool",     "string", "pair",
                                      "pairs", "list",     "Initializer", "Schedule", "Steps",  "Validation",
                                      "Layer", "Function", "Optimizer",   "f32",      "f64",    "bf16",
                                      "f16",   "i32",      "i64",         "i8",       "u8"};
  for (StringRef known : names)
    if (name == known)
      return true;
  return false;
}

static std::string realPath(StringRef path) {
  llvm::SmallString<128> real;
  return llvm::sys::fs::real_path(path, real) ? path.str() : real.str().str();
}

namespace {

struct ParsedFile {
  explicit ParsedFile(const LibraryFile &file, Diagnostics &diagnostics)
      : source(file.path, file.text, /*library=*/true), file(parseFile(source, diagnostics)) {}
  const Source source;
  const std::unique_ptr<File> file;
};

} // namespace

/// The embedded library, which is parsed once for all programs; a test sees to it that there are no messages.
static const std::deque<ParsedFile> &embeddedFiles() {
  static const std::deque<ParsedFile> files = [] {
    std::deque<ParsedFile> result;
    Diagnostics none;
    for (const LibraryFile &file : libraryFiles(""))
      result.emplace_back(file, none);
    return result;
  }();
  return files;
}

/// The tree of an embedded file, or null.
static const File *embedded(const Source &source) {
  auto it = llvm::find_if(embeddedFiles(), [&](const ParsedFile &parsed) { return &parsed.source == &source; });
  return it == embeddedFiles().end() ? nullptr : it->file.get();
}

Program::Program(const FrontendOptions &options, Diagnostics &diagnostics)
    : options(options), diagnostics(diagnostics) {
  if (options.stdlibDir.empty()) {
    for (const ParsedFile &parsed : embeddedFiles())
      load(parsed.source, /*library=*/true);
  } else {
    for (LibraryFile &file : libraryFiles(options.stdlibDir))
      load(sources.add(file.path, std::move(file.text), /*library=*/true), /*library=*/true);
  }
  main = &sources.add(options.path, options.text);
  loading.push_back(realPath(options.path));
  load(*main, /*library=*/false);
  for (const auto &[name, text] : options.defines) {
    const Source &source = sources.add("-D " + name, text);
    if (ExprPtr value = parseExpression(source, diagnostics))
      defineList.emplace_back(name, std::move(value));
  }
}

void Program::collectWords(const TypeExpr *type) {
  if (!type)
    return;
  for (const TypePtr &alternative : type->alternatives)
    collectWords(alternative.get());
  if (type->kind == TypeExpr::Kind::Plain && llvm::isLower(type->name[0]) && !isTypeName(type->name))
    words.insert(type->name);
}

void Program::load(const Source &source, bool isLibrary) {
  const File *file = isLibrary && options.stdlibDir.empty() ? embedded(source) : nullptr;
  if (!file)
    file = files.emplace_back(parseFile(source, diagnostics)).get();
  llvm::StringMap<const Decl *> &table = isLibrary ? library : user;
  for (const auto &declaration : file->declarations) {
    const Decl *decl = declaration.get();
    if (auto *import = llvm::dyn_cast<ImportDecl>(decl)) {
      this->import(*import);
      continue;
    }
    if (!isLibrary)
      userList.push_back(decl);
    if (llvm::isa<TestDecl>(decl))
      continue;
    if (auto *train = llvm::dyn_cast<TrainDecl>(decl)) {
      if (&source == main) // an imported file's train blocks are ignored
        trainList.push_back(train);
      continue;
    }
    if (auto *gradient = llvm::dyn_cast<GradientDecl>(decl)) {
      const GradientDecl *&slot = (isLibrary ? libraryGradients : userGradients)[decl->name.text];
      if (slot)
        diagnostics.error(decl->name.span, "`" + decl->name.text + "` has a second gradient")
            .note("the first one", slot->name.span);
      slot = gradient;
      continue;
    }
    const Decl *&slot = table[decl->name.text];
    if (slot)
      diagnostics.error(decl->name.span, "`" + decl->name.text + "` is declared twice")
          .note("the first one", slot->name.span);
    slot = decl;
    if (auto *function = llvm::dyn_cast<FunctionDecl>(decl)) {
      if (function->role == FunctionDecl::Role::Model && !isLibrary && &source == main)
        modelList.push_back(function);
      for (const Parameter &parameter : function->configuration)
        collectWords(parameter.type.get());
      for (const Parameter &parameter : function->inputs)
        collectWords(parameter.type.get());
    }
  }
}

void Program::import(const ImportDecl &decl) {
  std::vector<std::string> tried;
  llvm::SmallString<128> own(decl.span.source->path());
  llvm::sys::path::remove_filename(own);
  std::vector<std::string> folders = {own.str().str()};
  folders.insert(folders.end(), options.includeDirs.begin(), options.includeDirs.end());
  for (const std::string &folder : folders) {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, decl.path);
    auto buffer = llvm::MemoryBuffer::getFile(path);
    if (!buffer) {
      tried.push_back(path.str().str());
      continue;
    }
    std::string file = realPath(path);
    if (auto it = llvm::find(loading, file); it != loading.end()) {
      std::string chain;
      for (const std::string &step : llvm::make_range(it, loading.end()))
        chain += llvm::sys::path::filename(step).str() + " → ";
      diagnostics
          .error(decl.pathSpan, "files import each other in a circle: " + chain + llvm::sys::path::filename(file))
          .hint("put what both need into a third file");
      return;
    }
    if (!imported.insert(file).second)
      return;
    loading.push_back(file);
    load(sources.add(path.str().str(), (*buffer)->getBuffer().str()), /*library=*/false);
    loading.pop_back();
    return;
  }
  diagnostics.error(decl.pathSpan, "the file \"" + decl.path + "\" does not exist")
      .note("looked for " + llvm::join(tried, ", "));
}

const Decl *Program::find(StringRef name, const Source *from) const {
  if (!from || !from->isLibrary())
    if (auto it = user.find(name); it != user.end())
      return it->second;
  auto it = library.find(name);
  return it == library.end() ? nullptr : it->second;
}

const GradientDecl *Program::gradientOf(const FunctionDecl *function) const {
  const auto &table = function->span.inLibrary() ? libraryGradients : userGradients;
  auto it = table.find(function->name.text);
  return it == table.end() ? nullptr : it->second;
}

std::vector<std::string> Program::names(const Source *from) const {
  std::vector<std::string> result;
  for (const auto &entry : library)
    result.push_back(entry.getKey().str());
  if (!from || !from->isLibrary())
    for (const auto &entry : user)
      result.push_back(entry.getKey().str());
  llvm::sort(result); // the order of a hash table must not choose between suggestions
  return result;
}

const Expr *Program::define(StringRef name) const {
  for (const auto &[defined, value] : defineList)
    if (name == defined)
      return value.get();
  return nullptr;
}
