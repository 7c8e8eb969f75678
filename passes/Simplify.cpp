// Folding, canonicalisation, common subexpressions and dead code in one place, with the rewrites between families of
// ops that let grouping see through moves. Folds of a single op stand beside the op.
#include "passes/Passes.h"
#include "passes/RebuildScan.h"

#include "dialect/NN.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace nn {
#define GEN_PASS_DEF_SIMPLIFYPASS
#include "passes/Passes.h.inc"
} // namespace nn

using namespace mlir;
using namespace nn;

namespace {

/// A transposed operand of a contraction is the operand with permuted labels.
struct TransposeIntoContract : OpRewritePattern<ContractOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ContractOp op, PatternRewriter &rewriter) const override {
    auto a = op.getA().getDefiningOp<TransposeOp>(), b = op.getB().getDefiningOp<TransposeOp>();
    if (!a && !b)
      return failure();
    SmallVector<int64_t> lhs(op.getLhs()), rhs(op.getRhs());
    auto relabel = [](TransposeOp transpose, SmallVector<int64_t> &labels) {
      SmallVector<int64_t> before(labels);
      for (auto [k, from] : llvm::enumerate(transpose.getPermutation()))
        labels[from] = before[k];
    };
    if (a)
      relabel(a, lhs);
    if (b)
      relabel(b, rhs);
    rewriter.replaceOpWithNewOp<ContractOp>(op, op.getType(), a ? a.getX() : op.getA(), b ? b.getX() : op.getB(), lhs,
                                            rhs, op.getOut());
    return success();
  }
};

/// A transposed contraction is the contraction with permuted result labels.
struct TransposeOfContract : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto product = op.getX().getDefiningOp<ContractOp>();
    if (!product || !product->hasOneUse())
      return failure();
    SmallVector<int64_t> out;
    for (int64_t from : op.getPermutation())
      out.push_back(product.getOut()[from]);
    rewriter.replaceOpWithNewOp<ContractOp>(op, op.getType(), product.getA(), product.getB(), product.getLhs(),
                                            product.getRhs(), out);
    return success();
  }
};

struct TransposeOfTranspose : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<TransposeOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> permutation;
    for (int64_t from : op.getPermutation())
      permutation.push_back(inner.getPermutation()[from]);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner.getX(), permutation);
    return success();
  }
};

struct BroadcastOfBroadcast : OpRewritePattern<BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BroadcastOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<BroadcastOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> dims;
    for (int64_t dim : inner.getDims())
      dims.push_back(op.getDims()[dim]);
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getType(), inner.getX(), dims);
    return success();
  }
};

struct ReshapeOfReshape : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<ReshapeOp>();
    if (!inner)
      return failure();
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), inner.getX());
    return success();
  }
};

/// A part that is taken out of what it was joined into.
struct SliceOfConcat : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op, PatternRewriter &rewriter) const override {
    auto joined = op.getX().getDefiningOp<ConcatOp>();
    if (!joined || llvm::any_of(op.getStrides(), [](int64_t stride) { return stride != 1; }))
      return failure();
    int64_t axis = joined.getAxis(), begin = 0;
    for (Value part : joined.getParts()) {
      if (part.getType() == op.getType() && begin == op.getOffsets()[axis]) {
        rewriter.replaceOp(op, part);
        return success();
      }
      begin += cast<RankedTensorType>(part.getType()).getDimSize(axis);
    }
    return failure();
  }
};

/// A sum over broadcast dimensions is a product with their extent; the remaining axes are summed before the broadcast.
struct SumOfBroadcast : OpRewritePattern<ReduceSumOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReduceSumOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<BroadcastOp>();
    auto type = cast<RankedTensorType>(op.getType());
    if (!inner || !isa<FloatType>(type.getElementType()))
      return failure();
    ArrayRef<int64_t> shape = cast<RankedTensorType>(inner.getType()).getShape(), dims = inner.getDims();
    int64_t repeated = 1;
    for (int64_t axis : op.getAxes())
      if (!llvm::is_contained(dims, axis))
        repeated *= shape[axis];
    SmallVector<int64_t> axes, outDims;
    for (auto [k, dim] : llvm::enumerate(dims)) {
      if (llvm::is_contained(op.getAxes(), dim))
        axes.push_back(k);
      else
        outDims.push_back(dim - llvm::count_if(op.getAxes(), [d = dim](int64_t axis) { return axis < d; }));
    }
    Value x = inner.getX();
    Location loc = op.getLoc();
    if (!axes.empty())
      x = ReduceSumOp::create(rewriter, loc, x, axes);
    auto small = cast<RankedTensorType>(x.getType());
    if (repeated != 1)
      x = MulOp::create(rewriter, loc, x, ConstantOp::create(rewriter, loc, small, double(repeated)));
    if (small.getRank() == type.getRank())
      rewriter.replaceOp(op, x);
    else
      rewriter.replaceOpWithNewOp<BroadcastOp>(op, type, x, outDims);
    return success();
  }
};

