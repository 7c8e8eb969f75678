// The search fills memory from below, one decision at a time, about the lowest free cell of one section of time.
//
// State: per section the floor (memory below it is settled: taken or given up) and the sum of sizes still to place. A
// notch is a run of sections with equal floor between higher neighbours. Whatever covers the cell just above the floor
// of a notch's first (or last) section either starts exactly there, or the cell stays empty; that is one branch per
// buffer that fits, plus one that raises the floor to the next height at which a buffer could rest. The branches
// exclude each other, so no arrangement is visited twice, and the notch may be chosen freely: the one with the fewest
// branches comes first.
//
// Which notch comes next decides how soon a dead end shows: sections where states failed gain weight, and notches with
// few branches for their weight go first, so the tight stretches of time are settled before the loose ones.
//
// A state fails when some section cannot hold what remains, each buffer no lower than the floors under all of its
// sections let it lie (a single machine with release dates: taking buffers by lowest offset gives the least height).
// Where no remaining buffer crosses a point of time, the two sides are solved apart, and states that failed are
// remembered (a hash of remaining buffers and floors), also over restarts.
//
// Related: M. Moffitt, "MiniMalloc: A Lightweight Memory Allocator for Hardware-Accelerated Machine Learning", 2023.
#include "passes/MemorySearch.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallVector.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace nn {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max() / 4;

uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

/// In which order buffers that fit a notch are tried; later rounds shuffle it a little.
enum class Preference { Area, Length, Size };

enum class Outcome { Found, Failed, OutOfNodes };

class Search {
public:
  Search(llvm::ArrayRef<SearchItem> items, int64_t capacity)
      : items(items), capacity(capacity), lowest(items.size()), offsets(items.size(), -1) {
    for (const SearchItem &item : items)
      sections = std::max(sections, item.last);
    floors.assign(sections, 0);
    remaining.assign(sections, 0);
    weights.assign(sections, 1);
  }

  Outcome run(Preference preference, uint64_t round, int64_t &budget);
  llvm::ArrayRef<int64_t> solution() const { return offsets; }

private:
  /// The part of the problem between two points of time that no remaining buffer crosses.
  struct Part {
    int32_t first, last;
    std::vector<int32_t> open; // buffers to place, best first
  };
  /// The cell to decide: section `at`, what may start there, and where its floor goes if nothing does.
  struct Choice {
    int32_t at = -1;
    llvm::SmallVector<int32_t, 8> fits;
    int64_t raised = kNever;
    int64_t weight = 1; // the largest of the sections that the buffers cover
    int64_t branches() const { return int64_t(fits.size()) + (raised < kNever ? 1 : 0); }
  };

  bool tighten(const Part &part);
  std::vector<Part> split(const Part &part) const;
  uint64_t hash(const Part &part) const;
  Choice decide(const Part &part) const;
  Choice decideAt(const Part &part, int32_t at) const;
  Outcome solve(Part part);
  Outcome branch(const Part &part);

  llvm::ArrayRef<SearchItem> items;
  int64_t capacity;
  int32_t sections = 0;
  std::vector<int64_t> floors, remaining;
  std::vector<int64_t> lowest; // per buffer: lowest offset that the floors leave it
  std::vector<int64_t> offsets;
  std::vector<int64_t> weights;  // per section: one more than how often a state failed there
  std::vector<int32_t> byLowest; // scratch of tighten()
  std::vector<int64_t> filled;   // scratch of tighten()
  llvm::DenseSet<uint64_t> failed;
  int64_t nodes = 0;
};

/// Brings `lowest` up to date, raises floors that no buffer can reach, and checks every section of the part.
bool Search::tighten(const Part &part) {
  for (int32_t b : part.open) {
    const SearchItem &item = items[b];
    int64_t floor = *std::max_element(floors.begin() + item.first, floors.begin() + item.last);
    lowest[b] = (floor + item.align - 1) / item.align * item.align;
  }
  byLowest = part.open;
  std::sort(byLowest.begin(), byLowest.end(),
            [&](int32_t a, int32_t b) { return std::make_pair(lowest[a], a) < std::make_pair(lowest[b], b); });
  filled.assign(part.last - part.first, -1);
  for (int32_t b : byLowest) {
    const SearchItem &item = items[b];
    for (int32_t s = item.first; s < item.last; ++s) {
      int64_t &top = filled[s - part.first];
      if (top < 0)
        floors[s] = lowest[b];
      top = std::max(top, lowest[b]) + item.size;
      if (top > capacity) {
        ++weights[s];
        return false;
      }
    }
  }
  return true;
}

