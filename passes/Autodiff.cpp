// Reverse-mode differentiation. The rules stand beside the ops (DifferentiableOpInterface); this pass owns which ops
// are differentiated, in which order gradients add up, and what a call contributes. It must not know any op but calls.
#include "passes/Inline.h"
#include "passes/Passes.h"

#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace nn {
#define GEN_PASS_DEF_AUTODIFFPASS
#include "passes/Passes.h.inc"
} // namespace nn

using namespace mlir;
using namespace nn;

namespace {

constexpr StringRef kGradientAttr = "nn.gradient";

bool isReal(Value v) { return isa<FloatType>(getElementTypeOrSelf(v.getType())); }

/// One nn.value_and_grad: its function's body, copied, and the gradients built behind it.
class Derivative {
public:
  Derivative(SymbolTable &symbols, ValueAndGradOp op) : symbols(symbols), op(op), b(op) {}

  LogicalResult expand();

private:
  SmallVector<Value> copy(func::FuncOp function, ValueRange arguments);
  func::FuncOp gradientOf(CallOp call);
  bool variesWithInputs(Operation *inner) const;
  void accumulate(Value v, Value gradient);
  LogicalResult pullBack(Operation *inner);
  LogicalResult pullBackCall(CallOp call);
  Value orZero(Value v, Location loc);

  SymbolTable &symbols;
  ValueAndGradOp op;
  OpBuilder b;
  SmallVector<Operation *> tape; // the copied ops that vary, in order
  llvm::DenseSet<Value> varying; // values that depend on the wrt inputs
  llvm::DenseMap<Value, Value> gradients;
};

func::FuncOp Derivative::gradientOf(CallOp call) {
  auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
  auto name = callee->getAttrOfType<FlatSymbolRefAttr>(kGradientAttr);
  return name ? symbols.lookup<func::FuncOp>(name.getValue()) : nullptr;
}

bool Derivative::variesWithInputs(Operation *inner) const {
  return llvm::any_of(inner->getOperands(), [&](Value v) { return varying.contains(v); });
}

/// Copies the body and puts the ops that vary on the tape; calls without a written gradient are copied through.
SmallVector<Value> Derivative::copy(func::FuncOp function, ValueRange arguments) {
  return inlineBody(b, function, arguments, [&](Operation *copied) -> std::optional<SmallVector<Value>> {
    if (!variesWithInputs(copied))
      return std::nullopt;
    auto call = dyn_cast<CallOp>(copied);
    if (call && !gradientOf(call)) {
      SmallVector<Value> results = copy(symbols.lookup<func::FuncOp>(call.getCallee()), call.getInputs());
      call.erase();
      return results;
    }
    // A scan has no rule of its own: it must not stand here, and is no constant.
    if (!call && !isa<ScanOp>(copied) && copied->hasTrait<nn::NoGradient>())
      return std::nullopt;
    tape.push_back(copied);
    for (Value result : copied->getResults())
      if (isReal(result))
        varying.insert(result);
    return std::nullopt;
  });
}

void Derivative::accumulate(Value v, Value gradient) {
  if (!gradient || !varying.contains(v))
    return;
  Value &sum = gradients[v];
  sum = sum ? AddOp::create(b, gradient.getLoc(), sum, gradient).getY() : gradient;
}

Value Derivative::orZero(Value v, Location loc) {
  if (Value gradient = gradients.lookup(v))
    return gradient;
  return ConstantOp::create(b, loc, cast<RankedTensorType>(v.getType()), 0.0);
}

/// A call of the written gradient: inputs, outputs, gradients of the outputs; saved outputs, which come last, have
/// none.
LogicalResult Derivative::pullBackCall(CallOp call) {
  func::FuncOp gradient = gradientOf(call);
  SmallVector<Value> operands(call.getInputs());
  llvm::append_range(operands, call.getOutputs());
  for (Value output : call.getOutputs())
    if (isReal(output) && operands.size() < gradient.getNumArguments())
      operands.push_back(orZero(output, call.getLoc()));
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

LogicalResult Derivative::pullBack(Operation *inner) {
  SmallVector<Value> results = llvm::map_to_vector(inner->getResults(), [&](Value v) { return gradients.lookup(v); });
  if (llvm::none_of(results, [](Value v) { return bool(v); }))
    return success();
  if (auto call = dyn_cast<CallOp>(inner))
    return pullBackCall(call);
  if (isa<ScanOp>(inner))
    return inner->emitOpError("is differentiated where it stands unrolled: nn-unroll-scans must run first");
  auto rule = dyn_cast<DifferentiableOpInterface>(inner);
  if (!rule)
    return inner->emitOpError("has no derivative rule, and does not say that it has no gradient");
  SmallVector<Value> operands = rule.pullBack(b, results);
  for (auto [operand, gradient] : llvm::zip_equal(inner->getOperands(), operands))
    accumulate(operand, gradient);
  return success();
}

LogicalResult Derivative::expand() {
  // Each listed input gets a name of its own while it is differentiated: the same value may also be another argument.
  SmallVector<Value> arguments(op.getInputs());
  SmallVector<UnrealizedConversionCastOp> names;
  for (int64_t index : op.getWrt()) {
    Value &argument = arguments[index];
    names.push_back(UnrealizedConversionCastOp::create(b, op.getLoc(), argument.getType(), argument));
    argument = names.back().getResult(0);
    varying.insert(argument);
  }
  SmallVector<Value> results = copy(symbols.lookup<func::FuncOp>(op.getCallee()), arguments);
  Value loss = results.front();
  if (varying.contains(loss))
    gradients[loss] = ConstantOp::create(b, op.getLoc(), cast<RankedTensorType>(loss.getType()), 1.0);
  for (Operation *inner : llvm::reverse(tape))
    if (failed(pullBack(inner)))
      return failure();
  for (UnrealizedConversionCastOp name : names)
    results.push_back(orZero(name.getResult(0), op.getLoc()));
  op.replaceAllUsesWith(results);
  op.erase();
  for (UnrealizedConversionCastOp name : names) {
    name.replaceAllUsesWith(name.getInputs());
    name.erase();
  }
  return success();
}

struct AutodiffPass : nn::impl::AutodiffPassBase<AutodiffPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (failed(expandIn(function, symbols)))
        return signalPassFailure();
    for (auto function : getOperation().getOps<func::FuncOp>())
      function->removeAttr(kGradientAttr);
    eraseUnusedFunctions(getOperation());
  }

private:
  /// Expands what a function differentiates after what the functions it uses differentiate.
  LogicalResult expandIn(func::FuncOp function, SymbolTable &symbols) {
    if (!done.insert(function).second || function.isDeclaration())
      return success();
    for (Operation &inner : llvm::make_early_inc_range(function.getBody().front())) {
      if (auto op = dyn_cast<ValueAndGradOp>(inner)) {
        if (failed(expandIn(symbols.lookup<func::FuncOp>(op.getCallee()), symbols)) ||
            failed(Derivative(symbols, op).expand()))
          return failure();
      } else if (auto call = dyn_cast<CallOp>(inner)) {
        auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
        if (failed(expandIn(callee, symbols)))
          return failure();
        if (auto gradient = callee->getAttrOfType<FlatSymbolRefAttr>(kGradientAttr))
          if (failed(expandIn(symbols.lookup<func::FuncOp>(gradient.getValue()), symbols)))
            return failure();
      }
    }
    return success();
  }

  llvm::DenseSet<Operation *> done;
};

} // namespace

std::unique_ptr<Pass> nn::createAutodiffPass() { return std::make_unique<AutodiffPass>(); }
