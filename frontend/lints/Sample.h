//===- Sample.h - What values a network computes with -------------------------------------------------------------===//
//
// Runs a function on a sample in place of its tensors: of each tensor, however large, the elements of some units
// (features, channels) at some places (examples, positions). Sums over n elements are sums of n like those that were
// drawn; products with weights keep their exact mean square. So moments of activations follow from initialisers,
// activations and shapes, with what units share over the examples kept apart from what varies.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_LINTS_SAMPLE_H
#define NN_FRONTEND_LINTS_SAMPLE_H

#include "frontend/lints/Scalars.h"
#include "mlir/IR/Block.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallVector.h"
#include <array>
#include <memory>

namespace nn::frontend {

struct Sample {
  static constexpr unsigned units = 32, places = 16;
  enum class Axis : char { Unit, Place };

  Sample() {} // the elements stay as they are

  std::array<double, units * places> elements;
  llvm::SmallVector<Axis, 4> axes; ///< what each dimension of the tensor counts
  bool fixed = true;               ///< the same for every input: a parameter, or made of some
  bool known = true;               ///< false: nothing is known of the values
  bool same = false;               ///< all elements are equal, and known to be

  double &at(unsigned unit, unsigned place) { return elements[unit * places + place]; }
  double at(unsigned unit, unsigned place) const { return elements[unit * places + place]; }
  double mean() const;
  double meanSquare() const;
  double deviation() const;
  bool isConstant() const;
};

/// A sequence of random numbers that is the same in every run.
class Dice {
public:
  explicit Dice(uint64_t seed) : state(seed) {}
  unsigned below(unsigned n) { return next() % n; }
  double uniform() { return (next() >> 11) * 0x1p-53; }
  double normal();

private:
  uint64_t next();
  uint64_t state;
};

class Sampler {
public:
  /// `module` holds the functions that are called.
  explicit Sampler(mlir::ModuleOp module) : module(module) {}

  using SamplePtr = std::shared_ptr<const Sample>;
  void set(mlir::Value value, SamplePtr sample) { samples[value] = std::move(sample); }
  /// A value that was computed, or one of which nothing is known.
  SamplePtr get(mlir::Value value);
  /// Computes the results of all ops up to the terminator, or up to `end`. Afterwards those that ops behind it use are
  /// known, and those that are `kept`.
  void run(mlir::Block &block, mlir::Operation *end = nullptr);

  // Where samples come from.
  SamplePtr number(mlir::RankedTensorType type, double value);
  /// Normally distributed, or integers below `limit`.
  SamplePtr input(mlir::RankedTensorType type, int64_t limit);
  /// A parameter of which `initial` is a sample.
  SamplePtr parameter(mlir::RankedTensorType type, const Sample &initial);

  llvm::DenseSet<mlir::Value> kept;
  /// Products of two fixed tensors: those of an initialiser depend on each other, and nothing is known of them.
  bool independent = true;

private:
  void compute(mlir::Operation &op);
  Sample move(mlir::Operation &op);
  Sample reduce(mlir::Operation &op);
  Sample reduceOver(const Sample &x, Sample::Axis axis, int64_t count, bool stays, int kind);
  Sample window(mlir::Operation &op);
  Sample contract(mlir::Operation &op);
  Sample convolution(mlir::Operation &op);
  Sample project(const Sample &x, const Sample &weight, double terms, mlir::Operation &op);
  Sample multiply(const Sample &a, const Sample &b, double terms, Sample::Axis summed);
  Sample elementwise(mlir::Operation &op, const ScalarFunction &function);
  void scan(mlir::Operation &op);
  Sample draw(mlir::RankedTensorType type);
  Sample iota(mlir::RankedTensorType type, int64_t axis);
  Sample concat(mlir::Operation &op);

  mlir::ModuleOp module;
  llvm::DenseMap<mlir::Value, SamplePtr> samples;
  llvm::DenseMap<mlir::Operation *, uint64_t> weights; ///< what products drew, the same in each step of a loop
  Dice dice{1};
};

} // namespace nn::frontend

#endif // NN_FRONTEND_LINTS_SAMPLE_H
