// Static memory planning: gives every buffer of a program an offset in one arena, so that buffers that are live at the
// same time never overlap. Pure arithmetic over live ranges; must not know of IR, of kernels or of a clock.
#ifndef NN_PASSES_MEMORYPLAN_H
#define NN_PASSES_MEMORYPLAN_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <vector>

namespace nn {

/// A buffer that is live in [lower, upper) of some discrete time. Values that share memory (an update in place) are one
/// buffer with the union of their ranges.
struct Buffer {
  int64_t lower, upper;
  int64_t size;      ///< bytes; 0 is allowed and takes no room
  int64_t align = 1; ///< the offset is a multiple of it; a power of two
};

/// Where each buffer lies, in the order in which they were given.
struct MemoryPlan {
  std::vector<int64_t> offsets;
  int64_t bytes = 0;      ///< highest end of a buffer
  int64_t lowerBound = 0; ///< no plan can be smaller: the largest sum of sizes that are live at once
  int64_t nodes = 0;      ///< search nodes spent
};

struct PlanOptions {
  int64_t capacity = 0;       ///< stop at the first plan that fits in so many bytes; 0: as small as the budget allows
  int64_t nodeBudget = 20000; ///< search nodes, so that a plan is a function of its input alone; 0: greedy only
  int64_t searchLimit = 3000; ///< more buffers than this are planned greedily
};

/// Plans `buffers`. The result is always valid; with a capacity it may still be larger than that (compare `bytes`).
/// Greedy packing in several orders gives a first plan; a tree search then looks for smaller ones.
MemoryPlan planMemory(llvm::ArrayRef<Buffer> buffers, const PlanOptions &options = {});

} // namespace nn

#endif // NN_PASSES_MEMORYPLAN_H
