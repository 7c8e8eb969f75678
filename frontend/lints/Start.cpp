//===- Start.cpp - Lints on how training starts -------------------------------------------------------------------===//
//
// Follows samples of the initialised parameters and of inputs through the network (Sample.h).
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/lints/Lints.h"
#include "frontend/lints/Sample.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "llvm/Support/FormatVariadic.h"

using namespace nn::frontend;
using llvm::Twine;
using SamplePtr = Sampler::SamplePtr;

namespace {

class StartLint {
public:
  explicit StartLint(Network &network) : network(network), sampler(network.evaluator.module) {}
  void run();

private:
  bool startParameters();
  void startInputs();
  bool meetsMore(mlir::Operation *product);
  static bool comesOf(mlir::Value value, mlir::Operation *product);
  void lintConstantWeights();
  void lintSpread();
  double inputSize();

  Network &network;
  Sampler sampler;
  std::map<std::string, SamplePtr> initial; ///< of the owned values
};

} // namespace

std::string nn::frontend::rounded(double value) {
  char text[32];
  snprintf(text, sizeof text, "%.3g", value);
  return text;
}

/// One line of the table of layers.
static std::string row(const std::string &layer, double size) {
  return llvm::formatv("\n    {0,-32}  {1}", layer, rounded(size)).str();
}

/// Runs `init`; false without one.
bool StartLint::startParameters() {
  auto init = network.evaluator.module.lookupSymbol<mlir::func::FuncOp>("init");
  if (!init)
    return false;
  Sampler drawing(network.evaluator.module);
  drawing.independent = false;
  mlir::Block &body = init.getBody().front();
  for (mlir::BlockArgument argument : body.getArguments()) // the seed
    drawing.set(argument, drawing.number(mlir::cast<mlir::RankedTensorType>(argument.getType()), 0));
  drawing.run(body);
  for (auto [i, value] : llvm::enumerate(body.getTerminator()->getOperands()))
    if (auto name = init.getResultAttrOfType<mlir::StringAttr>(i, "nn.name"))
      initial[name.str()] = drawing.get(value);
  return true;
}

/// Samples of the records that become the inputs as the train block says; without one, normal numbers.
void StartLint::startInputs() {
  auto numbers = [&](mlir::Type type, llvm::StringRef name) {
    auto range = network.evaluator.recordRanges.find(name.str());
    auto tensor = mlir::cast<mlir::RankedTensorType>(type);
    int64_t limit = range != network.evaluator.recordRanges.end()  ? range->second.limit
                    : tensor.getElementType().isUnsignedInteger(8) ? 256
                                                                   : 10;
    return sampler.input(tensor, limit);
  };
  for (auto [slot, argument] : llvm::zip(network.arguments, network.body().getArguments())) {
    auto type = mlir::cast<mlir::RankedTensorType>(argument.getType());
    if (auto it = initial.find(slot.name); it != initial.end())
      sampler.set(argument, sampler.parameter(type, *it->second));
    else if (slot.role == "input" || slot.role == "target" || slot.role == "weight")
      sampler.set(argument, numbers(type, slot.name));
    else
      sampler.set(argument, sampler.number(type, 0));
  }
  // The gradients entry computes the inputs from the records.
  auto gradients = network.evaluator.module.lookupSymbol<mlir::func::FuncOp>("gradients");
  if (!network.train || !gradients)
    return;
  mlir::Block &body = gradients.getBody().front();
  auto step = llvm::find_if(body, [](mlir::Operation &op) { return mlir::isa<nn::ValueAndGradOp>(op); });
  if (step == body.end())
    return;
  for (auto [i, argument] : llvm::enumerate(body.getArguments()))
    if (auto name = gradients.getArgAttrOfType<mlir::StringAttr>(i, "nn.name");
        name && gradients.getArgAttrOfType<mlir::StringAttr>(i, "nn.role").getValue() == "record")
      sampler.set(argument, numbers(argument.getType(), name));
  sampler.run(body, &*step);
  for (auto [i, operand] : llvm::enumerate(step->getOperands()))
    if (network.arguments[i].role == "input")
      sampler.set(network.body().getArgument(i), sampler.get(operand));
}

//===--------------------------------------------------------------------------------------------------------------===//
// constant-weights
//===--------------------------------------------------------------------------------------------------------------===//

