// The least cycles of register tiles, the order of loops, tasks.
#include "codegen/TileChoice.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <tuple>

using namespace nn;

/// The least work that pays for a task.
static constexpr int64_t kTaskPoints = 16 << 10;
/// FMA latency times ports: fewer accumulators than this leave the ports waiting.
static constexpr double kLatency = 4, kPorts = 2;
/// Cycles to read a vector from the second cache.
static constexpr double kFillCycles = 3;

int64_t nn::blocks(int64_t extent, int64_t block) { return (extent + block - 1) / block; }

/// Cycles of one reduction step of a tile that needs `loads` loads.
static double stepCycles(int64_t rows, int64_t columns, int64_t loads) {
  double fmas = double(rows * columns) / kPorts;
  return std::max({fmas, loads / kPorts, kLatency}) + 0.25;
}

RegisterTile nn::chooseTile(int64_t rowExtent, int64_t columnExtent, int64_t registers, int64_t maxRows,
                            int64_t maxColumns, llvm::function_ref<double(int64_t rows)> steps,
                            llvm::function_ref<double(int64_t rows)> fill) {
  RegisterTile best;
  double bestCycles = -1;
  for (int64_t c = 1; c <= std::min(columnExtent, maxColumns); ++c)
    for (int64_t r = 1; r <= std::min(rowExtent, maxRows) && r * c + c + 1 <= registers; ++r) {
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

int64_t nn::reductionPoints(const ContractionProblem &p) {
  int64_t n = 1;
  for (const IterationDim &d : p.dims)
    if (d.reduction)
      n *= d.extent;
  return n;
}

int64_t nn::operandBytes(const ContractionProblem &p, bool lhs) {
  int64_t bytes = p.bits / 8;
  for (const IterationDim &d : p.dims)
    if (vectorStride(d, lhs) != 0)
      bytes *= d.extent;
  return bytes;
}

void nn::chooseTasks(const ContractionProblem &p, TilePlan &plan) {
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

void nn::orderReductions(const ContractionProblem &p, TilePlan &plan) {
  for (unsigned d = 0; d < p.dims.size(); ++d)
    if (p.dims[d].reduction)
      plan.reductions.push_back(d);
  auto key = [&](unsigned d) {
    return std::tuple(-std::abs(vectorStride(p.dims[d], !plan.vectorIsLhs)),
                      -std::abs(vectorStride(p.dims[d], plan.vectorIsLhs)), d);
  };
  llvm::sort(plan.reductions, [&](unsigned a, unsigned b) { return key(a) < key(b); });
}

void nn::orderLevels(const ContractionProblem &p, TilePlan &plan, llvm::ArrayRef<unsigned> tiled) {
  for (unsigned d = 0; d < p.dims.size(); ++d)
    if (!p.dims[d].reduction && !llvm::is_contained(tiled, d))
      plan.levels.push_back({d, 1});
  auto key = [&](const LoopLevel &l) { return std::pair(-std::abs(p.dims[l.dim].out), l.dim); };
  llvm::sort(plan.levels, [&](const LoopLevel &a, const LoopLevel &b) { return key(a) < key(b); });
}
