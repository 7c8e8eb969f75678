// Products that do not need the loop leave it: in front of it what depends on no carried value, for all steps at once;
// behind it what no step waits for, and sums over the steps (gradients of weights) as one sum.
#include "passes/AllSteps.h"
#include "passes/Clusters.h"
#include "passes/Passes.h"
#include "passes/RebuildScan.h"

#include "dialect/NN.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"
#include "llvm/ADT/SetVector.h"

#include <map>

namespace nn {
#define GEN_PASS_DEF_MOVEOUTOFSCANSPASS
#include "passes/Passes.h.inc"
} // namespace nn

using namespace mlir;
using namespace nn;

namespace {

/// What a tensor of the body is in all steps, as far as that is known around the loop.
using Known = DenseMap<Value, Outside>;

Known knownOf(ScanOp scan) {
  Known known;
  for (auto [outside, argument] : llvm::zip(scan.getSequences(), scan.elementArguments()))
    known[argument] = {outside, true};
  for (auto [outside, argument] : llvm::zip(scan.getShared(), scan.sharedArguments()))
    known[argument] = {outside, false};
  return known;
}

/// Products of what the loop gets from outside, what they need, and what is computed from them alone.
class Before {
public:
  explicit Before(ScanOp scan) : scan(scan), known(knownOf(scan)) {}

  void run() {
    for (Operation &op : scan.block().without_terminator())
      consider(&op);
    OpBuilder b(scan);
    SmallVector<Operation *> moved;
    for (Operation &op : scan.block().without_terminator())
      if (chosen.contains(&op)) {
        auto operands = llvm::map_to_vector(op.getOperands(), [&](Value v) { return known.lookup(v); });
        known[op.getResult(0)] = atAllSteps(b, &op, operands, scan.getTrips());
        moved.push_back(&op);
      }
    llvm::for_each(moved, [&](Operation *op) { replace(op); });
    for (Operation *op : llvm::reverse(moved))
      if (op->use_empty())
        op->erase();
  }

private:
  bool isStacked(Value v) const {
    auto it = known.find(v);
    return it != known.end() ? it->second.stacked : varying.contains(v);
  }

  void consider(Operation *op) {
    auto stacked = [&](Value v) { return isStacked(v); };
    auto available = [&](Value v) { return known.count(v) || possible.contains(v.getDefiningOp()); };
    if (!canStack(op, stacked) || !llvm::all_of(op->getOperands(), available))
      return;
    possible.insert(op);
    bool varies = llvm::any_of(op->getOperands(), stacked);
    if (varies)
      varying.insert(op->getResult(0));
    bool behind = isa<ScalarOpInterface>(op) && llvm::any_of(op->getOperands(), [&](Value v) {
                    return varying.contains(v) && chosen.contains(v.getDefiningOp());
                  });
    if (isProduct(op) || behind || (!varies && !computesNothing(op)))
      choose(op);
  }

  void choose(Operation *op) {
    if (!op || !chosen.insert(op).second)
      return;
    for (Value operand : op->getOperands())
      choose(operand.getDefiningOp());
  }

  /// Gives what reads the result in the body what was computed in front of the loop.
  void replace(Operation *op) {
    Value inside = op->getResult(0);
    auto isLeft = [&](OpOperand &use) { return !chosen.contains(use.getOwner()); };
    if (isa<ConstantOp>(op) || llvm::none_of(inside.getUses(), isLeft))
      return;
    Outside outside = known.lookup(inside);
    BlockArgument argument;
    if (outside.stacked) {
      unsigned index = 1 + scan.getInits().size() + scan.getSequences().size();
      scan.getSequencesMutable().append(outside.value);
      argument = scan.block().insertArgument(index, inside.getType(), inside.getLoc());
    } else {
      scan.getSharedMutable().append(outside.value);
      argument = scan.block().addArgument(inside.getType(), inside.getLoc());
    }
    inside.replaceUsesWithIf(argument, isLeft);
  }

  ScanOp scan;
  Known known;
  DenseSet<Operation *> possible, chosen;
  DenseSet<Value> varying;
};

/// Products that only results of the loop depend on, and sums over the steps.
class Behind {
public:
  explicit Behind(ScanOp scan) : scan(scan), known(knownOf(scan)) {}

  void run() {
    findSums();
    findLate();
    if (sums.empty() && chosen.empty())
      return;
    rebuild();
  }

private:
  bool isStacked(Value v) const {
    auto it = known.find(v);
    return it != known.end() ? it->second.stacked : !v.getDefiningOp<ConstantOp>();
  }

