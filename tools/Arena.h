// --max-arena: whether a planned program fits, and what fills the arena where it does not.
#ifndef NN_TOOLS_ARENA_H
#define NN_TOOLS_ARENA_H

#include <cstdint>

namespace llvm {
class raw_ostream;
}
namespace mlir {
class ModuleOp;
} // namespace mlir

namespace nn {

/// Whether the arena fits into `limit` bytes; if not, names the launch at which most bytes are in use, the values that
/// live there, largest first, and what makes them smaller.
bool checkArena(mlir::ModuleOp planned, int64_t limit, llvm::raw_ostream &errors);

} // namespace nn

#endif // NN_TOOLS_ARENA_H
