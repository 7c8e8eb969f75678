// The reference way's passes: from nn to the LLVM dialect.
#ifndef NN_TOOLS_REFERENCE_LOWERING_H
#define NN_TOOLS_REFERENCE_LOWERING_H

#include "mlir/IR/BuiltinOps.h"
#include <string>

namespace nn {

/// The symbol of public function `name` after lowering: void symbol(void **arguments), which points to the elements of
/// every input, then of every result.
std::string packedSymbol(llvm::StringRef name);
/// Lowers an nn module to the LLVM dialect, in place.
llvm::LogicalResult lowerReferenceToLLVM(mlir::ModuleOp module);

} // namespace nn

#endif
