// Index arithmetic, loops and accesses of contraction kernels. Arithmetic on constants is folded while it is emitted.
#include "codegen/ContractionCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace nn;

int64_t ContractionCode::vectorStride(unsigned d) const {
  return plan.vectorIsLhs ? problem.dims[d].lhs : problem.dims[d].rhs;
}
int64_t ContractionCode::scalarStride(unsigned d) const {
  return plan.vectorIsLhs ? problem.dims[d].rhs : problem.dims[d].lhs;
}

Value ContractionCode::index(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }

static std::optional<int64_t> constantOf(Value v) {
  APInt value;
  if (matchPattern(v, m_ConstantInt(&value)))
    return value.getSExtValue();
  return std::nullopt;
}

Value ContractionCode::add(Value x, Value y) {
  auto a = constantOf(x), c = constantOf(y);
  if (a && c)
    return index(*a + *c);
  if (a && *a == 0)
    return y;
  if (c && *c == 0)
    return x;
  return arith::AddIOp::create(b, loc, x, y);
}
Value ContractionCode::add(Value x, int64_t y) { return y == 0 ? x : add(x, index(y)); }

Value ContractionCode::times(Value x, int64_t factor) {
  if (auto a = constantOf(x))
    return index(*a * factor);
  if (factor == 1)
    return x;
  return factor == 0 ? index(0) : Value(arith::MulIOp::create(b, loc, x, index(factor)));
}

VectorType ContractionCode::vectorType(int64_t lanes) const { return VectorType::get({lanes}, element); }
Value ContractionCode::zero(Type type) { return arith::ConstantOp::create(b, loc, b.getZeroAttr(type)); }

