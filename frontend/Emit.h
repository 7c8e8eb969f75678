//===- Emit.h - Tensors to operations of the nn dialect -----------------------------------------------------------===//
//
// Builds ops and keeps what the frontend knows of a tensor beyond its type: the batch mark, the receptive field, the
// trail. Shapes handed in are right already; messages are the callers' affair. The dialect has no implicit
// broadcasting, so the functions here write it out.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_EMIT_H
#define NN_FRONTEND_EMIT_H

#include "frontend/Values.h"
#include "mlir/IR/Builders.h"

namespace nn::frontend {

/// Extents of a window that slides over the last dimensions.
struct WindowShape {
  llvm::SmallVector<int64_t> window, strides, low, high, dilation;
  /// The number of positions along spatial axis `i` of extent `extent`; not positive if the window does not fit.
  int64_t positions(unsigned i, int64_t extent) const {
    int64_t room = extent + low[i] + high[i] - (window[i] - 1) * dilation[i] - 1;
    return room < 0 ? 0 : room / strides[i] + 1;
  }
};

/// A number as an attribute of an element type, rounded once.
mlir::TypedAttr numberAttribute(mlir::Type element, double value);

class Emitter {
public:
  explicit Emitter(mlir::MLIRContext *context) : builder(context), location(builder.getUnknownLoc()) {}

  mlir::OpBuilder builder;
  mlir::Location location; ///< given to every op that is built

  // Constants.
  Tensor constant(double value, mlir::RankedTensorType type);
  Tensor scalar(double value, mlir::Type element) { return constant(value, mlir::RankedTensorType::get({}, element)); }
  Tensor iota(int64_t extent);

  // Elementwise. Operands of the two- and three-operand forms have one shape and element type.
  template <typename Op>
  Tensor unary(const Tensor &x) {
    Tensor result = like(x, Op::create(builder, location, x.value).getResult());
    result.dims = x.dims;
    return result;
  }
  template <typename Op>
  Tensor binary(const Tensor &a, const Tensor &b) {
    Tensor result = merge(a, b, Op::create(builder, location, a.value, b.value).getResult());
    result.dims = a.dims ? a.dims : b.dims;
    return result;
  }
  Tensor compare(BinaryOp op, const Tensor &a, const Tensor &b);
  Tensor select(const Tensor &condition, const Tensor &a, const Tensor &b);
  Tensor cast(const Tensor &x, mlir::Type element);

  // Shape.
  /// Repeats x so that it has `shape`, lining up the last dimensions (NumPy's rule).
  Tensor expand(const Tensor &x, llvm::ArrayRef<int64_t> shape);
  /// Dimension k of x lies along dimension dims[k] of the result.
  Tensor broadcast(const Tensor &x, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> dims);
  Tensor reshape(const Tensor &x, llvm::ArrayRef<int64_t> shape);
  Tensor transpose(const Tensor &x, llvm::ArrayRef<int64_t> permutation);
  Tensor slice(const Tensor &x, llvm::ArrayRef<int64_t> offsets, llvm::ArrayRef<int64_t> extents,
               llvm::ArrayRef<int64_t> strides);
  Tensor pad(const Tensor &x, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high);
  Tensor concat(llvm::ArrayRef<Tensor> parts, int64_t axis);

  // Reductions: the dimensions in `axes` (increasing) disappear.
  enum class Reduction { Sum, Max, Min };
  Tensor reduce(Reduction kind, const Tensor &x, llvm::ArrayRef<int64_t> axes);
  /// sum / weight; where the weight is 0, so that nothing counts, it is the sum, which is 0 then.
  Tensor quotient(const Tensor &sum, const Tensor &weight);
  Tensor argmax(const Tensor &x, int64_t axis);
  /// The index's dimensions stand in the result for dimension `axis` of x.
  Tensor gather(const Tensor &x, const Tensor &index, int64_t axis);
  /// The reverse: a dimension of `extent` for those of d from `axis` on that the index has.
  Tensor scatterSum(const Tensor &d, const Tensor &index, int64_t extent, int64_t axis);

  // Products and windows.
  /// Sums a·b over the labels that `out` lacks.
  Tensor contract(const Tensor &a, const Tensor &b, llvm::ArrayRef<int64_t> lhs, llvm::ArrayRef<int64_t> rhs,
                  llvm::ArrayRef<int64_t> out);
  Tensor convolution(const Tensor &x, const Tensor &w, const WindowShape &shape, int64_t groups);
  Tensor windowSum(const Tensor &x, const WindowShape &shape);
  Tensor windowMax(const Tensor &x, const WindowShape &shape);

  Tensor random(mlir::Value seed, mlir::Value step, mlir::RankedTensorType type, int64_t path, int64_t draw,
                int64_t application);

  /// The shape of two tensors broadcast together, or nothing where they do not fit.
  static std::optional<llvm::SmallVector<int64_t>> broadcastShape(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);

  /// `value` with what is known of x.
  static Tensor like(const Tensor &x, mlir::Value value);
  static Tensor merge(const Tensor &a, const Tensor &b, mlir::Value value);

private:
  mlir::RankedTensorType withShape(const Tensor &x, llvm::ArrayRef<int64_t> shape) {
    return mlir::RankedTensorType::get(shape, x.element());
  }
  ReceptiveField slide(const Tensor &x, const WindowShape &shape);
};

} // namespace nn::frontend

#endif // NN_FRONTEND_EMIT_H
