// The choice of form and the plan of the outer form; descriptions of plans.
#include "codegen/TileChoice.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <numeric>

using namespace nn;

/// Bytes after which the sets of a first cache repeat, and lines of a set.
static constexpr int64_t kWayBytes = 4096, kWays = 8;

/// Rows of the broadcast operand, `stride` bytes apart, whose lines the first cache holds at a time: where they fall
/// into the same sets, no more than it has ways.
static int64_t rowsHeld(int64_t stride) {
  int64_t sets = kWayBytes / std::gcd(std::abs(stride), kWayBytes);
  return stride == 0 ? kMaxRows : std::min(kMaxRows, sets * kWays);
}

std::optional<TilePlan> nn::planOuter(const ContractionProblem &p, const TileFacts &facts) {
  // Bounds are known of the taps at a position, not of the positions of a tap.
  if (llvm::any_of(p.windows, [&](const Window &w) { return p.dims[w.position].reduction; }))
    return std::nullopt;
  TilePlan plan;
  plan.lanes = facts.lanes;
  std::optional<unsigned> lane;
  for (unsigned d = 0; d < p.dims.size(); ++d) {
    const IterationDim &dim = p.dims[d];
    if (dim.reduction || dim.out != 1 || p.windowAt(d))
      continue;
    if ((dim.lhs == 1 && dim.rhs == 0) || (dim.lhs == 0 && dim.rhs == 1)) {
      lane = d;
      plan.vectorIsLhs = dim.lhs == 1;
    }
  }
  if (!lane)
    return std::nullopt;
  plan.laneDim = *lane;
  for (unsigned d = 0; d < p.dims.size(); ++d) {
    const IterationDim &dim = p.dims[d];
    if (dim.reduction || d == *lane || d == p.partDim || vectorStride(dim, plan.vectorIsLhs) != 0 || p.windowAt(d))
      continue;
    if (!plan.rowDim || p.dims[*plan.rowDim].extent < dim.extent)
      plan.rowDim = d;
  }
  int64_t rowExtent = plan.rowDim ? p.dims[*plan.rowDim].extent : 1;
  double steps = double(reductionPoints(p));
  RegisterTile tile = chooseTile(
      rowExtent, blocks(p.dims[*lane].extent, plan.lanes), facts.registers,
      plan.rowDim ? rowsHeld(vectorStride(p.dims[*plan.rowDim], !plan.vectorIsLhs) * p.bits / 8) : 1, 4,
      [&](int64_t) { return steps; }, [](int64_t) { return 0.0; });
  plan.rows = tile.rows;
  plan.columns = tile.columns;
  llvm::SmallVector<unsigned> tiled{*lane};
  if (plan.rowDim)
    tiled.push_back(*plan.rowDim);
  if (p.partDim)
    tiled.push_back(*p.partDim);
  orderLevels(p, plan, tiled);
  // Row blocks run just outside the innermost position, so that the broadcast operand's block stays while positions
  // pass; of a matrix product's operands, the one that the second cache does not keep passes once.
  bool vectorsPassOnce = p.windows.empty() && operandBytes(p, plan.vectorIsLhs) > facts.l2Bytes / 4 &&
                         operandBytes(p, !plan.vectorIsLhs) < facts.l2Bytes / 2;
  plan.levels.push_back({*lane, plan.columns * plan.lanes});
  if (plan.rowDim) {
    auto place = plan.levels.end();
    if (!vectorsPassOnce)
      place -= plan.levels.size() > 1 ? 2 : 1;
    plan.levels.insert(place, {*plan.rowDim, plan.rows});
  }
  orderReductions(p, plan);
  chooseTasks(p, plan);
  return plan;
}

/// Steps of the vector operand of at most this many bytes are read where they lie: panels would look the same.
static constexpr int64_t kShortStride = 1024;

static bool readsWellInPlace(const ContractionProblem &p, const TilePlan &plan, const TileFacts &facts) {
  auto isShort = [&](bool ofLhs) {
    return llvm::all_of(plan.reductions, [&](unsigned d) {
      return std::abs(vectorStride(p.dims[d], ofLhs)) * p.bits / 8 <= kShortStride;
    });
  };
  // The other operand's steps may be long while all of it stays in the second cache.
  return isShort(plan.vectorIsLhs) &&
         (!p.windows.empty() || operandBytes(p, !plan.vectorIsLhs) <= facts.l2Bytes || isShort(!plan.vectorIsLhs));
}

std::optional<TilePlan> nn::planTile(const ContractionProblem &problem, const TileFacts &facts) {
  std::optional<TilePlan> outer = planOuter(problem, facts);
  if (problem.partDim || (outer && readsWellInPlace(problem, *outer, facts)))
    return outer;
  if (auto dot = planDot(problem, facts))
    return dot;
  if (auto packed = planPacked(problem, facts))
    return packed;
  return outer;
}

std::string TilePlan::describe() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  static constexpr const char *kForms[] = {"outer", "packed", "dot"};
  os << kForms[int(form)] << ' ' << rows << 'x' << columns << 'x' << lanes << ", vectors from the "
     << (vectorIsLhs ? "left" : "right") << " operand, loops";
  for (const LoopLevel &level : levels)
    os << " d" << level.dim << '/' << level.block;
  os << ", sums";
  for (auto [r, d] : llvm::enumerate(reductions)) {
    os << " d" << d;
    if (sumBytes && r == blockedReduction)
      os << '/' << depthBlock;
  }
  os << ", " << tasks << " tasks";
  if (taskWorkspace)
    os << " with " << taskWorkspace << " bytes each";
  return text;
}
