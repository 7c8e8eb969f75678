// What a scan takes, carries and emits, and no more.
#include "passes/Passes.h"
#include "passes/RebuildScan.h"

#include "dialect/NN.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace nn {
#define GEN_PASS_DEF_SIMPLIFYSCANSPASS
#include "passes/Passes.h.inc"

ScanOp rebuildScan(RewriterBase &rewriter, ScanOp scan, ArrayRef<Value> emitted, const BitVector &carried) {
  Block &body = scan.block();
  SmallVector<Value> inits, yielded(emitted);
  for (auto [k, init, next] : llvm::enumerate(scan.getInits(), scan.nextValues()))
    if (carried[k]) {
      inits.push_back(init);
      yielded.push_back(next);
    }
  SmallVector<Value> sequences(scan.getSequences()), shared(scan.getShared());
  rewriter.setInsertionPointToEnd(&body);
  Operation *end = body.getTerminator();
  EmitOp::create(rewriter, end->getLoc(), yielded);
  rewriter.eraseOp(end);
  SmallVector<Operation *> ops = llvm::map_to_vector(body.without_terminator(), [](Operation &op) { return &op; });
  for (Operation *op : llvm::reverse(ops))
    if (isOpTriviallyDead(op))
      rewriter.eraseOp(op);
  for (unsigned k = carried.size(); k-- > 0;)
    if (!carried[k])
      body.eraseArgument(1 + k);
  rewriter.setInsertionPoint(scan);
  return ScanOp::create(rewriter, scan.getLoc(), inits, sequences, shared, scan.getTrips(), scan.getReversed(),
                        scan.getBody());
}

namespace {

RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

/// How far an index is behind the step of the loop around it, if that is known.
std::optional<int64_t> distanceFromStep(ScanOp scan, Value index) {
  if (index == scan.step())
    return 0;
  auto add = index.getDefiningOp<AddOp>();
  if (!add)
    return std::nullopt;
  Value other = add->getOperand(0) == scan.step() ? add->getOperand(1) : add->getOperand(0);
  DenseElementsAttr value;
  if ((add->getOperand(0) != scan.step() && add->getOperand(1) != scan.step()) ||
      !matchPattern(other, m_Constant(&value)))
    return std::nullopt;
  return value.getSplatValue<APInt>().getSExtValue();
}

BlockArgument addElement(PatternRewriter &rewriter, ScanOp scan, Value sequence, Type element) {
  BlockArgument argument;
  rewriter.modifyOpInPlace(scan, [&] {
    unsigned index = 1 + scan.getInits().size() + scan.getSequences().size();
    scan.getSequencesMutable().append(sequence);
    argument = scan.block().insertArgument(index, element, sequence.getLoc());
  });
  return argument;
}

BlockArgument addShared(PatternRewriter &rewriter, ScanOp scan, Value outside) {
  BlockArgument argument;
  rewriter.modifyOpInPlace(scan, [&] {
    scan.getSharedMutable().append(outside);
    argument = scan.block().addArgument(outside.getType(), outside.getLoc());
  });
  return argument;
}

/// What a step takes of a shared tensor at its own position is an element of a sequence.
struct ElementAtStep : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GatherOp op, PatternRewriter &rewriter) const override {
    auto scan = dyn_cast<ScanOp>(op->getParentOp());
    auto argument = dyn_cast<BlockArgument>(op.getX());
    if (!scan || !argument || !llvm::is_contained(scan.sharedArguments(), argument))
      return failure();
    std::optional<int64_t> first = distanceFromStep(scan, op.getIndex());
    RankedTensorType type = typeOf(argument);
    int64_t axis = op.getAxis(), rank = type.getRank(), trips = scan.getTrips();
    if (!first || *first < 0 || *first + trips > type.getDimSize(axis))
      return failure();
    Value sequence = scan->getOperand(argument.getArgNumber() - 1);
    Location loc = op.getLoc();
    rewriter.setInsertionPoint(scan);
    if (type.getDimSize(axis) != trips) {
      SmallVector<int64_t> offsets(rank, 0), strides(rank, 1), shape(type.getShape());
      offsets[axis] = *first;
      shape[axis] = trips;
      sequence = SliceOp::create(rewriter, loc, type.clone(shape), sequence, offsets, strides);
    }
    if (axis != 0) {
      SmallVector<int64_t> permutation = {axis};
      for (int64_t d = 0; d < rank; ++d)
        if (d != axis)
          permutation.push_back(d);
      SmallVector<int64_t> shape =
          llvm::map_to_vector(permutation, [&](int64_t d) { return typeOf(sequence).getDimSize(d); });
      sequence = TransposeOp::create(rewriter, loc, type.clone(shape), sequence, permutation);
    }
    rewriter.replaceOp(op, addElement(rewriter, scan, sequence, op.getY().getType()));
    return success();
  }
};

