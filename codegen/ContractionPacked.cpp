// The packed form: the outer form's tile over panels that lie in the order in which it reads them. A call packs the
// columns of its tasks once, and its rows of the broadcast operand (where that pays) block by block; each block of rows
// passes all columns. Long sums are taken in blocks: a task's sums wait in memory while the next panels are packed, and
// see the same additions in the same order. Panels are [depth][width]; what lies behind the last column or row counts
// for nothing.
#include "codegen/ContractionCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace nn;

/// Panels of columns that are packed side by side.
static constexpr int64_t kPanelsAtOnce = 4;

namespace {
/// Indices begin..end-1 of a dimension. Only a range that ends with the dimension ends inside of a block.
struct Range {
  Value begin, end;
  int64_t extent;
};

/// What functions take memory as: they index from its start.
MemRefType memoryArgument(Type element) { return MemRefType::get({1}, element); }

/// The module's function (memory, at, stride, count, panel, to, step) that copies `steps` elements, one behind the
/// other, of each of `count` rows, `stride` apart, to `steps` vectors of the panel, `step` apart. The lanes behind the
/// rows get copies of the last one. Transposing takes many shuffles, which are slow to compile: all kernels share them.
func::FuncOp squareFunction(ContractionCode &code, int64_t steps) {
  OpBuilder b(code.b.getContext());
  Location loc = code.loc;
  auto module = code.b.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  std::string name = llvm::formatv("pack_square_f{0}x{1}_{2}", code.problem.bits, code.plan.lanes, steps);
  if (auto known = module.lookupSymbol<func::FuncOp>(name))
    return known;
  b.setInsertionPointToStart(module.getBody());
  Type memory = memoryArgument(code.element), index = b.getIndexType();
  auto function =
      func::FuncOp::create(b, loc, name, b.getFunctionType({memory, index, index, index, memory, index, index}, {}));
  function.setPrivate();
  Block *body = function.addEntryBlock();
  b.setInsertionPointToEnd(body);
  auto argument = [&](unsigned i) { return body->getArgument(i); };
  ContractionCode inner{b, loc, code.problem, code.plan, code.element, argument(0), argument(4)};
  Value last = arith::SubIOp::create(b, loc, argument(3), inner.index(1));
  SmallVector<Value> square;
  for (int64_t i = 0; i < code.plan.lanes; ++i) {
    Value row = arith::MulIOp::create(b, loc, arith::MinUIOp::create(b, loc, inner.index(i), last), argument(2));
    square.push_back(inner.loadVector(argument(0), inner.add(argument(1), row), code.plan.lanes, steps));
  }
  square = inner.transpose(square);
  for (int64_t i = 0; i < steps; ++i) {
    Value to = arith::MulIOp::create(b, loc, inner.index(i), argument(6));
    inner.storeVector(square[i], argument(4), inner.add(argument(5), to));
  }
  func::ReturnOp::create(b, loc);
  return function;
}

class PackedKernel {
public:
  PackedKernel(ContractionCode &code)
      : code(code), problem(code.problem), plan(code.plan), point(code.everywhere()), lanes(plan.lanes),
        depthDim(plan.reductions.back()), depth(plan.panelDepth), rowDim(*plan.rowDim), laneDim(plan.laneDim),
        panelWidth(plan.columns * lanes), points(code.index(depth)) {
    int64_t elementBytes = problem.bits / 8;
    columnPanels = code.scratch(0, plan.columnBytes, plan.tasks * plan.columnBytes / elementBytes);
    if (plan.packScalars)
      rowPanels = code.scratch(plan.tasks * plan.columnBytes, plan.rowBytes, plan.rowBytes / elementBytes);
    if (plan.sumBytes)
      waiting = code.scratch(plan.tasks * (plan.columnBytes + plan.rowBytes), plan.sumBytes,
                             plan.tasks * plan.sumBytes / elementBytes);
    blocked = whole(plan.reductions[plan.blockedReduction]);
  }

