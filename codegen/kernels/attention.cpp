// attention(query, key, value, scale, causal, mask) -> (y, log_sum) without a matrix of all scores: for a block of
// queries, one block of keys after the other adds to sums that are scaled anew where a larger score turns up (Milakov &
// Gimelshein, 2018; Dao et al., 2022). Lanes are queries while scores are made, and features while values are summed.
// A task is a block of queries of one head.
#include "codegen/BlockCode.h"
#include "codegen/KernelFunctions.h"
#include "codegen/Targets.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <numeric>

using namespace mlir;
using namespace nn;

namespace {

/// A score that counts for nothing: e^x is 0.
constexpr double kHidden = -1e30;
/// Scores below are hidden ones, to which something may have been added.
constexpr double kBlind = -1e29;

struct Shape {
  int64_t heads, t, s, d, e; ///< all leading axes together; queries, keys, features of both, features of values
  int64_t lanes;             ///< along queries
  int64_t queryBlock;        ///< queries of a block
  int64_t keyBlock = 32;
  int64_t keysPerTask =
      64; ///< of a gradient that is split, a multiple of a block: queries are transposed once for them
  bool causal;
  double scale;
  std::optional<RankedTensorType> mask;
  SmallVector<int64_t> scores; ///< leading axes, queries and keys

  int64_t queryBlocks() const { return llvm::divideCeil(t, queryBlock); }
  /// Whether the gradient of queries and that of keys and values are tasks of their own, which takes seven products of
  /// blocks in place of five: one head would have one task.
  bool splitsGradient() const { return heads == 1 && queryBlocks() > 1; }
  /// Lanes along this many features.
  int64_t lanesOf(int64_t features) const { return std::gcd(features, lanes); }
};

/// Whether `mask` takes part in tensors of `scores` by repeating itself along axes of one element.
bool broadcasts(ArrayRef<int64_t> mask, ArrayRef<int64_t> scores) {
  if (mask.size() > scores.size())
    return false;
  return llvm::all_of_zip(mask, scores.take_back(mask.size()),
                          [](int64_t extent, int64_t whole) { return extent == 1 || extent == whole; });
}

/// None for other signatures, for half floats, and where vectors of queries or features would be short.
std::optional<Shape> shapeOf(const KernelCall &call) {
  if (call.operands.size() < 3 || !call.has({"scale", "causal"}))
    return std::nullopt;
  ArrayRef<int64_t> q = call.operands[0].getShape(), k = call.operands[1].getShape(), v = call.operands[2].getShape();
  if (q.size() < 2 || k.size() != q.size() || v.size() != q.size() ||
      !(call.element().isF32() || call.element().isF64()))
    return std::nullopt;
  Shape shape;
  shape.heads = std::accumulate(q.begin(), q.end() - 2, int64_t(1), std::multiplies<>());
  shape.t = q[q.size() - 2], shape.d = q.back();
  shape.s = v[v.size() - 2], shape.e = v.back();
  shape.lanes = call.lanes();
  shape.queryBlock = 2 * shape.lanes;
  shape.causal = call.flag("causal");
  shape.scale = call.number("scale");
  llvm::append_range(shape.scores, q.drop_back(2));
  llvm::append_range(shape.scores, ArrayRef{shape.t, shape.s});
  if (call.operands.size() > 3 && call.operands[3].getElementType().isInteger(1)) {
    shape.mask = call.operands[3];
    if (!broadcasts(shape.mask->getShape(), shape.scores))
      return std::nullopt;
  }
  int64_t stackBytes = (shape.queryBlock * (2 * shape.d + 2 * shape.e + 3 * shape.keyBlock)) *
                       call.element().getIntOrFloatBitWidth() / 8;
  bool isWide = shape.t >= shape.lanes && shape.lanesOf(shape.e) >= 4 && shape.lanesOf(shape.d) >= 4;
  if (!isWide || stackBytes > 96 << 10)
    return std::nullopt;
  return shape;
}

/// What the kernels of attention and of its gradient share: the way from blocks of queries and keys to scores.
struct AttentionCode : BlockCode {
  AttentionCode(const KernelCall &call, const KernelPlaces &places, KernelFrame &frame)
      : BlockCode(frame, call.element()), shape(*shapeOf(call)), places(places), width(shape.queryBlock) {
    lanes = shape.lanes;
    if (shape.mask) {
      offsets = stack(shape.keyBlock * width);
      fill(whole(offsets), shape.keyBlock * width, 0);
    }
  }

  const Shape shape;
  const KernelPlaces &places;
  const int64_t width;
  Value offsets; ///< for a block of keys and queries, what the mask adds to their scores: 0 or kHidden

