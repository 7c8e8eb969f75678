// One copy of a scan's body per step. What every step takes of a tensor at its own position is a slice, so that
// derivatives do not scatter.
#include "tools/reference/UnrollScans.h"

#include "dialect/NN.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace nn;

static RankedTensorType shaped(Value like, ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, cast<RankedTensorType>(like.getType()).getElementType());
}

/// Element `step` of the first dimension of x.
static Value elementAt(OpBuilder &b, Location loc, Value x, Type element, int64_t step) {
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<int64_t> offsets(type.getRank(), 0), strides(type.getRank(), 1), shape(type.getShape());
  offsets[0] = step;
  shape[0] = 1;
  return ReshapeOp::create(b, loc, element, SliceOp::create(b, loc, shaped(x, shape), x, offsets, strides));
}

static void unroll(ScanOp scan) {
  OpBuilder b(scan);
  Location loc = scan.getLoc();
  Block &body = scan.getBody().front();
  int64_t trips = scan.getTrips();
  SmallVector<SmallVector<Value>> emitted(scan.emitted(), SmallVector<Value>(trips));
  SmallVector<Value> carried(scan.getInits());
  for (int64_t round = 0; round < trips; ++round) {
    int64_t step = scan.getReversed() ? trips - 1 - round : round;
    IRMapping values;
    auto stepType = cast<RankedTensorType>(body.getArgument(0).getType());
    values.map(body.getArgument(0), ConstantOp::create(b, loc, stepType, double(step)).getResult());
    values.map(scan.carriedArguments(), carried);
    for (auto [sequence, element] : llvm::zip(scan.getSequences(), scan.elementArguments()))
      values.map(element, elementAt(b, loc, sequence, element.getType(), step));
    values.map(scan.sharedArguments(), scan.getShared());
    for (Operation &op : body.without_terminator())
      b.clone(op, values);
    auto yielded = llvm::map_to_vector(body.getTerminator()->getOperands(), [&](Value v) { return values.lookup(v); });
    for (auto [k, stack] : llvm::enumerate(emitted)) {
      SmallVector<int64_t> shape = {1};
      llvm::append_range(shape, cast<RankedTensorType>(yielded[k].getType()).getShape());
      stack[step] = ReshapeOp::create(b, loc, shaped(yielded[k], shape), yielded[k]);
    }
    carried.assign(yielded.begin() + emitted.size(), yielded.end());
  }
  SmallVector<Value> results;
  for (ArrayRef<Value> stack : emitted)
    results.push_back(trips == 1 ? stack.front() : ConcatOp::create(b, loc, stack, /*axis=*/0).getY());
  llvm::append_range(results, carried);
  scan.replaceAllUsesWith(results);
  scan.erase();
}

void nn::unrollScans(Operation *root) {
  SmallVector<ScanOp> scans; // inner ones first
  root->walk([&](ScanOp scan) { scans.push_back(scan); });
  for (ScanOp scan : scans)
    unroll(scan);
}
