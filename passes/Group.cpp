// Wraps each cluster of ops (Clusters.h) into an nn.group. Moves are copied into every group that reads through them;
// views stay between groups, where they cost nothing.
#include "passes/Clusters.h"
#include "passes/Passes.h"
#include "passes/Schedule.h"
#include "passes/View.h"

#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/Pass.h"

namespace nn {
#define GEN_PASS_DEF_GROUPPASS
#include "passes/Passes.h.inc"
} // namespace nn

using namespace mlir;
using namespace nn;

namespace {

/// Whether an op reads Moves in memory only: it computes addresses of its own, or leaves the function.
bool readsMemory(Operation *op) {
  OpKind kind = kindOf(op);
  return op->hasTrait<OpTrait::IsTerminator>() || kind == OpKind::Product || kind == OpKind::Call ||
         kind == OpKind::Scatter || kind == OpKind::View || kind == OpKind::Loop;
}

/// Gives a Move whose result must lie in memory a copy for those readers; the copies become clusters.
DenseSet<Operation *> materialiseMoves(Block &block) {
  DenseSet<Operation *> copies;
  for (Operation &op : llvm::make_early_inc_range(block.without_terminator())) {
    if (kindOf(&op) != OpKind::Move)
      continue;
    auto inMemory = [](OpOperand &use) { return readsMemory(use.getOwner()); };
    if (llvm::none_of(op.getUses(), inMemory))
      continue;
    Operation *copy = OpBuilder(&block, std::next(op.getIterator())).clone(op);
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : op.getUses())
      if (inMemory(use))
        uses.push_back(&use);
    for (OpOperand *use : uses)
      use->set(copy->getResult(0));
    copies.insert(copy);
  }
  return copies;
}

/// The ops that only a logged number ("norm") depends on: a step that logs gives the same bits as one that does not.
DenseSet<Operation *> findObservers(func::FuncOp entry) {
  DenseSet<Operation *> observers;
  auto observes = [&](OpOperand &use) {
    if (use.getOwner()->hasTrait<OpTrait::IsTerminator>())
      return roleOf(entry, use.getOperandNumber(), /*isResult=*/true) == "norm";
    return observers.contains(use.getOwner());
  };
  for (Operation &op : llvm::reverse(entry.getBody().front().without_terminator()))
    if (!op.use_empty() && llvm::all_of(op.getUses(), observes))
      observers.insert(&op);
  return observers;
}

/// New values that shall take the memory of old ones, the arguments that hold these.
using Replacements = DenseMap<Value, Value>;

Replacements replacementsOf(func::FuncOp entry) {
  llvm::StringMap<Value> owned;
  for (BlockArgument argument : entry.getArguments())
    if (isOwnedRole(roleOf(entry, argument.getArgNumber(), false)))
      owned[nameOf(entry, argument.getArgNumber(), false)] = argument;
  Replacements replaces;
  for (OpOperand &result : entry.getBody().front().getTerminator()->getOpOperands())
    if (isOwnedRole(roleOf(entry, result.getOperandNumber(), true)))
      if (Value old = owned.lookup(nameOf(entry, result.getOperandNumber(), true)))
        replaces.try_emplace(viewed(result.get()), old);
  return replaces;
}

Replacements replacementsOf(ScanOp scan) {
  Replacements replaces;
  for (auto [next, argument] : llvm::zip(scan.nextValues(), scan.carriedArguments()))
    replaces.try_emplace(viewed(next), argument);
  return replaces;
}

/// Builds the groups of one block, an entry's or a loop's body, in front of its terminator.
class Grouping {
public:
  Grouping(Block &block, DenseSet<Operation *> observers)
      : block(block), materialised(materialiseMoves(block)), observers(std::move(observers)),
        clusters(block, materialised, this->observers), b(block.getTerminator()) {}

  void run(Replacements replacements);

private:
  bool isCopied(Operation *op) const { return kindOf(op) == OpKind::Move && !materialised.contains(op); }
  Value outside(Value v);
  void collectInputs(Operation *op, const DenseSet<Operation *> &members, llvm::SetVector<Value> &inputs);
  Value inside(Value v, OpBuilder &body, IRMapping &mapping);
  void build(ArrayRef<Operation *> members);
  void build(ScanOp scan);

  Block &block;
  DenseSet<Operation *> materialised, observers;
  Clusters clusters;
  OpBuilder b;
  IRMapping results; // from values of the old ops to those of groups
  Replacements replaces;
};

/// What stands for `v` between groups: a result of a group, an argument, or a view of one.
Value Grouping::outside(Value v) {
  if (Value known = results.lookupOrNull(v))
    return known;
  Operation *op = v.getDefiningOp();
  if (!op)
    return v;
  assert(kindOf(op) == OpKind::View && "every other value is in a group or copied");
  outside(op->getOperand(0));
  b.clone(*op, results);
  return results.lookup(v);
}

