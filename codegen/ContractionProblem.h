// A contraction or convolution as one iteration space with strides: what is multiplied, what is summed, where it lies.
// Knows the ops only in `describe`; everything behind it sees dimensions, strides and windows.
#ifndef NN_CODEGEN_CONTRACTIONPROBLEM_H
#define NN_CODEGEN_CONTRACTIONPROBLEM_H

#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <optional>

namespace mlir {
class Operation;
}

namespace nn {

/// One dimension of the iteration space. Strides count elements of the physical tensors; 0 where a tensor lacks the
/// dimension.
struct IterationDim {
  int64_t extent = 1;
  bool reduction = false;
  int64_t lhs = 0, rhs = 0, out = 0;
};

/// A condition on the points of the iteration space: 0 <= positionScale * position + tapScale * tap + offset < extent.
/// Points outside read padding of the left operand and contribute nothing. positionScale > 0, tapScale != 0.
struct Window {
  unsigned position = 0, tap = 0;
  int64_t positionScale = 1, tapScale = 1, offset = 0, extent = 0;
};

/// A logical coordinate of the result: offset + the sum of scale * part of index[dim]. The part of a dimension that was
/// joined of several is index / divisor, modulo `modulus` where that is not 0; of others it is the index.
struct ResultCoordinate {
  struct Term {
    unsigned dim;
    int64_t scale;
    int64_t divisor = 1, modulus = 0;
    bool isWhole() const { return divisor == 1 && modulus == 0; }
  };
  int64_t offset = 0;
  llvm::SmallVector<Term, 2> terms;
};

/// out[...] = sum over the reduction dimensions of lhs[...] * rhs[...], where all windows hold.
struct ContractionProblem {
  int64_t bits = 32;
  llvm::SmallVector<IterationDim, 0> dims;
  llvm::SmallVector<Window, 0> windows;
  int64_t lhsOffset = 0, rhsOffset = 0, outOffset = 0;
  llvm::SmallVector<ResultCoordinate, 0> result; ///< one per logical dimension of the result, or of its parts
  std::optional<unsigned> partDim;               ///< dimension whose indices are parts: all are needed at a time

  /// Removes what does not matter: windows that always hold, dimensions of extent 1, dimensions that are one in memory.
  void simplify();
  /// Whether coordinates of the result are parts of the dimension's index, so that lanes cannot run along it.
  bool isJoined(unsigned dim) const;
  /// The parts of an element of the result.
  int64_t parts() const { return partDim ? dims[*partDim].extent : 1; }
  /// The multiply-adds of one full evaluation, padding included.
  int64_t points() const;
  /// The window whose position or tap is `dim`, or null.
  const Window *windowAt(unsigned dim) const;
};

/// A half-open range of indices.
struct Interval {
  int64_t lo, hi;
};
/// The positions at which every tap of the window lies inside.
Interval interior(const ContractionProblem &problem, const Window &window);
/// The taps that lie inside at one position.
Interval tapsInside(const ContractionProblem &problem, const Window &window, int64_t position);

/// The problems whose results together are the result of `op` (nn.contract, nn.conv, nn.conv_input_grad or
/// nn.conv_weight_grad): one, but for the input gradient of a strided convolution, which has one per phase of the
/// stride. The left operand is the op's first. Empty for other ops.
llvm::SmallVector<ContractionProblem> describe(mlir::Operation *op);

} // namespace nn

#endif
