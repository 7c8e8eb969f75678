// The steps become one more dimension, in front. Products of matrices take it together with the dimension behind it,
// so that they stay products of matrices.
#include "passes/AllSteps.h"

#include "dialect/NN.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace nn {
namespace {

RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

RankedTensorType stackedType(Value v, int64_t steps) {
  SmallVector<int64_t> shape = {steps};
  llvm::append_range(shape, typeOf(v).getShape());
  return typeOf(v).clone(shape);
}

SmallVector<int64_t> behindSteps(ArrayRef<int64_t> dims, ArrayRef<int64_t> first = {}) {
  SmallVector<int64_t> result(first);
  for (int64_t d : dims)
    result.push_back(d + 1);
  return result;
}

/// The first two dimensions as one.
Value joined(OpBuilder &b, Value v) {
  ArrayRef<int64_t> shape = typeOf(v).getShape();
  SmallVector<int64_t> joined = {shape[0] * shape[1]};
  llvm::append_range(joined, shape.drop_front(2));
  return ReshapeOp::create(b, v.getLoc(), typeOf(v).clone(joined), v);
}

Value repeated(OpBuilder &b, Outside x, int64_t steps) {
  if (x.stacked)
    return x.value;
  auto dims = llvm::to_vector(llvm::seq<int64_t>(1, typeOf(x.value).getRank() + 1));
  return BroadcastOp::create(b, x.value.getLoc(), stackedType(x.value, steps), x.value, dims);
}

Value contractAll(OpBuilder &b, ContractOp op, ArrayRef<Outside> operands, int64_t steps) {
  SmallVector<int64_t> lhs(op.getLhs()), rhs(op.getRhs()), out(op.getOut());
  Value x = operands[0].value, y = operands[1].value;
  auto joins = [&](const Outside &operand, ArrayRef<int64_t> own, ArrayRef<int64_t> other) {
    return operand.stacked && !own.empty() && !out.empty() && own.front() == out.front() &&
           !llvm::is_contained(other, own.front());
  };
  bool first = !operands[1].stacked && joins(operands[0], lhs, rhs);
  bool second = !operands[0].stacked && joins(operands[1], rhs, lhs);
  if (first || second) {
    Value product =
        ContractOp::create(b, op.getLoc(), first ? joined(b, x) : x, second ? joined(b, y) : y, lhs, rhs, out);
    return ReshapeOp::create(b, op.getLoc(), stackedType(op.getY(), steps), product);
  }
  int64_t label = op.extents().size();
  if (operands[0].stacked)
    lhs.insert(lhs.begin(), label);
  if (operands[1].stacked)
    rhs.insert(rhs.begin(), label);
  out.insert(out.begin(), label);
  return ContractOp::create(b, op.getLoc(), x, y, lhs, rhs, out);
}

/// The same op on results of another shape.
Value recreated(OpBuilder &b, Operation *op, ValueRange operands, Type type) {
  OperationState state(op->getLoc(), op->getName(), operands, type, op->getAttrs());
  return b.create(state)->getResult(0);
}

} // namespace

bool canStack(Operation *op, llvm::function_ref<bool(Value)> stacked) {
  if (op->getNumResults() != 1 || op->getNumRegions() != 0)
    return false;
  if (isa<ScalarOpInterface, ConstantOp, IotaOp, BroadcastOp, ReshapeOp, TransposeOp, SliceOp, PadOp, ContractOp,
          ReduceSumOp, ReduceMaxOp, ReduceMinOp>(op))
    return true;
  if (auto gather = dyn_cast<GatherOp>(op))
    return !stacked(gather.getX()) && gather.getAxis() == 0;
  if (isa<ConvOp, ConvInputGradOp>(op))
    return !stacked(op->getOperand(1));
  return false;
}