/// Operands that nothing reads, or that stand there twice.
struct PruneOperands : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScanOp scan, PatternRewriter &rewriter) const override {
    unsigned sequences = 1 + scan.getInits().size();
    bool changed = prune(rewriter, scan, scan.getSequencesMutable(), sequences);
    changed |= prune(rewriter, scan, scan.getSharedMutable(), sequences + scan.getSequences().size());
    return success(changed);
  }

private:
  static bool prune(PatternRewriter &rewriter, ScanOp scan, MutableOperandRange operands, unsigned firstArgument) {
    Block &body = scan.block();
    bool changed = false;
    for (unsigned i = operands.size(); i-- > 0;) {
      Value argument = body.getArgument(firstArgument + i);
      for (unsigned j = 0; j < i && !argument.use_empty(); ++j)
        if (operands[j].get() == operands[i].get())
          rewriter.replaceAllUsesWith(argument, body.getArgument(firstArgument + j));
      if (!argument.use_empty())
        continue;
      rewriter.modifyOpInPlace(scan, [&] {
        operands.erase(i);
        body.eraseArgument(firstArgument + i);
      });
      changed = true;
    }
    return changed;
  }
};

/// Constants, and what repeats a smaller value, are made where they are read.
struct SinkOperands : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScanOp scan, PatternRewriter &rewriter) const override {
    bool changed = false;
    auto sink = [&](ValueRange operands, ScanOp::Arguments arguments, bool isSequence) {
      SmallVector<std::pair<Value, Value>> pairs;
      for (auto [operand, argument] : llvm::zip(operands, arguments))
        if (!argument.use_empty())
          pairs.push_back({operand, argument});
      for (auto [operand, argument] : pairs)
        if (Value inside = madeInside(rewriter, scan, operand, argument.getType(), isSequence)) {
          rewriter.replaceAllUsesWith(argument, inside);
          changed = true;
        }
    };
    sink(scan.getSequences(), scan.elementArguments(), true);
    sink(scan.getShared(), scan.sharedArguments(), false);
    return success(changed);
  }

private:
  static Value madeInside(PatternRewriter &rewriter, ScanOp scan, Value operand, Type type, bool isSequence) {
    Location loc = operand.getLoc();
    if (auto constant = operand.getDefiningOp<ConstantOp>()) {
      auto splat = dyn_cast<SplatElementsAttr>(constant.getValue());
      if (isSequence && !splat)
        return nullptr;
      rewriter.setInsertionPointToStart(&scan.block());
      return ConstantOp::create(rewriter, loc,
                                isSequence ? splat.resizeSplat(cast<RankedTensorType>(type)) : constant.getValue());
    }
    auto broadcast = operand.getDefiningOp<BroadcastOp>();
    if (!broadcast)
      return nullptr;
    SmallVector<int64_t> dims(broadcast.getDims());
    Value inside;
    if (isSequence && llvm::is_contained(dims, 0)) {
      if (dims.front() != 0)
        return nullptr;
      RankedTensorType source = typeOf(broadcast.getX());
      inside = addElement(rewriter, scan, broadcast.getX(), source.clone(source.getShape().drop_front()));
      dims.erase(dims.begin());
    } else {
      inside = addShared(rewriter, scan, broadcast.getX());
    }
    if (isSequence)
      for (int64_t &dim : dims)
        --dim;
    if (inside.getType() == type)
      return inside;
    rewriter.setInsertionPointToStart(&scan.block());
    return BroadcastOp::create(rewriter, loc, type, inside, dims);
  }
};

