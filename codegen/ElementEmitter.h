// The value of any tensor of a kernel's body at given coordinates, for one element or a vector of lanes: recursion
// through the body, memoised, down to loads. Loops around it, stores and tasks belong to its callers.
#ifndef NN_CODEGEN_ELEMENTEMITTER_H
#define NN_CODEGEN_ELEMENTEMITTER_H

#include "codegen/IndexForms.h"
#include "dialect/Element.h"
#include <functional>
#include <map>
#include <vector>

namespace nn {

class ElementEmitter : public ElementBuilder {
public:
  ElementEmitter(mlir::OpBuilder &b, mlir::Location loc) : ElementBuilder(b, loc, 1), active(1) {}

  /// Lanes that count, from lane 0; the others are computed from zeros, and neither loaded nor stored.
  int64_t active;
  /// Loops of at most this many rounds are unrolled while they are emitted.
  int64_t unroll = 4;
  IndexForms forms;
  /// Lanes for reducing elements of a type to one element; unset: reductions of one element are scalar loops.
  std::function<int64_t(mlir::Type)> reduceLanes;
  /// What is emitted will be thrown away.
  bool isTrial = false;
  /// Lines of whole vectors are asked for, not read and written.
  bool asksOnly = false;

  /// Sets how many lanes values have, and how many of them count.
  void setLanes(int64_t width, int64_t count) { lanes = width, active = count; }

  /// `tensor` lies in `memory`, a rank-1 memref of its elements in physical order (booleans: one byte each).
  void place(mlir::Value tensor, mlir::Value memory);
  mlir::Value placeOf(mlir::Value tensor) const { return placed.lookup(tensor); }
  /// Whether an emitted value may be used at the current position.
  bool isVisible(mlir::Value) const;
  /// Whether the current position stands under a mask.
  bool isMasked() const { return bool(mask); }
  /// Loads the elements at `at` from `memory` (as in `place`).
  mlir::Value load(mlir::RankedTensorType type, mlir::Value memory, llvm::ArrayRef<Coordinate> at);
  /// `tensor` is computed again.
  void displace(mlir::Value tensor);
  /// Elements of `tensor` come from `callback`, which is given coordinates for `lanes` lanes; null means: lane by lane.
  using Callback = std::function<mlir::Value(ElementEmitter &, llvm::ArrayRef<Coordinate>)>;
  void bind(mlir::Value tensor, Callback callback);
  void unbind(mlir::Value tensor);

  mlir::Value element(mlir::Value tensor, llvm::ArrayRef<Coordinate> at) override;
  mlir::Value guarded(mlir::Value condition, mlir::Type type, llvm::function_ref<mlir::Value()> then) override;
  llvm::SmallVector<mlir::Value>
  loop(int64_t lo, int64_t hi, mlir::ValueRange init,
       llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> body) override;

  /// Writes `value`, the elements of a tensor of `type` at `at`, to `memory` (as in `place`).
  void store(mlir::Value value, mlir::RankedTensorType type, mlir::Value memory, llvm::ArrayRef<Coordinate> at);
  /// The distance in elements between the lanes of `at` in memory.
  static int64_t laneStride(mlir::RankedTensorType type, llvm::ArrayRef<Coordinate> at);
  /// The place in memory of lane 0 of `at`.
  LinearForm position(mlir::RankedTensorType type, llvm::ArrayRef<Coordinate> at);
  /// The constant mask of the active lanes.
  mlir::Value activeMask();

private:
  struct Key {
    const void *tensor, *mask;
    int64_t lanes, active;
    std::vector<int64_t> at;
    bool operator<(const Key &) const;
  };
  Key key(mlir::Value tensor, llvm::ArrayRef<Coordinate> at);
  mlir::Value compute(mlir::Value tensor, llvm::ArrayRef<Coordinate> at);
  mlir::Value laneByLane(mlir::Value tensor, llvm::ArrayRef<Coordinate> at);
  mlir::Value currentMask();

  llvm::DenseMap<mlir::Value, mlir::Value> placed;
  llvm::DenseMap<mlir::Value, Callback> bound;
  std::map<Key, mlir::Value> memo;
  mlir::Value mask; ///< of the guards around the current position; null: none
};

/// The element at `at` of a reduction's result (see EmitReduction.cpp).
mlir::Value emitReduction(ElementEmitter &e, mlir::Operation *op, llvm::ArrayRef<Coordinate> at);

/// The type that elements of `element` have in memory: booleans and bytes are i8.
mlir::Type memoryType(mlir::Type element);

} // namespace nn

#endif
