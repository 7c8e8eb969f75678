// Zeros first, then one addition per element of the summed tensor, along the columns in vectors.
#include "codegen/Scatter.h"
#include "codegen/ElementEmitter.h"
#include "codegen/KernelFrame.h"
#include "codegen/Targets.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nn;

/// Additions that are worth a task.
static constexpr int64_t kTaskAdditions = 4096;

std::optional<ScatterKernel> ScatterKernel::match(Block &body, const Machine &machine) {
  auto op = dyn_cast<ScatterSumOp>(body.front());
  if (!op || &*std::next(op->getIterator()) != body.getTerminator() || body.getTerminator()->getNumOperands() != 1)
    return std::nullopt;
  ScatterKernel kernel;
  kernel.op = op;
  RankedTensorType y = op.getY().getType(), d = op.getD().getType();
  int64_t axis = op.getAxis(), shift = d.getRank() - y.getRank();
  SmallVector<int64_t> strides = physicalStrides(y), from = physicalStrides(d);
  // Where both lie contiguously, else along the largest dimension.
  for (int64_t dim = 0; dim < y.getRank(); ++dim) {
    if (dim == axis)
      continue;
    bool isContiguous = strides[dim] == 1 && from[dim < axis ? dim : dim + shift] == 1;
    if (kernel.lanes > 1 || (!isContiguous && y.getDimSize(dim) <= kernel.columns))
      continue;
    kernel.columnDim = dim;
    kernel.columns = y.getDimSize(dim);
    if (isContiguous)
      kernel.lanes = machine.lanes(y.getElementTypeBitWidth());
  }
  int64_t vectors = llvm::divideCeil(kernel.columns, kernel.lanes);
  int64_t tasks = std::clamp<int64_t>(d.getNumElements() / kTaskAdditions, 1, vectors);
  kernel.perTask = llvm::divideCeil(vectors, tasks) * kernel.lanes;
  return kernel;
}

KernelPlan ScatterKernel::plan() const {
  KernelPlan plan;
  plan.tasks = llvm::divideCeil(columns, perTask);
  return plan;
}

namespace {
struct Emitter {
  KernelFrame &frame;
  ScatterSumOp op;
  ElementEmitter e;
  OpBuilder &b;
  Location loc;

  Emitter(KernelFrame &frame, ScatterSumOp op)
      : frame(frame), op(op), e(frame.b, frame.loc), b(frame.b), loc(frame.loc) {
    for (auto [argument, memory] : llvm::zip(frame.body.getArguments(), frame.flatOperands))
      e.place(argument, memory);
  }

  void forLoop(Value lo, Value hi, int64_t step, llvm::function_ref<void(Value)> body) {
    auto loop = scf::ForOp::create(b, loc, lo, hi, e.index(step));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }
  /// Loops over those of `dims` whose coordinate is still free.
  void nest(ArrayRef<int64_t> shape, SmallVector<Coordinate> &at, unsigned dim, llvm::function_ref<void()> body) {
    if (dim == shape.size())
      return body();
    if (at[dim].base)
      return nest(shape, at, dim + 1, body);
    forLoop(e.index(0), e.index(shape[dim]), 1, [&](Value i) {
      at[dim] = {i, 0};
      nest(shape, at, dim + 1, body);
      at[dim] = {};
    });
  }
  /// Runs `body` on the columns lo..hi-1, at most `lanes` together.
  void overColumns(Value lo, Value hi, int64_t columns, int64_t lanes, llvm::function_ref<void(Coordinate)> body) {
    int64_t inVectors = columns / lanes * lanes;
    if (inVectors > 0) {
      Value end = inVectors == columns ? hi : Value(arith::MinSIOp::create(b, loc, hi, e.index(inVectors)));
      forLoop(lo, end, lanes, [&](Value column) {
        e.setLanes(lanes, lanes);
        body({column, lanes > 1 ? 1 : 0});
        e.setLanes(1, 1);
      });
    }
    if (inVectors < columns)
      forLoop(arith::MaxSIOp::create(b, loc, lo, e.index(inVectors)), hi, 1, [&](Value column) { body({column, 0}); });
  }
};
} // namespace

void ScatterKernel::emit(KernelFrame &frame) const {
  auto scatter = cast<ScatterSumOp>(op);
  Emitter emitter(frame, scatter);
  ElementEmitter &e = emitter.e;
  OpBuilder &b = frame.b;
  Location loc = frame.loc;
  RankedTensorType y = scatter.getY().getType(), d = scatter.getD().getType(), index = scatter.getIndex().getType();
  int64_t axis = scatter.getAxis(), shift = d.getRank() - y.getRank();
  Value memory = frame.flatResults.front(), terms = e.placeOf(scatter.getD());
  Value lo = e.affine({frame.lo, 0}, perTask, 0).base, hi = e.affine({frame.hi, 0}, perTask, 0).base;
  hi = arith::MinSIOp::create(b, loc, hi, e.index(columns));

  // Fixes the column dimension of a nest over `shape`, which has it at `dim`; without one there is one column.
  auto nestOfColumns = [&](ArrayRef<int64_t> shape, int64_t dim, llvm::function_ref<void(ArrayRef<Coordinate>)> body) {
    SmallVector<Coordinate> at(shape.size());
    Coordinate none = e.fixed(0);
    if (columnDim >= 0)
      at[dim] = none; // not free
    emitter.nest(shape, at, 0, [&] {
      emitter.overColumns(lo, hi, columns, lanes, [&](Coordinate column) {
        if (columnDim >= 0)
          at[dim] = column;
        body(at);
      });
      if (columnDim >= 0)
        at[dim] = none;
    });
  };
  nestOfColumns(y.getShape(), columnDim,
                [&](ArrayRef<Coordinate> at) { e.store(e.constant(y.getElementType(), 0), y, memory, at); });
  int64_t termDim = columnDim < axis ? columnDim : columnDim + shift;
  nestOfColumns(d.getShape(), termDim, [&](ArrayRef<Coordinate> at) {
    SmallVector<Coordinate> to(at.take_front(axis));
    to.push_back({scatter.target(e, at.slice(axis, index.getRank())), 0});
    llvm::append_range(to, at.drop_front(axis + index.getRank()));
    Value sum = arith::AddFOp::create(b, loc, e.load(y, memory, to), e.load(d, terms, at));
    e.store(sum, y, memory, to);
  });
}
