// Checks of scans.
#include "dialect/NN.h"

using namespace mlir;
using namespace nn;

void EmitOp::build(OpBuilder &, OperationState &) {}

/// A tensor of `steps` values of a type, one behind the other.
static RankedTensorType stacked(Type step, int64_t steps) {
  auto type = cast<RankedTensorType>(step);
  SmallVector<int64_t> shape = {steps};
  llvm::append_range(shape, type.getShape());
  return RankedTensorType::get(shape, type.getElementType());
}

void ScanOp::build(OpBuilder &b, OperationState &state, ValueRange inits, ValueRange sequences, ValueRange shared,
                   int64_t trips, bool reversed, Region &body) {
  auto yielded = body.front().getTerminator()->getOperandTypes();
  SmallVector<Type> results;
  for (auto [i, type] : llvm::enumerate(yielded))
    results.push_back(i < yielded.size() - inits.size() ? stacked(type, trips) : type);
  build(b, state, results, inits, sequences, shared, trips, reversed, /*offsets=*/nullptr);
  state.regions.front()->takeBody(body);
}

SmallVector<Value> ScanOp::shareCaptures(Block &body) {
  DenseMap<Value, Value> inside;
  SmallVector<Value> captured;
  OpBuilder b(&body.front());
  for (Operation &op : body)
    for (OpOperand &operand : op.getOpOperands()) {
      Value outside = operand.get();
      if (outside.getParentBlock() == &body)
        continue;
      Value &known = inside[outside];
      if (!known) {
        if (auto constant = outside.getDefiningOp<ConstantOp>()) {
          known = b.clone(*constant)->getResult(0);
        } else {
          known = body.addArgument(outside.getType(), outside.getLoc());
          captured.push_back(outside);
        }
      }
      operand.set(known);
    }
  return captured;
}

LogicalResult ScanOp::verifyRegions() {
  int64_t trips = getTrips();
  if (trips < 1)
    return emitOpError("takes at least one step, not ") << trips;
  if (getNumResults() < getInits().size() || block().getTerminator()->getNumOperands() != getNumResults())
    return emitOpError("yields ") << block().getTerminator()->getNumOperands() << " values in each step and has "
                                  << getNumResults() << " results, of which " << getInits().size() << " are carried";
  if (block().getNumArguments() != 1 + getNumOperands() ||
      step().getType() != RankedTensorType::get({}, IntegerType::get(getContext(), 32)))
    return emitOpError("has a body whose arguments are not the step, as an i32 scalar, and one for each operand");
  for (auto [outside, inside] : llvm::zip(getSequences(), elementArguments()))
    if (outside.getType() != stacked(inside.getType(), trips))
      return emitOpError("takes ") << inside.getType() << " in each step from " << outside.getType() << ", wanted is "
                                   << stacked(inside.getType(), trips);
  for (auto [outside, inside] : llvm::zip(getShared(), sharedArguments()))
    if (outside.getType() != inside.getType())
      return emitOpError("shares ") << outside.getType() << " under the type " << inside.getType();
  for (auto [init, argument, next, result] : llvm::zip(getInits(), carriedArguments(), nextValues(), carriedOut()))
    for (Type other : {argument.getType(), next.getType(), result.getType()})
      if (other != init.getType())
        return emitOpError("carries ") << init.getType() << " into the first step and " << other
                                       << " from step to step or out of the last";
  for (auto [value, result] : llvm::zip(emittedValues(), stacks()))
    if (result.getType() != stacked(value.getType(), trips))
      return emitOpError("yields ") << value.getType() << " in each step and has a result of type " << result.getType()
                                    << ", wanted is " << stacked(value.getType(), trips);
  return success();
}