void ContractionCode::loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body) {
  if (auto a = constantOf(from), c = constantOf(to); a && c && *c - *a <= step) {
    if (*c > *a)
      body(from);
    return;
  }
  auto loop = scf::ForOp::create(b, loc, from, to, index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

SmallVector<Value> ContractionCode::carry(Bounds bounds, int64_t step, int64_t unroll, ArrayRef<Value> init,
                                          llvm::function_ref<SmallVector<Value>(Value, ArrayRef<Value>)> body) {
  SmallVector<Value> carried(init);
  if (bounds.constant() && bounds.hi - bounds.lo <= std::max<int64_t>(unroll, 1) * step) {
    for (int64_t i = bounds.lo; i < bounds.hi; i += step)
      carried = body(index(i), carried);
    return carried;
  }
  Value from = bounds.loValue ? bounds.loValue : index(bounds.lo),
        to = bounds.hiValue ? bounds.hiValue : index(bounds.hi);
  auto loop = scf::ForOp::create(b, loc, from, to, index(step), carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> arguments(loop.getRegionIterArgs());
  scf::YieldOp::create(b, loc, body(loop.getInductionVar(), arguments));
  return SmallVector<Value>(loop.getResults());
}

void ContractionCode::forEachBlock(llvm::function_ref<void(Point &)> body) {
  Point point = everywhere();
  loop(lo, hi, 1, [&](Value task) {
    SmallVector<Value> indices(plan.taskLevels);
    Value rest = task;
    for (unsigned l = plan.taskLevels; l-- > 0;) {
      int64_t count = blocks(problem.dims[plan.levels[l].dim].extent, plan.levels[l].block);
      if (count == 1) {
        indices[l] = index(0);
      } else if (l == 0) {
        indices[l] = rest;
      } else {
        Value divisor = index(count);
        indices[l] = arith::RemUIOp::create(b, loc, rest, divisor);
        rest = arith::DivUIOp::create(b, loc, rest, divisor);
      }
    }
    level(0, indices, point, body);
  });
}

Point ContractionCode::everywhere() const {
  Point point;
  point.at.resize(problem.dims.size());
  point.size.assign(problem.dims.size(), 1);
  point.inside.assign(problem.windows.size(), false);
  return point;
}

void ContractionCode::level(unsigned number, ArrayRef<Value> taskIndices, Point &point,
                            llvm::function_ref<void(Point &)> body) {
  if (number == plan.levels.size())
    return body(point);
  unsigned dim = plan.levels[number].dim;
  int64_t block = plan.levels[number].block;
  int64_t extent = problem.dims[dim].extent, full = extent / block, rest = extent % block;
  auto at = [&](Value position, int64_t size) {
    point.at[dim] = position;
    point.size[dim] = size;
    level(number + 1, taskIndices, point, body);
  };
  if (number >= plan.taskLevels) {
    const Window *window = problem.windowAt(dim);
    if (window && window->position == dim && block == 1)
      return positions(number, taskIndices, point, body);
    loop(index(0), index(full * block), block, [&](Value i) { at(i, block); });
    if (rest)
      at(index(full * block), rest);
    return;
  }
  Value task = taskIndices[number];
  if (rest == 0)
    return at(times(task, block), block);
  if (full == 0)
    return at(index(0), rest);
  Value isFull = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, task, index(full));
  auto branch = scf::IfOp::create(b, loc, isFull, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&branch.getThenRegion().front());
  at(times(task, block), block);
  b.setInsertionPointToStart(&branch.getElseRegion().front());
  at(index(full * block), rest);
}

/// The positions of a window: where all taps lie inside, the bounds of the taps are constant.
void ContractionCode::positions(unsigned number, ArrayRef<Value> taskIndices, Point &point,
                                llvm::function_ref<void(Point &)> body) {
  unsigned dim = plan.levels[number].dim;
  const Window *window = problem.windowAt(dim);
  Interval all = interior(problem, *window);
  int64_t extent = problem.dims[dim].extent, hole = all.hi - all.lo;
  auto at = [&](Value i, bool inside) {
    point.at[dim] = i;
    point.size[dim] = 1;
    point.inside[window - problem.windows.begin()] = inside;
    level(number + 1, taskIndices, point, body);
    point.inside[window - problem.windows.begin()] = false;
  };
  loop(index(all.lo), index(all.hi), 1, [&](Value i) { at(i, true); });
  loop(index(0), index(extent - hole), 1, [&](Value i) {
    if (all.lo == 0 || hole == 0)
      return at(add(i, hole), false);
    Value before = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, i, index(all.lo));
    at(arith::SelectOp::create(b, loc, before, i, add(i, hole)), false);
  });
}

Bounds ContractionCode::taps(const Window &w, const Point &point) {
  int64_t taps = problem.dims[w.tap].extent, scale = std::abs(w.tapScale);
  if (point.inside[&w - problem.windows.begin()])
    return {0, taps, nullptr, nullptr};
  Value at = add(times(point.at[w.position], w.positionScale), w.offset);
  // max(v, 0) / scale, which is exact for every v that a bound can be.
  auto quotient = [&](Value v) -> Value {
    v = arith::MaxSIOp::create(b, loc, v, index(0));
    return scale == 1 ? v : Value(arith::DivUIOp::create(b, loc, v, index(scale)));
  };
  Value lower, upper;
  if (w.tapScale > 0) {
    Value minus = arith::SubIOp::create(b, loc, index(0), at);
    lower = quotient(add(minus, scale - 1));
    upper = quotient(add(minus, w.extent + scale - 1));
  } else {
    lower = quotient(add(at, scale - w.extent));
    upper = quotient(add(at, scale));
  }
  return {0, taps, lower, arith::MinSIOp::create(b, loc, upper, index(taps))};
}

Bounds ContractionCode::reductionBounds(unsigned dim, const Point &point) {
  const Window *w = problem.windowAt(dim);
  if (w && w->tap == dim && point.at[w->position])
    return taps(*w, point);
  return {0, problem.dims[dim].extent, nullptr, nullptr};
}

Value ContractionCode::address(int64_t offset, const Point &point, llvm::function_ref<int64_t(unsigned)> stride) {
  Value sum = index(offset);
  for (unsigned d = 0; d < point.at.size(); ++d)
    if (point.at[d] && stride(d) != 0)
      sum = add(sum, times(point.at[d], stride(d)));
  return sum;
}

Value ContractionCode::loadVector(Value memory, Value position, int64_t lanes, int64_t count) {
  VectorType type = vectorType(lanes);
  if (count >= lanes)
    return vector::LoadOp::create(b, loc, type, memory, position);
  Value mask =
      vector::ConstantMaskOp::create(b, loc, VectorType::get({lanes}, b.getI1Type()), ArrayRef<int64_t>{count});
  return vector::MaskedLoadOp::create(b, loc, type, memory, position, mask, zero(type));
}

Value ContractionCode::loadScalar(Value memory, Value position) {
  return memref::LoadOp::create(b, loc, memory, position);
}

void ContractionCode::storeScalar(Value scalar, Value memory, Value position) {
  memref::StoreOp::create(b, loc, scalar, memory, position);
}

void ContractionCode::prefetch(Value memory, Value position) {
  memref::PrefetchOp::create(b, loc, memory, position, /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
}

void ContractionCode::storeVector(Value vector, Value memory, Value position) {
  vector::StoreOp::create(b, loc, vector, memory, position);
}

SmallVector<Value> ContractionCode::multiply(Value vectors, Value vectorAt, int64_t columns, int64_t count,
                                             Value scalars, Value scalarAt, int64_t rowStride, int64_t rows,
                                             ArrayRef<Value> accumulators) {
  int64_t lanes = plan.lanes;
  SmallVector<Value> loaded, next(accumulators);
  for (int64_t c = 0; c < columns; ++c)
    loaded.push_back(loadVector(vectors, add(vectorAt, c * lanes), lanes, count - c * lanes));
  for (int64_t r = 0; r < rows; ++r) {
    Value row =
        vector::BroadcastOp::create(b, loc, vectorType(lanes), loadScalar(scalars, add(scalarAt, r * rowStride)));
    for (int64_t c = 0; c < columns; ++c)
      next[r * columns + c] = vector::FMAOp::create(b, loc, row, loaded[c], next[r * columns + c]);
  }
  return next;
}

SmallVector<Value> ContractionCode::transpose(ArrayRef<Value> vectors) {
  int64_t lanes = plan.lanes;
  SmallVector<int64_t> low, high;
  for (int64_t i = 0; i < lanes; ++i) {
    low.push_back(i / 2 + i % 2 * lanes);
    high.push_back(low.back() + lanes / 2);
  }
  // Interleaving vector i with vector i + lanes / 2 rotates the bits of (vector, lane) by one: log2(lanes) times
  // exchange them.
  SmallVector<Value> level(vectors);
  for (int64_t stage = 1; stage < lanes; stage *= 2) {
    SmallVector<Value> next;
    for (int64_t i = 0; i < lanes / 2; ++i) {
      next.push_back(vector::ShuffleOp::create(b, loc, level[i], level[i + lanes / 2], low));
      next.push_back(vector::ShuffleOp::create(b, loc, level[i], level[i + lanes / 2], high));
    }
    level = std::move(next);
  }
  return level;
}

Value ContractionCode::sumLanes(ArrayRef<Value> vectors) {
  int64_t lanes = plan.lanes;
  SmallVector<Value> level(vectors);
  // A vector holds `parts` sums in runs of lanes / parts lanes. Two of them make one of twice as many sums in half the
  // run.
  for (int64_t parts = 1; parts < lanes; parts *= 2) {
    int64_t run = lanes / parts;
    SmallVector<int64_t> low, high;
    for (int64_t part = 0; part < 2 * parts; ++part)
      for (int64_t i = 0; i < run / 2; ++i) {
        low.push_back(part / parts * lanes + part % parts * run + i);
        high.push_back(low.back() + run / 2);
      }
    SmallVector<Value> next;
    for (size_t i = 0; i < level.size(); i += 2) {
      Value first = level[i], second = i + 1 < level.size() ? level[i + 1] : first;
      next.push_back(arith::AddFOp::create(b, loc, vector::ShuffleOp::create(b, loc, first, second, low),
                                           vector::ShuffleOp::create(b, loc, first, second, high)));
    }
    level = std::move(next);
  }
  return level.front();
}

Value ContractionCode::scratch(int64_t offset, int64_t taskBytes, int64_t elements) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfterValue(hi);
  Value start = add(times(lo, taskBytes), workspaceOffset + offset);
  return memref::ViewOp::create(b, loc, MemRefType::get({elements}, element), workspace, start, ValueRange{});
}

Value ContractionCode::stack(int64_t elements) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&b.getInsertionBlock()->getParent()->getParentOfType<func::FuncOp>().getBody().front());
  return memref::AllocaOp::create(b, loc, MemRefType::get({elements}, element), b.getI64IntegerAttr(64));
}

