// What the planners of the forms share: costs of a register tile, the order of loops, the split into tasks. Costs are
// cycles of a core with two FMA and two load ports: what is compared are tiles of one problem on one machine, for which
// that is true enough on every target.
#ifndef NN_CODEGEN_TILECHOICE_H
#define NN_CODEGEN_TILECHOICE_H

#include "codegen/TilePlan.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace nn {

/// As many tasks as keep a few threads busy.
inline constexpr int64_t kEnoughTasks = 16;
/// Rows of a tile at most.
inline constexpr int64_t kMaxRows = 24;
struct RegisterTile {
  int64_t rows = 1, columns = 1;
};

/// The tile of rows x columns accumulators with the least cycles for rowExtent x columnExtent of them. `steps` says how
/// many reduction steps a tile of so many rows does before its accumulators leave the registers, `fill` the vectors
/// that such a step reads from beyond the first cache.
RegisterTile chooseTile(int64_t rowExtent, int64_t columnExtent, int64_t registers, int64_t maxRows, int64_t maxColumns,
                        llvm::function_ref<double(int64_t rows)> steps, llvm::function_ref<double(int64_t rows)> fill);

/// The points of the reductions of one element.
int64_t reductionPoints(const ContractionProblem &p);
/// The stride of the operand that is named.
inline int64_t vectorStride(const IterationDim &d, bool lhs) { return lhs ? d.lhs : d.rhs; }
/// The elements of an operand that the problem reads, in bytes.
int64_t operandBytes(const ContractionProblem &p, bool lhs);

/// Splits the outermost levels into tasks: as many as are enough, none too small.
void chooseTasks(const ContractionProblem &p, TilePlan &plan);
/// Reductions with the larger strides of the operand that is read element by element outside.
void orderReductions(const ContractionProblem &p, TilePlan &plan);
/// The parallel dimensions around a tile by falling result stride, the row blocks just outside the innermost position.
void orderLevels(const ContractionProblem &p, TilePlan &plan, llvm::ArrayRef<unsigned> tiled);

/// The planners of the forms: none where the form does not fit the problem.
std::optional<TilePlan> planOuter(const ContractionProblem &p, const TileFacts &facts);
std::optional<TilePlan> planDot(const ContractionProblem &p, const TileFacts &facts);
std::optional<TilePlan> planPacked(const ContractionProblem &p, const TileFacts &facts);

} // namespace nn

#endif
