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

void Declarations::addWords(const TypeExpr *type) {
  if (!type)
    return;
  for (const TypePtr &alternative : type->alternatives)
    addWords(alternative.get());
  if (type->kind == TypeExpr::Kind::Plain && llvm::isLower(type->name[0]) && !isTypeName(type->name))
    words.insert(type->name);
}

void Declarations::add(const Decl &decl, Diagnostics &diagnostics) {
  auto put = [&](auto &table, auto &declared, const char *again) {
    auto [it, fresh] = table.try_emplace(declared.name.text, &declared);
    if (!fresh)
      diagnostics.error(declared.name.span, "`" + declared.name.text + again)
          .note("the first one", it->second->name.span);
    it->second = &declared;
  };
  if (auto *gradient = llvm::dyn_cast<GradientDecl>(&decl))
    return put(gradients, *gradient, "` has a second gradient");
  put(named, decl, "` is declared twice");
  names.insert(decl.name.text);
  if (auto *function = llvm::dyn_cast<FunctionDecl>(&decl)) {
    for (const Parameter &parameter : function->configuration)
      addWords(parameter.type.get());
    for (const Parameter &parameter : function->inputs)
      addWords(parameter.type.get());
  }
}

ParsedLibrary::ParsedLibrary(const std::string &folder, Diagnostics &diagnostics) {
  for (LibraryFile &file : libraryFiles(folder)) {
    const Source &source = sources.add(file.path, std::move(file.text), /*library=*/true);
    files.push_back(parseFile(source, diagnostics));
    for (const auto &decl : files.back()->declarations)
      if (auto *import = llvm::dyn_cast<ImportDecl>(decl.get()))
        diagnostics.error(import->span, "a file of the library imports nothing")
            .hint("all files of its folder belong to the library");
      else if (!llvm::isa<TestDecl, TrainDecl>(decl.get()))
        declarations.add(*decl, diagnostics);
  }
}

/// The embedded library, which is parsed once for all programs; a test sees to it that there are no messages.
static const Declarations &embeddedDeclarations() {
  static Diagnostics none;
  static const ParsedLibrary library("", none);
  return library.declarations;
}

Program::Program(const FrontendOptions &options, Diagnostics &diagnostics)
    : options(options), diagnostics(diagnostics),
      replaced(options.stdlibDir.empty() ? nullptr
                                         : std::make_unique<const ParsedLibrary>(options.stdlibDir, diagnostics)),
      library(replaced ? replaced->declarations : embeddedDeclarations()) {
  main = &sources.add(options.path, options.text);
  loading.push_back(realPath(options.path));
  load(*main);
  for (const auto &[name, text] : options.defines) {
    const Source &source = sources.add("-D " + name, text);
    ExprPtr value = parseExpression(source, diagnostics);
    auto *word = llvm::dyn_cast_or_null<NameExpr>(value.get());
    if (word && !find(word->name, nullptr) && !isWord(word->name) && !isTypeName(word->name) &&
        !llvm::is_contained({"none", "pi", "inf"}, word->name))
      diagnostics.error(value->span, "-D gives `" + name + "` a value such as 64, and `" + word->name + "` is none");
    else if (value)
      defineList.emplace_back(name, std::move(value));
  }
}

void Program::load(const Source &source) {
  const File &file = *files.emplace_back(parseFile(source, diagnostics));
  for (const auto &declaration : file.declarations) {
    const Decl *decl = declaration.get();
    if (auto *import = llvm::dyn_cast<ImportDecl>(decl)) {
      this->import(*import);
      continue;
    }
    userList.push_back(decl);
    if (llvm::isa<TestDecl>(decl))
      continue;
    if (auto *train = llvm::dyn_cast<TrainDecl>(decl)) {
      if (&source == main) // an imported file's train blocks are ignored
        trainList.push_back(train);
      continue;
    }
    user.add(*decl, diagnostics);
    auto *function = llvm::dyn_cast<FunctionDecl>(decl);
    if (function && function->role == FunctionDecl::Role::Model && &source == main)
      modelList.push_back(function);
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
    load(sources.add(path.str().str(), (*buffer)->getBuffer().str()));
    loading.pop_back();
    return;
  }
  diagnostics.error(decl.pathSpan, "the file \"" + decl.path + "\" does not exist")
      .note("looked for " + llvm::join(tried, ", "));
}

const Decl *Program::find(StringRef name, const Source *from) const {
  if (!from || !from->isLibrary())
    if (auto it = user.named.find(name); it != user.named.end())
      return it->second;
  return library.named.lookup(name);
}

const GradientDecl *Program::gradientOf(const FunctionDecl *function) const {
  return (function->span.inLibrary() ? library : user).gradients.lookup(function->name.text);
}

std::vector<std::string> Program::names(const Source *from) const {
  std::vector<std::string> result;
  if (!from || !from->isLibrary())
    result.assign(user.names.begin(), user.names.end());
  result.insert(result.end(), library.names.begin(), library.names.end());
  return result;
}

bool Program::isWord(StringRef word) const { return user.words.count(word.str()) || library.words.count(word.str()); }

std::vector<std::string> Program::words() const {
  std::vector<std::string> result(library.words.begin(), library.words.end());
  result.insert(result.end(), user.words.begin(), user.words.end());
  return result;
}

unsigned Program::maxRounds() const { return options.maxRounds; }

const Expr *Program::define(StringRef name) const {
  for (const auto &[defined, value] : defineList)
    if (name == defined)
      return value.get();
  return nullptr;
}