  Spot whole(Value buffer) { return {buffer, index(0)}; }
  /// Row `row` of an operand or result whose rows have `features` elements.
  Spot rowOf(Value memory, Value row, int64_t features) { return {memory, times(row, features)}; }

  /// result[key, query] = Σ_f rows[key, f] · columns[f, query], for `keys` rows from `row` on.
  void multiplyFeatures(Value memory, Value row, int64_t features, Value columns, Value result, Value keys) {
    BlockProduct p;
    p.rows = rowOf(memory, row, features);
    p.rowStride = features, p.rowDepthStride = 1;
    p.columns = whole(columns), p.columnDepthStride = width;
    p.result = whole(result), p.resultStride = width;
    p.rowCount = keys, p.rowMultiple = std::gcd(shape.s, shape.keyBlock);
    p.depth = index(features);
    p.columnCount = width, p.lanes = lanes;
    multiply(p);
  }

  /// result[query, f] += Σ_key weights[key, query] · rows[key, f], for `queries` queries and `keys` rows.
  void addToQueries(Value weights, Spot rows, int64_t features, Spot result, Value queries, int64_t multiple,
                    Value keys) {
    BlockProduct p;
    p.rows = whole(weights), p.rowStride = 1, p.rowDepthStride = width;
    p.columns = rows, p.columnDepthStride = features;
    p.result = result, p.resultStride = features;
    p.rowCount = queries, p.rowMultiple = multiple;
    p.depth = keys;
    p.columnCount = features, p.lanes = shape.lanesOf(features);
    p.adds = true;
    multiply(p);
  }

  /// How far the mask moves from one element of an axis of the scores to the next: 0 where it repeats itself.
  int64_t maskStride(size_t axis) const {
    ArrayRef<int64_t> mask = shape.mask->getShape();
    size_t missing = shape.scores.size() - mask.size();
    if (axis < missing || mask[axis - missing] == 1)
      return 0;
    ArrayRef<int64_t> inner = mask.drop_front(axis - missing + 1);
    return std::accumulate(inner.begin(), inner.end(), int64_t(1), std::multiplies<>());
  }

  /// Fills `offsets` for `count` queries from `first` on and `keys` keys from `key` on.
  void readMask(Value head, Value first, Value count, Value key, Value keys) {
    if (!shape.mask)
      return;
    size_t leading = shape.scores.size() - 2;
    Value base = index(0);
    int64_t inner = 1;
    for (size_t axis = leading; axis-- > 0; inner *= shape.scores[axis]) {
      Value place =
          arith::RemUIOp::create(b, loc, arith::DivUIOp::create(b, loc, head, index(inner)), index(shape.scores[axis]));
      base = add(base, times(place, maskStride(axis)));
    }
    int64_t perQuery = maskStride(leading), perKey = maskStride(leading + 1);
    base = add(add(base, times(first, perQuery)), times(key, perKey));
    auto offsetAt = [&](Value place) {
      Value byte = loadScalar({places.operands[3], place});
      Value isSeen = arith::TruncIOp::create(b, loc, b.getI1Type(), byte);
      return arith::SelectOp::create(b, loc, isSeen, constant(0, 1), constant(kHidden, 1));
    };
    if (perQuery == 0)
      return loop(index(0), keys, 1, [&](Value k) {
        Value offset = broadcast(offsetAt(add(base, times(k, perKey))), lanes);
        loop(0, width, lanes, [&](Value lane) { store(offset, {offsets, add(times(k, width), lane)}); });
      });
    loop(index(0), count, 1, [&](Value query) {
      Value row = add(base, times(query, perQuery));
      loop(index(0), keys, 1,
           [&](Value k) { storeScalar(offsetAt(add(row, times(k, perKey))), {offsets, add(times(k, width), query)}); });
    });
  }

  /// The vector at `score`, of queries from `first` + `lane` on, but for those that do not see key number `k` of those
  /// from `firstKey` on.
  Value visible(Value score, Value first, Value lane, Value firstKey, Value k) {
    if (shape.mask)
      score = arith::AddFOp::create(b, loc, score, load({offsets, add(times(k, width), lane)}));
    if (!shape.causal)
      return score;
    Value query = add(first, lane), key = add(firstKey, k);
    auto numbers = VectorType::get({lanes}, b.getI32Type());
    auto steps = llvm::to_vector(llvm::seq<int32_t>(0, lanes));
    auto asNumbers = [&](Value place) {
      return broadcast(arith::IndexCastOp::create(b, loc, b.getI32Type(), place), lanes);
    };
    Value queries = arith::AddIOp::create(
        b, loc, asNumbers(query),
        arith::ConstantOp::create(b, loc, DenseElementsAttr::get(numbers, ArrayRef<int32_t>(steps))));
    Value isSeen = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sle, asNumbers(key), queries);
    return arith::SelectOp::create(b, loc, isSeen, score, constant(kHidden));
  }

