// What direct implementations of kernel functions are made of: index arithmetic, loops over tasks and rows, vectors,
// products of blocks that lie in the caches. Knows no function.
#ifndef NN_CODEGEN_BLOCKCODE_H
#define NN_CODEGEN_BLOCKCODE_H

#include "codegen/KernelFrame.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace nn {

/// A place in memory: a rank-1 memref and the position of an element.
struct Spot {
  mlir::Value memory, at;
};

/// C[r, c] = Σ_k rows[r, k] · columns[k, c]: elements of `rows` are read one by one, those of `columns` as vectors.
struct BlockProduct {
  Spot rows;
  int64_t rowStride, rowDepthStride; ///< of `rows`, from one r and one k to the next
  Spot columns;
  int64_t columnDepthStride; ///< of `columns`; the c lie side by side
  Spot result;
  int64_t resultStride;        ///< from one r to the next; the c lie side by side
  mlir::Value rowCount, depth; ///< how many r and k there are
  int64_t rowMultiple = 1;     ///< what divides every row count
  int64_t columnCount;         ///< a multiple of `lanes`
  int64_t lanes;               ///< of the vectors along c
  bool adds = false;           ///< to what the result holds
};

class BlockCode {
public:
  BlockCode(KernelFrame &frame, mlir::Type element) : b(frame.b), loc(frame.loc), frame(frame), element(element) {}

  mlir::OpBuilder &b;
  mlir::Location loc;
  KernelFrame &frame;
  mlir::Type element;
  int64_t lanes = 1; ///< of vectors where nothing else is said

  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b) { return add(a, index(b)); }
  mlir::Value subtract(mlir::Value a, mlir::Value b);
  mlir::Value times(mlir::Value a, int64_t factor);
  mlir::Value least(mlir::Value a, mlir::Value b);

  void loop(mlir::Value lo, mlir::Value hi, int64_t step, llvm::function_ref<void(mlir::Value)> body);
  void loop(int64_t lo, int64_t hi, int64_t step, llvm::function_ref<void(mlir::Value)> body) {
    loop(index(lo), index(hi), step, body);
  }
  using Values = llvm::SmallVector<mlir::Value>;
  Values carry(mlir::Value lo, mlir::Value hi, int64_t step, mlir::ValueRange init,
               llvm::function_ref<Values(mlir::Value, mlir::ValueRange)> body);

  /// A scalar (one lane) or vector constant.
  mlir::Value constant(double value, int64_t lanes);
  mlir::Value constant(double value) { return constant(value, lanes); }
  mlir::Value broadcast(mlir::Value scalar, int64_t lanes);
  mlir::Value load(Spot from) { return load(from, lanes); }
  mlir::Value load(Spot from, int64_t lanes);
  void store(mlir::Value value, Spot to);
  mlir::Value loadScalar(Spot from);
  void storeScalar(mlir::Value scalar, Spot to);
  mlir::Value exp(mlir::Value x);
  /// e^x, and 0 where that is near the smallest normal numbers: denormal ones are slow.
  mlir::Value share(mlir::Value x);
  mlir::Value log(mlir::Value x);
  /// The larger of two values; y where x is no number.
  mlir::Value largest(mlir::Value x, mlir::Value y);
  /// The lanes of a vector as one number, in a tree.
  mlir::Value sumOfLanes(mlir::Value vector);
  mlir::Value largestOfLanes(mlir::Value vector);

  /// A buffer on the stack, made once per call of the kernel.
  mlir::Value stack(int64_t elements);

  void fill(Spot to, int64_t elements, double value);
  /// to[c · toStride + r] = factor · from[r · fromStride + c] for r < rows and c < columns; zero for rows ≤ r < padded.
  void transpose(Spot from, int64_t fromStride, mlir::Value rows, int64_t columns, Spot to, int64_t toStride,
                 int64_t padded, double factor);
  void multiply(const BlockProduct &product);

private:
  /// `lanes` vectors of as many lanes as the rows of a square matrix, transposed.
  Values transposed(mlir::ValueRange vectors);
  mlir::Value fold(mlir::Value vector, llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> join);
  void multiplyTile(const BlockProduct &product, mlir::Value row, int64_t rows, mlir::Value column, int64_t vectors);
};

} // namespace nn

#endif
