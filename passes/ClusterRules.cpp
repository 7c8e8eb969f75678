// What a kernel may consist of: the rules of Clusters.h, asked before every merge.
#include "passes/Clusters.h"
#include "passes/View.h"

#include "dialect/Parts.h"

using namespace mlir;

namespace nn {

OpKind kindOf(Operation *op) {
  if (isa<CallOp>(op))
    return OpKind::Call;
  if (isa<ScalarOpInterface, RandomUniformOp>(op))
    return OpKind::Map;
  if (isa<ReduceSumOp, ReduceMaxOp, ReduceMinOp, ArgmaxOp>(op))
    return OpKind::Reduction;
  if (isa<ScatterSumOp>(op))
    return OpKind::Scatter;
  if (isa<ScanOp>(op))
    return OpKind::Loop;
  if (isView(op))
    return OpKind::View;
  return computesNothing(op) ? OpKind::Move : OpKind::Product;
}

bool computesNothing(Operation *op) {
  auto cost = dyn_cast<CostOpInterface>(op);
  return cost && cost.flops() == 0;
}

bool isProduct(Operation *op) { return isa<ContractOp, ConvOp, ConvInputGradOp, ConvWeightGradOp>(op); }

static ArrayRef<int64_t> shapeOf(Value v) { return cast<RankedTensorType>(v.getType()).getShape(); }

static SmallVector<int64_t> axesOf(Operation *reduction) {
  if (auto argmax = dyn_cast<ArgmaxOp>(reduction))
    return {int64_t(argmax.getAxis())};
  return SmallVector<int64_t>(reduction->getAttrOfType<DenseI64ArrayAttr>("axes").asArrayRef());
}

bool Clusters::isMap(int cluster) const {
  return llvm::all_of(clusters[cluster].ops, [&](int i) { return kindOf(ops[i]) == OpKind::Map; });
}

/// Element computations up to which a kernel is not worth cutting, whatever it computes.
static constexpr int64_t kSmall = 16384;

/// Whether one thread does all of this in about the time that a launch takes.
bool Clusters::isSmall(ArrayRef<int> members) const {
  int64_t work = 0;
  for (int i : members) {
    if (kindOf(ops[i]) != OpKind::Map && kindOf(ops[i]) != OpKind::Reduction)
      return false;
    work += cast<RankedTensorType>(ops[i]->getResult(0).getType()).getNumElements();
    if (auto cost = dyn_cast<CostOpInterface>(ops[i]))
      work += cost.flops();
  }
  return work <= kSmall;
}

bool Clusters::isObserved(Operation *op) const {
  return llvm::any_of(op->getUsers(), [&](Operation *user) { return observers.contains(user); });
}

/// Whether the ops together are a kernel as the class comment says.
bool Clusters::isKernel(ArrayRef<int> members) const {
  Operation *product = nullptr;
  bool reduces = false;
  for (int i : members) {
    switch (kindOf(ops[i])) {
    case OpKind::Map:
      break;
    case OpKind::Reduction:
      reduces = true;
      break;
    case OpKind::Product:
      if (product)
        return false;
      product = ops[i];
      break;
    default:
      return members.size() == 1;
    }
  }
  if (reduces)
    return !product && isReductionKernel(members);
  if (product && members.size() > 1 && isObserved(product))
    return false;
  auto contract = dyn_cast_or_null<ContractOp>(product);
  auto parts = contract ? partsOf(contract) : std::nullopt;
  ArrayRef<int64_t> shape =
      parts ? parts->type.getShape() : shapeOf((product ? product : ops[members.front()])->getResult(0));
  if (llvm::any_of(members, [&](int i) { return ops[i] != product && shapeOf(ops[i]->getResult(0)) != shape; }))
    return false;
  return !product || llvm::none_of(product->getOperands(), [&](Value operand) {
    auto it = index.find(operand.getDefiningOp());
    return it != index.end() && llvm::is_contained(members, it->second);
  });
}

bool Clusters::isReductionKernel(ArrayRef<int> members) const {
  Operation *first = nullptr;
  for (int i : members)
    if (kindOf(ops[i]) == OpKind::Reduction) {
      first = first ? first : ops[i];
      if (shapeOf(ops[i]->getOperand(0)) != shapeOf(first->getOperand(0)) || axesOf(ops[i]) != axesOf(first))
        return false;
    }
  ArrayRef<int64_t> full = shapeOf(first->getOperand(0)), reduced = shapeOf(first->getResult(0));
  auto inside = [&](Operation *op) {
    auto it = index.find(op);
    return it != index.end() && llvm::is_contained(members, it->second);
  };
  // In order: what depends on a reduction is behind it; all else over the full shape is in front and must not leave.
  DenseSet<Operation *> behind;
  for (int i : members) {
    Operation *op = ops[i];
    bool depends = llvm::any_of(op->getOperands(),
                                [&](Value v) { return v.getDefiningOp() && behind.contains(v.getDefiningOp()); });
    bool isReduction = kindOf(op) == OpKind::Reduction;
    if (isReduction && depends)
      return false;
    if (isReduction || depends)
      behind.insert(op);
    ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
    if (isReduction || shape == reduced)
      continue;
    if (depends || shape != full)
      return false;
    if (llvm::any_of(readers(op->getResult(0)), [&](const Reader &reader) { return !inside(reader.op); }))
      return false;
  }
  return true;
}

/// The first rule that one kernel of both would break.
StringRef Clusters::whyApart(int producer, int consumer) const {
  auto find = [&](int cluster, OpKind kind) -> Operation * {
    for (int i : clusters[cluster].ops)
      if (kindOf(ops[i]) == kind)
        return ops[i];
    return nullptr;
  };
  for (int cluster : {producer, consumer})
    if (find(cluster, OpKind::Call))
      return "the target has a kernel of its own for it";
  for (int cluster : {producer, consumer})
    if (find(cluster, OpKind::Scatter))
      return "a sum at indices goes through its terms in their order";
  for (int cluster : {producer, consumer})
    if (find(cluster, OpKind::Loop))
      return "a loop runs kernels of its own";
  Operation *product = find(consumer, OpKind::Product);
  auto isProduced = [&](Value v) {
    auto it = index.find(v.getDefiningOp());
    return it != index.end() && clusterOf[it->second] == producer;
  };
  if (product && llvm::any_of(product->getOperands(), isProduced))
    return "a product reads its operands from memory, each more than once";
  if (product && find(producer, OpKind::Product))
    return "a kernel has one product";
  if (Operation *produced = find(producer, OpKind::Product); produced && isObserved(produced))
    return "what is logged reads the product, too";
  if (find(producer, OpKind::Move) || find(consumer, OpKind::Move) || clusters[producer].apart.contains(consumer))
    return "the elements are read in another order than they are computed in";
  if (find(producer, OpKind::Reduction) || find(consumer, OpKind::Reduction))
    return "a reduction's kernel ends with values of the reduced shape, which no other reduction in it reads";
  if (reaches(producer, consumer))
    return "another kernel lies between them";
  return "shapes differ";
}

std::vector<Clusters::Cut> Clusters::cuts() const {
  std::vector<Cut> result;
  DenseSet<std::pair<int, int>> known;
  for (auto [i, op] : llvm::enumerate(ops))
    for (Value value : op->getResults())
      for (const Reader &reader : readers(value)) {
        auto it = index.find(reader.op);
        if (it == index.end() || clusterOf[it->second] == clusterOf[i])
          continue;
        int from = clusterOf[i], to = clusterOf[it->second];
        if (known.insert({from, to}).second)
          result.push_back({op, reader.op, whyApart(from, to)});
      }
  return result;
}

} // namespace nn