  /// Carried values to which every step only adds what can be summed afterwards.
  void findSums() {
    Operation *end = scan.block().getTerminator();
    for (auto [k, argument, next] : llvm::enumerate(scan.carriedArguments(), scan.nextValues())) {
      auto add = next.getDefiningOp<AddOp>();
      if (!add || !argument.hasOneUse() || !add->hasOneUse() || *add->getUsers().begin() != end)
        continue;
      Value term = add->getOperand(0) == argument ? add->getOperand(1) : add->getOperand(0);
      if (*argument.getUsers().begin() != add || term == argument)
        continue;
      SmallVector<Value> leaves;
      if (!canSum(term, [&](Value v) { return isStacked(v); }, [&](Value v) { leaves.push_back(v); }))
        continue;
      sums[k] = term;
      wanted.insert(leaves.begin(), leaves.end());
    }
  }

  void findLate() {
    Operation *end = scan.block().getTerminator();
    DenseSet<Operation *> late;
    auto stacked = [&](Value v) { return isStacked(v); };
    for (Operation &op : llvm::reverse(scan.block().without_terminator())) {
      auto waits = [&](OpOperand &use) {
        return use.getOwner() == end ? use.getOperandNumber() >= scan.emitted() : !late.contains(use.getOwner());
      };
      if (canStack(&op, stacked) && !op.use_empty() && llvm::none_of(op.getUses(), waits) &&
          llvm::any_of(op.getOperands(), stacked))
        late.insert(&op);
    }
    for (Operation &op : scan.block().without_terminator()) {
      auto isChosen = [&](Value v) { return chosen.contains(v.getDefiningOp()); };
      if (late.contains(&op) && (isProduct(&op) || llvm::any_of(op.getOperands(), isChosen)))
        chosen.insert(&op);
    }
    for (Operation &op : scan.block().without_terminator())
      if (chosen.contains(&op))
        for (Value operand : op.getOperands())
          if (!chosen.contains(operand.getDefiningOp()))
            wanted.insert(operand);
  }

  void rebuild() {
    SmallVector<Value> emitted, before(scan.emittedValues()), terms;
    auto emit = [&](Value v) {
      if (!llvm::is_contained(emitted, v))
        emitted.push_back(v);
    };
    for (Value v : before)
      if (!chosen.contains(v.getDefiningOp()))
        emit(v);
    for (Value v : wanted)
      if (!known.count(v) && !v.getDefiningOp<ConstantOp>())
        emit(v);
    BitVector carried(scan.getInits().size(), true);
    for (auto &[k, term] : sums)
      carried.reset(k);
    // The ops that move stay alive beside the body until what stands for them is built.
    ScanOp original = cast<ScanOp>(OpBuilder(scan).clone(*scan, mapping));
    IRRewriter rewriter(scan.getContext());
    SmallVector<Value> copies = llvm::map_to_vector(emitted, [&](Value v) { return mapping.lookup(v); });
    ScanOp result = rebuildScan(rewriter, original, copies, carried);
    original.erase();
    for (auto [v, stack] : llvm::zip(emitted, result.stacks()))
      if (!known.count(v))
        known[v] = {stack, true};
    OpBuilder b(scan);
    auto outside = [&](Value v) {
      if (auto constant = v.getDefiningOp<ConstantOp>(); constant && !known.count(v))
        known[v] = {b.clone(*constant)->getResult(0), false};
      return known.lookup(v);
    };
    for (Operation &op : scan.block().without_terminator())
      if (chosen.contains(&op))
        known[op.getResult(0)] = atAllSteps(b, &op, llvm::map_to_vector(op.getOperands(), outside), scan.getTrips());
    SmallVector<Value> results;
    for (Value v : before) {
      auto place = llvm::find(emitted, v);
      results.push_back(place == emitted.end() ? known.lookup(v).value : result.stacks()[place - emitted.begin()]);
    }
    unsigned next = 0;
    for (auto [k, init] : llvm::enumerate(scan.getInits())) {
      if (!sums.count(k)) {
        results.push_back(result.carriedOut()[next++]);
        continue;
      }
      results.push_back(sumOfAllSteps(b, sums[k], outside));
      if (!matchPattern(init, m_AnyZeroFloat()))
        results.back() = AddOp::create(b, scan.getLoc(), init, results.back());
    }
    scan.replaceAllUsesWith(results);
    scan.erase();
  }

  ScanOp scan;
  Known known;
  std::map<unsigned, Value> sums; // carried values by number: what each step adds
  DenseSet<Operation *> chosen;
  llvm::SetVector<Value> wanted;
  IRMapping mapping;
};

struct MoveOutOfScansPass : nn::impl::MoveOutOfScansPassBase<MoveOutOfScansPass> {
  void runOnOperation() override {
    SmallVector<ScanOp> scans; // inner ones first
    getOperation().walk([&](ScanOp scan) { scans.push_back(scan); });
    for (ScanOp scan : scans) {
      Before(scan).run();
      Behind(scan).run();
    }
  }
};

} // namespace

std::unique_ptr<Pass> nn::createMoveOutOfScansPass() { return std::make_unique<MoveOutOfScansPass>(); }