  void emit() {
    const LoopLevel &rowLevel = plan.levels[plan.levels.size() - 2], &columnLevel = plan.levels.back();
    int64_t across = blocks(problem.dims[laneDim].extent, columnLevel.block);
    Value count = code.index(across);
    Value firstGroup = folded<arith::DivUIOp>(code.lo, count);
    Value groups = folded<arith::DivUIOp>(code.add(code.hi, across - 1), count);
    // The tasks of a call that have the same rows lie side by side.
    auto group = [&](Value g) {
      Value start = code.times(g, across);
      Value first = difference(folded<arith::MaxUIOp>(code.lo, start), start);
      Value last = difference(smaller(code.hi, code.add(start, across)), start);
      columns = range(columnLevel, across == 1 ? code.index(0) : first, across == 1 ? code.index(1) : last);
      int64_t rowTasks = blocks(problem.dims[rowDim].extent, rowLevel.block);
      Value row = fixOuter(g, rowTasks);
      rows = range(rowLevel, row, code.add(row, 1));
      // The panels of the columns serve the following rows unless the first rows began with a later column.
      Value whole = folded<arith::DivUIOp>(code.add(code.lo, across - 1), count);
      Value fresh =
          folded<arith::OrIOp>(folded<arith::CmpIOp>(arith::CmpIPredicate::ule, g, whole), equal(row, code.index(0)));
      if (waiting)
        return forBlocksOfSums(0, [&] {
          packColumns();
          multiply();
        });
      when(fresh, [&] { packColumns(); });
      multiply();
    };
    when(folded<arith::CmpIOp>(arith::CmpIPredicate::ult, code.lo, code.hi),
         [&] { code.loop(firstGroup, groups, 1, group); });
  }

private:
  /// The tiles of the current rows and columns.
  void multiply() {
    code.loop(rows.begin, rows.end, plan.rowBlock, [&](Value block) {
      Range here{block, smaller(code.add(block, plan.rowBlock), rows.end), rows.extent};
      if (plan.packScalars)
        packRows(here);
      forBlocks(columns, panelWidth, [&](Value column, int64_t count) {
        forBlocks(here, plan.rows, [&](Value row, int64_t rowCount) { tile(block, row, rowCount, column, count); });
      });
    });
  }

  /// The blocks of the sums, from reduction `number` on: sets `blocked`, `points`, `isFirst` and `isLast`.
  void forBlocksOfSums(unsigned number, llvm::function_ref<void()> body) {
    unsigned dim = plan.reductions[number];
    int64_t extent = problem.dims[dim].extent, block = number == plan.blockedReduction ? plan.depthBlock : 1;
    Value first = isFirst, last = isLast;
    code.loop(code.index(0), code.index(extent), block, [&](Value i) {
      Value end = smaller(code.add(i, block), code.index(extent));
      isFirst = both(first, equal(i, code.index(0)));
      isLast = both(last, equal(end, code.index(extent)));
      if (number < plan.blockedReduction) {
        point.at[dim] = i;
        return forBlocksOfSums(number + 1, body);
      }
      blocked = {i, end, extent};
      points = code.times(difference(end, i), depth / plan.depthBlock);
      body();
    });
    isFirst = first;
    isLast = last;
    point.at[dim] = nullptr;
  }

  /// The points of a block of sums in runs along the innermost reduction: `body` gets a run's place in the panel.
  void forRuns(llvm::function_ref<void(Value place, const Range &run)> body) {
    forRunsFrom(plan.blockedReduction, code.index(0), body);
  }
  void forRunsFrom(unsigned number, Value place, llvm::function_ref<void(Value, const Range &)> body) {
    unsigned dim = plan.reductions[number];
    Range range = number == plan.blockedReduction ? blocked : whole(dim);
    if (number + 1 == plan.reductions.size())
      return body(place, range);
    int64_t inside = 1;
    for (unsigned d : llvm::drop_begin(plan.reductions, number + 1))
      inside *= problem.dims[d].extent;
    code.loop(range.begin, range.end, 1, [&](Value i) {
      point.at[dim] = i;
      Value behind = code.times(difference(i, range.begin), inside);
      forRunsFrom(number + 1, folded<arith::AddIOp>(place, behind), body);
    });
    point.at[dim] = nullptr;
  }