void Grouping::collectInputs(Operation *op, const DenseSet<Operation *> &members, llvm::SetVector<Value> &inputs) {
  for (Value operand : op->getOperands()) {
    Operation *source = operand.getDefiningOp();
    if (source && members.contains(source))
      continue;
    bool copied = source && (isCopied(source) ||
                             (kindOf(source) == OpKind::View && members.contains(viewed(operand).getDefiningOp())));
    if (copied)
      collectInputs(source, members, inputs);
    else
      inputs.insert(operand);
  }
}

/// The group's value for `v`, copying Moves on the way.
Value Grouping::inside(Value v, OpBuilder &body, IRMapping &mapping) {
  if (Value known = mapping.lookupOrNull(v))
    return known;
  Operation *op = v.getDefiningOp();
  for (Value operand : op->getOperands())
    inside(operand, body, mapping);
  body.clone(*op, mapping);
  return mapping.lookup(v);
}

void Grouping::build(ArrayRef<Operation *> members) {
  DenseSet<Operation *> set(members.begin(), members.end());
  llvm::SetVector<Value> inputs;
  SmallVector<Value> yielded;
  for (Operation *op : members) {
    collectInputs(op, set, inputs);
    for (Value result : op->getResults())
      if (llvm::any_of(clusters.readers(result), [&](const Clusters::Reader &r) { return !set.contains(r.op); }))
        yielded.push_back(result);
  }
  if (yielded.empty())
    return;
  // What replaces an owned value comes first, and the old values in the same order: the target pairs them in this
  // order.
  llvm::stable_sort(yielded, [&](Value a, Value b) { return replaces.count(a) > replaces.count(b); });
  llvm::SetVector<Value> ordered;
  for (Value v : yielded)
    if (Value old = replaces.lookup(v); old && inputs.contains(old))
      ordered.insert(old);
  ordered.insert(inputs.begin(), inputs.end());
  inputs = std::move(ordered);
  SmallVector<Value> operands = llvm::map_to_vector(inputs, [&](Value v) { return outside(v); });
  Location loc = members.back()->getLoc();
  auto group = GroupOp::create(b, loc, ValueRange(yielded).getTypes(), operands);
  Block *body = b.createBlock(&group.getBody());
  b.setInsertionPoint(block.getTerminator());
  IRMapping mapping;
  for (Value input : inputs)
    mapping.map(input, body->addArgument(input.getType(), input.getLoc()));
  OpBuilder inner = OpBuilder::atBlockEnd(body);
  for (Operation *op : members) {
    for (Value operand : op->getOperands())
      inside(operand, inner, mapping);
    inner.clone(*op, mapping);
  }
  YieldOp::create(inner, loc, llvm::map_to_vector(yielded, [&](Value v) { return mapping.lookup(v); }));
  results.map(yielded, group.getResults());
}

/// A loop stays between the groups; its body has groups of its own by now.
void Grouping::build(ScanOp scan) {
  for (Value operand : scan->getOperands())
    results.map(operand, outside(operand));
  b.clone(*scan, results);
}

void Grouping::run(Replacements replacements) {
  replaces = std::move(replacements);
  clusters.grow();
  for (const Clusters::Cut &cut : clusters.cuts())
    emitRemark(cut.consumer->getLoc()) << cut.consumer->getName().stripDialect() << " is not fused with "
                                       << cut.producer->getName().stripDialect() << ", which it reads: " << cut.why;
  Operation *last = &block.back();
  SmallVector<Operation *> old;
  for (Operation &op : block.without_terminator())
    old.push_back(&op);
  for (const std::vector<Operation *> &members : clusters.inOrder()) {
    if (auto scan = dyn_cast<ScanOp>(members.front()))
      build(scan);
    else
      build(members);
  }
  for (OpOperand &operand : last->getOpOperands())
    operand.set(outside(operand.get()));
  for (Operation *op : llvm::reverse(old))
    op->erase();
}

/// The number of the step comes out of memory, like all that a step works on.
void readStep(ScanOp scan) {
  if (scan.step().use_empty())
    return;
  OpBuilder b(scan);
  auto type = RankedTensorType::get({int64_t(scan.getTrips())}, b.getI32Type());
  unsigned index = 1 + scan.getInits().size() + scan.getSequences().size();
  scan.getSequencesMutable().append(IotaOp::create(b, scan.getLoc(), type, /*axis=*/0).getY());
  scan.step().replaceAllUsesWith(scan.block().insertArgument(index, scan.step().getType(), scan.getLoc()));
}

struct GroupPass : nn::impl::GroupPassBase<GroupPass> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isPrivate()) {
        function.walk([&](ScanOp scan) {
          readStep(scan);
          Grouping grouping(scan.block(), /*observers=*/{});
          grouping.run(replacementsOf(scan));
        });
        Grouping grouping(function.getBody().front(), findObservers(function));
        grouping.run(replacementsOf(function));
      }
  }
};

} // namespace

std::unique_ptr<Pass> nn::createGroupPass() { return std::make_unique<GroupPass>(); }
