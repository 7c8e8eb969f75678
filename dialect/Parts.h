// Products that are needed in parts, such as the gates of a recurrent cell: all parts of an element are computed
// together.
#ifndef NN_DIALECT_PARTS_H
#define NN_DIALECT_PARTS_H

#include "dialect/NN.h"

namespace nn {

/// The slices that cut the last dimension of a matrix into parts of equal size, each with the number of its part.
struct Parts {
  int64_t count = 0;
  mlir::RankedTensorType type; ///< of a part
  llvm::SmallVector<std::pair<SliceOp, int64_t>> slices;
};

/// Where all that reads a matrix are such slices, at least two of different parts.
std::optional<Parts> partsOf(mlir::Value matrix);

/// A product y[i, p, o, l] = sum x[i, k] * panels[o, p, k, l] that is read as a matrix [i, p * o * l] of which only the
/// parts p are needed.
std::optional<Parts> partsOf(ContractOp product);

} // namespace nn

#endif