  /// Runs `body` on the blocks of keys that queries from `first` on may see: the first key, and how many.
  void forKeyBlocks(Value first, llvm::function_ref<void(Value, Value)> body) {
    Value end = index(shape.s);
    if (shape.causal)
      end = least(end, add(first, width));
    loop(index(0), end, shape.keyBlock, [&](Value key) { body(key, keysFrom(key)); });
  }
  Value keysFrom(Value first) { return least(subtract(index(shape.s), first), index(shape.keyBlock)); }
  Value countFrom(Value first) { return least(subtract(index(shape.t), first), index(width)); }
};

struct Forward : AttentionCode {
  using AttentionCode::AttentionCode;
  Value queries = stack(shape.d * width), scores = stack(shape.keyBlock * width), sums = stack(width * shape.e);
  Value largestScores = stack(width), totals = stack(width), factors = stack(width);

  void run() {
    loop(frame.lo, frame.hi, 1, [&](Value task) {
      Value blocks = index(shape.queryBlocks());
      Value head = arith::DivUIOp::create(b, loc, task, blocks);
      Value first = times(arith::RemUIOp::create(b, loc, task, blocks), width), count = countFrom(first);
      Value row = add(times(head, shape.t), first); // of queries and results
      transpose(rowOf(places.operands[0], row, shape.d), shape.d, count, shape.d, whole(queries), width, width,
                shape.scale);
      fill(whole(sums), width * shape.e, 0);
      fill(whole(largestScores), width, kHidden);
      fill(whole(totals), width, 0);
      forKeyBlocks(first, [&](Value key, Value keys) {
        Value keyRow = add(times(head, shape.s), key);
        multiplyFeatures(places.operands[1], keyRow, shape.d, queries, scores, keys);
        readMask(head, first, count, key, keys);
        loop(0, width, lanes, [&](Value lane) { makeWeights(first, lane, key, keys); });
        scaleSums(count);
        addToQueries(scores, rowOf(places.operands[2], keyRow, shape.e), shape.e, whole(sums), index(width), width,
                     keys);
      });
      finish(row, count);
    });
  }

  /// Scores become e^(score - largest so far).
  void makeWeights(Value first, Value lane, Value key, Value keys) {
    auto spot = [&](Value k) -> Spot { return {scores, add(times(k, width), lane)}; };
    Value before = load({largestScores, lane});
    Value now = carry(index(0), keys, 1, before, [&](Value k, ValueRange carried) {
      Value score = visible(load(spot(k)), first, lane, key, k);
      if (shape.causal || shape.mask)
        store(score, spot(k));
      return Values{largest(score, carried[0])};
    })[0];
    Value factor = share(arith::SubFOp::create(b, loc, before, now));
    Value total = arith::MulFOp::create(b, loc, load({totals, lane}), factor);
    total = carry(index(0), keys, 1, total, [&](Value k, ValueRange carried) {
      Value weight = share(arith::SubFOp::create(b, loc, load(spot(k)), now));
      store(weight, spot(k));
      return Values{arith::AddFOp::create(b, loc, carried[0], weight)};
    })[0];
    store(now, {largestScores, lane});
    store(factor, {factors, lane});
    store(total, {totals, lane});
  }

  /// Sums over earlier blocks become what they would be with the scores that are the largest now.
  void scaleSums(Value count) {
    int64_t lanes = shape.lanesOf(shape.e);
    loop(index(0), count, 1, [&](Value query) {
      Value factor = broadcast(loadScalar({factors, query}), lanes);
      loop(0, shape.e, lanes, [&](Value feature) {
        Spot spot{sums, add(times(query, shape.e), feature)};
        store(arith::MulFOp::create(b, loc, load(spot, lanes), factor), spot);
      });
    });
  }

