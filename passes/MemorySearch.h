// Tree search for a packing of buffers into a fixed capacity, the exact half of the memory planner. Knows units of
// memory and sections of time only; alignment and the choice of capacities are MemoryPlan.cpp's.
#ifndef NN_PASSES_MEMORYSEARCH_H
#define NN_PASSES_MEMORYSEARCH_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace nn {

/// A buffer of `size` units over the sections [first, last) of time; its offset must be a multiple of `align` units.
struct SearchItem {
  int32_t first, last;
  int64_t size;
  int64_t align;
};

/// Offsets of all items within `capacity`, or nothing: because there are none, or because `nodes` ran out (it is
/// counted down). The same arguments give the same answer.
std::optional<std::vector<int64_t>> searchPacking(llvm::ArrayRef<SearchItem> items, int64_t capacity, int64_t &nodes);

} // namespace nn

#endif // NN_PASSES_MEMORYSEARCH_H
