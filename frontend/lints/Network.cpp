//===- Network.cpp - A model as the lints see it ------------------------------------------------------------------===//
#include "frontend/lints/Network.h"
#include "dialect/NN.h"
#include "frontend/ModelCompiler.h"
#include "mlir/IR/Matchers.h"

using namespace nn::frontend;
using llvm::StringRef;

//===--------------------------------------------------------------------------------------------------------------===//
// Calls in place
//===--------------------------------------------------------------------------------------------------------------===//

/// Copies the ops of a block, at `place` if that is given; calls become copies of what they call.
static void copy(mlir::OpBuilder &b, mlir::Block &block, mlir::IRMapping &map, mlir::ModuleOp module,
                 mlir::LocationAttr place) {
  for (mlir::Operation &op : block) {
    auto call = mlir::dyn_cast<nn::CallOp>(op);
    if (!call) {
      mlir::Operation *clone = b.clone(op, map);
      if (place)
        clone->setLoc(place);
      continue;
    }
    auto callee = module.lookupSymbol<mlir::func::FuncOp>(call.getCallee());
    mlir::IRMapping inner;
    for (auto [argument, operand] : llvm::zip(callee.getArguments(), call.getInputs()))
      inner.map(argument, map.lookup(operand));
    mlir::Block &body = callee.getBody().front();
    copy(b, body, inner, module, place ? place : mlir::LocationAttr(call.getLoc()));
    mlir::Operation *end = &b.getInsertionBlock()->back(); // the copy of the callee's return
    for (auto [result, value] : llvm::zip(call.getResults(), end->getOperands()))
      map.map(result, value);
    end->erase();
  }
}

FlatFunction::FlatFunction(mlir::ModuleOp module, mlir::func::FuncOp original)
    : owner(mlir::ModuleOp::create(original.getLoc())) {
  mlir::OpBuilder b = mlir::OpBuilder::atBlockEnd(owner->getBody());
  function = mlir::func::FuncOp::create(b, original.getLoc(), "flat", original.getFunctionType());
  mlir::Block *body = function.addEntryBlock();
  for (auto [from, to] : llvm::zip(original.getArguments(), body->getArguments()))
    mapping.map(from, to);
  b.setInsertionPointToEnd(body);
  copy(b, original.getBody().front(), mapping, module, {});
}

//===--------------------------------------------------------------------------------------------------------------===//
// What is known of values
//===--------------------------------------------------------------------------------------------------------------===//

mlir::Value nn::frontend::withoutMoves(mlir::Value value) {
  while (mlir::Operation *op = value.getDefiningOp()) {
    if (!mlir::isa<nn::ReshapeOp, nn::TransposeOp, nn::CastOp, nn::StopGradientOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

std::optional<double> nn::frontend::splatOf(mlir::Value value) {
  while (auto *op = value.getDefiningOp()) {
    mlir::DenseFPElementsAttr attribute;
    if (mlir::matchPattern(value, mlir::m_Constant(&attribute)) && attribute.isSplat())
      return attribute.getSplatValue<mlir::APFloat>().convertToDouble();
    if (!mlir::isa<nn::ReshapeOp, nn::BroadcastOp, nn::CastOp>(op))
      break;
    value = op->getOperand(0);
  }
  return std::nullopt;
}

Network::Network(Evaluator &evaluator, const TrainBlock *train, mlir::func::FuncOp function,
                 llvm::ArrayRef<EntryBuilder::Slot> arguments, llvm::ArrayRef<EntryBuilder::Slot> results,
                 llvm::ArrayRef<mlir::Value> modelOutputs)
    : evaluator(evaluator), train(train), flat(evaluator.module, function), arguments(arguments), results(results) {
  for (mlir::Value output : modelOutputs)
    if (mlir::Value copy = flat[output])
      outputs.push_back(copy);
  for (auto [slot, argument] : llvm::zip(arguments, body().getArguments()))
    if (slot.role == "input")
      fromInput.insert(argument);
  body().walk<mlir::WalkOrder::PreOrder>([&](mlir::Operation *op) {
    if (llvm::any_of(op->getOperands(), [&](mlir::Value v) { return fromInput.contains(v); })) {
      fromInput.insert(op->result_begin(), op->result_end());
      for (mlir::Region &region : op->getRegions())
        for (mlir::Block &block : region)
          fromInput.insert(block.args_begin(), block.args_end());
    }
  });
  collectProducts();
  findFinals();
}

StringRef Network::parameterOf(mlir::Value value) const {
  value = withoutMoves(value);
  auto argument = mlir::dyn_cast<mlir::BlockArgument>(value);
  if (auto scan = argument ? mlir::dyn_cast<nn::ScanOp>(argument.getOwner()->getParentOp()) : nn::ScanOp())
    for (auto [inside, outside] : llvm::zip(scan.sharedArguments(), scan.getShared()))
      if (inside == argument)
        return parameterOf(outside);
  if (!argument || argument.getOwner() != &const_cast<Network *>(this)->body())
    return {};
  const EntryBuilder::Slot &slot = arguments[argument.getArgNumber()];
  return slot.role == "param" ? StringRef(slot.name) : StringRef();
}

void Network::collectProducts() {
  for (mlir::Operation &op : body()) {
    Product product{&op, {}, {}, "", 1, 1};
    if (auto contract = mlir::dyn_cast<nn::ContractOp>(op)) {
      bool first = dependsOnInput(contract.getA());
      product.input = first ? contract.getA() : contract.getB();
      product.weight = first ? contract.getB() : contract.getA();
      llvm::SmallVector<int64_t> extents = contract.extents();
      for (int64_t label : contract.summed())
        product.inputs *= extents[label];
      for (int64_t label : first ? contract.getRhs() : contract.getLhs())
        if (!llvm::is_contained(contract.summed(), label))
          product.outputs *= extents[label];
    } else if (auto conv = mlir::dyn_cast<nn::ConvOp>(op)) {
      product.input = conv.getX();
      product.weight = conv.getW();
      llvm::ArrayRef<int64_t> shape = conv.getW().getType().getShape();
      product.outputs = shape.front();
      for (int64_t extent : shape.drop_front())
        product.inputs *= extent;
    } else {
      continue;
    }
    if (!dependsOnInput(product.input) || dependsOnInput(product.weight))
      continue;
    product.parameter = parameterOf(product.weight).str();
    if (product.parameter.empty() && splatOf(product.weight))
      continue;
    indexOf[&op] = products.size();
    products.push_back(std::move(product));
  }
}

const Product *Network::productOf(mlir::Operation *op) const {
  auto it = indexOf.find(op);
  return it == indexOf.end() ? nullptr : &products[it->second];
}

void Network::findFinals() {
  llvm::SmallVector<mlir::Value> work(outputs);
  llvm::DenseSet<mlir::Operation *> seen;
  while (!work.empty()) {
    mlir::Operation *op = work.pop_back_val().getDefiningOp();
    if (!op || !seen.insert(op).second)
      continue;
    if (productOf(op))
      finals.insert(op);
    else
      work.append(op->operand_begin(), op->operand_end());
  }
}

//===--------------------------------------------------------------------------------------------------------------===//
// Places
//===--------------------------------------------------------------------------------------------------------------===//

std::string Network::layer(mlir::Operation *op) const {
  StringRef path = layerOf(op->getLoc());
  return path.empty() ? "a product of the model" : "`" + path.str() + "`";
}

Diagnostic *Network::warn(mlir::Operation *op, StringRef name, const llvm::Twine &text) {
  Span span = evaluator.spanOf(op->getLoc());
  return span ? &evaluator.diagnostics.warning(span, name, text) : nullptr;
}