  Range whole(unsigned dim) { return {code.index(0), code.index(problem.dims[dim].extent), problem.dims[dim].extent}; }

  template <typename Op, typename... Arguments>
  Value folded(Arguments... arguments) {
    return code.b.createOrFold<Op>(code.loc, arguments...);
  }
  Value smaller(Value a, Value b) { return folded<arith::MinUIOp>(a, b); }
  Value difference(Value a, Value b) { return folded<arith::SubIOp>(a, b); }
  Value both(Value a, Value b) { return a ? folded<arith::AndIOp>(a, b) : b; }
  Value equal(Value a, Value b) { return folded<arith::CmpIOp>(arith::CmpIPredicate::eq, a, b); }
  void when(Value condition, llvm::function_ref<void()> body) {
    if (matchPattern(condition, m_One()))
      return body();
    auto branch = scf::IfOp::create(code.b, code.loc, condition);
    OpBuilder::InsertionGuard guard(code.b);
    code.b.setInsertionPointToStart(&branch.getThenRegion().front());
    body();
  }

  /// Fixes the dimensions around rows and columns; returns the index of the block of rows.
  Value fixOuter(Value group, int64_t rowTasks) {
    if (plan.levels.size() == 2)
      return rowTasks == 1 ? code.index(0) : group;
    Value rest = folded<arith::DivUIOp>(group, code.index(rowTasks));
    Value row = folded<arith::RemUIOp>(group, code.index(rowTasks));
    for (size_t l = plan.levels.size() - 2; l-- > 0;) {
      Value extent = code.index(problem.dims[plan.levels[l].dim].extent);
      point.at[plan.levels[l].dim] = l == 0 ? rest : folded<arith::RemUIOp>(rest, extent);
      rest = folded<arith::DivUIOp>(rest, extent);
    }
    return row;
  }

  Range range(const LoopLevel &level, Value first, Value last) {
    int64_t extent = problem.dims[level.dim].extent;
    if (level.block >= extent)
      return {code.index(0), code.index(extent), extent};
    Value end = code.times(last, level.block);
    return {code.times(first, level.block), extent % level.block ? smaller(end, code.index(extent)) : end, extent};
  }

  /// The memory as an argument of a function.
  Value anywhere(Value memory) {
    return memref::ReinterpretCastOp::create(code.b, code.loc, memoryArgument(code.element), memory, /*offset=*/0,
                                             /*sizes=*/ArrayRef<int64_t>{1}, /*strides=*/ArrayRef<int64_t>{1});
  }

  /// Blocks of the range, then the rest of the dimension where the range ends with it.
  void forBlocks(const Range &range, int64_t block, llvm::function_ref<void(Value, int64_t)> body) {
    int64_t full = range.extent / block * block, rest = range.extent - full;
    if (full)
      code.loop(range.begin, rest ? smaller(range.end, code.index(full)) : range.end, block,
                [&](Value i) { body(i, block); });
    if (rest)
      when(equal(range.end, code.index(range.extent)), [&] { body(code.index(full), rest); });
  }

  /// Where an operand's elements start at the point.
  Value address(bool vectors) {
    if (vectors)
      return code.address(code.vectorOffset(), point, [&](unsigned d) { return code.vectorStride(d); });
    return code.address(code.scalarOffset(), point, [&](unsigned d) { return code.scalarStride(d); });
  }

  void packRows(const Range &here) {
    forBlocks(here, plan.rows, [&](Value row, int64_t count) {
      point.at[rowDim] = row;
      Value start = code.times(difference(row, here.begin), depth);
      forRuns([&](Value place, const Range &run) {
        packRun(run, code.scalarOperand(), address(/*vectors=*/false), code.scalarStride(rowDim),
                code.scalarStride(depthDim), count, count, rowPanels, code.add(start, code.times(place, count)),
                code.index(count));
      });
    });
  }

