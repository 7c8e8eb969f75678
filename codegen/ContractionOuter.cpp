// The outer form: each step of the reduction broadcasts a few elements of one operand against a few vectors of the
// other. Nothing is packed; taps outside of the convolved operand are not visited.
#include "codegen/ContractionCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace nn;

/// Multiply-adds that may stand behind each other in unrolled reduction loops.
static constexpr int64_t kUnrolledFmas = 160;

namespace {
class OuterTile {
public:
  OuterTile(ContractionCode &code, Point &point) : code(code), point(point) {
    rows = code.plan.rowDim ? point.size[*code.plan.rowDim] : 1;
    width = point.size[code.plan.laneDim];
    columns = blocks(width, code.plan.lanes);
  }

  void emit() {
    std::optional<unsigned> partDim = code.problem.partDim;
    if (!partDim)
      return code.results(point, sums(), rows, columns);
    // One part after the other, until the epilogue has all; meanwhile what this touches comes near.
    code.askFor(point, rows, columns);
    int64_t lanes = code.plan.lanes, parts = code.problem.parts();
    Value buffer = code.stack(code.plan.rows * code.plan.columns * parts * lanes);
    code.loop(code.index(0), code.index(parts), 1, [&](Value part) {
      point.at[*partDim] = part;
      for (auto [i, sum] : llvm::enumerate(sums()))
        code.storeVector(sum, buffer, code.times(code.add(part, i * parts), lanes));
    });
    point.at[*partDim] = nullptr;
    code.resultsFrom(buffer, point, rows, columns);
  }

private:
  SmallVector<Value> sums() {
    Value vectorStart = code.address(code.vectorOffset(), point, [&](unsigned d) { return code.vectorStride(d); });
    Value scalarStart = code.address(code.scalarOffset(), point, [&](unsigned d) { return code.scalarStride(d); });
    SmallVector<Value> zeros(rows * columns, code.zero(code.vectorType(code.plan.lanes)));
    return reduce(0, vectorStart, scalarStart, zeros);
  }

  SmallVector<Value> reduce(unsigned depth, Value vectorAt, Value scalarAt, ArrayRef<Value> accumulators) {
    ArrayRef<unsigned> reductions = code.plan.reductions;
    if (depth == reductions.size())
      return step(vectorAt, scalarAt, accumulators);
    unsigned dim = reductions[depth];
    int64_t unroll = depth + 1 == reductions.size() ? std::min<int64_t>(8, kUnrolledFmas / (rows * columns)) : 1;
    return code.carry(code.reductionBounds(dim, point), 1, unroll, accumulators, [&](Value i, ArrayRef<Value> carried) {
      return reduce(depth + 1, code.add(vectorAt, code.times(i, code.vectorStride(dim))),
                    code.add(scalarAt, code.times(i, code.scalarStride(dim))), carried);
    });
  }

  SmallVector<Value> step(Value vectorAt, Value scalarAt, ArrayRef<Value> accumulators) {
    int64_t rowStride = code.plan.rowDim ? code.scalarStride(*code.plan.rowDim) : 0;
    return code.multiply(code.vectorOperand(), vectorAt, columns, width, code.scalarOperand(), scalarAt, rowStride,
                         rows, accumulators);
  }

  ContractionCode &code;
  Point &point;
  int64_t rows, columns, width;
};
} // namespace

void nn::emitOuterForm(ContractionCode &code) {
  code.forEachBlock([&](Point &point) { OuterTile(code, point).emit(); });
}
