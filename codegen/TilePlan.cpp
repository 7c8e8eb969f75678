// The choice of form, tile and tasks. Costs are cycles of a core with two FMA and two load ports: what is compared are
// tiles of one problem on one machine, for which that is true enough on every target.
#include "codegen/TilePlan.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <tuple>

using namespace nn;

/// As many tasks as keep a few threads busy, and the least work that pays for a task.
static constexpr int64_t kEnoughTasks = 16, kTaskPoints = 16 << 10;
/// FMA latency times ports: fewer accumulators than this leave the ports waiting.
static constexpr double kLatency = 4, kPorts = 2;
/// Cycles to read a vector from the second cache.
static constexpr double kFillCycles = 3;

int64_t nn::blocks(int64_t extent, int64_t block) { return (extent + block - 1) / block; }

namespace {
struct RegisterTile {
  int64_t rows = 1, columns = 1;
};

/// Cycles of one reduction step of a tile that needs `loads` loads.
double stepCycles(int64_t rows, int64_t columns, int64_t loads) {
  double fmas = double(rows * columns) / kPorts;
  return std::max({fmas, loads / kPorts, kLatency}) + 0.25;
}

/// The tile of rows x columns accumulators with the least cycles for rowExtent x columnExtent of them. `steps` says how
/// many reduction steps a tile of so many rows does before its accumulators leave the registers, `fill` the vectors
/// that such a step reads from beyond the first cache.
RegisterTile chooseTile(int64_t rowExtent, int64_t columnExtent, int64_t registers, int64_t maxColumns,
                        llvm::function_ref<double(int64_t rows)> steps, llvm::function_ref<double(int64_t rows)> fill) {
  RegisterTile best;
  double bestCycles = -1;
  for (int64_t c = 1; c <= std::min(columnExtent, maxColumns); ++c)
    for (int64_t r = 1; r <= std::min<int64_t>(rowExtent, 24) && r * c + c + 1 <= registers; ++r) {
      auto edges = [](int64_t extent, int64_t block) {
        return std::pair<int64_t, int64_t>(extent / block, extent % block);
      };
      auto [fullRows, lastRow] = edges(rowExtent, r);
      auto [fullColumns, lastColumn] = edges(columnExtent, c);
      auto tile = [&](int64_t count, int64_t rows, int64_t columns) {
        double moving = (12 + 2.0 * rows * columns) / std::max(1.0, steps(r)) + kFillCycles * fill(r);
        return count && rows && columns ? count * (stepCycles(rows, columns, rows + columns) + moving) : 0.0;
      };
      double cycles = tile(fullRows * fullColumns, r, c) + tile(fullColumns, lastRow, c) +
                      tile(fullRows, r, lastColumn) + tile(1, lastRow, lastColumn);
      if (bestCycles < 0 || cycles < bestCycles) {
        bestCycles = cycles;
        best = {r, c};
      }
    }
  return best;
}

int64_t reductionPoints(const ContractionProblem &p) {
  int64_t n = 1;
  for (const IterationDim &d : p.dims)
    if (d.reduction)
      n *= d.extent;
  return n;
}

int64_t vectorStride(const IterationDim &d, bool lhs) { return lhs ? d.lhs : d.rhs; }

int64_t operandBytes(const ContractionProblem &p, bool lhs) {
  int64_t bytes = p.bits / 8;
  for (const IterationDim &d : p.dims)
    if (vectorStride(d, lhs) != 0)
      bytes *= d.extent;
  return bytes;
}

/// Splits the outermost levels into tasks: as many as are enough, none too small.
void chooseTasks(const ContractionProblem &p, TilePlan &plan) {
  plan.tasks = 1;
  plan.taskLevels = 0;
  int64_t points = p.points();
  for (const LoopLevel &level : plan.levels) {
    if (plan.tasks >= kEnoughTasks)
      break;
    int64_t count = blocks(p.dims[level.dim].extent, level.block);
    if (points / (plan.tasks * count) < kTaskPoints && plan.taskLevels > 0)
      break;
    if (points / (plan.tasks * count) < kTaskPoints / 4)
      break;
    plan.tasks *= count;
    ++plan.taskLevels;
  }
}

/// Reductions with the larger strides of the operand that is read element by element outside.
void orderReductions(const ContractionProblem &p, TilePlan &plan) {
  for (unsigned d = 0; d < p.dims.size(); ++d)
    if (p.dims[d].reduction)
      plan.reductions.push_back(d);
  auto key = [&](unsigned d) {
    return std::tuple(-std::abs(vectorStride(p.dims[d], !plan.vectorIsLhs)),
                      -std::abs(vectorStride(p.dims[d], plan.vectorIsLhs)), d);
  };
  llvm::sort(plan.reductions, [&](unsigned a, unsigned b) { return key(a) < key(b); });
}

/// The parallel dimensions around a tile by falling result stride, the row blocks just outside the innermost position.
void orderLevels(const ContractionProblem &p, TilePlan &plan, llvm::ArrayRef<unsigned> tiled) {
  for (unsigned d = 0; d < p.dims.size(); ++d)
    if (!p.dims[d].reduction && !llvm::is_contained(tiled, d))
      plan.levels.push_back({d, 1});
  auto key = [&](const LoopLevel &l) { return std::pair(-std::abs(p.dims[l.dim].out), l.dim); };
  llvm::sort(plan.levels, [&](const LoopLevel &a, const LoopLevel &b) { return key(a) < key(b); });
}

std::optional<TilePlan> planOuter(const ContractionProblem &p, const TileFacts &facts) {
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
    if (dim.reduction || d == *lane || vectorStride(dim, plan.vectorIsLhs) != 0 || p.windowAt(d))
      continue;
    if (!plan.rowDim || p.dims[*plan.rowDim].extent < dim.extent)
      plan.rowDim = d;
  }
  int64_t rowExtent = plan.rowDim ? p.dims[*plan.rowDim].extent : 1;
  double steps = double(reductionPoints(p));
  RegisterTile tile = chooseTile(
      rowExtent, blocks(p.dims[*lane].extent, plan.lanes), facts.registers, 4, [&](int64_t) { return steps; },
      [](int64_t) { return 0.0; });
  plan.rows = tile.rows;
  plan.columns = tile.columns;
  llvm::SmallVector<unsigned> tiled{*lane};
  if (plan.rowDim)
    tiled.push_back(*plan.rowDim);
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

/// Steps of a dot product below which summing the lanes costs more than it is worth.
constexpr int64_t kShortDot = 48;
/// Multiply-adds per row vector (taps of the columns' operand) that hide reading it from the second cache.
constexpr int64_t kRowReuse = 9;

/// The dot form's tile: rows from the right operand, columns from the left one, which is the convolved one.
bool chooseDotDims(const ContractionProblem &p, TilePlan &plan) {
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

std::optional<TilePlan> planDot(const ContractionProblem &p, const TileFacts &facts) {
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
      rowExtent, columnExtent, facts.registers, plan.lanes, [&](int64_t rows) { return double(span(rows) * vectors); },
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

/// Where neighbouring rows of the broadcast operand fall into one set of the first cache, or all of it into no cache.
bool needsPackedScalars(const ContractionProblem &p, const TilePlan &plan, const TileFacts &facts) {
  int64_t bytes = p.bits / 8;
  for (unsigned d : {*plan.rowDim, plan.reductions[0]})
    bytes *= p.dims[d].extent;
  return bytes > facts.l2Bytes / 2 || vectorStride(p.dims[*plan.rowDim], !plan.vectorIsLhs) * p.bits / 8 % 4096 == 0;
}

/// Reduction steps that last as long as a line takes from the second cache.
constexpr int64_t kStepsAhead = 8;

/// The least columns and rows of a task that packs both operands, and multiply-adds of one that packs its own columns
/// only.
constexpr int64_t kPackedBlock = 256, kPackedPoints = 256 << 10;

/// A matrix product (or a batch of them) over panels. Any strides serve.
std::optional<TilePlan> planPacked(const ContractionProblem &p, const TileFacts &facts) {
  TilePlan plan;
  plan.form = ContractionForm::Packed;
  plan.lanes = facts.lanes;
  std::optional<unsigned> left, right;
  llvm::SmallVector<unsigned> batch;
  if (!p.windows.empty())
    return std::nullopt;
  for (unsigned d = 0; d < p.dims.size(); ++d) {
    const IterationDim &dim = p.dims[d];
    if (dim.reduction) {
      plan.reductions.push_back(d);
    } else if (dim.lhs != 0 && dim.rhs != 0) {
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
  if (plan.reductions.size() != 1 || !left || !right || (p.dims[*left].out != 1 && p.dims[*right].out != 1))
    return std::nullopt;
  plan.vectorIsLhs = p.dims[*left].out == 1;
  plan.laneDim = plan.vectorIsLhs ? *left : *right;
  plan.rowDim = plan.vectorIsLhs ? *right : *left;
  int64_t rows = p.dims[*plan.rowDim].extent, columns = p.dims[plan.laneDim].extent;
  int64_t depth = p.dims[plan.reductions[0]].extent, bytes = p.bits / 8;
  RegisterTile tile = chooseTile(
      rows, blocks(columns, plan.lanes), facts.registers, 4, [&](int64_t) { return double(depth); },
      [](int64_t) { return 0.0; });
  plan.rows = tile.rows;
  plan.columns = tile.columns;
  plan.packScalars = needsPackedScalars(p, plan, facts);

  int64_t panel = plan.columns * plan.lanes, taskRows = rows, taskColumns = blocks(columns, panel) * panel;
  for (const LoopLevel &level : plan.levels)
    plan.tasks *= p.dims[level.dim].extent;
  int64_t outer = plan.tasks;
  auto count = [&](int64_t r, int64_t c) { return outer * blocks(rows, r) * blocks(columns, c); };
  auto half = [](int64_t extent, int64_t unit) { return blocks(extent, 2 * unit) * unit; };
  while (count(taskRows, taskColumns) < kEnoughTasks) {
    bool splitRows = plan.packScalars && taskRows > 2 * taskColumns;
    int64_t extent = splitRows ? taskRows : taskColumns, unit = splitRows ? plan.rows : panel;
    if (extent <= unit || (plan.packScalars ? extent < 2 * kPackedBlock
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
  plan.taskWorkspace = plan.columnBytes + plan.rowBytes;
  return plan;
}

/// Steps of the vector operand of at most this many bytes are read where they lie: panels would look the same.
constexpr int64_t kShortStride = 1024;

bool readsWellInPlace(const ContractionProblem &p, const TilePlan &plan, const TileFacts &facts) {
  auto isShort = [&](bool ofLhs) {
    return llvm::all_of(plan.reductions, [&](unsigned d) {
      return std::abs(vectorStride(p.dims[d], ofLhs)) * p.bits / 8 <= kShortStride;
    });
  };
  // The other operand's steps may be long while all of it stays in the second cache.
  return isShort(plan.vectorIsLhs) &&
         (!p.windows.empty() || operandBytes(p, !plan.vectorIsLhs) <= facts.l2Bytes || isShort(!plan.vectorIsLhs));
}
} // namespace

std::optional<TilePlan> nn::planTile(const ContractionProblem &problem, const TileFacts &facts) {
  std::optional<TilePlan> outer = planOuter(problem, facts);
  if (outer && readsWellInPlace(problem, *outer, facts))
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
  for (unsigned d : reductions)
    os << " d" << d;
  os << ", " << tasks << " tasks";
  if (taskWorkspace)
    os << " with " << taskWorkspace << " bytes each";
  return text;
}
