//===- Network.h - A model as the lints see it --------------------------------------------------------------------===//
//
// The training function of a model (or its prediction, without a train block) as one list of ops: calls are replaced by
// what they compute, so that a layer looks the same whoever wrapped it. Lints read it; what they find they report at
// the user's place.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_LINTS_NETWORK_H
#define NN_FRONTEND_LINTS_NETWORK_H

#include "frontend/Evaluator.h"
#include "frontend/TrainBlock.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace nn::frontend {

/// A product of activations with a weight.
struct Product {
  mlir::Operation *op;
  mlir::Value input, weight;
  std::string parameter;           ///< the path of the parameter that the weight is, or is made of
  int64_t inputs = 1, outputs = 1; ///< terms of one sum; units
};

/// A function of the module with the bodies of the functions that it calls in place of the calls.
class FlatFunction {
public:
  FlatFunction(mlir::ModuleOp module, mlir::func::FuncOp function);

  mlir::func::FuncOp function;
  /// What stands for a value of the function that was flattened.
  mlir::Value operator[](mlir::Value value) const { return mapping.lookupOrNull(value); }
  mlir::Operation *terminator() { return function.getBody().front().getTerminator(); }

private:
  mlir::OwningOpRef<mlir::ModuleOp> owner;
  mlir::IRMapping mapping;
};

class Network {
public:
  Network(Evaluator &evaluator, const TrainBlock *train, mlir::func::FuncOp function,
          llvm::ArrayRef<EntryBuilder::Slot> arguments, llvm::ArrayRef<EntryBuilder::Slot> results,
          llvm::ArrayRef<mlir::Value> outputs);

  Evaluator &evaluator;
  const TrainBlock *train; ///< null: prediction only
  FlatFunction flat;
  std::vector<EntryBuilder::Slot> arguments, results; ///< of the function
  llvm::SmallVector<mlir::Value> outputs;             ///< of the model
  std::vector<Product> products;
  llvm::DenseSet<mlir::Operation *> finals; ///< products behind which there is none before the outputs

  mlir::Block &body() { return flat.function.getBody().front(); }
  bool dependsOnInput(mlir::Value value) const { return fromInput.contains(value); }
  /// The path of the parameter whose elements `value` holds in some order, or nothing.
  llvm::StringRef parameterOf(mlir::Value value) const;
  const Product *productOf(mlir::Operation *op) const;
  /// The layer of an op, as messages name it.
  std::string layer(mlir::Operation *op) const;
  /// A warning at the user's place of `op`; null where there is none.
  Diagnostic *warn(mlir::Operation *op, llvm::StringRef name, const llvm::Twine &text);

private:
  void collectProducts();
  void findFinals();

  llvm::DenseSet<mlir::Value> fromInput;
  llvm::DenseMap<mlir::Operation *, size_t> indexOf; ///< of the products
};

/// The tensor whose elements `value` holds in another order or type.
mlir::Value withoutMoves(mlir::Value value);
/// Whether every element is the same number that is known when compiling.
std::optional<double> splatOf(mlir::Value value);

} // namespace nn::frontend

#endif // NN_FRONTEND_LINTS_NETWORK_H