  void packColumns() {
    Value memory = code.vectorOperand();
    int64_t stride = code.vectorStride(laneDim), depthStride = code.vectorStride(depthDim);
    auto startOf = [&](Value column) { return code.times(difference(column, columns.begin), depth); };
    if (stride != 1) {
      // A vector's columns at a time; the last panel may be narrower than the others.
      int64_t padded = blocks(columns.extent, lanes) * lanes;
      return forBlocks(columns, lanes, [&](Value column, int64_t count) {
        point.at[laneDim] = column;
        Value within = difference(column, columns.begin);
        Value panel = code.times(folded<arith::DivUIOp>(within, code.index(panelWidth)), panelWidth);
        Value width = code.index(panelWidth);
        if (padded % panelWidth)
          width = smaller(width, difference(code.index(padded), folded<arith::AddIOp>(columns.begin, panel)));
        Value start = folded<arith::AddIOp>(code.times(panel, depth), difference(within, panel));
        forRuns([&](Value place, const Range &run) {
          packRun(run, memory, address(/*vectors=*/true), stride, depthStride, count, lanes, columnPanels,
                  code.add(start, folded<arith::MulIOp>(place, width)), width);
        });
      });
    }
    // A few panels side by side, so that the operand is read in longer runs.
    code.loop(columns.begin, columns.end, kPanelsAtOnce * panelWidth, [&](Value begin) {
      Range here{begin, smaller(code.add(begin, kPanelsAtOnce * panelWidth), columns.end), columns.extent};
      forRuns([&](Value place, const Range &run) {
        code.loop(run.begin, run.end, 1, [&](Value k) {
          Value at = folded<arith::AddIOp>(place, difference(k, run.begin));
          forBlocks(here, panelWidth, [&](Value column, int64_t count) {
            point.at[laneDim] = column;
            int64_t groups = blocks(count, lanes);
            Value from = code.add(address(/*vectors=*/true), code.times(k, depthStride));
            Value to = code.add(startOf(column), code.times(at, groups * lanes));
            for (int64_t g = 0; g < groups; ++g)
              code.storeVector(code.loadVector(memory, code.add(from, g * lanes), lanes, count - g * lanes),
                               columnPanels, code.add(to, g * lanes));
          });
        });
      });
    });
  }

  /// Copies `count` elements of each point of a run to `panels`, from `start` on, `step` apart along the depth, and
  /// zeros behind them up to `width`. Where width is no multiple of the lanes, stores reach into what is written after
  /// them.
  void packRun(const Range &run, Value memory, Value from, int64_t stride, int64_t depthStride, int64_t count,
               int64_t width, Value panels, Value start, Value step) {
    auto place = [&](Value k) { return code.add(start, folded<arith::MulIOp>(difference(k, run.begin), step)); };
    int64_t groups = blocks(width, lanes);
    if (stride == 1) {
      code.loop(run.begin, run.end, 1, [&](Value k) {
        Value at = code.add(from, code.times(k, depthStride)), to = place(k);
        for (int64_t g = 0; g < groups; ++g)
          code.storeVector(code.loadVector(memory, code.add(at, g * lanes), lanes, count - g * lanes), panels,
                           code.add(to, g * lanes));
      });
      return;
    }
    if (depthStride == 1) {
      forBlocks(run, lanes, [&](Value k, int64_t steps) {
        func::FuncOp square = squareFunction(code, steps);
        for (int64_t g = groups; g-- > 0;) { // what reaches too far is overwritten in the next step
          Value at = code.add(code.add(from, g * lanes * stride), k);
          Value rows = code.index(std::min(lanes, count - g * lanes));
          func::CallOp::create(code.b, code.loc, square,
                               ValueRange{anywhere(memory), at, code.index(stride), rows, anywhere(panels),
                                          code.add(place(k), g * lanes), step});
        }
      });
      return;
    }
    code.loop(run.begin, run.end, 1, [&](Value k) {
      Value to = place(k), at = code.add(from, code.times(k, depthStride));
      code.loop(code.index(0), code.index(count), 1, [&](Value i) {
        code.storeScalar(code.loadScalar(memory, code.add(at, code.times(i, stride))), panels, code.add(to, i));
      });
      code.loop(code.index(count), code.index(width), 1,
                [&](Value i) { code.storeScalar(code.zero(code.element), panels, code.add(to, i)); });
    });
  }

