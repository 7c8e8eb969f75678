// Inlining of single-block functions of pure ops, and removal of those that are not called any more.
#include "passes/Inline.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace nn {

SmallVector<Value> inlineBody(OpBuilder &b, Block &body, ValueRange arguments,
                              llvm::function_ref<std::optional<SmallVector<Value>>(Operation *)> cloned) {
  IRMapping mapping;
  mapping.map(body.getArguments(), arguments);
  for (Operation &op : body.without_terminator()) {
    Operation *copy = b.clone(op, mapping);
    if (auto values = cloned(copy))
      mapping.map(op.getResults(), *values);
  }
  return llvm::map_to_vector(body.getTerminator()->getOperands(), [&](Value v) { return mapping.lookupOrDefault(v); });
}

void eraseUnusedFunctions(Operation *module) {
  for (bool changed = true; changed;) {
    changed = false;
    llvm::DenseSet<StringAttr> used;
    module->walk([&](Operation *op) {
      op->getAttrDictionary().walk([&](SymbolRefAttr symbol) { used.insert(symbol.getRootReference()); });
    });
    for (auto function : llvm::make_early_inc_range(module->getRegion(0).getOps<func::FuncOp>()))
      if (function.isPrivate() && !used.contains(function.getSymNameAttr())) {
        function.erase();
        changed = true;
      }
  }
}

} // namespace nn
