// The straight part: elementwise rules, calls. Scans are ScanGradient's.
#include "passes/Tape.h"
#include "passes/Inline.h"

#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace nn;

bool nn::isReal(Value v) { return isa<FloatType>(getElementTypeOrSelf(v.getType())); }

Tape::~Tape() {
  for (Operation *op : llvm::reverse(replaced))
    op->erase();
}

func::FuncOp Tape::gradientOf(CallOp call) {
  auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
  auto name = callee->getAttrOfType<FlatSymbolRefAttr>(kGradientAttr);
  return name ? symbols.lookup<func::FuncOp>(name.getValue()) : nullptr;
}

bool Tape::variesWithInputs(Operation *op) const {
  return llvm::any_of(op->getOperands(), [&](Value v) { return varying.contains(v); });
}

SmallVector<Value> Tape::copy(Block &body, ValueRange arguments) {
  return inlineBody(b, body, arguments, [&](Operation *copied) -> std::optional<SmallVector<Value>> {
    if (!variesWithInputs(copied))
      return std::nullopt;
    auto call = dyn_cast<CallOp>(copied);
    if (call && !gradientOf(call)) {
      auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
      SmallVector<Value> results = copy(callee.getBody().front(), call.getInputs());
      call.erase();
      return results;
    }
    if (!isa<CallOp, ScanOp>(copied) && copied->hasTrait<nn::NoGradient>())
      return std::nullopt;
    ops.push_back(copied);
    for (Value result : copied->getResults())
      if (isReal(result))
        varying.insert(result);
    return std::nullopt;
  });
}

void Tape::accumulate(Value v, Value gradient) {
  if (!gradient || !varying.contains(v))
    return;
  Value &sum = gradients[v];
  sum = sum ? AddOp::create(b, gradient.getLoc(), sum, gradient).getY() : gradient;
}

Value Tape::gradientOrZero(Value v, Location loc) {
  if (Value known = gradient(v))
    return known;
  return ConstantOp::create(b, loc, cast<RankedTensorType>(v.getType()), 0.0);
}

/// Differentiates a copy of the callee's body.
LogicalResult Tape::pullBackBody(CallOp call) {
  Tape inner(symbols, b);
  llvm::SetVector<Value> inputs(call.getInputs().begin(), call.getInputs().end());
  for (Value input : inputs)
    if (varies(input))
      inner.vary(input);
  auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
  SmallVector<Value> results = inner.copy(callee.getBody().front(), call.getInputs());
  for (auto [result, output] : llvm::zip(results, call.getOutputs()))
    inner.accumulate(result, gradient(output));
  if (failed(inner.pullBack()))
    return failure();
  for (Value input : inputs)
    accumulate(input, inner.gradient(input));
  return success();
}

/// A call of the written gradient: inputs, outputs, gradients of the outputs. Saved outputs, which come last, have
/// none: they have one only in derivatives of the written gradient, which reads them.
LogicalResult Tape::pullBackCall(CallOp call) {
  func::FuncOp gradient = gradientOf(call);
  if (auto saved = symbols.lookup(call.getCallee())->getAttrOfType<IntegerAttr>(kSavedAttr))
    if (llvm::any_of(call.getOutputs().take_back(saved.getInt()), [&](Value v) { return bool(this->gradient(v)); }))
      return pullBackBody(call);
  SmallVector<Value> operands(call.getInputs());
  llvm::append_range(operands, call.getOutputs());
  for (Value output : call.getOutputs())
    if (isReal(output) && operands.size() < gradient.getNumArguments())
      operands.push_back(gradientOrZero(output, call.getLoc()));
  if (TypeRange(ValueRange(operands)) != TypeRange(gradient.getArgumentTypes()))
    return call.emitOpError() << "does not match its gradient @" << gradient.getSymName()
                              << ", which takes inputs, outputs and the gradients of the outputs";
  auto called = CallOp::create(b, call.getLoc(), gradient.getResultTypes(), gradient.getSymName(), operands);
  auto inputs = llvm::make_filter_range(call.getInputs(), isReal);
  if (called.getNumResults() != size_t(std::distance(inputs.begin(), inputs.end())))
    return call.emitOpError() << "expects one gradient per floating-point input from @" << gradient.getSymName();
  for (auto [input, result] : llvm::zip(inputs, called.getResults())) {
    if (input.getType() != result.getType())
      return call.emitOpError() << "gets a gradient of type " << result.getType() << " for an input of type "
                                << input.getType() << " from @" << gradient.getSymName();
    accumulate(input, result);
  }
  return success();
}

LogicalResult Tape::pullBack(Operation *op) {
  SmallVector<Value> results = llvm::map_to_vector(op->getResults(), [&](Value v) { return gradients.lookup(v); });
  if (llvm::none_of(results, [](Value v) { return bool(v); }))
    return success();
  if (auto call = dyn_cast<CallOp>(op))
    return pullBackCall(call);
  if (auto scan = dyn_cast<ScanOp>(op))
    return pullBackScan(scan);
  auto rule = dyn_cast<DifferentiableOpInterface>(op);
  if (!rule)
    return op->emitOpError("has no derivative rule, and does not say that it has no gradient");
  SmallVector<Value> operands = rule.pullBack(b, results);
  for (auto [operand, gradient] : llvm::zip_equal(op->getOperands(), operands))
    accumulate(operand, gradient);
  return success();
}

LogicalResult Tape::pullBack() {
  for (Operation *op : llvm::reverse(ops))
    if (failed(pullBack(op)))
      return failure();
  return success();
}
