// The plan of the packed form: what is packed, in which blocks, by which tasks.
#include "codegen/TileChoice.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>

using namespace nn;

/// Where neighbouring rows of the broadcast operand fall into one set of the first cache, or all of it into no cache.
static bool needsPackedScalars(const ContractionProblem &p, const TilePlan &plan, const TileFacts &facts) {
  int64_t bytes = p.bits / 8;
  for (unsigned d : {*plan.rowDim, plan.reductions[0]})
    bytes *= p.dims[d].extent;
  return bytes > facts.l2Bytes / 2 || vectorStride(p.dims[*plan.rowDim], !plan.vectorIsLhs) * p.bits / 8 % 4096 == 0;
}

/// Reduction steps that last as long as a line takes from the second cache.
static constexpr int64_t kStepsAhead = 8;

/// The least columns and rows of a task that packs both operands (and where there are not even a few tasks), and
/// multiply-adds of one that packs its own columns only.
static constexpr int64_t kPackedBlock = 256, kFewTasks = 4, kFewTasksBlock = 64, kPackedPoints = 256 << 10;
/// The least rows and columns for which elements of a sum over several dimensions are gathered in panels.
static constexpr int64_t kGatheredBlock = 48;
/// Points of the sums in a panel: so many that accumulators rarely leave the registers, so few that the panels of a
/// task stay in the second cache.
static constexpr int64_t kPanelDepth = 1024;

/// Takes the sums in blocks where they are long.
static void blockDepth(const ContractionProblem &p, TilePlan &plan) {
  auto extent = [&](size_t r) { return p.dims[plan.reductions[r]].extent; };
  int64_t depth = reductionPoints(p), inside = 1;
  plan.blockedReduction = 0;
  plan.depthBlock = extent(0);
  plan.panelDepth = depth;
  if (depth <= kPanelDepth * 3 / 2)
    return;
  unsigned r = plan.reductions.size() - 1;
  while (r > 0 && inside * extent(r) <= kPanelDepth)
    inside *= extent(r--);
  int64_t most = std::max<int64_t>(1, kPanelDepth / inside), unit = inside == 1 ? plan.lanes : 1;
  int64_t even = blocks(extent(r), blocks(extent(r), most));
  plan.blockedReduction = r;
  plan.depthBlock = std::min(blocks(even, unit) * unit, extent(r));
  plan.panelDepth = plan.depthBlock * inside;
}

/// A matrix product (or a batch of them) over panels. Any strides serve.
std::optional<TilePlan> nn::planPacked(const ContractionProblem &p, const TileFacts &facts) {
  TilePlan plan;
  plan.form = ContractionForm::Packed;
  plan.lanes = facts.lanes;
  std::optional<unsigned> left, right;
  llvm::SmallVector<unsigned> batch;
  if (!p.windows.empty())
    return std::nullopt;
  for (unsigned d = 0; d < p.dims.size(); ++d) {
    const IterationDim &dim = p.dims[d];
    if (dim.reduction)
      continue;
    if (dim.lhs != 0 && dim.rhs != 0) {
      plan.levels.push_back({d, 1});
    } else {
      // Of several dimensions on one side the one that the lanes may take, else the longest, makes panels.
      std::optional<unsigned> &side = dim.lhs != 0 ? left : right;
      auto key = [&](unsigned d) { return std::pair(p.dims[d].out == 1, p.dims[d].extent); };
      bool replaces = !side || key(d) > key(*side);
      if (side)
        plan.levels.push_back({replaces ? *side : d, 1});
      if (replaces)
        side = d;
    }
  }
  if (!left || !right || (p.dims[*left].out != 1 && p.dims[*right].out != 1))
    return std::nullopt;
  plan.vectorIsLhs = p.dims[*left].out == 1;
  plan.laneDim = plan.vectorIsLhs ? *left : *right;
  plan.rowDim = plan.vectorIsLhs ? *right : *left;
  orderReductions(p, plan);
  if (plan.reductions.empty())
    return std::nullopt;
  blockDepth(p, plan);
  int64_t rows = p.dims[*plan.rowDim].extent, columns = p.dims[plan.laneDim].extent;
  if (plan.reductions.size() > 1 && std::min(rows, columns) < kGatheredBlock)
    return std::nullopt;
  int64_t depth = plan.panelDepth, bytes = p.bits / 8;
  bool isBlocked = depth < reductionPoints(p);
  RegisterTile tile = chooseTile(
      rows, blocks(columns, plan.lanes), facts.registers, kMaxRows, 4, [&](int64_t) { return double(depth); },
      [](int64_t) { return 0.0; });
  plan.rows = tile.rows;
  plan.columns = tile.columns;
  plan.packScalars = isBlocked || plan.reductions.size() > 1 || needsPackedScalars(p, plan, facts);

  int64_t panel = plan.columns * plan.lanes, taskRows = rows, taskColumns = blocks(columns, panel) * panel;
  for (const LoopLevel &level : plan.levels)
    plan.tasks *= p.dims[level.dim].extent;
  int64_t outer = plan.tasks;
  auto count = [&](int64_t r, int64_t c) { return outer * blocks(rows, r) * blocks(columns, c); };
  auto half = [](int64_t extent, int64_t unit) { return blocks(extent, 2 * unit) * unit; };
  while (count(taskRows, taskColumns) < kEnoughTasks) {
    bool splitRows = plan.packScalars && taskRows > 2 * taskColumns;
    int64_t extent = splitRows ? taskRows : taskColumns, unit = splitRows ? plan.rows : panel;
    int64_t least = count(taskRows, taskColumns) < kFewTasks ? kFewTasksBlock : kPackedBlock;
    if (extent <= unit || (plan.packScalars ? extent < 2 * least
                                            : p.points() / count(taskRows, half(taskColumns, panel)) < kPackedPoints))
      break;
    (splitRows ? taskRows : taskColumns) = half(extent, unit);
  }
  plan.levels.push_back({*plan.rowDim, taskRows});
  plan.levels.push_back({plan.laneDim, taskColumns});
  plan.taskLevels = plan.levels.size();
  plan.tasks = count(taskRows, taskColumns);
  // Panels that do not stay in the first cache are asked for while the steps before them run.
  if (depth * panel * bytes > facts.l1Bytes / 2)
    plan.ahead = kStepsAhead;
  plan.columnBytes = blocks(taskColumns * depth * bytes, 64) * 64;
  plan.rowBlock = taskRows;
  if (plan.packScalars) {
    // A block of packed rows stays in the second cache, beside a panel, while all columns pass.
    plan.rowBlock =
        std::clamp<int64_t>(facts.l2Bytes / 4 / (depth * bytes) / plan.rows * plan.rows, plan.rows, taskRows);
    plan.rowBytes = blocks((plan.rowBlock * depth + plan.lanes) * bytes, 64) * 64;
  }
  if (isBlocked)
    plan.sumBytes = blocks(taskRows * taskColumns * bytes, 64) * 64;
  plan.taskWorkspace = plan.columnBytes + plan.rowBytes + plan.sumBytes;
  return plan;
}
