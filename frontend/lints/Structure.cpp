//===- Structure.cpp - Lints on what a network reads, keeps and drops ---------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/lints/Lints.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "llvm/ADT/StringSet.h"

using namespace nn::frontend;
using llvm::Twine;

//===--------------------------------------------------------------------------------------------------------------===//
// stride-skips
//===--------------------------------------------------------------------------------------------------------------===//

void nn::frontend::lintSkippedPixels(Network &network) {
  for (mlir::Operation &op : network.body()) {
    llvm::SmallVector<int64_t> reach, strides;
    mlir::Value input;
    if (auto conv = mlir::dyn_cast<nn::ConvOp>(op)) {
      input = conv.getX();
      strides.assign(conv.getStrides().begin(), conv.getStrides().end());
      for (auto [i, kernel] : llvm::enumerate(conv.getW().getType().getShape().drop_front(2)))
        reach.push_back(kernel == 1 ? strides[i] : (kernel - 1) * conv.getDilation()[i] + 1);
    } else if (mlir::isa<nn::WindowSumOp, nn::WindowMaxOp>(op)) {
      input = op.getOperand(0);
      auto window = op.getAttrOfType<mlir::DenseI64ArrayAttr>("window").asArrayRef();
      auto steps = op.getAttrOfType<mlir::DenseI64ArrayAttr>("strides").asArrayRef();
      strides.assign(steps.begin(), steps.end());
      for (auto [extent, step] : llvm::zip(window, steps))
        reach.push_back(extent == 1 ? step : extent);
    }
    if (!input || !network.dependsOnInput(input))
      continue;
    for (auto [seen, step] : llvm::zip(reach, strides)) {
      if (step <= seen)
        continue;
      if (Diagnostic *message =
              network.warn(&op, "stride-skips",
                           "the window of " + Twine(seen) + " moves by " + Twine(step) + ": " + Twine(step - seen) +
                               " of every " + Twine(step) + " elements along an axis are never read"))
        message->hint("a stride of at most " + Twine(seen) + " reads all of them");
      break;
    }
  }
}

//===--------------------------------------------------------------------------------------------------------------===//
// receptive-field
//===--------------------------------------------------------------------------------------------------------------===//

namespace {

/// How much of the input one position sees along each spatial axis, and the distance in it between neighbours.
struct Field {
  llvm::SmallVector<int64_t> extent, jump, input;
  bool merged = false; ///< the spatial axes are one, the last
};

class FieldFinder {
public:
  explicit FieldFinder(Network &network) : network(network) {}
  void run();

private:
  std::optional<Field> of(mlir::Operation &op);
  void slide(Field &field, llvm::ArrayRef<int64_t> window, llvm::ArrayRef<int64_t> strides);
  bool isHead(mlir::Operation &reduction);
  void check(mlir::Operation &reduction, const Field &field);

  Network &network;
  llvm::DenseMap<mlir::Value, Field> fields;
};

} // namespace

void FieldFinder::slide(Field &field, llvm::ArrayRef<int64_t> window, llvm::ArrayRef<int64_t> strides) {
  for (size_t i = 0; i < field.extent.size() && i < window.size(); ++i) {
    size_t k = window.size() - field.extent.size() + i;
    field.extent[i] = boundedProduct(field.extent[i] + boundedProduct(window[k] - 1, field.jump[i]), 1);
    field.jump[i] = boundedProduct(field.jump[i], strides[k]);
  }
}