SmallVector<Coordinate> ContractionCode::coordinates(const Point &point, std::optional<unsigned> laneDim) {
  SmallVector<Coordinate> at;
  for (const ResultCoordinate &c : problem.result) {
    Coordinate coordinate = {index(c.offset), 0};
    for (const auto &term : c.terms) {
      Value part = point.at[term.dim];
      if (term.divisor != 1)
        part = b.createOrFold<arith::DivUIOp>(loc, part, index(term.divisor));
      if (term.modulus != 0)
        part = b.createOrFold<arith::RemUIOp>(loc, part, index(term.modulus));
      coordinate.base = add(coordinate.base, times(part, term.scale));
      if (laneDim && term.dim == *laneDim)
        coordinate.lane += term.scale;
    }
    at.push_back(coordinate);
  }
  return at;
}

SmallVector<Coordinate> ContractionCode::coordinates(const Point &point, Value row, Value column) {
  Point element = point;
  if (plan.rowDim)
    element.at[*plan.rowDim] = add(point.at[*plan.rowDim], row);
  element.at[plan.laneDim] = add(point.at[plan.laneDim], times(column, plan.lanes));
  return coordinates(element, plan.laneDim);
}

void ContractionCode::askFor(const Point &point, int64_t rows, int64_t columns) {
  loop(index(0), index(rows), 1, [&](Value r) {
    for (int64_t c = 0; c < columns; ++c)
      ask(coordinates(point, r, index(c)));
  });
}

