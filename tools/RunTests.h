// nnc test: compiles a file's test blocks into this process, runs them, and says which of their assertions fail.
#ifndef NN_TOOLS_RUNTESTS_H
#define NN_TOOLS_RUNTESTS_H

#include "tools/CommandLine.h"

namespace mlir {
class MLIRContext;
} // namespace mlir

namespace nn {

/// Prints a line per test to the standard output and returns the exit status.
int runTests(mlir::MLIRContext &context, const CommandLine &line);

} // namespace nn

#endif // NN_TOOLS_RUNTESTS_H
