// Reshapes and transposes that leave every element where it lies in memory.
#ifndef NN_PASSES_VIEW_H
#define NN_PASSES_VIEW_H

#include "mlir/IR/Value.h"

namespace nn {

/// Whether the op is a reshape or transpose whose result is its operand's memory, element by element.
bool isView(mlir::Operation *op);

/// The value whose memory `v` is: `v` itself unless it is a view.
mlir::Value viewed(mlir::Value v);

} // namespace nn

#endif // NN_PASSES_VIEW_H