void ContractionCode::results(const Point &point, ArrayRef<Value> accumulators, int64_t rows, int64_t columns) {
  int64_t lanes = plan.lanes, width = point.size[plan.laneDim];
  if (inlineResults || accumulators.size() == 1) {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c)
        sink(accumulators[r * columns + c], coordinates(point, index(r), index(c)), std::min(lanes, width - c * lanes));
    return;
  }
  Value buffer = stack(plan.rows * plan.columns * lanes);
  for (auto [i, vector] : llvm::enumerate(accumulators))
    storeVector(vector, buffer, index(i * lanes));
  resultsFrom(buffer, point, rows, columns);
}

void ContractionCode::resultsFrom(Value buffer, const Point &point, int64_t rows, int64_t columns) {
  int64_t lanes = plan.lanes, parts = problem.parts(), width = point.size[plan.laneDim];
  loop(index(0), index(rows), 1, [&](Value r) {
    auto from = [&](Value c, int64_t active) {
      Value at = add(times(r, columns * parts * lanes), times(c, parts * lanes));
      SmallVector<Value> vectors;
      for (int64_t i = 0; i < parts; ++i)
        vectors.push_back(loadVector(buffer, add(at, i * lanes), lanes, lanes));
      sink(vectors, coordinates(point, r, c), active);
    };
    int64_t full = std::min(columns, width / lanes);
    loop(index(0), index(full), 1, [&](Value c) { from(c, lanes); });
    if (full < columns)
      from(index(full), width - full * lanes);
  });
}
