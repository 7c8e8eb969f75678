//===- Program.h - All declarations of a compilation --------------------------------------------------------------===//
//
// Reads and parses the user's file, what it imports and the library, and answers what a name means at file level: user
// files see their own names before the library's, library files see the library only.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_PROGRAM_H
#define NN_FRONTEND_PROGRAM_H

#include "frontend/Ast.h"
#include "frontend/Diagnostics.h"
#include "llvm/ADT/StringMap.h"
#include <set>

namespace nn::frontend {

struct FrontendOptions;

/// What the declarations of some files are called.
struct Declarations {
  /// Adds `decl`, which has a name at file level; an error where the name is taken.
  void add(const Decl &decl, Diagnostics &diagnostics);

  llvm::StringMap<const Decl *> named;
  std::set<std::string> names;                     ///< of `named`, in order
  llvm::StringMap<const GradientDecl *> gradients; ///< by the function's name
  std::set<std::string> words;                     ///< what the types of parameters list (`same | valid | int`)

private:
  void addWords(const TypeExpr *type);
};

/// The library's files, parsed: the embedded ones, or those of a folder that replaces some.
struct ParsedLibrary {
  ParsedLibrary(const std::string &folder, Diagnostics &diagnostics);

  SourceSet sources;
  std::vector<std::unique_ptr<File>> files;
  Declarations declarations;
};

class Program {
public:
  Program(const FrontendOptions &options, Diagnostics &diagnostics);

  /// What `name` means in `from`'s file, or null.
  const Decl *find(llvm::StringRef name, const Source *from) const;
  /// The written derivative of `function`, or null.
  const GradientDecl *gradientOf(const FunctionDecl *function) const;
  /// All file-level names visible in `from`'s file, the user's first, for suggestions.
  std::vector<std::string> names(const Source *from) const;

  const std::vector<const FunctionDecl *> &models() const { return modelList; }
  const std::vector<const TrainDecl *> &trainBlocks() const { return trainList; }
  /// The user's own declarations: of the file and of what it imports.
  const std::vector<const Decl *> &userDeclarations() const { return userList; }
  /// The expression that `-D name=…` puts in place of a constant or free dimension, or null.
  const Expr *define(llvm::StringRef name) const;
  const std::vector<std::pair<std::string, ExprPtr>> &defines() const { return defineList; }
  /// Whether some parameter's type in the program lists `word` (`same | valid | int`).
  bool isWord(llvm::StringRef word) const;
  /// All words.
  std::vector<std::string> words() const;
  const Source *mainSource() const { return main; }
  /// How many rounds the loops of a program may take together.
  unsigned maxRounds() const;

private:
  void load(const Source &source);
  void import(const ImportDecl &decl);

  const FrontendOptions &options;
  Diagnostics &diagnostics;
  std::unique_ptr<const ParsedLibrary> replaced; ///< with a folder that replaces files of the library
  const Declarations &library;
  SourceSet sources;
  const Source *main = nullptr;
  std::vector<std::unique_ptr<File>> files;
  Declarations user;
  std::vector<const FunctionDecl *> modelList;
  std::vector<const TrainDecl *> trainList;
  std::vector<const Decl *> userList;
  std::vector<std::pair<std::string, ExprPtr>> defineList;
  std::set<std::string> imported;
  std::vector<std::string> loading; ///< the files whose imports are being read, the main one first
};

/// True for names of types that configuration parameters may have (`int`, `Initializer`, `pair` …) and element types.
bool isTypeName(llvm::StringRef name);

} // namespace nn::frontend

#endif // NN_FRONTEND_PROGRAM_H
