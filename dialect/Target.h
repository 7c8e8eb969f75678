// What passes may ask of the machine that code is generated for. Code generation implements it; passes never look
// further.
#ifndef NN_DIALECT_TARGET_H
#define NN_DIALECT_TARGET_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <utility>

namespace mlir {
class Operation;
} // namespace mlir

namespace nn {

/// Attributes of a private function that code generation may implement directly: the name of the library's `kernel fn`
/// ("softmax"; "softmax_gradient" for its written gradient), and the arguments that were known when compiling, by name.
constexpr llvm::StringLiteral kKernelFunctionAttr = "nn.kernel_fn", kConstantsAttr = "nn.constants";

/// How a group of ops would run as a kernel: a function of its body and the target alone, never of the number of
/// threads.
struct KernelPlan {
  int64_t tasks = 1;     ///< independent pieces of work
  int64_t workspace = 0; ///< bytes of scratch memory, planned like a result
  /// (operand, result) pairs that may share memory because each task reads an element before it writes it.
  llvm::SmallVector<std::pair<int64_t, int64_t>> inplace;
};

class Target {
public:
  virtual ~Target() = default;
  /// Lanes of a vector register for elements of `bits` bits.
  virtual int64_t lanes(int64_t bits) const = 0;
  virtual int64_t vectorRegisters() const = 0;
  virtual int64_t l1Bytes() const = 0;
  virtual int64_t l2Bytes() const = 0;
  /// Whether the target has a direct implementation of a function: of a `kernel fn`, or of the gradient of one.
  virtual bool has(mlir::Operation *function) const = 0;
  /// The plan of an `nn.group` or `nn.kernel` of a module.
  virtual KernelPlan plan(mlir::Operation *group) const = 0;
};

} // namespace nn

#endif