struct SumOfSum : OpRewritePattern<ReduceSumOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReduceSumOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<ReduceSumOp>();
    if (!inner || !inner->hasOneUse())
      return failure();
    SmallVector<int64_t> kept, axes(inner.getAxes());
    int64_t rank = cast<RankedTensorType>(inner.getX().getType()).getRank();
    for (int64_t d = 0; d < rank; ++d)
      if (!llvm::is_contained(inner.getAxes(), d))
        kept.push_back(d);
    for (int64_t axis : op.getAxes())
      axes.push_back(kept[axis]);
    llvm::sort(axes);
    rewriter.replaceOpWithNewOp<ReduceSumOp>(op, op.getType(), inner.getX(), axes);
    return success();
  }
};

/// cast(cast(x)) is one cast where the inner one keeps every value.
struct CastOfCast : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;
  static bool isExact(Type from, Type to) {
    auto fromFloat = dyn_cast<FloatType>(from), toFloat = dyn_cast<FloatType>(to);
    if (toFloat && fromFloat)
      return fromFloat.getFPMantissaWidth() <= toFloat.getFPMantissaWidth() &&
             fromFloat.getWidth() < toFloat.getWidth();
    if (toFloat)
      return from.getIntOrFloatBitWidth() < toFloat.getFPMantissaWidth();
    return !fromFloat && from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth();
  }
  LogicalResult matchAndRewrite(CastOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<CastOp>();
    if (!inner || !isExact(getElementTypeOrSelf(inner.getX().getType()), getElementTypeOrSelf(inner.getType())))
      return failure();
    if (inner.getX().getType() == op.getType())
      rewriter.replaceOp(op, inner.getX());
    else
      rewriter.replaceOpWithNewOp<CastOp>(op, op.getType(), inner.getX());
    return success();
  }
};

/// An elementwise op whose operands are all broadcast alike (or splat constants) is computed before the broadcast.
struct ElementwiseOfBroadcasts : OpInterfaceRewritePattern<ScalarOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(ScalarOpInterface op, PatternRewriter &rewriter) const override {
    BroadcastOp like;
    for (Value operand : op->getOperands()) {
      if (auto broadcast = operand.getDefiningOp<BroadcastOp>()) {
        if (like && like.getDims() != broadcast.getDims())
          return failure();
        like = broadcast;
      } else if (auto constant = operand.getDefiningOp<ConstantOp>();
                 !constant || !isa<SplatElementsAttr>(constant.getValue())) {
        return failure();
      }
    }
    if (!like)
      return failure();
    ArrayRef<int64_t> shape = cast<RankedTensorType>(like.getX().getType()).getShape();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      if (auto broadcast = operand.getDefiningOp<BroadcastOp>()) {
        operands.push_back(broadcast.getX());
        continue;
      }
      auto splat = cast<SplatElementsAttr>(operand.getDefiningOp<ConstantOp>().getValue());
      auto small = splat.resizeSplat(cast<RankedTensorType>(operand.getType()).clone(shape));
      operands.push_back(ConstantOp::create(rewriter, operand.getLoc(), small));
    }
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    Operation *small =
        rewriter.create(op.getLoc(), op->getName().getIdentifier(), operands, {type.clone(shape)}, op->getAttrs());
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, type, small->getResult(0), like.getDims());
    return success();
  }
};