Outside atAllSteps(OpBuilder &b, Operation *op, ArrayRef<Outside> operands, int64_t steps) {
  SmallVector<Value> values = llvm::map_to_vector(operands, [](const Outside &x) { return x.value; });
  if (llvm::none_of(operands, [](const Outside &x) { return x.stacked; })) {
    IRMapping outside;
    outside.map(op->getOperands(), values);
    return {b.clone(*op, outside)->getResult(0), false};
  }
  Location loc = op->getLoc();
  RankedTensorType type = stackedType(op->getResult(0), steps);
  if (isa<ScalarOpInterface>(op)) {
    for (auto [value, operand] : llvm::zip(values, operands))
      value = repeated(b, operand, steps);
    return {recreated(b, op, values, type), true};
  }
  Value x = values.front();
  Value y =
      TypeSwitch<Operation *, Value>(op)
          .Case([&](ContractOp product) { return contractAll(b, product, operands, steps); })
          .Case([&](BroadcastOp o) { return BroadcastOp::create(b, loc, type, x, behindSteps(o.getDims(), {0})); })
          .Case(
              [&](TransposeOp o) { return TransposeOp::create(b, loc, type, x, behindSteps(o.getPermutation(), {0})); })
          .Case([&](SliceOp o) {
            SmallVector<int64_t> offsets = {0}, strides = {1};
            llvm::append_range(offsets, o.getOffsets());
            llvm::append_range(strides, o.getStrides());
            return SliceOp::create(b, loc, type, x, offsets, strides);
          })
          .Case([&](PadOp o) {
            SmallVector<int64_t> low = {0}, high = {0}, interior = {0};
            llvm::append_range(low, o.getLow());
            llvm::append_range(high, o.getHigh());
            llvm::append_range(interior, o.getInterior());
            return PadOp::create(b, loc, type, x, low, high, interior);
          })
          .Case<ReduceSumOp, ReduceMaxOp, ReduceMinOp>(
              [&](auto o) { return decltype(o)::create(b, loc, type, x, behindSteps(o.getAxes())); })
          .Case([&](GatherOp o) { return GatherOp::create(b, loc, type, x, values[1], o.getAxis()); })
          .Case<ConvOp, ConvInputGradOp>([&](Operation *o) {
            values[0] = joined(b, x);
            SmallVector<int64_t> shape(type.getShape().drop_front());
            shape[0] *= steps;
            return ReshapeOp::create(b, loc, type, recreated(b, o, values, type.clone(shape)));
          })
          .Case([&](ReshapeOp) { return ReshapeOp::create(b, loc, type, x); });
  return {y, true};
}

bool canSum(Value v, llvm::function_ref<bool(Value)> stacked, llvm::function_ref<void(Value)> wanted) {
  Operation *op = v.getDefiningOp();
  if (!op || op->getNumResults() != 1)
    return false;
  auto all = [&](ValueRange values) {
    return llvm::all_of(values, [&](Value x) { return canSum(x, stacked, wanted); });
  };
  auto wants = [&](ValueRange values) {
    llvm::for_each(values, wanted);
    return true;
  };
  if (isa<AddOp, SubOp, NegOp, BroadcastOp, TransposeOp, ReshapeOp, PadOp, SliceOp>(op))
    return all(op->getOperands());
  if (isa<ContractOp, ConvWeightGradOp>(op)) {
    bool a = stacked(op->getOperand(0)), b = stacked(op->getOperand(1));
    return (isa<ContractOp>(op) ? a || b : a && b) && wants(op->getOperands());
  }
  if (auto scatter = dyn_cast<ScatterSumOp>(op))
    return scatter.getAxis() == 0 && stacked(scatter.getD()) && stacked(scatter.getIndex()) && wants(op->getOperands());
  return isa<ReduceSumOp>(op) && stacked(op->getOperand(0)) && wants(op->getOperands());
}

Value sumOfAllSteps(OpBuilder &b, Value v, llvm::function_ref<Outside(Value)> outside) {
  Operation *op = v.getDefiningOp();
  Location loc = op->getLoc();
  auto sum = [&](Value x) { return sumOfAllSteps(b, x, outside); };
  if (auto product = dyn_cast<ContractOp>(op)) {
    Outside x = outside(product.getA()), y = outside(product.getB());
    SmallVector<int64_t> lhs(product.getLhs()), rhs(product.getRhs());
    if (!x.stacked || !y.stacked) {
      for (Outside *operand : {&x, &y})
        if (operand->stacked)
          operand->value = ReduceSumOp::create(b, loc, operand->value, ArrayRef<int64_t>{0});
    } else if (!lhs.empty() && !rhs.empty() && lhs.front() == rhs.front() &&
               !llvm::is_contained(product.getOut(), lhs.front())) {
      x.value = joined(b, x.value);
      y.value = joined(b, y.value);
    } else {
      int64_t label = product.extents().size();
      lhs.insert(lhs.begin(), label);
      rhs.insert(rhs.begin(), label);
    }
    return ContractOp::create(b, loc, x.value, y.value, lhs, rhs, product.getOut());
  }
  if (isa<ConvWeightGradOp>(op))
    return recreated(b, op, {joined(b, outside(op->getOperand(0)).value), joined(b, outside(op->getOperand(1)).value)},
                     v.getType());
  if (isa<ScatterSumOp>(op))
    return recreated(b, op, {outside(op->getOperand(0)).value, outside(op->getOperand(1)).value}, v.getType());
  if (auto reduce = dyn_cast<ReduceSumOp>(op))
    return ReduceSumOp::create(b, loc, outside(reduce.getX()).value, behindSteps(reduce.getAxes(), {0}));
  SmallVector<Value> operands = llvm::map_to_vector(op->getOperands(), sum);
  return recreated(b, op, operands, v.getType());
}

} // namespace nn
