// The dot form: lanes run along a reduction that both operands hold with unit stride (rows of the batch, for weight
// gradients). A task owns a block of rows of the result and all that runs inside of it; its accumulators, one vector
// per element of the result, lie in workspace and visit registers tile by tile. Their lanes are summed at the end in a
// fixed tree.
#include "codegen/ContractionCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace nn;

namespace {
/// Indices of the span that see the same taps of the columns' window.
struct Segment {
  Interval positions, taps;
};

class DotTask {
public:
  DotTask(ContractionCode &code, Point &point)
      : code(code), problem(code.problem), plan(code.plan), point(point), lanes(plan.lanes) {
    rows = plan.rowDim ? point.size[*plan.rowDim] : 1;
    columnExtent = plan.columnDim ? problem.dims[*plan.columnDim].extent : 1;
    accumulators = code.scratch(0, plan.taskWorkspace, plan.taskWorkspace / (problem.bits / 8));
    findSegments();
  }

  void emit() {
    int64_t elements = plan.taskWorkspace / (problem.bits / 8);
    Value zero = code.zero(code.vectorType(lanes));
    code.loop(code.index(0), code.index(elements), lanes, [&](Value i) { code.storeVector(zero, accumulators, i); });
    outer(0);
    point.at.resize(problem.dims.size());
    forInner(0, /*clipped=*/false, code.index(0), [&](Value combination) { finish(combination); });
  }

private:
  void findSegments() {
    int64_t extent = plan.spanDim ? problem.dims[*plan.spanDim].extent : 1;
    const Window *w = plan.columnDim ? problem.windowAt(*plan.columnDim) : nullptr;
    if (!w) {
      segments.push_back({{0, extent}, {0, columnExtent}});
      return;
    }
    for (int64_t i = 0; i < extent; ++i) {
      Interval taps = tapsInside(problem, *w, i);
      if (taps.lo == taps.hi)
        continue;
      if (!segments.empty() && segments.back().positions.hi == i && segments.back().taps.lo == taps.lo &&
          segments.back().taps.hi == taps.hi)
        ++segments.back().positions.hi;
      else
        segments.push_back({{i, i + 1}, taps});
    }
  }

  /// The reductions outside of the span, then the span in pieces.
  void outer(unsigned depth) {
    if (depth < plan.reductions.size()) {
      unsigned dim = plan.reductions[depth];
      code.loop(code.index(0), code.index(problem.dims[dim].extent), 1, [&](Value i) {
        point.at[dim] = i;
        outer(depth + 1);
      });
      point.at[dim] = nullptr;
      return;
    }
    for (const Segment &segment : segments)
      code.loop(code.index(segment.positions.lo), code.index(segment.positions.hi), plan.span, [&](Value from) {
        Bounds span{segment.positions.lo, segment.positions.hi, nullptr, nullptr};
        if (segment.positions.hi - segment.positions.lo > plan.span) {
          span.loValue = from;
          span.hiValue = arith::MinSIOp::create(code.b, code.loc, code.add(from, plan.span), code.index(span.hi));
        }
        forInner(0, /*clipped=*/true, code.index(0),
                 [&](Value combination) { columnBlocks(segment.taps, span, combination); });
      });
  }

  /// Loops over the inner dimensions; `combination` counts their indices.
  void forInner(unsigned depth, bool clipped, Value combination, llvm::function_ref<void(Value)> body) {
    if (depth == plan.inner.size())
      return body(combination);
    unsigned dim = plan.inner[depth];
    int64_t extent = problem.dims[dim].extent;
    Bounds bounds{0, extent, nullptr, nullptr};
    if (const Window *w = problem.windowAt(dim); w && clipped)
      bounds = code.taps(*w, point);
    Value from = bounds.loValue ? bounds.loValue : code.index(bounds.lo);
    Value to = bounds.hiValue ? bounds.hiValue : code.index(bounds.hi);
    code.loop(from, to, 1, [&](Value i) {
      point.at[dim] = i;
      forInner(depth + 1, clipped, code.add(code.times(combination, extent), i), body);
    });
    point.at[dim] = nullptr;
  }

  void columnBlocks(Interval taps, Bounds span, Value combination) {
    int64_t full = (taps.hi - taps.lo) / plan.columns * plan.columns;
    code.loop(code.index(taps.lo), code.index(taps.lo + full), plan.columns,
              [&](Value column) { tile(column, plan.columns, span, combination); });
    if (taps.lo + full < taps.hi)
      tile(code.index(taps.lo + full), taps.hi - taps.lo - full, span, combination);
  }

  /// Where the accumulators of a row start.
  Value row(Value combination, Value r) {
    return code.times(code.add(code.times(combination, rows), r), columnExtent * lanes);
  }