  void finish(Value row, Value count) {
    int64_t lanes = shape.lanesOf(shape.e);
    loop(index(0), count, 1, [&](Value query) {
      Value total = loadScalar({totals, query}), largestScore = loadScalar({largestScores, query});
      Value share = arith::DivFOp::create(b, loc, constant(1, 1), total);
      Value logSum = arith::AddFOp::create(b, loc, largestScore, log(total));
      if (shape.mask) { // a query that sees no key
        Value isBlind = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, largestScore, constant(kBlind, 1));
        share = arith::SelectOp::create(b, loc, isBlind, constant(0, 1), share);
        logSum = arith::SelectOp::create(b, loc, isBlind, constant(0, 1), logSum);
      }
      if (Value logSums = places.results[1])
        storeScalar(logSum, {logSums, add(row, query)});
      Value y = places.results[0];
      if (!y)
        return;
      share = broadcast(share, lanes);
      loop(0, shape.e, lanes, [&](Value feature) {
        Value sum = load({sums, add(times(query, shape.e), feature)}, lanes);
        store(arith::MulFOp::create(b, loc, sum, share), {y, add(times(add(row, query), shape.e), feature)});
      });
    });
  }
};

/// The gradient makes the weights again, block by block, from the logarithms of their sums.
struct Backward : AttentionCode {
  using AttentionCode::AttentionCode;
  Value queries = stack(shape.d * width), slopes = stack(shape.e * width);
  Value weights = stack(shape.keyBlock * width), changes = stack(shape.keyBlock * width);
  Value logSums = stack(width), shares = stack(width);
  size_t behind = shape.mask ? 4 : 3; ///< the number of the first operand behind those of the function
  Value q = places.operands[0], k = places.operands[1], v = places.operands[2], y = places.operands[behind],
        savedLogSums = places.operands[behind + 1], dy = places.operands[behind + 2];
  Value dq = places.results[0], dk = places.results[1], dv = places.results[2]; // null where nobody reads one

  void run() {
    if (shape.splitsGradient())
      return runSplit();
    loop(frame.lo, frame.hi, 1, [&](Value head) {
      Value firstKey = times(head, shape.s);
      clear(dk, firstKey, index(shape.s), shape.d);
      clear(dv, firstKey, index(shape.s), shape.e);
      clear(dq, times(head, shape.t), index(shape.t), shape.d);
      loop(0, shape.t, width, [&](Value first) {
        startQueries(head, first);
        forKeyBlocks(first, [&](Value key, Value keys) { addBlock(head, first, key, keys, dq, dk, dv); });
      });
    });
  }

  /// The first tasks are blocks of queries, the others blocks of keys: both make the weights.
  void runSplit() {
    Value head = index(0), queryTasks = index(shape.queryBlocks());
    loop(frame.lo, least(frame.hi, queryTasks), 1, [&](Value task) {
      Value first = times(task, width);
      clear(dq, first, countFrom(first), shape.d);
      startQueries(head, first);
      forKeyBlocks(first, [&](Value key, Value keys) { addBlock(head, first, key, keys, dq, nullptr, nullptr); });
    });
    loop(subtract(most(frame.lo, queryTasks), queryTasks), subtract(most(frame.hi, queryTasks), queryTasks), 1,
         [&](Value task) {
           Value firstKey = times(task, shape.keysPerTask);
           Value end = least(add(firstKey, shape.keysPerTask), index(shape.s));
           clear(dk, firstKey, subtract(end, firstKey), shape.d);
           clear(dv, firstKey, subtract(end, firstKey), shape.e);
           Value firstSeen =
               shape.causal ? times(arith::DivUIOp::create(b, loc, firstKey, index(width)), width) : index(0);
           loop(firstSeen, index(shape.t), width, [&](Value first) {
             startQueries(head, first);
             Value seen = shape.causal ? least(end, add(first, width)) : end;
             loop(firstKey, seen, shape.keyBlock,
                  [&](Value key) { addBlock(head, first, key, keysFrom(key), nullptr, dk, dv); });
           });
         });
  }

  Value most(Value x, Value y) { return b.createOrFold<arith::MaxSIOp>(loc, x, y); }

  /// Zeros in `rows` rows from `row` on, if there is such a result.
  void clear(Value memory, Value row, Value rows, int64_t features) {
    if (memory)
      loop(index(0), rows, 1, [&](Value r) { fill(rowOf(memory, add(row, r), features), features, 0); });
  }

  void startQueries(Value head, Value first) {
    Value count = countFrom(first), row = add(times(head, shape.t), first);
    transpose(rowOf(q, row, shape.d), shape.d, count, shape.d, whole(queries), width, width, shape.scale);
    transpose(rowOf(dy, row, shape.e), shape.e, count, shape.e, whole(slopes), width, width, 1);
    fill(whole(logSums), width, 0);
    fill(whole(shares), width, 0);
    loop(index(0), count, 1, [&](Value query) {
      storeScalar(loadScalar({savedLogSums, add(row, query)}), {logSums, query});
      storeScalar(product(rowOf(y, add(row, query), shape.e), rowOf(dy, add(row, query), shape.e)), {shares, query});
    });
  }

