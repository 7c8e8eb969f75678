// How a contraction runs on a machine: which dimension the lanes run along, the register tile, what is packed, the
// order of the loops and the tasks. A pure function of the problem and a few facts; it generates nothing.
#ifndef NN_CODEGEN_TILEPLAN_H
#define NN_CODEGEN_TILEPLAN_H

#include "codegen/ContractionProblem.h"
#include <optional>
#include <string>

namespace nn {

/// What a plan depends on: the vector unit for elements of the problem's type, and the caches.
struct TileFacts {
  int64_t lanes = 1;
  int64_t registers = 16;
  int64_t l1Bytes = 32 << 10, l2Bytes = 512 << 10;
};

enum class ContractionForm {
  Outer,  ///< lanes along a dimension of the result and one operand; the other operand's elements are broadcast
  Packed, ///< the same tile over panels copied into workspace
  Dot     ///< lanes along a reduction; the lanes of an accumulator are summed at the end
};

/// A loop over a parallel dimension in steps of `block`.
struct LoopLevel {
  unsigned dim;
  int64_t block;
};

struct TilePlan {
  ContractionForm form = ContractionForm::Outer;
  bool vectorIsLhs = true; ///< the operand read as vectors; in the dot form that of the rows
  int64_t lanes = 1;
  unsigned laneDim = 0;
  std::optional<unsigned> rowDim;    ///< dimension of the tile's rows (absent: one row)
  std::optional<unsigned> columnDim; ///< dot form: dimension of the tile's columns (absent: one column)
  int64_t rows = 1;
  int64_t columns = 1;                 ///< vectors along the lanes, in the dot form elements of columnDim
  llvm::SmallVector<LoopLevel> levels; ///< loops around the tile, outermost first; the first taskLevels make the tasks
  unsigned taskLevels = 0;
  llvm::SmallVector<unsigned> reductions; ///< order of the reduction loops, outermost first
  int64_t tasks = 1;
  int64_t taskWorkspace = 0; ///< bytes per task
  // Dot form: parallel dimensions that run inside the outer reductions, over accumulators in workspace; the reduction
  // that runs inside of them, and how many of its indices at a time, so that the rows' operand stays in the first
  // cache.
  llvm::SmallVector<unsigned> inner;
  std::optional<unsigned> spanDim;
  int64_t span = 1;
  // Packed form: whether the broadcast operand is packed as well and how many rows of it at a time. Panels hold
  // `panelDepth` points of the sums at most: of the reduction number `blockedReduction` `depthBlock` indices at a time,
  // of those around it one, of those inside it all. Sums that several blocks make wait in memory.
  bool packScalars = false;
  int64_t rowBlock = 0;
  unsigned blockedReduction = 0;
  int64_t depthBlock = 0, panelDepth = 0;
  // Bytes of a task's packed columns, of its rows, of its waiting sums: together its workspace.
  int64_t columnBytes = 0, rowBytes = 0, sumBytes = 0;
  int64_t ahead = 0; ///< reduction steps by which panels are asked for before they are read; 0: never

  /// One line for people: form, tile, loops, tasks.
  std::string describe() const;
};

/// Where an edge of `extent` leaves a remainder, it is a block of its own.
int64_t blocks(int64_t extent, int64_t block);

/// None where no form of the family fits the problem's strides.
std::optional<TilePlan> planTile(const ContractionProblem &problem, const TileFacts &facts);

} // namespace nn

#endif