  void tile(Value column, int64_t columns, Bounds span, Value combination) {
    SmallVector<Value> places, registers;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c) {
        places.push_back(code.add(row(combination, code.index(r)), code.times(code.add(column, c), lanes)));
        registers.push_back(code.loadVector(accumulators, places.back(), lanes, lanes));
      }
    auto columnStride = [&](unsigned d) { return code.scalarStride(d); };
    auto rowStride = [&](unsigned d) { return code.vectorStride(d); };
    Value rowStart = code.address(code.vectorOffset(), point, rowStride);
    Value columnStart = code.address(code.scalarOffset(), point, columnStride);
    if (plan.columnDim)
      columnStart = code.add(columnStart, code.times(column, columnStride(*plan.columnDim)));
    int64_t spanRow = plan.spanDim ? rowStride(*plan.spanDim) : 0;
    int64_t spanColumn = plan.spanDim ? columnStride(*plan.spanDim) : 0;
    registers = code.carry(span, 1, 1, registers, [&](Value i, ArrayRef<Value> carried) {
      return lanesOf(code.add(rowStart, code.times(i, spanRow)), code.add(columnStart, code.times(i, spanColumn)),
                     columns, carried);
    });
    for (auto [place, value] : llvm::zip(places, registers))
      code.storeVector(value, accumulators, place);
  }

  /// The steps along the lane dimension: whole vectors, then what is left.
  SmallVector<Value> lanesOf(Value rowAt, Value columnAt, int64_t columns, ArrayRef<Value> carried) {
    int64_t extent = problem.dims[plan.laneDim].extent, full = extent / lanes * lanes;
    SmallVector<Value> sums =
        code.carry({0, full, nullptr, nullptr}, lanes, 4, carried, [&](Value n, ArrayRef<Value> in) {
          return step(code.add(rowAt, n), code.add(columnAt, n), columns, lanes, in);
        });
    if (full < extent)
      sums = step(code.add(rowAt, full), code.add(columnAt, full), columns, extent - full, sums);
    return sums;
  }

  SmallVector<Value> step(Value rowAt, Value columnAt, int64_t columns, int64_t count, ArrayRef<Value> sums) {
    int64_t rowStride = plan.rowDim ? code.vectorStride(*plan.rowDim) : 0;
    int64_t columnStride = plan.columnDim ? code.scalarStride(*plan.columnDim) : 0;
    SmallVector<Value> vectors, next(sums);
    for (int64_t c = 0; c < columns; ++c)
      vectors.push_back(code.loadVector(code.scalarOperand(), code.add(columnAt, c * columnStride), lanes, count));
    for (int64_t r = 0; r < rows; ++r) {
      Value vector = code.loadVector(code.vectorOperand(), code.add(rowAt, r * rowStride), lanes, count);
      for (int64_t c = 0; c < columns; ++c)
        next[r * columns + c] = vector::FMAOp::create(code.b, code.loc, vector, vectors[c], next[r * columns + c]);
    }
    return next;
  }

  /// Sums the lanes of the accumulators of one combination of inner indices and hands the sums on, `lanes` columns at a
  /// time.
  void finish(Value combination) {
    code.loop(code.index(0), code.index(rows), 1, [&](Value r) {
      Point at = point;
      if (plan.rowDim)
        at.at[*plan.rowDim] = code.add(point.at[*plan.rowDim], r);
      Value start = row(combination, r);
      auto give = [&](Value column, int64_t count) {
        SmallVector<Value> vectors;
        for (int64_t c = 0; c < count; ++c)
          vectors.push_back(
              code.loadVector(accumulators, code.add(start, code.times(code.add(column, c), lanes)), lanes, lanes));
        if (plan.columnDim)
          at.at[*plan.columnDim] = column;
        Value sums = code.sumLanes(vectors);
        if (!plan.columnDim || !problem.isJoined(*plan.columnDim))
          return code.sink(sums, code.coordinates(at, plan.columnDim), count);
        for (int64_t c = 0; c < count; ++c) { // columns of several dimensions have no common distance
          at.at[*plan.columnDim] = code.add(column, c);
          SmallVector<int64_t> first(lanes, c);
          code.sink({vector::ShuffleOp::create(code.b, code.loc, sums, sums, first).getResult()},
                    code.coordinates(at, std::nullopt), 1);
        }
      };
      int64_t full = columnExtent / lanes * lanes;
      code.loop(code.index(0), code.index(full), lanes, [&](Value column) { give(column, lanes); });
      if (full < columnExtent)
        give(code.index(full), columnExtent - full);
    });
  }

  ContractionCode &code;
  const ContractionProblem &problem;
  const TilePlan &plan;
  Point &point;
  int64_t lanes, rows, columnExtent;
  Value accumulators;
  SmallVector<Segment> segments;
};
} // namespace

void nn::emitDotForm(ContractionCode &code) {
  code.forEachBlock([&](Point &point) { DotTask(code, point).emit(); });
}
