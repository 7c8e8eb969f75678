// Calls and derivatives of functions: their symbols and signatures must agree.
#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace nn;

/// The callee, with its inputs checked against `inputs`.
static func::FuncOp lookup(Operation *op, SymbolTableCollection &symbols, FlatSymbolRefAttr name, TypeRange inputs) {
  auto callee = symbols.lookupNearestSymbolFrom<func::FuncOp>(op, name);
  if (!callee) {
    op->emitOpError("calls ") << name << ", which is no function of this module";
    return nullptr;
  }
  if (!llvm::equal(callee.getArgumentTypes(), inputs, [](Type a, Type b) { return equalButForLayout(a, b); })) {
    op->emitOpError("gives ") << name << " other inputs than its signature says";
    return nullptr;
  }
  return callee;
}

LogicalResult CallOp::verifySymbolUses(SymbolTableCollection &symbols) {
  func::FuncOp callee = lookup(*this, symbols, getCalleeAttr(), getInputs().getTypes());
  if (!callee)
    return failure();
  if (!llvm::equal(callee.getResultTypes(), getResultTypes(), [](Type a, Type b) { return equalButForLayout(a, b); }))
    return emitOpError("expects other results of ") << getCalleeAttr() << " than its signature says";
  return success();
}

LogicalResult ValueAndGradOp::verifySymbolUses(SymbolTableCollection &symbols) {
  func::FuncOp callee = lookup(*this, symbols, getCalleeAttr(), getInputs().getTypes());
  if (!callee)
    return failure();
  SmallVector<Type> expected(callee.getResultTypes());
  auto loss = expected.empty() ? RankedTensorType() : dyn_cast<RankedTensorType>(expected[0]);
  if (!loss || loss.getRank() != 0 || !isa<FloatType>(loss.getElementType()))
    return emitOpError("differentiates ") << getCalleeAttr() << ", whose first result is not a floating-point scalar";
  for (int64_t i : getWrt()) {
    if (i < 0 || i >= int64_t(getInputs().size()))
      return emitOpError("differentiates with respect to input ") << i << " of " << getInputs().size();
    expected.push_back(getInputs()[i].getType());
  }
  if (!llvm::equal(expected, getResultTypes(), [](Type a, Type b) { return equalButForLayout(a, b); }))
    return emitOpError("must yield the results of ") << getCalleeAttr() << ", then one gradient per entry of `wrt`";
  return success();
}