/// Results that nothing reads or that are there already, and carried values that nothing needs or changes.
struct PruneResults : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScanOp scan, PatternRewriter &rewriter) const override {
    SmallVector<Value> emitted = usedValues(scan);
    BitVector wanted = needed(scan, emitted), carried = wanted;
    for (unsigned k : wanted.set_bits())
      if (scan.nextValues()[k] == scan.carriedArguments()[k] || twin(scan, k, wanted))
        carried.reset(k);
    if (emitted.size() == scan.emitted() && carried.all())
      return failure();
    // The last first: what a twin is replaced by may be replaced itself.
    for (unsigned k = carried.size(); k-- > 0;)
      if (wanted[k] && !carried[k])
        replaceCarried(rewriter, scan, k, wanted);
    // Arguments among them have been replaced.
    emitted = usedValues(scan);
    SmallVector<Value> values(scan.emittedValues()), stacks(scan.stacks());
    SmallVector<Value> outs(scan.carriedOut()), sequences(scan.getSequences());
    SmallVector<std::optional<unsigned>> elements;
    for (Value value : values)
      elements.push_back(elementNumber(scan, value));
    ScanOp result = rebuildScan(rewriter, scan, emitted, carried);
    for (auto [value, stack, element] : llvm::zip(values, stacks, elements))
      if (!stack.use_empty())
        rewriter.replaceAllUsesWith(stack, element
                                               ? sequences[*element]
                                               : Value(result.getResult(llvm::find(emitted, value) - emitted.begin())));
    unsigned next = emitted.size();
    for (auto [k, out] : llvm::enumerate(outs))
      if (carried[k])
        rewriter.replaceAllUsesWith(out, result.getResult(next++));
    rewriter.eraseOp(scan);
    return success();
  }

private:
  /// The number of the sequence whose elements a value is.
  static std::optional<unsigned> elementNumber(ScanOp scan, Value v) {
    auto argument = dyn_cast<BlockArgument>(v);
    if (!argument || !llvm::is_contained(scan.elementArguments(), argument))
      return std::nullopt;
    return argument.getArgNumber() - 1 - scan.getInits().size();
  }

  /// What must be emitted, each value once: elements of a sequence are stacked already.
  static SmallVector<Value> usedValues(ScanOp scan) {
    SmallVector<Value> used;
    for (auto [value, stack] : llvm::zip(scan.emittedValues(), scan.stacks()))
      if (!stack.use_empty() && !elementNumber(scan, value) && !llvm::is_contained(used, value))
        used.push_back(value);
    return used;
  }

  /// A wanted carried value before k that is always the same.
  static std::optional<unsigned> twin(ScanOp scan, unsigned k, const BitVector &wanted) {
    for (unsigned other : wanted.set_bits())
      if (other < k && scan.getInits()[other] == scan.getInits()[k] && scan.nextValues()[other] == scan.nextValues()[k])
        return other;
    return std::nullopt;
  }

  /// Gives the readers of a carried value that goes what it always is.
  static void replaceCarried(PatternRewriter &rewriter, ScanOp scan, unsigned k, const BitVector &wanted) {
    Value argument = scan.carriedArguments()[k];
    if (std::optional<unsigned> other = twin(scan, k, wanted)) {
      rewriter.replaceAllUsesWith(argument, scan.carriedArguments()[*other]);
      rewriter.replaceAllUsesWith(scan.carriedOut()[k], scan.carriedOut()[*other]);
    } else {
      Value init = scan.getInits()[k];
      rewriter.replaceAllUsesWith(argument, addShared(rewriter, scan, init));
      rewriter.replaceAllUsesWith(scan.carriedOut()[k], init);
    }
  }

  /// The carried values that results depend on.
  static BitVector needed(ScanOp scan, ArrayRef<Value> emitted) {
    BitVector result(scan.getInits().size());
    SmallVector<Value> pending(emitted);
    DenseSet<Value> seen;
    auto need = [&](unsigned k) {
      if (!result.test(k)) {
        result.set(k);
        pending.push_back(scan.nextValues()[k]);
      }
    };
    for (auto [k, out] : llvm::enumerate(scan.carriedOut()))
      if (!out.use_empty())
        need(k);
    while (!pending.empty()) {
      Value v = pending.pop_back_val();
      if (!seen.insert(v).second)
        continue;
      if (Operation *op = v.getDefiningOp())
        llvm::append_range(pending, op->getOperands());
      else if (unsigned number = cast<BlockArgument>(v).getArgNumber(); number >= 1 && number <= result.size())
        need(number - 1);
    }
    return result;
  }
};

struct SimplifyScansPass : impl::SimplifyScansPassBase<SimplifyScansPass> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateScanPatterns(set);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    SmallVector<Operation *> scans; // and what is in them
    getOperation().walk([&](ScanOp scan) {
      scan.walk([&](Operation *op) { scans.push_back(op); });
      return WalkResult::skip();
    });
    GreedyRewriteConfig config;
    config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps);
    if (!scans.empty() && failed(applyOpPatternsGreedily(scans, patterns, config)))
      signalPassFailure();
  }

private:
  FrozenRewritePatternSet patterns;
};

} // namespace

std::unique_ptr<Pass> createSimplifyScansPass() { return std::make_unique<SimplifyScansPass>(); }

void populateScanPatterns(RewritePatternSet &patterns) {
  patterns.add<ElementAtStep, PruneOperands, SinkOperands, PruneResults>(patterns.getContext());
}

} // namespace nn