  /// What a block of the queries that were started and a block of keys add to the gradients that are given.
  void addBlock(Value head, Value first, Value key, Value keys, Value dq, Value dk, Value dv) {
    Value count = countFrom(first), row = add(times(head, shape.t), first);
    Value keyRow = add(times(head, shape.s), key);
    multiplyFeatures(k, keyRow, shape.d, queries, weights, keys);
    multiplyFeatures(v, keyRow, shape.e, slopes, changes, keys);
    readMask(head, first, count, key, keys);
    loop(index(0), keys, 1,
         [&](Value k) { loop(0, width, lanes, [&](Value lane) { makeChanges(first, lane, key, k); }); });
    if (dv)
      addToKeys(weights, rowOf(dy, row, shape.e), shape.e, rowOf(dv, keyRow, shape.e), keys, count);
    if (dk)
      addToKeys(changes, rowOf(q, row, shape.d), shape.d, rowOf(dk, keyRow, shape.d), keys, count);
    if (dq)
      addToQueries(changes, rowOf(k, keyRow, shape.d), shape.d, rowOf(dq, row, shape.d), count,
                   std::gcd(shape.t, width), keys);
  }

  /// The products of all features of two rows, summed.
  Value product(Spot x, Spot y) {
    int64_t lanes = shape.lanesOf(shape.e);
    Value sum = carry(index(0), index(shape.e), lanes, constant(0, lanes), [&](Value f, ValueRange carried) {
      Value term =
          arith::MulFOp::create(b, loc, load({x.memory, add(x.at, f)}, lanes), load({y.memory, add(y.at, f)}, lanes));
      return Values{arith::AddFOp::create(b, loc, carried[0], term)};
    })[0];
    return sumOfLanes(sum);
  }

  /// Scores become weights, gradients of weights those of scores.
  void makeChanges(Value first, Value lane, Value key, Value k) {
    Value at = add(times(k, width), lane);
    Value score = visible(load({weights, at}), first, lane, key, k);
    Value weight = share(arith::SubFOp::create(b, loc, score, load({logSums, lane})));
    Value change = arith::SubFOp::create(b, loc, load({changes, at}), load({shares, lane}));
    change = arith::MulFOp::create(b, loc, arith::MulFOp::create(b, loc, weight, constant(shape.scale)), change);
    store(weight, {weights, at});
    store(change, {changes, at});
  }

  /// result[key, f] += Σ_query weights[key, query] · rows[query, f].
  void addToKeys(Value weights, Spot rows, int64_t features, Spot result, Value keys, Value queries) {
    BlockProduct p;
    p.rows = whole(weights), p.rowStride = width, p.rowDepthStride = 1;
    p.columns = rows, p.columnDepthStride = features;
    p.result = result, p.resultStride = features;
    p.rowCount = keys, p.rowMultiple = std::gcd(shape.s, shape.keyBlock);
    p.depth = queries;
    p.columnCount = features, p.lanes = shape.lanesOf(features);
    p.adds = true;
    multiply(p);
  }
};

struct Attention : KernelFunction {
  bool covers(const KernelCall &call) const override {
    std::optional<Shape> shape = shapeOf(call);
    return shape && call.operands.size() == (shape->mask ? 4 : 3);
  }
  KernelPlan plan(const KernelCall &call) const override {
    Shape shape = *shapeOf(call);
    KernelPlan plan;
    plan.tasks = shape.heads * shape.queryBlocks();
    return plan;
  }
  void emit(const KernelCall &call, const KernelPlaces &places, KernelFrame &frame) const override {
    Forward(call, places, frame).run();
  }
};

/// A task is a head, since all of its queries add to the gradients of its keys and values, but for a single head.
struct AttentionGradient : KernelFunction {
  bool covers(const KernelCall &call) const override {
    std::optional<Shape> shape = shapeOf(call);
    return shape && call.operands.size() == (shape->mask ? 7 : 6);
  }
  KernelPlan plan(const KernelCall &call) const override {
    KernelPlan plan;
    Shape shape = *shapeOf(call);
    plan.tasks =
        shape.splitsGradient() ? shape.queryBlocks() + llvm::divideCeil(shape.s, shape.keysPerTask) : shape.heads;
    return plan;
  }
  void emit(const KernelCall &call, const KernelPlaces &places, KernelFrame &frame) const override {
    Backward(call, places, frame).run();
  }
};

} // namespace

namespace nn::kernels {
void attention(KernelRegistry &registry) {
  registry.add("attention", std::make_unique<Attention>());
  registry.add("attention_gradient", std::make_unique<AttentionGradient>());
}
} // namespace nn::kernels
