// Greedy packing in several orders, then tree searches for smaller capacities under one node budget.
#include "passes/MemoryPlan.h"

#include "passes/MemorySearch.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace nn {
namespace {

/// The buffers that take room, in units of memory (the smallest alignment) over numbered sections of time.
struct Problem {
  int64_t unit = 1;
  std::vector<size_t> source; // index of each item among the caller's buffers
  std::vector<SearchItem> items;
  int64_t lowerBound = 0; // in units
};

Problem normalise(llvm::ArrayRef<Buffer> buffers) {
  Problem problem;
  std::vector<int64_t> times;
  int64_t unit = 0;
  for (const auto &[index, buffer] : llvm::enumerate(buffers)) {
    if (buffer.size <= 0 || buffer.lower >= buffer.upper)
      continue;
    problem.source.push_back(index);
    times.push_back(buffer.lower);
    times.push_back(buffer.upper);
    int64_t align = std::max<int64_t>(buffer.align, 1);
    unit = unit == 0 ? align : std::min(unit, align);
  }
  problem.unit = std::max<int64_t>(unit, 1);
  llvm::sort(times);
  times.erase(std::unique(times.begin(), times.end()), times.end());
  auto section = [&](int64_t time) { return int32_t(llvm::lower_bound(times, time) - times.begin()); };
  std::vector<int64_t> load(times.size() + 1, 0);
  for (size_t index : problem.source) {
    const Buffer &buffer = buffers[index];
    SearchItem item{section(buffer.lower), section(buffer.upper), int64_t(llvm::divideCeil(buffer.size, problem.unit)),
                    std::max<int64_t>(buffer.align / problem.unit, 1)};
    load[item.first] += item.size;
    load[item.last] -= item.size;
    problem.items.push_back(item);
  }
  int64_t live = 0;
  for (int64_t change : load)
    problem.lowerBound = std::max(problem.lowerBound, live += change);
  return problem;
}

int64_t height(const Problem &problem, llvm::ArrayRef<int64_t> offsets) {
  int64_t top = 0;
  for (const auto &[item, offset] : llvm::zip_equal(problem.items, offsets))
    top = std::max(top, offset + item.size);
  return top;
}

/// Places the items in `order`, each at the lowest offset where it fits among those already placed.
std::vector<int64_t> placeInOrder(const Problem &problem, llvm::ArrayRef<size_t> order) {
  std::vector<int64_t> offsets(problem.items.size());
  std::vector<size_t> placed; // sorted by offset
  for (size_t index : order) {
    const SearchItem &item = problem.items[index];
    int64_t offset = 0;
    for (size_t other : placed) {
      const SearchItem &rival = problem.items[other];
      if (rival.first >= item.last || item.first >= rival.last)
        continue;
      if (offsets[other] >= offset + item.size)
        break;
      offset = std::max<int64_t>(offset, llvm::alignTo(offsets[other] + rival.size, item.align));
    }
    offsets[index] = offset;
    auto place = llvm::upper_bound(placed, offset, [&](int64_t o, size_t other) { return o < offsets[other]; });
    placed.insert(place, index);
  }
  return offsets;
}

/// The best of several orders: by area, size, length of life, and start.
std::vector<int64_t> packGreedily(const Problem &problem) {
  using Key = std::tuple<int64_t, int64_t, size_t>;
  auto length = [&](size_t i) { return int64_t(problem.items[i].last - problem.items[i].first); };
  auto size = [&](size_t i) { return problem.items[i].size; };
  const auto area = [&](size_t i) { return Key(-length(i) * size(i), -size(i), i); };
  const auto bySize = [&](size_t i) { return Key(-size(i), -length(i), i); };
  const auto byLength = [&](size_t i) { return Key(-length(i), -size(i), i); };
  const auto byStart = [&](size_t i) { return Key(problem.items[i].first, -size(i), i); };

  std::vector<int64_t> best;
  auto attempt = [&](auto key) {
    std::vector<size_t> order(problem.items.size());
    std::iota(order.begin(), order.end(), size_t(0));
    llvm::sort(order, [&](size_t a, size_t b) { return key(a) < key(b); });
    std::vector<int64_t> offsets = placeInOrder(problem, order);
    if (best.empty() || height(problem, offsets) < height(problem, best))
      best = std::move(offsets);
  };
  attempt(area);
  attempt(bySize);
  attempt(byLength);
  attempt(byStart);
  return best;
}

/// Replaces `best` by packings of smaller capacity while the budget lasts: the goal itself first (with all of the
/// budget where nothing less will do, else half of it), then bisection between what is known to fit and what is not.
void improve(const Problem &problem, int64_t goal, bool goalOnly, int64_t &nodes, std::vector<int64_t> &best) {
  auto attempt = [&](int64_t capacity, int64_t granted) {
    int64_t left = granted;
    auto found = searchPacking(problem.items, capacity, left);
    nodes -= granted - std::max<int64_t>(left, 0);
    if (found)
      best = std::move(*found);
    return found.has_value();
  };
  int64_t fits = height(problem, best);
  if (fits <= goal || attempt(goal, goalOnly ? nodes : nodes - nodes / 2))
    return;
  for (int64_t missed = goal; fits - missed > 1 && nodes > 0;) {
    int64_t capacity = missed + (fits - missed) / 2;
    if (attempt(capacity, nodes - nodes / 2))
      fits = height(problem, best);
    else
      missed = capacity;
  }
}

} // namespace

MemoryPlan planMemory(llvm::ArrayRef<Buffer> buffers, const PlanOptions &options) {
  MemoryPlan plan;
  plan.offsets.assign(buffers.size(), 0);
  Problem problem = normalise(buffers);
  if (problem.items.empty())
    return plan;
  std::vector<int64_t> best = packGreedily(problem);
  int64_t goal = std::max(problem.lowerBound, options.capacity / problem.unit);
  if (int64_t(problem.items.size()) <= options.searchLimit) {
    int64_t nodes = options.nodeBudget;
    improve(problem, goal, options.capacity > 0, nodes, best);
    plan.nodes = options.nodeBudget - nodes;
  }
  for (const auto &[index, offset] : llvm::zip_equal(problem.source, best)) {
    plan.offsets[index] = offset * problem.unit;
    plan.bytes = std::max(plan.bytes, plan.offsets[index] + buffers[index].size);
  }
  plan.lowerBound = problem.lowerBound * problem.unit;
  return plan;
}

} // namespace nn
