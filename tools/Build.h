// One run of the compiler: from a command line's input to the output it asks for.
#ifndef NN_TOOLS_BUILD_H
#define NN_TOOLS_BUILD_H

#include "tools/CommandLine.h"
#include <memory>
#include <string>

namespace mlir {
class MLIRContext;
class ModuleOp;
template <typename OpTy>
class OwningOpRef;
} // namespace mlir

namespace nn {
namespace frontend {
struct FrontendOptions;
}

/// The compiler's name and version, as programs report it.
std::string compilerVersion();

/// Reads the input; false after an error, which is printed.
bool readInput(const CommandLine &line, frontend::FrontendOptions &options);

/// The module of the input's first stage; null after errors, which are printed.
mlir::OwningOpRef<mlir::ModuleOp> readModule(mlir::MLIRContext &context, const CommandLine &line);

/// Takes `module` to what `line` asks for and writes it to `output`; returns the exit status.
int build(mlir::ModuleOp module, const CommandLine &line, const std::string &output, const char *tool);

} // namespace nn

#endif // NN_TOOLS_BUILD_H