/// The dims with which a broadcast repeats the same elements in a tensor of another shape: where it follows dimensions
/// at the end that both shapes have.
static std::optional<SmallVector<int64_t>> throughReshape(BroadcastOp broadcast, ArrayRef<int64_t> shape) {
  ArrayRef<int64_t> from = cast<RankedTensorType>(broadcast.getType()).getShape();
  int64_t same = 0, rank = from.size(), newRank = shape.size();
  while (same < std::min(rank, newRank) && from[rank - 1 - same] == shape[newRank - 1 - same])
    ++same;
  SmallVector<int64_t> dims;
  for (int64_t d : broadcast.getDims()) {
    if (d < rank - same)
      return std::nullopt;
    dims.push_back(d - rank + newRank);
  }
  return dims;
}

/// An elementwise op behind a reshape moves in front of it where its other operands can follow for nothing, so that it
/// meets the op that computes the value: all are reshaped alike or the same everywhere, or a contraction's result is
/// reshaped.
struct ElementwiseOfReshapes : OpInterfaceRewritePattern<ScalarOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(ScalarOpInterface op, PatternRewriter &rewriter) const override {
    ReshapeOp reshape;
    bool follows = false;
    for (Value operand : op->getOperands())
      if (auto r = operand.getDefiningOp<ReshapeOp>(); r && r->hasOneUse() && !follows) {
        reshape = r;
        follows = r.getX().hasOneUse() && r.getX().getDefiningOp<ContractOp>();
      }
    if (!reshape)
      return failure();
    ArrayRef<int64_t> shape = cast<RankedTensorType>(reshape.getX().getType()).getShape();
    auto type = [&](Value v) { return cast<RankedTensorType>(v.getType()).clone(shape); };
    SmallVector<std::function<Value()>> before;
    for (Value operand : op->getOperands()) {
      auto r = operand.getDefiningOp<ReshapeOp>();
      auto broadcast = operand.getDefiningOp<BroadcastOp>();
      auto constant = operand.getDefiningOp<ConstantOp>();
      Location loc = operand.getLoc();
      if (r && cast<RankedTensorType>(r.getX().getType()).getShape() == shape)
        before.push_back([=]() mutable -> Value { return r.getX(); });
      else if (constant && isa<SplatElementsAttr>(constant.getValue()))
        before.push_back([=, &rewriter]() mutable -> Value {
          auto splat = cast<SplatElementsAttr>(constant.getValue());
          return ConstantOp::create(rewriter, loc, splat.resizeSplat(type(operand)));
        });
      else if (auto dims = broadcast ? throughReshape(broadcast, shape) : std::nullopt)
        before.push_back([=, &rewriter]() mutable -> Value {
          return BroadcastOp::create(rewriter, loc, type(operand), broadcast.getX(), *dims);
        });
      else if (follows && !broadcast && !operand.getDefiningOp<ContractOp>())
        before.push_back(
            [=, &rewriter]() mutable -> Value { return ReshapeOp::create(rewriter, loc, type(operand), operand); });
      else
        return failure();
    }
    SmallVector<Value> operands;
    for (auto &operand : before)
      operands.push_back(operand());
    Operation *moved =
        rewriter.create(op.getLoc(), op->getName().getIdentifier(), operands, {type(op->getResult(0))}, op->getAttrs());
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op->getResult(0).getType(), moved->getResult(0));
    return success();
  }
};

struct SimplifyPass : nn::impl::SimplifyPassBase<SimplifyPass> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<TransposeIntoContract, TransposeOfContract, TransposeOfTranspose, BroadcastOfBroadcast, ReshapeOfReshape,
            SliceOfConcat, SumOfBroadcast, SumOfSum, CastOfCast, ElementwiseOfBroadcasts, ElementwiseOfReshapes>(
        context);
    populateScanPatterns(set);
    for (RegisteredOperationName name : context->getRegisteredOperations())
      name.getCanonicalizationPatterns(set, context);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    GreedyRewriteConfig config;
    config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
    if (failed(applyPatternsGreedily(getOperation(), patterns, config)))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    DominanceInfo dominance(getOperation());
    eliminateCommonSubExpressions(rewriter, dominance, getOperation());
  }

private:
  FrozenRewritePatternSet patterns;
};

} // namespace

std::unique_ptr<Pass> nn::createSimplifyPass() { return std::make_unique<SimplifyPass>(); }