/// Whether the products meet something else that depends on the input before another product takes them: a branch that
/// starts with nothing to add, a gate, an attention. Then gradients tell the units apart.
bool StartLint::meetsMore(mlir::Operation *product) {
  llvm::SetVector<mlir::Value> made;
  made.insert(product->getResult(0));
  for (size_t i = 0; i < made.size(); ++i)
    for (mlir::Operation *user : made[i].getUsers()) {
      if (mlir::isa<nn::ContractOp, nn::ConvOp>(user) || user->getNumResults() != 1)
        continue;
      for (mlir::Value operand : user->getOperands())
        if (!made.contains(operand) && network.dependsOnInput(operand) && !comesOf(operand, product))
          return true;
      made.insert(user->getResult(0));
    }
  return false;
}

/// Whether a value is computed from the products, in any way.
bool StartLint::comesOf(mlir::Value value, mlir::Operation *product) {
  llvm::SetVector<mlir::Operation *> behind;
  mlir::getForwardSlice(product, &behind);
  return value.getDefiningOp() && behind.contains(value.getDefiningOp());
}

void StartLint::lintConstantWeights() {
  std::set<std::string> reported;
  network.body().walk([&](mlir::Operation *op) {
    if (!mlir::isa<nn::ContractOp, nn::ConvOp>(op) || network.finals.contains(op))
      return;
    if (const Product *known = network.productOf(op); known && known->outputs == 1)
      return; // one unit begins like no other
    for (mlir::Value operand : op->getOperands()) {
      std::string name = network.parameterOf(operand).str();
      auto start = initial.find(name);
      if (name.empty() || start == initial.end() || !start->second->known || !start->second->isConstant() ||
          meetsMore(op) || !reported.insert(name).second)
        continue;
      Span span = network.evaluator.owned.find(name)->span;
      if (span)
        network.evaluator.diagnostics
            .warning(span, "constant-weights",
                     "all of `" + name + "` starts at " + rounded(start->second->elements[0]) +
                         ": its units begin alike, and gradients cannot tell them apart")
            .hint("draw weights: glorot_uniform, he_normal, normal(0.02) …");
    }
  });
}

//===--------------------------------------------------------------------------------------------------------------===//
// exploding-variance, vanishing-variance
//===--------------------------------------------------------------------------------------------------------------===//

/// The root of the mean square of the model's inputs.
double StartLint::inputSize() {
  double largest = 0;
  for (auto [slot, argument] : llvm::zip(network.arguments, network.body().getArguments()))
    if (slot.role == "input" && mlir::isa<mlir::FloatType>(mlir::getElementTypeOrSelf(argument.getType())))
      largest = std::max(largest, std::sqrt(sampler.get(argument)->meanSquare()));
  return largest > 0 ? largest : 1;
}

void StartLint::lintSpread() {
  // Without a train block there is the prediction alone, in which BatchNorm has no statistics of the batch.
  if (!network.train && llvm::any_of(network.arguments, [](const auto &slot) { return slot.role == "state"; }))
    return;
  double before = inputSize();
  std::string chain = "how large values are, as the root of their mean square:" + row("the input", before);
  for (const Product &product : network.products) {
    SamplePtr sample = sampler.get(product.op->getResult(0));
    if (!sample->known || std::isnan(sample->meanSquare()))
      return;
    double size = std::sqrt(sample->meanSquare());
    std::string layer = llvm::StringRef(network.layer(product.op)).trim('`').str();
    mlir::emitRemark(product.op->getLoc())
        << "the products of " << network.layer(product.op) << " start with the mean " << rounded(sample->mean())
        << " and the deviation " << rounded(sample->deviation());
    chain += row(layer, size);
    if (!network.finals.contains(product.op) || size == 0 || (size > 1e-3 * before && size < 1e3 * before))
      continue;
    bool grows = size > before;
    Diagnostic *message = network.warn(product.op, grows ? "exploding-variance" : "vanishing-variance",
                                       Twine("the values ") + (grows ? "grow" : "shrink") +
                                           " from layer to layer: at the start they are " + rounded(size / before) +
                                           " times the input's in " + network.layer(product.op));
    if (message)
      message->note(chain).hint(
          "`init: he_normal` keeps the variance with relu, glorot_uniform with tanh, lecun_normal "
          "with selu; BatchNorm or LayerNorm restore it");
    return;
  }
}

void StartLint::run() {
  if (!startParameters())
    return;
  lintConstantWeights();
  startInputs();
  if (network.products.empty())
    return;
  for (const Product &product : network.products)
    sampler.kept.insert(product.op->getResult(0));
  sampler.run(network.body(), network.products.back().op->getNextNode());
  lintSpread();
}

void nn::frontend::lintStart(Network &network) { StartLint(network).run(); }
