// Direct implementations of `kernel fn`s and of their gradients: what one must say of itself, and the list of all.
// A file of codegen/kernels/ defines `void STEM(KernelRegistry &)` in nn::kernels, which adds what it implements; the
// build finds the files, so that nothing else names them.
#ifndef NN_CODEGEN_KERNELFUNCTIONS_H
#define NN_CODEGEN_KERNELFUNCTIONS_H

#include "dialect/Target.h"
#include "mlir/IR/Block.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringMap.h"
#include <memory>
#include <optional>

namespace nn {
class Machine;
struct KernelFrame;

/// A call of a kernel function. Tensors are row-major.
struct KernelCall {
  const Machine &machine;
  mlir::DictionaryAttr constants; ///< the arguments that were known when the program was compiled, by name
  llvm::SmallVector<mlir::RankedTensorType> operands;

  /// Whether these constants are there, and no others.
  bool has(llvm::ArrayRef<llvm::StringRef> names) const;
  double number(llvm::StringRef constant) const;
  bool flag(llvm::StringRef constant) const;
  mlir::Type element() const { return operands.front().getElementType(); }
  /// The machine's lanes for elements of the first operand.
  int64_t lanes() const;
};

/// What an implementation may use while its code is emitted. The tasks are those of the plan.
struct KernelPlaces {
  llvm::SmallVector<mlir::Value> operands; ///< rank-1 memrefs, one per operand of the call
  llvm::SmallVector<mlir::Value> results;  ///< one per result of the call; null where nobody reads it
};

/// The implementation of one kernel function: it must compute what the function's body says, up to rounding.
class KernelFunction {
public:
  virtual ~KernelFunction() = default;
  /// Whether it takes these types on this machine, and is worth it; elsewhere the body is compiled.
  virtual bool covers(const KernelCall &call) const = 0;
  /// Tasks and workspace follow from shapes and machine alone; `inplace` has numbers of the call's operands and
  /// results.
  virtual KernelPlan plan(const KernelCall &call) const = 0;
  /// Emits a loop over the frame's tasks.
  virtual void emit(const KernelCall &call, const KernelPlaces &places, KernelFrame &frame) const = 0;
};

class KernelRegistry {
public:
  /// `name` is that of the `kernel fn`; "softmax_gradient" stands for the written gradient of softmax.
  void add(llvm::StringRef name, std::unique_ptr<KernelFunction> implementation);
  const KernelFunction *find(llvm::StringRef name) const;
  /// Sorted.
  std::vector<llvm::StringRef> names() const;
  /// All that the files of kernels/ have.
  static const KernelRegistry &all();

private:
  llvm::StringMap<std::unique_ptr<KernelFunction>> implementations;
};

/// A kernel whose body is one call of a kernel function with a direct implementation.
class KernelFunctionKernel {
public:
  /// None where the body is anything else.
  static std::optional<KernelFunctionKernel> match(mlir::Block &body, const Machine &machine);

  KernelPlan plan() const;
  void emit(KernelFrame &frame) const;

private:
  KernelFunctionKernel(const KernelFunction *implementation, KernelCall call, mlir::Operation *op)
      : implementation(implementation), call(std::move(call)), op(op) {}

  const KernelFunction *implementation;
  KernelCall call;
  mlir::Operation *op;
};

} // namespace nn

#endif
