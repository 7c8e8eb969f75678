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

class Program {
public:
  Program(const FrontendOptions &options, Diagnostics &diagnostics);

  /// What `name` means in `from`'s file, or null.
  const Decl *find(llvm::StringRef name, const Source *from) const;
  /// The written derivative of `function`, or null.
  const GradientDecl *gradientOf(const FunctionDecl *function) const;
  /// All file-level names visible in `from`'s file, for suggestions.
  std::vector<std::string> names(const Source *from) const;

  const std::vector<const FunctionDecl *> &models() const { return modelList; }
  const std::vector<const TrainDecl *> &trainBlocks() const { return trainList; }
  /// The user's own declarations: of the file and of what it imports.
  const std::vector<const Decl *> &userDeclarations() const { return userList; }
  /// The expression that `-D name=…` puts in place of a constant or free dimension, or null.
  const Expr *define(llvm::StringRef name) const;
  const std::vector<std::pair<std::string, ExprPtr>> &defines() const { return defineList; }
  /// Whether some parameter's type in the program lists `word` (`same | valid | int`).
  bool isWord(llvm::StringRef word) const { return words.count(word.str()); }
  const std::set<std::string> &allWords() const { return words; }
  const Source *mainSource() const { return main; }

private:
  void load(const Source &source, bool library);
  void import(const ImportDecl &decl);
  void collectWords(const TypeExpr *type);

  const FrontendOptions &options;
  Diagnostics &diagnostics;
  SourceSet sources;
  const Source *main = nullptr;
  std::vector<std::unique_ptr<File>> files;
  llvm::StringMap<const Decl *> user, library;
  llvm::StringMap<const GradientDecl *> userGradients, libraryGradients;
  std::vector<const FunctionDecl *> modelList;
  std::vector<const TrainDecl *> trainList;
  std::vector<const Decl *> userList;
  std::vector<std::pair<std::string, ExprPtr>> defineList;
  std::set<std::string> words, imported;
  std::vector<std::string> loading; ///< the files whose imports are being read, the main one first
};

/// True for names of types that configuration parameters may have (`int`, `Initializer`, `pair` …) and element types.
bool isTypeName(llvm::StringRef name);

} // namespace nn::frontend

#endif // NN_FRONTEND_PROGRAM_H