std::optional<Field> FieldFinder::of(mlir::Operation &op) {
  std::optional<Field> field;
  for (mlir::Value operand : op.getOperands())
    if (auto it = fields.find(operand); it != fields.end()) {
      if (!field)
        field = it->second;
      for (size_t i = 0; i < field->extent.size() && i < it->second.extent.size(); ++i) {
        field->extent[i] = std::max(field->extent[i], it->second.extent[i]);
        field->jump[i] = std::max(field->jump[i], it->second.jump[i]);
      }
    }
  if (!field || op.getNumResults() != 1)
    return std::nullopt;
  if (auto conv = mlir::dyn_cast<nn::ConvOp>(op)) {
    llvm::SmallVector<int64_t> reach;
    for (auto [kernel, dilation] : llvm::zip(conv.getW().getType().getShape().drop_front(2), conv.getDilation()))
      reach.push_back((kernel - 1) * dilation + 1);
    slide(*field, reach, conv.getStrides());
    return field;
  }
  if (mlir::isa<nn::WindowSumOp, nn::WindowMaxOp>(op)) {
    auto window = op.getAttrOfType<mlir::DenseI64ArrayAttr>("window").asArrayRef();
    if (window.size() >= field->extent.size())
      slide(*field, window, op.getAttrOfType<mlir::DenseI64ArrayAttr>("strides").asArrayRef());
    return field;
  }
  auto shape = mlir::cast<mlir::RankedTensorType>(op.getResult(0).getType()).getShape();
  if (auto reshape = mlir::dyn_cast<nn::ReshapeOp>(op)) {
    auto before = reshape.getX().getType().getShape();
    if (shape.size() != 3 || before.size() < 3 || shape[0] != before[0] || shape[1] != before[1])
      return std::nullopt;
    field->merged = true;
    return field;
  }
  if (mlir::isa<nn::ScalarOpInterface>(op) && !field->merged)
    return field;
  return std::nullopt;
}

/// Whether nothing that has positions is made of the result.
bool FieldFinder::isHead(mlir::Operation &reduction) {
  llvm::SetVector<mlir::Operation *> users;
  mlir::getForwardSlice(&reduction, &users);
  return llvm::none_of(users, [&](mlir::Operation *user) {
    return mlir::isa<nn::ConvOp>(user) ||
           llvm::any_of(user->getOperands(), [&](mlir::Value operand) { return fields.count(operand); });
  });
}

void FieldFinder::check(mlir::Operation &reduction, const Field &field) {
  auto axes = reduction.getAttrOfType<mlir::DenseI64ArrayAttr>("axes").asArrayRef();
  bool whole = field.merged ? axes == llvm::ArrayRef<int64_t>{2}
                            : axes.size() == field.extent.size() && axes.front() == 2; // axes increase
  if (!whole || !isHead(reduction))
    return;
  for (auto [extent, input] : llvm::zip(field.extent, field.input))
    if (extent > 1 && 4 * extent < 3 * input) {
      if (Diagnostic *message = network.warn(&reduction, "receptive-field",
                                             "each position in front of this pooling sees " + Twine(extent) +
                                                 " of the " + Twine(input) + " elements along an axis of the input"))
        message->hint("nothing larger can be recognised: more layers, strides or pooling in front of it see more");
      return;
    }
}

void FieldFinder::run() {
  for (auto [slot, argument] : llvm::zip(network.arguments, network.body().getArguments())) {
    auto type = mlir::cast<mlir::RankedTensorType>(argument.getType());
    if (slot.role != "input" || type.getRank() < 3 || !mlir::isa<mlir::FloatType>(type.getElementType()))
      continue;
    size_t spatial = type.getRank() - 2;
    fields[argument] = {llvm::SmallVector<int64_t>(spatial, 1), llvm::SmallVector<int64_t>(spatial, 1),
                        llvm::SmallVector<int64_t>(type.getShape().drop_front(2)), false};
  }
  llvm::SmallVector<mlir::Operation *> reductions;
  for (mlir::Operation &op : network.body()) {
    if (mlir::isa<nn::ReductionOpInterface>(op) && fields.count(op.getOperand(0)))
      reductions.push_back(&op);
    else if (std::optional<Field> field = of(op))
      fields[op.getResult(0)] = *field;
  }
  for (mlir::Operation *reduction : reductions)
    check(*reduction, fields[reduction->getOperand(0)]);
}

void nn::frontend::lintReceptiveField(Network &network) { FieldFinder(network).run(); }

//===--------------------------------------------------------------------------------------------------------------===//
// unused-parameter
//===--------------------------------------------------------------------------------------------------------------===//