  void tile(Value rowBlock, Value row, int64_t rowCount, Value column, int64_t count) {
    point.at[rowDim] = row;
    point.at[laneDim] = column;
    point.size[laneDim] = count;
    int64_t vectorsPerStep = blocks(count, lanes), columnStep = vectorsPerStep * lanes;
    Value vectors = code.times(difference(column, columns.begin), depth);
    Value scalarMemory = plan.packScalars ? rowPanels : code.scalarOperand();
    Value scalars = plan.packScalars ? code.times(difference(row, rowBlock), depth) : address(/*vectors=*/false);
    int64_t rowStride = plan.packScalars ? 1 : code.scalarStride(rowDim);
    int64_t scalarStep = plan.packScalars ? rowCount : code.scalarStride(depthDim);
    Value waitsAt = waiting ? code.add(code.times(difference(column, columns.begin), taskRows()),
                                       code.times(difference(row, rows.begin), columnStep))
                            : nullptr;
    SmallVector<Value> sums = begun(waitsAt, rowCount * vectorsPerStep);
    Bounds bounds{0, depth, nullptr, waiting ? points : nullptr};
    sums = code.carry(bounds, 1, 1, sums, [&](Value k, ArrayRef<Value> carried) {
      Value vectorsAt = code.add(vectors, code.times(k, columnStep)),
            scalarsAt = code.add(scalars, code.times(k, scalarStep));
      if (plan.ahead) {
        for (int64_t c = 0; c < vectorsPerStep; ++c)
          code.prefetch(columnPanels, code.add(vectorsAt, plan.ahead * columnStep + c * lanes));
        if (plan.packScalars)
          code.prefetch(rowPanels, code.add(scalarsAt, plan.ahead * scalarStep));
      }
      return code.multiply(columnPanels, vectorsAt, vectorsPerStep, columnStep, scalarMemory, scalarsAt, rowStride,
                           rowCount, carried);
    });
    if (!waiting)
      return code.results(point, sums, rowCount, vectorsPerStep);
    auto done = scf::IfOp::create(code.b, code.loc, isLast, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(code.b);
    code.b.setInsertionPointToStart(&done.getThenRegion().front());
    code.results(point, sums, rowCount, vectorsPerStep);
    code.b.setInsertionPointToStart(&done.getElseRegion().front());
    for (auto [i, sum] : llvm::enumerate(sums))
      code.storeVector(sum, waiting, code.add(waitsAt, i * lanes));
  }

  int64_t taskRows() const { return plan.levels[plan.levels.size() - 2].block; }

  /// What a tile's sums begin with: zeros, or where the block before has left them.
  SmallVector<Value> begun(Value waitsAt, int64_t count) {
    SmallVector<Value> zeros(count, code.zero(code.vectorType(lanes)));
    if (!waiting)
      return zeros;
    SmallVector<Type> types(count, code.vectorType(lanes));
    auto fresh = scf::IfOp::create(code.b, code.loc, types, isFirst, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(code.b);
    code.b.setInsertionPointToStart(&fresh.getThenRegion().front());
    scf::YieldOp::create(code.b, code.loc, zeros);
    code.b.setInsertionPointToStart(&fresh.getElseRegion().front());
    SmallVector<Value> left;
    for (int64_t i = 0; i < count; ++i)
      left.push_back(code.loadVector(waiting, code.add(waitsAt, i * lanes), lanes, lanes));
    scf::YieldOp::create(code.b, code.loc, left);
    return SmallVector<Value>(fresh.getResults());
  }

  ContractionCode &code;
  const ContractionProblem &problem;
  const TilePlan &plan;
  Point point;
  int64_t lanes;
  unsigned depthDim;
  int64_t depth;
  unsigned rowDim, laneDim;
  int64_t panelWidth;
  Range rows, columns;
  Value columnPanels, rowPanels, waiting;
  Range blocked;         ///< indices of the blocked reduction in the current panels
  Value points;          ///< of the sums in the current panels
  Value isFirst, isLast; ///< whether they are the first, the last ones of their sums
};
} // namespace

void nn::emitPackedForm(ContractionCode &code) { PackedKernel(code).emit(); }
