// Tensors in host memory and .npy files: what goes into and comes out of functions that tests run.
#ifndef NN_TOOLS_REFERENCE_HOSTARRAY_H
#define NN_TOOLS_REFERENCE_HOSTARRAY_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringRef.h"
#include <vector>

namespace nn {

/// The elements of a tensor in row-major order of its logical shape; booleans and bytes take one byte each.
struct HostArray {
  mlir::RankedTensorType type;
  std::vector<char> bytes;

  /// Zeros.
  explicit HostArray(mlir::RankedTensorType type);
  int64_t size() const { return type.getNumElements(); }
  /// Element i as f64, and back with one rounding.
  double at(int64_t i) const;
  void set(int64_t i, double value);
};

/// How many bytes an element of this type takes.
int64_t elementBytes(mlir::Type element);

/// Reads or writes numpy's format, version 1. A file of another shape or type than `type` is an error. Messages go to
/// stderr.
llvm::FailureOr<HostArray> readNpy(llvm::StringRef path, mlir::RankedTensorType type);
llvm::LogicalResult writeNpy(llvm::StringRef path, const HostArray &array);

} // namespace nn

#endif
