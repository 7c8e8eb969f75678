// Copying the body of a private function to the place of a call.
#ifndef NN_PASSES_INLINE_H
#define NN_PASSES_INLINE_H

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace nn {

/// Clones the ops of `body` in order at the builder's place, with `arguments` for its arguments, and returns what
/// it returns or yields. `cloned` sees every new op; if it returns values, they stand for the op's results (the op may
/// have been erased).
llvm::SmallVector<mlir::Value>
inlineBody(mlir::OpBuilder &b, mlir::Block &body, mlir::ValueRange arguments,
           llvm::function_ref<std::optional<llvm::SmallVector<mlir::Value>>(mlir::Operation *)> cloned);

/// Removes private functions that nothing in the module refers to.
void eraseUnusedFunctions(mlir::Operation *module);

} // namespace nn

#endif // NN_PASSES_INLINE_H
