// What is known when compiling about index values: each is a sum of loop counters times constants, with a range.
// It makes one body serve all shapes: bounds checks and divisions disappear where loops prove them away. Knows arith
// and vector index arithmetic, no op of the `nn` dialect.
#ifndef NN_CODEGEN_INDEXFORMS_H
#define NN_CODEGEN_INDEXFORMS_H

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>

namespace nn {

/// constant + sum of factor * leaf; a leaf is an index value that is not taken apart, named by a number.
struct LinearForm {
  llvm::SmallVector<std::pair<unsigned, int64_t>, 4> terms; ///< by leaf, factors are not 0
  int64_t constant = 0;

  bool isConstant() const { return terms.empty(); }
  bool operator==(const LinearForm &o) const { return constant == o.constant && terms == o.terms; }
};
LinearForm operator+(const LinearForm &, const LinearForm &);
LinearForm operator*(const LinearForm &, int64_t);

/// Values lo..hi.
struct IndexRange {
  int64_t lo, hi;
};

class IndexForms {
public:
  /// The form of an index value.
  LinearForm of(mlir::Value index);
  /// Declares that `index` (made by no arithmetic) lies in lo..hi.
  void assume(mlir::Value index, int64_t lo, int64_t hi);
  /// Null where a leaf's range is unknown.
  std::optional<IndexRange> range(const LinearForm &) const;
  /// Whether a condition (i1 or vector of i1) on index values always or never holds; null where that is unknown.
  std::optional<bool> decide(mlir::Value condition);
  /// Code for a form.
  mlir::Value build(mlir::OpBuilder &, mlir::Location, const LinearForm &);
  mlir::Value leaf(unsigned number) const { return leaves[number]; }

private:
  /// A scalar (lo = hi = 0), or lanes that lie between form + lo and form + hi.
  struct Lanes {
    LinearForm form;
    int64_t lo = 0, hi = 0;
  };
  std::optional<Lanes> lanes(mlir::Value);
  LinearForm leafForm(mlir::Value);
  LinearForm take(mlir::Operation *);
  std::optional<LinearForm> quotient(const LinearForm &, int64_t by, bool remainder) const;

  llvm::DenseMap<mlir::Value, LinearForm> forms;
  llvm::DenseMap<mlir::Value, unsigned> numbers;
  llvm::SmallVector<mlir::Value> leaves;
  llvm::SmallVector<std::optional<IndexRange>> ranges;
};

} // namespace nn

#endif