std::vector<Search::Part> Search::split(const Part &part) const {
  // crossing[i]: how many buffers lie on both sides of the border in front of section first + i.
  std::vector<int32_t> crossing(part.last - part.first + 1, 0);
  for (int32_t b : part.open) {
    ++crossing[items[b].first + 1 - part.first];
    --crossing[items[b].last - part.first];
  }
  std::vector<Part> parts;
  std::vector<int32_t> owner(part.last - part.first);
  int32_t live = 0;
  for (int32_t s = part.first; s < part.last; ++s) {
    live += crossing[s - part.first];
    if (s == part.first || live == 0)
      parts.push_back({s, s, {}});
    parts.back().last = s + 1;
    owner[s - part.first] = int32_t(parts.size()) - 1;
  }
  for (int32_t b : part.open)
    parts[owner[items[b].first - part.first]].open.push_back(b);
  parts.erase(std::remove_if(parts.begin(), parts.end(), [](const Part &p) { return p.open.empty(); }), parts.end());
  // The part with the least to do fails soonest.
  std::sort(parts.begin(), parts.end(), [](const Part &a, const Part &b) {
    return std::make_pair(a.open.size(), a.first) < std::make_pair(b.open.size(), b.first);
  });
  return parts;
}

uint64_t Search::hash(const Part &part) const {
  uint64_t value = mix(uint64_t(part.first) << 32 | uint32_t(part.last));
  for (int32_t b : part.open)
    value += mix(uint64_t(b) * 0x9e3779b97f4a7c15ull + 1);
  for (int32_t s = part.first; s < part.last; ++s)
    value += mix(mix(uint64_t(s) + 0x632be59bd9b4e019ull) ^ uint64_t(floors[s]));
  return value;
}

/// The choices for section `at`, the first or last of a notch.
Search::Choice Search::decideAt(const Part &part, int32_t at) const {
  Choice choice;
  choice.at = at;
  choice.weight = weights[at];
  int64_t height = floors[at];
  int32_t from = sections, to = 0; // hull of the buffers that could start here
  for (int32_t b : part.open) {
    const SearchItem &item = items[b];
    if (item.first > at || item.last <= at)
      continue;
    if (lowest[b] == height) {
      choice.fits.push_back(b);
      from = std::min(from, item.first);
      to = std::max(to, item.last);
      choice.weight =
          std::max(choice.weight, *std::max_element(weights.begin() + item.first, weights.begin() + item.last));
    } else {
      choice.raised = std::min(choice.raised, lowest[b]);
    }
  }
  // If none of them starts here, the lowest one rests on a buffer that ends above `height` beside this section.
  for (int32_t b : part.open) {
    const SearchItem &item = items[b];
    if (item.first < to && item.last > from && (item.first > at || item.last <= at))
      choice.raised = std::min(choice.raised, lowest[b] + item.size);
  }
  if (choice.raised + remaining[at] > capacity)
    choice.raised = kNever;
  return choice;
}

/// The notch end with the fewest choices for its weight, a forced one at once; among equals the tightest section.
Search::Choice Search::decide(const Part &part) const {
  Choice best;
  auto better = [&](const Choice &a, const Choice &b) {
    int64_t left = a.branches() * b.weight, right = b.branches() * a.weight;
    return left < right || (left == right && floors[a.at] + remaining[a.at] > floors[b.at] + remaining[b.at]);
  };
  for (int32_t begin = part.first, end; begin < part.last; begin = end) {
    for (end = begin + 1; end < part.last && floors[end] == floors[begin];)
      ++end;
    bool wallBefore = begin == part.first || floors[begin - 1] > floors[begin];
    bool wallBehind = end == part.last || floors[end] > floors[begin];
    if (!wallBefore || !wallBehind)
      continue;
    for (int32_t at : {begin, end - 1}) {
      Choice choice = decideAt(part, at);
      if (choice.branches() <= 1)
        return choice;
      if (best.at < 0 || better(choice, best))
        best = std::move(choice);
    }
  }
  return best;
}

