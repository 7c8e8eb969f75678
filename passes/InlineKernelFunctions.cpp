// Calls that no kernel written for the target stands for become their bodies, so that grouping sees the ops.
#include "passes/Inline.h"
#include "passes/Passes.h"

#include "dialect/NN.h"
#include "dialect/Target.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace nn {
#define GEN_PASS_DEF_INLINEKERNELFUNCTIONSPASS
#include "passes/Passes.h.inc"
} // namespace nn

using namespace mlir;
using namespace nn;

namespace {

struct InlineKernelFunctionsPass : nn::impl::InlineKernelFunctionsPassBase<InlineKernelFunctionsPass> {
  explicit InlineKernelFunctionsPass(const Target &target) : target(&target) {}

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isPrivate()) {
        SmallVector<CallOp> calls;
        function.walk([&](CallOp call) { calls.push_back(call); });
        for (CallOp call : calls)
          inlineCall(call, symbols);
      }
    eraseUnusedFunctions(getOperation());
  }

private:
  std::optional<SmallVector<Value>> inlineCall(CallOp call, SymbolTable &symbols) {
    auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
    if (target->has(callee))
      return std::nullopt;
    OpBuilder b(call);
    SmallVector<Value> results = inlineBody(b, callee.getBody().front(), call.getInputs(),
                                            [&](Operation *copied) -> std::optional<SmallVector<Value>> {
                                              if (auto inner = dyn_cast<CallOp>(copied))
                                                return inlineCall(inner, symbols);
                                              return std::nullopt;
                                            });
    call.replaceAllUsesWith(results);
    call.erase();
    return results;
  }

  const Target *target;
};

} // namespace

std::unique_ptr<Pass> nn::createInlineKernelFunctionsPass(const Target &target) {
  return std::make_unique<InlineKernelFunctionsPass>(target);
}
