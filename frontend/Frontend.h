//===- Frontend.h - What tools ask of the frontend ----------------------------------------------------------------===//
//
// From .nn text to a checked, instantiated `nn` module. Tools hand in text and options and get a module or messages;
// they see neither tokens nor trees.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_FRONTEND_H
#define NN_FRONTEND_FRONTEND_H

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace llvm {
class raw_ostream;
}
namespace mlir {
class MLIRContext;
class ModuleOp;
template <typename OpTy>
class OwningOpRef;
} // namespace mlir

namespace nn::frontend {

struct FrontendOptions {
  std::string path;                                         ///< as messages name the file
  std::string text;                                         ///< its contents
  std::vector<std::pair<std::string, std::string>> defines; ///< `-D name=value`
  std::string modelName;                ///< `--model`; empty: the last train block's, else the last model
  std::string trainName;                ///< `--train`; empty: the last train block of the model
  std::string stdlibDir;                ///< replaces the embedded library file by file
  std::vector<std::string> includeDirs; ///< where `import` looks after the file's own folder
  bool withCheck = false;               ///< `--with=check`: entries that look for mistakes
  bool openBatch = false;               ///< a batch that nothing binds keeps its name (`summary`)
  unsigned maxRounds = 20000;           ///< of all `for` loops together, which are unrolled
  bool lints = true;                    ///< look for what compiles and is most likely meant otherwise
};

/// Compiles one model of the file to an `nn` module; messages go to `diagnostics`. The module is null after an error.
mlir::OwningOpRef<mlir::ModuleOp> compile(mlir::MLIRContext &context, const FrontendOptions &options,
                                          llvm::raw_ostream &diagnostics);

/// A `test` block: what its entry's results tell. Assertion k of the running program yields "holds k", and where it
/// compares, "left k" and "right k" of the same shape.
struct TestCase {
  struct Assertion {
    unsigned line;
    std::string text;          ///< as it is written
    bool compares = false;     ///< two sides
    std::optional<bool> known; ///< whether it holds, where that is known when compiling
    std::string left, right;   ///< then
  };
  std::string title, entry; ///< without an entry all is known
  std::vector<Assertion> assertions;
};

/// Compiles the test blocks of the file to entries of an `nn` module; null after an error.
mlir::OwningOpRef<mlir::ModuleOp> compileTests(mlir::MLIRContext &context, const FrontendOptions &options,
                                               std::vector<TestCase> &tests, llvm::raw_ostream &diagnostics);

/// Checks every model of the file; dimensions that nothing binds stay symbolic. True if there was no error.
bool check(mlir::MLIRContext &context, const FrontendOptions &options, llvm::raw_ostream &diagnostics);

/// The modules of all models of the file, for `summary`: those that have errors are left out.
std::vector<std::string> modelNames(const FrontendOptions &options);

/// Prints the file's syntax tree (`--emit=ast`). True if the text parses.
bool printAst(const FrontendOptions &options, llvm::raw_ostream &out, llvm::raw_ostream &diagnostics);

/// The library's source of `name` with its doc comment, or a built-in function's parameters (`--show`); nothing if
/// there is no such name, and then `suggestion` is the nearest name, if any.
std::optional<std::string> showDefinition(const std::string &name, const FrontendOptions &options,
                                          std::string &suggestion);

} // namespace nn::frontend

#endif // NN_FRONTEND_FRONTEND_H