Outcome Search::branch(const Part &part) {
  Choice choice = decide(part);
  std::vector<int64_t> savedFloors(floors.begin() + part.first, floors.begin() + part.last);
  auto restore = [&] { std::copy(savedFloors.begin(), savedFloors.end(), floors.begin() + part.first); };
  int64_t height = floors[choice.at];
  for (int32_t b : choice.fits) {
    const SearchItem &item = items[b];
    for (int32_t s = item.first; s < item.last; ++s) {
      floors[s] = height + item.size;
      remaining[s] -= item.size;
    }
    offsets[b] = height;
    Part rest{part.first, part.last, {}};
    rest.open.reserve(part.open.size() - 1);
    std::copy_if(part.open.begin(), part.open.end(), std::back_inserter(rest.open), [&](int32_t o) { return o != b; });
    Outcome outcome = solve(std::move(rest));
    if (outcome != Outcome::Failed)
      return outcome;
    restore();
    for (int32_t s = item.first; s < item.last; ++s)
      remaining[s] += item.size;
  }
  if (choice.raised == kNever)
    return Outcome::Failed;
  floors[choice.at] = choice.raised;
  Outcome outcome = solve(part);
  if (outcome == Outcome::Failed)
    restore();
  return outcome;
}

/// Places all open buffers of the part. On failure nothing has changed but offsets of buffers that are open again.
Outcome Search::solve(Part part) {
  if (part.open.empty())
    return Outcome::Found;
  if (nodes <= 0)
    return Outcome::OutOfNodes;
  --nodes;
  std::vector<int64_t> savedFloors(floors.begin() + part.first, floors.begin() + part.last);
  std::vector<int64_t> savedRemaining(remaining.begin() + part.first, remaining.begin() + part.last);
  auto fail = [&] {
    std::copy(savedFloors.begin(), savedFloors.end(), floors.begin() + part.first);
    std::copy(savedRemaining.begin(), savedRemaining.end(), remaining.begin() + part.first);
    return Outcome::Failed;
  };
  if (!tighten(part))
    return fail();
  std::vector<Part> parts = split(part);
  for (const Part &piece : parts) {
    uint64_t key = hash(piece);
    if (failed.contains(key))
      return fail();
    Outcome outcome = branch(piece);
    if (outcome == Outcome::OutOfNodes)
      return outcome;
    if (outcome == Outcome::Failed) {
      failed.insert(key);
      return fail();
    }
  }
  return Outcome::Found;
}

Outcome Search::run(Preference preference, uint64_t round, int64_t &budget) {
  std::fill(floors.begin(), floors.end(), 0);
  std::fill(remaining.begin(), remaining.end(), 0);
  Part all{0, sections, {}};
  std::vector<double> rank(items.size());
  for (int32_t b = 0; b < int32_t(items.size()); ++b) {
    const SearchItem &item = items[b];
    all.open.push_back(b);
    for (int32_t s = item.first; s < item.last; ++s)
      remaining[s] += item.size;
    double length = item.last - item.first, size = double(item.size);
    rank[b] = preference == Preference::Area ? length * size : preference == Preference::Length ? length : size;
    if (round > 0) // a factor of 0.5 to 1.5
      rank[b] *= 0.5 + double(mix(mix(uint64_t(b) + 1) ^ round) >> 11) * 0x1p-53;
  }
  std::sort(all.open.begin(), all.open.end(),
            [&](int32_t a, int32_t b) { return std::make_pair(-rank[a], a) < std::make_pair(-rank[b], b); });
  nodes = budget;
  Outcome outcome = solve(std::move(all));
  budget = std::max<int64_t>(nodes, 0);
  return outcome;
}

} // namespace

std::optional<std::vector<int64_t>> searchPacking(llvm::ArrayRef<SearchItem> items, int64_t capacity, int64_t &nodes) {
  // Restarts with slowly growing shares of the budget: most instances that one order cannot crack fall to another.
  Search search(items, capacity);
  double share = 2.0 * double(items.size());
  for (uint64_t round = 0; nodes > 0; ++round, share *= 1.3) {
    for (Preference preference : {Preference::Area, Preference::Length, Preference::Size}) {
      int64_t granted = int64_t(std::min(share, double(nodes))), left = granted;
      Outcome outcome = search.run(preference, round, left);
      nodes -= granted - left;
      if (outcome == Outcome::Found)
        return search.solution().vec();
      if (outcome == Outcome::Failed || nodes <= 0)
        return std::nullopt;
    }
  }
  return std::nullopt;
}

} // namespace nn