/// What a value is computed from; `byGradient`: what its gradient flows to.
static llvm::DenseSet<mlir::Value> sourcesOf(mlir::Value result, bool byGradient) {
  llvm::SmallVector<mlir::Value> work = {result};
  llvm::DenseSet<mlir::Value> sources;
  while (!work.empty()) {
    mlir::Value value = work.pop_back_val();
    mlir::Operation *op = value.getDefiningOp();
    bool passes = mlir::isa<mlir::FloatType>(mlir::getElementTypeOrSelf(value.getType())) &&
                  !(op && (mlir::isa<nn::StopGradientOp>(op) ||
                           (op->hasTrait<nn::NoGradient>() && !op->hasTrait<nn::Structural>())));
    if ((passes || !byGradient) && sources.insert(value).second && op)
      work.append(op->operand_begin(), op->operand_end());
  }
  return sources;
}

void nn::frontend::lintUnusedParameters(Network &network) {
  if (!network.train)
    return;
  // A gradient that the user declares may flow where that of the body does not.
  bool ownGradients = llvm::any_of(network.evaluator.program.userDeclarations(),
                                   [](const Decl *decl) { return llvm::isa<GradientDecl>(decl); });
  auto warn = [&](const std::string &path, const Twine &what) {
    Span span = network.evaluator.owned.find(path)->span;
    if (span && !network.evaluator.diagnostics.warned("unused-parameter", span))
      network.evaluator.diagnostics.warning(span, "unused-parameter", what + ": it is trained by nothing")
          .hint("leave it out, or @allow(unused-parameter)");
  };
  // What exists in predictions only.
  llvm::StringSet<> present;
  for (const EntryBuilder::Slot &slot : network.arguments)
    present.insert(slot.name);
  for (const OwnedValue &value : network.evaluator.owned.all())
    if (value.role == OwnedStmt::Role::Param && !network.evaluator.isFrozen(value.path) &&
        !present.contains(value.path))
      warn(value.path, "the parameter `" + value.path + "` is not there in training");
  mlir::Value loss = network.flat.terminator()->getOperand(0);
  llvm::DenseSet<mlir::Value> used = sourcesOf(loss, /*byGradient=*/false),
                              trained = ownGradients ? used : sourcesOf(loss, /*byGradient=*/true);
  for (auto [slot, argument] : llvm::zip(network.arguments, network.body().getArguments())) {
    if (slot.role != "param" || trained.contains(argument) || network.evaluator.isFrozen(slot.name))
      continue;
    std::string what = used.contains(argument) ? "no gradient of the loss reaches the parameter `" + slot.name +
                                                     "`, only through comparisons, roundings or `stop_gradient`"
                                               : "the loss does not depend on the parameter `" + slot.name + "`";
    warn(slot.name, what);
  }
}

//===--------------------------------------------------------------------------------------------------------------===//
// dropout-last
//===--------------------------------------------------------------------------------------------------------------===//

/// Whether a value is drawn: it depends on random numbers and on no input.
static bool isDrawn(Network &network, mlir::Value value) {
  llvm::SmallVector<mlir::Value> work = {value};
  while (!work.empty()) {
    mlir::Operation *op = work.pop_back_val().getDefiningOp();
    if (!op)
      continue;
    if (mlir::isa<nn::RandomUniformOp>(op))
      return true;
    work.append(op->operand_begin(), op->operand_end());
  }
  return false;
}

void nn::frontend::lintLastDropout(Network &network) {
  llvm::SmallVector<mlir::Value> work(network.outputs);
  llvm::DenseSet<mlir::Operation *> seen;
  while (!work.empty()) {
    mlir::Operation *op = work.pop_back_val().getDefiningOp();
    if (!op || !seen.insert(op).second)
      continue;
    auto select = mlir::dyn_cast<nn::SelectOp>(op);
    bool masks = select && !network.dependsOnInput(select.getCondition()) && network.dependsOnInput(select.getY()) &&
                 (splatOf(select.getA()) == 0.0 || splatOf(select.getB()) == 0.0) &&
                 isDrawn(network, select.getCondition());
    if (masks) {
      if (Diagnostic *message = network.warn(op, "dropout-last",
                                             "this sets outputs of the model to zero at random while it is trained: no "
                                             "layer stands behind it"))
        message->hint("put the dropout in front of the last layer");
      return;
    }
    if (mlir::isa<nn::ScalarOpInterface, nn::ReshapeOp, nn::TransposeOp, nn::BroadcastOp>(op))
      work.append(op->operand_begin(), op->operand_end());
  }
}
