// The packed form: the outer form's tile over panels that lie in the order in which it reads them. A task packs its
// rows of the broadcast operand once (where that pays) and its columns of the vector operand block by block. Panels are
// [depth][width]; columns behind the last one are zero, rows behind the last one are never read.
#include "codegen/ContractionCode.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace nn;

namespace {
class PackedTask {
public:
  PackedTask(ContractionCode &code, Point &point)
      : code(code), problem(code.problem), plan(code.plan), point(point), lanes(plan.lanes),
        depthDim(plan.reductions[0]), depth(problem.dims[depthDim].extent), rowDim(*plan.rowDim), laneDim(plan.laneDim),
        panelWidth(plan.columns * lanes) {
    rowStart = point.at[rowDim];
    laneStart = point.at[laneDim];
    rows = point.size[rowDim];
    width = point.size[laneDim];
    int64_t elementBytes = problem.bits / 8, columnElements = plan.columnBlock * depth;
    columnPanels = code.scratch(0, columnElements);
    if (plan.packScalars)
      rowPanels = code.scratch(columnElements * elementBytes, plan.taskWorkspace / elementBytes - columnElements);
  }

  void emit() {
    if (plan.packScalars)
      forBlocks(rows, plan.rows, [&](Value row, int64_t count) {
        point.at[rowDim] = code.add(rowStart, row);
        pack(code.scalarOperand(), address(/*vectors=*/false), code.scalarStride(rowDim), code.scalarStride(depthDim),
             count, count, rowPanels, code.times(row, depth));
      });
    forBlocks(width, plan.columnBlock, [&](Value block, int64_t blockWidth) {
      point.at[rowDim] = rowStart;
      forBlocks(blockWidth, panelWidth, [&](Value column, int64_t count) {
        point.at[laneDim] = code.add(code.add(laneStart, block), column);
        pack(code.vectorOperand(), address(/*vectors=*/true), code.vectorStride(laneDim), code.vectorStride(depthDim),
             count, blocks(count, lanes) * lanes, columnPanels, code.times(column, depth));
      });
      forBlocks(rows, plan.rows, [&](Value row, int64_t rowCount) {
        forBlocks(blockWidth, panelWidth, [&](Value column, int64_t count) {
          point.at[rowDim] = code.add(rowStart, row);
          point.at[laneDim] = code.add(code.add(laneStart, block), column);
          point.size[laneDim] = count;
          tile(row, rowCount, column, count);
        });
      });
    });
  }

private:
  void forBlocks(int64_t extent, int64_t block, llvm::function_ref<void(Value, int64_t)> body) {
    int64_t full = extent / block * block;
    code.loop(code.index(0), code.index(full), block, [&](Value i) { body(i, block); });
    if (full < extent)
      body(code.index(full), extent - full);
  }

  /// Where an operand's elements start at the point.
  Value address(bool vectors) {
    if (vectors)
      return code.address(code.vectorOffset(), point, [&](unsigned d) { return code.vectorStride(d); });
    return code.address(code.scalarOffset(), point, [&](unsigned d) { return code.scalarStride(d); });
  }

  /// Copies `count` x depth elements to the panel at `start` of `panels`, `width` apart along the depth. Where width is
  /// no multiple of the lanes, stores reach into what is written after them.
  void pack(Value memory, Value from, int64_t stride, int64_t depthStride, int64_t count, int64_t width, Value panels,
            Value start) {
    auto place = [&](Value k, int64_t group) { return code.add(code.add(start, code.times(k, width)), group * lanes); };
    int64_t groups = blocks(width, lanes);
    if (stride == 1) {
      code.loop(code.index(0), code.index(depth), 1, [&](Value k) {
        Value at = code.add(from, code.times(k, depthStride));
        for (int64_t g = 0; g < groups; ++g)
          code.storeVector(code.loadVector(memory, code.add(at, g * lanes), lanes, count - g * lanes), panels,
                           place(k, g));
      });
      return;
    }
    if (depthStride == 1) {
      forBlocks(depth, lanes, [&](Value k, int64_t steps) {
        SmallVector<SmallVector<Value>> square;
        for (int64_t g = 0; g < groups; ++g) {
          SmallVector<Value> vectors(lanes, code.zero(code.vectorType(lanes)));
          for (int64_t i = 0; i < lanes && g * lanes + i < count; ++i)
            vectors[i] = code.loadVector(memory, code.add(code.add(from, (g * lanes + i) * stride), k), lanes, steps);
          square.push_back(code.transpose(vectors));
        }
        for (int64_t i = 0; i < steps; ++i)
          for (int64_t g = 0; g < groups; ++g)
            code.storeVector(square[g][i], panels, place(code.add(k, i), g));
      });
      return;
    }
    Value zero = code.zero(code.element);
    code.loop(code.index(0), code.index(depth), 1, [&](Value k) {
      for (int64_t i = 0; i < width; ++i) {
        Value at = code.add(code.add(from, i * stride), code.times(k, depthStride));
        code.storeScalar(i < count ? code.loadScalar(memory, at) : zero, panels, code.add(place(k, 0), i));
      }
    });
  }

  void tile(Value row, int64_t rowCount, Value column, int64_t count) {
    int64_t columns = blocks(count, lanes), columnStep = columns * lanes;
    Value vectors = code.times(column, depth);
    Value scalarMemory = plan.packScalars ? rowPanels : code.scalarOperand();
    Value scalars = plan.packScalars ? code.times(row, depth) : address(/*vectors=*/false);
    int64_t rowStride = plan.packScalars ? 1 : code.scalarStride(rowDim);
    int64_t scalarStep = plan.packScalars ? rowCount : code.scalarStride(depthDim);
    SmallVector<Value> sums(rowCount * columns, code.zero(code.vectorType(lanes)));
    sums = code.carry({0, depth, nullptr, nullptr}, 1, 1, sums, [&](Value k, ArrayRef<Value> carried) {
      return code.multiply(columnPanels, code.add(vectors, code.times(k, columnStep)), columns, columnStep,
                           scalarMemory, code.add(scalars, code.times(k, scalarStep)), rowStride, rowCount, carried);
    });
    code.results(point, sums, rowCount, columns);
  }

  ContractionCode &code;
  const ContractionProblem &problem;
  const TilePlan &plan;
  Point &point;
  int64_t lanes;
  unsigned depthDim;
  int64_t depth;
  unsigned rowDim, laneDim;
  int64_t panelWidth, rows, width;
  Value rowStart, laneStart, columnPanels, rowPanels;
};
} // namespace

void nn::emitPackedForm(ContractionCode &code) {
  code.forEachBlock([&](Point &point) {
    Point own = point;
    PackedTask(code, own).emit();
  });
}
