// The plan of the dot form: which dimensions make rows and columns, what runs inside the outer reductions.
#include "codegen/TileChoice.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>

using namespace nn;

/// Steps of a dot product below which summing the lanes costs more than it is worth.
static constexpr int64_t kShortDot = 48;
/// Multiply-adds per row vector (taps of the columns' operand) that hide reading it from the second cache.
static constexpr int64_t kRowReuse = 9;

/// The dot form's tile: rows from the right operand, columns from the left one, which is the convolved one.
static bool chooseDotDims(const ContractionProblem &p, TilePlan &plan) {
  std::optional<unsigned> lane;
  for (unsigned d = 0; d < p.dims.size(); ++d) {
    const IterationDim &dim = p.dims[d];
    const Window *w = p.windowAt(d);
    if (w && (dim.reduction ? w->position : w->tap) != d)
      return false;
    if (dim.reduction) {
      if (!w && dim.lhs == 1 && dim.rhs == 1)
        lane = d;
      continue;
    }
    if (dim.rhs != 0 && dim.lhs == 0 && !w && (!plan.rowDim || p.dims[*plan.rowDim].extent < dim.extent))
      plan.rowDim = d;
    if (w && dim.rhs != 0)
      return false;
    auto key = [&](unsigned d) { return std::pair(-std::min<int64_t>(p.dims[d].extent, 4), std::abs(p.dims[d].lhs)); };
    if (dim.lhs != 0 && dim.rhs == 0 && (!plan.columnDim || key(d) < key(*plan.columnDim)))
      plan.columnDim = d;
  }
  if (lane)
    plan.laneDim = *lane;
  return lane.has_value();
}

std::optional<TilePlan> nn::planDot(const ContractionProblem &p, const TileFacts &facts) {
  TilePlan plan;
  plan.form = ContractionForm::Dot;
  plan.vectorIsLhs = false;
  plan.lanes = facts.lanes;
  if (!chooseDotDims(p, plan))
    return std::nullopt;
  int64_t steps = reductionPoints(p) / p.dims[plan.laneDim].extent * blocks(p.dims[plan.laneDim].extent, plan.lanes);
  int64_t rowExtent = plan.rowDim ? p.dims[*plan.rowDim].extent : 1;
  int64_t columnExtent = plan.columnDim ? p.dims[*plan.columnDim].extent : 1;
  if (steps < kShortDot)
    return std::nullopt;
  int64_t reuse = columnExtent;
  llvm::SmallVector<unsigned> tiled;
  auto makeInner = [&](unsigned d) {
    plan.inner.push_back(d);
    reuse *= p.dims[d].extent;
  };
  if (plan.rowDim)
    tiled.push_back(*plan.rowDim);
  if (plan.columnDim)
    tiled.push_back(*plan.columnDim);
  for (unsigned d = 0; d < p.dims.size(); ++d)
    if (!p.dims[d].reduction && p.windowAt(d) && !llvm::is_contained(tiled, d))
      makeInner(d);
  for (unsigned d = p.dims.size(); d-- > 0;)
    if (!p.dims[d].reduction && !p.windowAt(d) && !llvm::is_contained(tiled, d) && p.dims[d].rhs == 0 &&
        reuse < kRowReuse)
      makeInner(d);
  plan.vectorIsLhs = true; // order by the right operand's strides
  orderReductions(p, plan);
  plan.vectorIsLhs = false;
  llvm::erase(plan.reductions, plan.laneDim);
  if (plan.columnDim && p.windowAt(*plan.columnDim))
    plan.spanDim = p.windowAt(*plan.columnDim)->position;
  else
    for (unsigned d : plan.reductions)
      if (!p.windowAt(d))
        plan.spanDim = d;
  if (plan.spanDim)
    llvm::erase(plan.reductions, *plan.spanDim);
  // A span's vectors of a block of rows and of its columns stay in the first cache, beside their accumulators.
  int64_t vectors = blocks(p.dims[plan.laneDim].extent, plan.lanes), vectorBytes = plan.lanes * p.bits / 8;
  int64_t spanExtent = plan.spanDim ? p.dims[*plan.spanDim].extent : 1;
  int64_t innerPoints = 1;
  for (unsigned d : plan.inner)
    innerPoints *= p.dims[d].extent;
  auto span = [&](int64_t rows) {
    int64_t room = facts.l1Bytes * 3 / 4 - rows * columnExtent * innerPoints * vectorBytes;
    int64_t fits = std::max<int64_t>(1, room / (vectors * vectorBytes * (rows + innerPoints)));
    return blocks(spanExtent, blocks(spanExtent, std::min(fits, spanExtent)));
  };
  RegisterTile tile = chooseTile(
      rowExtent, columnExtent, facts.registers, kMaxRows, plan.lanes,
      [&](int64_t rows) { return double(span(rows) * vectors); },
      [&](int64_t rows) { return 1 + double(rows) / kRowReuse; });
  plan.rows = tile.rows;
  plan.columns = tile.columns;
  plan.span = span(plan.rows);

  tiled.append(plan.inner);
  orderLevels(p, plan, tiled);
  if (plan.rowDim)
    plan.levels.insert(plan.levels.begin(), {*plan.rowDim, plan.rows});

  int64_t accumulators = plan.rows * columnExtent;
  for (unsigned d : plan.inner)
    accumulators *= p.dims[d].extent;
  plan.taskWorkspace = blocks(accumulators * plan.lanes * p.bits / 8, 64) * 64;
  chooseTasks(p, plan);
  plan.taskLevels = std::max<unsigned>(plan.taskLevels, plan.levels.empty() ? 0 : 1);
  plan.tasks = 1;
  for (unsigned l = 0; l < plan.taskLevels; ++l)
    plan.tasks *= blocks(p.dims[plan.levels[l].dim].extent, plan.levels[l].block);
  return plan;
}
