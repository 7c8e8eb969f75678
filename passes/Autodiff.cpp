// Reverse-mode differentiation of functions: which are differentiated, in which order. A function's own derivative is
// Tape's.
#include "passes/Inline.h"
#include "passes/Passes.h"
#include "passes/Tape.h"

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

/// Puts the function's body and its gradients in the place of one nn.value_and_grad.
static LogicalResult expand(ValueAndGradOp op, SymbolTable &symbols) {
  Tape tape(symbols, OpBuilder(op));
  // Each listed input gets a name of its own while it is differentiated: the same value may also be another argument.
  SmallVector<Value> arguments(op.getInputs());
  SmallVector<UnrealizedConversionCastOp> names;
  for (int64_t index : op.getWrt()) {
    Value &argument = arguments[index];
    names.push_back(UnrealizedConversionCastOp::create(tape.b, op.getLoc(), argument.getType(), argument));
    argument = names.back().getResult(0);
    tape.vary(argument);
  }
  SmallVector<Value> results = tape.copy(symbols.lookup<func::FuncOp>(op.getCallee()).getBody().front(), arguments);
  Value loss = results.front();
  if (tape.varies(loss))
    tape.accumulate(loss, ConstantOp::create(tape.b, op.getLoc(), cast<RankedTensorType>(loss.getType()), 1.0));
  if (failed(tape.pullBack()))
    return failure();
  for (Value &result : results)
    result = tape.current(result);
  for (UnrealizedConversionCastOp name : names)
    results.push_back(tape.gradientOrZero(name.getResult(0), op.getLoc()));
  op.replaceAllUsesWith(results);
  op.erase();
  for (UnrealizedConversionCastOp name : names) {
    name.replaceAllUsesWith(name.getInputs());
    name.erase();
  }
  return success();
}

namespace {

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
        if (failed(expandIn(symbols.lookup<func::FuncOp>(op.getCallee()), symbols)) || failed(expand(op, symbols)))
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
