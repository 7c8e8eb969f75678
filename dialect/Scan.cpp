// Checks of scans.
#include "dialect/NN.h"

using namespace mlir;
using namespace nn;

void EmitOp::build(OpBuilder &, OperationState &) {}

LogicalResult ScanOp::verifyRegions() {
  Block &body = getBody().front();
  int64_t trips = getTrips();
  if (trips < 1)
    return emitOpError("takes at least one step, not ") << trips;
  SmallVector<Type> arguments = {RankedTensorType::get({}, IntegerType::get(getContext(), 32))};
  llvm::append_range(arguments, getInits().getTypes());
  if (!llvm::equal(body.getArgumentTypes(), arguments))
    return emitOpError("has a body whose arguments are not the step, as an i32 scalar, and the carried values");
  if (getNumResults() < getInits().size() || body.getTerminator()->getNumOperands() != getNumResults())
    return emitOpError("yields ") << body.getTerminator()->getNumOperands() << " values in each step and has "
                                  << getNumResults() << " results, of which " << getInits().size() << " are carried";
  for (auto [i, value, result] : llvm::enumerate(body.getTerminator()->getOperands(), getResults())) {
    auto step = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> shape(step.getShape());
    if (i < emitted())
      shape.insert(shape.begin(), trips);
    Type wanted = RankedTensorType::get(shape, step.getElementType());
    if (result.getType() != wanted)
      return emitOpError("yields ") << step << " in each step and has a result of type " << result.getType()
                                    << ", wanted is " << wanted;
    if (i >= emitted() && step != getInits()[i - emitted()].getType())
      return emitOpError("carries ") << getInits()[i - emitted()].getType() << " into a step and " << step
                                     << " out of it";
  }
  return success();
}
