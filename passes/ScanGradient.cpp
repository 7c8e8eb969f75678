// The gradient of a scan: a scan in the other direction. Its body is the derivative of one step; what that reads of the
// step it differentiates, the scan emits besides (residuals), but for what costs nothing to compute again.
#include "passes/Clusters.h"
#include "passes/Tape.h"

#include "dialect/NN.h"

using namespace mlir;
using namespace nn;

namespace {

/// A copy of a scan's body, and behind it, in a region of its own, the derivative of a step.
class ScanGradient {
public:
  ScanGradient(Tape &outer, SymbolTable &symbols, ScanOp scan)
      : outer(outer), scan(scan), loc(scan.getLoc()), forward(forwardRegion.emplaceBlock()),
        backward(backwardRegion.emplaceBlock()), step(symbols, OpBuilder(scan.getContext())) {
    step.b.setInsertionPointToEnd(&forward);
  }

  /// Builds both scans; returns the one that takes the place of `scan`.
  FailureOr<ScanOp> run();

private:
  void copyStep();
  void startBackward();
  void finishBackward();
  void localize();
  Value fetch(Value v);
  Value residual(Value v);
  Value carriedArgument(Type type, Value init);
  Value elementArgument(Type type, Value sequence);
  ScanOp extended();
  bool varies(Value outside) const { return isReal(outside) && outer.varies(outside); }

  Tape &outer;
  ScanOp scan;
  Location loc;
  Region forwardRegion, backwardRegion;
  Block &forward, &backward;
  Tape step; // of the body

