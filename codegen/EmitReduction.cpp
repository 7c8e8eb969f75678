// Elements of reductions: loops over the reduced dimensions with several accumulators, in an order that depends on
// shape and target only. Lanes lie along kept dimensions (then each lane is a sum of its own) or, for a single element,
// along a reduced one and are combined in a fixed tree at the end.
#include "codegen/ElementEmitter.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace nn;

/// Independent accumulators, to hide the latency of one.
static constexpr int64_t kAccumulators = 4;

/// Steps of at most this many operations stand side by side, one per accumulator; longer ones once in a loop through
/// which the accumulators rotate. Both sum in the same order.
static constexpr int64_t kShortStep = 6;

namespace {
struct ReductionEmitter {
  ElementEmitter &e;
  ReductionOpInterface op;
  Value x;
  RankedTensorType type;
  SmallVector<Coordinate> at; ///< of an element of x; entries of reduced dimensions are filled in by the loops
  SmallVector<int64_t> outer; ///< reduced dimensions, outermost first
  int64_t inner = -1;         ///< the reduced dimension that the accumulators share out
  int64_t width = 1;          ///< lanes along `inner`

  ReductionEmitter(ElementEmitter &e, ReductionOpInterface op, ArrayRef<Coordinate> kept)
      : e(e), op(op), x(op.input()), type(cast<RankedTensorType>(x.getType())), at(type.getRank()) {
    ArrayRef<int64_t> axes = op.reducedAxes();
    for (int64_t d = 0, k = 0; d < type.getRank(); ++d)
      if (!llvm::is_contained(axes, d))
        at[d] = kept[k++];
    for (int64_t d : physicalOrder(type))
      if (llvm::is_contained(axes, d) && type.getDimSize(d) > 1)
        outer.push_back(d);
      else if (llvm::is_contained(axes, d))
        at[d] = e.fixed(0);
  }

  Value join(Value a, Value b) { return op.combine(e.b, a, b); }

  /// Operations in the body of one step with `lanes` lanes along `axis`, or with the lanes of the element where that is
  /// -1 or they are 1.
  int64_t stepCost(int64_t axis, int64_t lanes) {
    ElementEmitter trial(e);
    trial.isTrial = true;
    OwningOpRef<ModuleOp> scratch = ModuleOp::create(e.loc);
    Block *block = scratch->getBody();
    OpBuilder::InsertionGuard guard(e.b);
    e.b.setInsertionPointToStart(block);
    SmallVector<Coordinate> from(at);
    SmallVector<int64_t> loops(outer);
    if (inner >= 0 && !llvm::is_contained(loops, inner))
      loops.push_back(inner);
    for (int64_t d : loops) {
      Value i = block->addArgument(e.b.getIndexType(), e.loc);
      trial.forms.assume(i, 0, std::max<int64_t>(0, type.getDimSize(d) - (d == axis ? lanes : 1)));
      from[d] = {i, d == axis && lanes > 1 ? 1 : 0};
    }
    trial.setLanes(std::max(lanes, e.lanes), std::max(lanes, e.active));
    trial.element(x, from);
    int64_t n = 1;
    block->walk([&](Operation *o) { n += !o->hasTrait<OpTrait::ConstantLike>(); });
    return n;
  }

  void chooseInner() {
    if (outer.empty())
      return;
    inner = outer.back();
    int64_t lanes = e.lanes == 1 && e.reduceLanes ? e.reduceLanes(type.getElementType()) : 1;
    if (lanes > 1) {
      double best = double(stepCost(-1, 1));
      for (int64_t d : llvm::reverse(outer)) {
        double extent = double(type.getDimSize(d)), vectors = double(llvm::divideCeilSigned(type.getDimSize(d), lanes));
        double cost = double(stepCost(d, lanes)) * vectors / extent;
        if (cost < best) {
          best = cost;
          inner = d;
          width = lanes;
        }
      }
    }
    llvm::erase(outer, inner);
  }

  Value elementAt(Coordinate i) {
    at[inner] = {i.base, width > 1 ? 1 : 0};
    return e.element(x, at);
  }

  /// One pass along the inner dimension, dealt to the accumulators in turn.
  SmallVector<Value> along(ValueRange start) {
    int64_t extent = type.getDimSize(inner), vectors = extent / width, n = start.size();
    int64_t together = stepCost(inner, width) <= kShortStep ? n : 1, blocks = vectors / together;
    SmallVector<Value> sums(start);
    // Adds the element to the first accumulator and moves it behind the others.
    auto step = [&](SmallVector<Value> &sums, Coordinate i) {
      Value sum = join(sums.front(), elementAt(i));
      sums.erase(sums.begin());
      sums.push_back(sum);
    };
    if (blocks > 0)
      sums = e.ElementBuilder::loop(0, blocks, sums, [&](Value i, ValueRange carried) {
        SmallVector<Value> next(carried);
        for (int64_t u = 0; u < together; ++u)
          step(next, e.affine({i, 0}, together * width, u * width));
        return next;
      });
    for (int64_t v = blocks * together; v < vectors; ++v)
      step(sums, e.fixed(v * width));
    std::rotate(sums.begin(), sums.begin() + (n - vectors % n) % n, sums.end());
    if (int64_t rest = extent % width) {
      int64_t all = e.active;
      e.active = rest;
      Value some = join(sums[0], elementAt(e.fixed(vectors * width)));
      sums[0] = arith::SelectOp::create(e.b, e.loc, e.activeMask(), some, sums[0]);
      e.active = all;
    }
    return sums;
  }

  SmallVector<Value> nest(size_t depth, ValueRange sums) {
    if (depth == outer.size())
      return along(sums);
    return e.ElementBuilder::loop(0, type.getDimSize(outer[depth]), sums, [&](Value i, ValueRange carried) {
      at[outer[depth]] = {i, 0};
      return nest(depth + 1, carried);
    });
  }

  Value emit() {
    chooseInner();
    if (inner < 0)
      return e.element(x, at);
    int64_t lanes = e.lanes, active = e.active;
    if (width > 1)
      e.setLanes(width, width);
    TypedAttr neutral = op.neutral();
    if (e.lanes > 1)
      neutral = DenseElementsAttr::get(cast<ShapedType>(e.type(type.getElementType())), Attribute(neutral));
    Value start = arith::ConstantOp::create(e.b, e.loc, neutral);
    int64_t n = std::clamp<int64_t>(type.getDimSize(inner) / width, 1, kAccumulators);
    SmallVector<Value> sums = nest(0, SmallVector<Value>(n, start));
    for (; n > 1; n = (n + 1) / 2)
      for (int64_t i = 0; i < n / 2; ++i)
        sums[i] = join(sums[i], sums[(n + 1) / 2 + i]);
    Value sum = sums[0];
    for (int64_t half = width / 2; half >= 1; half /= 2) {
      auto part = [&](int64_t from) {
        return vector::ExtractStridedSliceOp::create(e.b, e.loc, sum, ArrayRef<int64_t>{from}, ArrayRef<int64_t>{half},
                                                     ArrayRef<int64_t>{1});
      };
      Value low = part(0), high = part(half);
      sum = join(low, high);
    }
    if (width > 1)
      sum = vector::ExtractOp::create(e.b, e.loc, sum, 0);
    e.setLanes(lanes, active);
    return sum;
  }
};
} // namespace

Value nn::emitReduction(ElementEmitter &e, Operation *op, ArrayRef<Coordinate> at) {
  return ReductionEmitter(e, cast<ReductionOpInterface>(op), at).emit();
}
