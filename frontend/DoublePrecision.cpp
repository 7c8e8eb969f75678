//===- DoublePrecision.cpp - A function again, in f64 -------------------------------------------------------------===//
#include "frontend/DoublePrecision.h"
#include "dialect/NN.h"
#include "dialect/Target.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringMap.h"

using namespace nn::frontend;

static constexpr llvm::StringLiteral kGradient = "nn.gradient"; // of a function that has one

mlir::Type nn::frontend::inDoublePrecision(mlir::Type type) {
  auto tensor = mlir::dyn_cast<mlir::RankedTensorType>(type);
  return tensor && mlir::isa<mlir::FloatType>(tensor.getElementType())
             ? tensor.clone(mlir::Float64Type::get(type.getContext()))
             : type;
}

namespace {

/// Copies of functions of one module, each made once.
class Copies {
public:
  explicit Copies(mlir::ModuleOp module) : module(module) {}

  mlir::func::FuncOp of(mlir::func::FuncOp function) {
    mlir::func::FuncOp &copy = made[function.getSymName()];
    if (copy)
      return copy;
    copy = function.clone();
    copy.setName((function.getSymName() + "_f64").str());
    copy->removeAttr(nn::kKernelFunctionAttr); // nothing but its body stands for it
    module.push_back(copy);
    mlir::func::FuncOp result = copy; // `made` may move
    widen(result);
    return result;
  }

private:
  static mlir::DenseElementsAttr wide(mlir::DenseElementsAttr value) {
    return value.mapValues(mlir::Float64Type::get(value.getContext()), [](const llvm::APFloat &number) {
      llvm::APFloat widened = number;
      bool losesInfo;
      widened.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
      return widened.bitcastToAPInt();
    });
  }

  void widen(mlir::func::FuncOp function) {
    function.walk([&](mlir::Operation *op) {
      for (mlir::Region &region : op->getRegions())
        for (mlir::BlockArgument argument : region.getArguments())
          argument.setType(inDoublePrecision(argument.getType()));
      for (mlir::Value result : op->getResults())
        result.setType(inDoublePrecision(result.getType()));
      if (auto constant = mlir::dyn_cast<nn::ConstantOp>(op))
        if (auto value = mlir::dyn_cast<mlir::DenseElementsAttr>(constant.getValue());
            value && mlir::isa<mlir::FloatType>(value.getElementType()))
          constant.setValueAttr(wide(value));
      if (auto call = mlir::dyn_cast<nn::CallOp>(op))
        call.setCallee(copyOf(call.getCallee()));
      if (auto gradient = mlir::dyn_cast<nn::ValueAndGradOp>(op))
        gradient.setCallee(copyOf(gradient.getCallee()));
    });
    function.walk([](nn::CastOp cast) {
      if (cast.getX().getType() == cast.getType()) {
        cast.replaceAllUsesWith(cast.getX());
        cast.erase();
      }
    });
    function.setType(mlir::FunctionType::get(function.getContext(), function.getBody().front().getArgumentTypes(),
                                             function.getBody().front().getTerminator()->getOperandTypes()));
    if (auto gradient = function->getAttrOfType<mlir::FlatSymbolRefAttr>(kGradient))
      function->setAttr(kGradient, mlir::FlatSymbolRefAttr::get(function.getContext(), copyOf(gradient.getValue())));
  }

  llvm::StringRef copyOf(llvm::StringRef callee) {
    return of(module.lookupSymbol<mlir::func::FuncOp>(callee)).getSymName();
  }

  mlir::ModuleOp module;
  llvm::StringMap<mlir::func::FuncOp> made;
};

} // namespace

mlir::func::FuncOp nn::frontend::inDoublePrecision(mlir::func::FuncOp function) {
  return Copies(function->getParentOfType<mlir::ModuleOp>()).of(function);
}