  SmallVector<Value> emitted, next;                  // what the copied step yields
  SmallVector<Value> carriedGradients;               // per carried value of the scan: the argument, or null
  SmallVector<Value> inits, sequences, shared;       // operands of the backward scan; residuals are null in `sequences`
  SmallVector<std::pair<unsigned, Value>> residuals; // which of `sequences`, and the value in `forward`
  DenseMap<Value, Value> fetched;                    // from values in `forward` to ones in `backward`
  SmallVector<Value> elementGradients;               // per sequence; null where it has none
  SmallVector<std::pair<Value, Value>> sums; // of what every step adds to the gradient of a shared value: argument, sum
};

void ScanGradient::copyStep() {
  auto arguments = [&](auto list) {
    for (BlockArgument argument : list)
      forward.addArgument(argument.getType(), argument.getLoc());
  };
  arguments(scan.block().getArguments());
  for (auto [outside, argument] : llvm::zip(scan.getOperands(), forward.getArguments().drop_front()))
    if (varies(outside))
      step.vary(argument);
  // A carried value varies if its first value does or if a step makes it so.
  for (BlockArgument argument : forward.getArguments().slice(1, scan.getInits().size()))
    if (isReal(argument))
      step.vary(argument);
  SmallVector<Value> yielded = step.copy(scan.block(), forward.getArguments());
  emitted.assign(yielded.begin(), yielded.begin() + scan.emitted());
  next.assign(yielded.begin() + scan.emitted(), yielded.end());
}

Value ScanGradient::carriedArgument(Type type, Value init) {
  inits.push_back(init);
  return backward.insertArgument(inits.size(), type, loc);
}

Value ScanGradient::elementArgument(Type type, Value sequence) {
  sequences.push_back(sequence);
  return backward.insertArgument(inits.size() + sequences.size(), type, loc);
}

/// The gradients that come from outside: of what the step carries on, and of what it emits.
void ScanGradient::startBackward() {
  backward.addArgument(scan.step().getType(), loc);
  step.b.setInsertionPointToEnd(&backward);
  for (auto [value, result] : llvm::zip(next, scan.carriedOut())) {
    carriedGradients.push_back(nullptr);
    if (!isReal(value))
      continue;
    carriedGradients.back() = carriedArgument(value.getType(), outer.gradientOrZero(result, loc));
    step.accumulate(value, carriedGradients.back());
  }
  for (auto [value, stack] : llvm::zip(emitted, scan.stacks()))
    if (Value gradient = outer.gradient(stack))
      step.accumulate(value, elementArgument(value.getType(), gradient));
}

/// What the derivative of a step yields: gradients of the elements, of the carried values, and sums.
void ScanGradient::finishBackward() {
  auto arguments = forward.getArguments();
  auto carried = arguments.slice(1, scan.getInits().size());
  auto elements = arguments.slice(1 + scan.getInits().size(), scan.getSequences().size());
  SmallVector<Value> yielded, nextCarried;
  for (auto [outside, argument] : llvm::zip(scan.getSequences(), elements)) {
    elementGradients.push_back(varies(outside) ? step.gradient(argument) : Value());
    if (Value gradient = elementGradients.back())
      yielded.push_back(gradient);
  }
  for (auto [argument, gradient] : llvm::zip(carried, carriedGradients))
    if (gradient)
      nextCarried.push_back(step.gradientOrZero(argument, loc));
  for (auto [outside, argument] : llvm::zip(scan.getShared(), arguments.take_back(scan.getShared().size()))) {
    Value gradient = varies(outside) ? step.gradient(argument) : Value();
    if (!gradient)
      continue;
    auto type = cast<RankedTensorType>(gradient.getType());
    Value sum = carriedArgument(type, ConstantOp::create(outer.b, loc, type, 0.0));
    nextCarried.push_back(AddOp::create(step.b, loc, sum, gradient));
    sums.push_back({outside, nextCarried.back()});
  }
  llvm::append_range(yielded, nextCarried);
  EmitOp::create(step.b, loc, yielded);
}

/// The value of the step in the backward body.
Value ScanGradient::fetch(Value v) {
  if (Value known = fetched.lookup(v))
    return known;
  Value result;
  if (auto argument = dyn_cast<BlockArgument>(v)) {
    unsigned index = argument.getArgNumber(), carried = scan.getInits().size(), elements = scan.getSequences().size();
    if (index == 0)
      result = backward.getArgument(0);
    else if (index <= carried)
      result = residual(v);
    else if (index <= carried + elements)
      result = elementArgument(v.getType(), scan->getOperand(index - 1));
    else {
      shared.push_back(scan->getOperand(index - 1));
      result = backward.addArgument(v.getType(), loc);
    }
  } else {
    Operation *op = v.getDefiningOp();
    // Of what only a part is read, only that is kept.
    bool isPart = isa<SliceOp>(op) && !isa<BlockArgument>(op->getOperand(0)) && !fetched.contains(op->getOperand(0));
    if (computesNothing(op) && !isPart) {
      IRMapping inside;
      for (Value operand : op->getOperands())
        inside.map(operand, fetch(operand));
      result = step.b.clone(*op, inside)->getResult(cast<OpResult>(v).getResultNumber());
    } else {
      result = residual(v);
    }
  }
  return fetched[v] = result;
}

Value ScanGradient::residual(Value v) {
  residuals.push_back({sequences.size(), v});
  return elementArgument(v.getType(), nullptr);
}

/// Makes the backward body read nothing of the forward one.
void ScanGradient::localize() {
  SmallVector<Operation *> ops = llvm::map_to_vector(backward, [](Operation &op) { return &op; });
  for (Operation *op : ops) {
    step.b.setInsertionPoint(op);
    for (OpOperand &operand : op->getOpOperands())
      if (operand.get().getParentBlock() == &forward)
        operand.set(fetch(operand.get()));
  }
}

/// The scan that emits residuals, too.
ScanOp ScanGradient::extended() {
  auto current = [&](Value v) { return step.current(v); };
  emitted = llvm::map_to_vector(emitted, current);
  SmallVector<Value> yielded(emitted);
  for (auto &[index, value] : residuals)
    if (auto known = llvm::find(emitted, value); known == emitted.end())
      yielded.push_back(value);
  llvm::append_range(yielded, llvm::map_range(next, current));
  OpBuilder b(scan);
  b.setInsertionPointToEnd(&forward);
  EmitOp::create(b, loc, yielded);
  b.setInsertionPoint(scan);
  auto result = ScanOp::create(b, loc, scan.getInits(), scan.getSequences(), scan.getShared(), scan.getTrips(),
                               scan.getReversed(), forwardRegion);
  unsigned added = emitted.size();
  for (auto &[index, value] : residuals) {
    auto known = llvm::find(emitted, value);
    sequences[index] = result.getResult(known == emitted.end() ? added++ : known - emitted.begin());
  }
  return result;
}

FailureOr<ScanOp> ScanGradient::run() {
  copyStep();
  startBackward();
  if (failed(step.pullBack()))
    return failure();
  finishBackward();
  bool isNeeded = backward.getTerminator()->getNumOperands() > 0;
  if (!isNeeded) // nothing outside reads a gradient of what the loop takes
    backward.clear();
  localize();
  ScanOp result = extended();
  if (!isNeeded)
    return result;
  auto gradient =
      ScanOp::create(outer.b, loc, inits, sequences, shared, scan.getTrips(), !scan.getReversed(), backwardRegion);
  unsigned stack = 0, carried = 0;
  for (auto [outside, element] : llvm::zip(scan.getSequences(), elementGradients))
    if (element)
      outer.accumulate(outside, gradient.stacks()[stack++]);
  for (auto [outside, argument] : llvm::zip(scan.getInits(), carriedGradients))
    if (argument)
      outer.accumulate(outside, gradient.carriedOut()[carried++]);
  for (auto &[outside, sum] : sums)
    outer.accumulate(outside, gradient.carriedOut()[carried++]);
  return result;
}

} // namespace

LogicalResult Tape::pullBackScan(ScanOp scan) {
  FailureOr<ScanOp> extended = ScanGradient(*this, symbols, scan).run();
  if (failed(extended))
    return failure();
  SmallVector<Value> results((*extended).stacks().take_front(scan.emitted()));
  llvm::append_range(results, (*extended).carriedOut());
  for (auto [old, result] : llvm::zip_equal(scan.getResults(), results)) {
    successors[old] = result;
    old.replaceAllUsesWith(result);
  }
  replaced.push_back(scan);
  return success();
}
