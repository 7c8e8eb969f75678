// Tiles of products hold their sums in registers; all else is plain loops.
#include "codegen/BlockCode.h"
#include "codegen/Targets.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace nn;

Value BlockCode::index(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
Value BlockCode::add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(loc, x, y); }
Value BlockCode::subtract(Value x, Value y) { return b.createOrFold<arith::SubIOp>(loc, x, y); }
Value BlockCode::times(Value x, int64_t factor) { return b.createOrFold<arith::MulIOp>(loc, x, index(factor)); }
Value BlockCode::least(Value x, Value y) { return b.createOrFold<arith::MinSIOp>(loc, x, y); }

void BlockCode::loop(Value lo, Value hi, int64_t step, llvm::function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(b, loc, lo, hi, index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

BlockCode::Values BlockCode::carry(Value lo, Value hi, int64_t step, ValueRange init,
                                   llvm::function_ref<Values(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(b, loc, lo, hi, index(step), init);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  scf::YieldOp::create(b, loc, body(loop.getInductionVar(), loop.getRegionIterArgs()));
  return loop.getResults();
}

Value BlockCode::constant(double value, int64_t lanes) {
  Attribute number = b.getFloatAttr(element, value);
  if (lanes == 1)
    return arith::ConstantOp::create(b, loc, cast<TypedAttr>(number));
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(VectorType::get({lanes}, element), number));
}

Value BlockCode::broadcast(Value scalar, int64_t lanes) {
  return lanes == 1 ? scalar : vector::BroadcastOp::create(b, loc, VectorType::get({lanes}, scalar.getType()), scalar);
}

Value BlockCode::load(Spot from, int64_t lanes) {
  if (lanes == 1)
    return loadScalar(from);
  Type type = cast<MemRefType>(from.memory.getType()).getElementType();
  return vector::LoadOp::create(b, loc, VectorType::get({lanes}, type), from.memory, from.at);
}

void BlockCode::store(Value value, Spot to) {
  if (isa<VectorType>(value.getType()))
    vector::StoreOp::create(b, loc, value, to.memory, to.at);
  else
    storeScalar(value, to);
}

Value BlockCode::loadScalar(Spot from) { return memref::LoadOp::create(b, loc, from.memory, from.at); }
void BlockCode::storeScalar(Value scalar, Spot to) { memref::StoreOp::create(b, loc, scalar, to.memory, to.at); }
Value BlockCode::exp(Value x) { return math::ExpOp::create(b, loc, x); }
Value BlockCode::share(Value x) {
  auto type = dyn_cast<VectorType>(x.getType());
  int64_t lanes = type ? type.getNumElements() : 1;
  Value least = constant(element.isF32() ? -87 : -708, lanes);
  Value isNormal = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UGE, x, least); // true for NaN
  return arith::SelectOp::create(b, loc, isNormal, exp(arith::SelectOp::create(b, loc, isNormal, x, least)),
                                 constant(0, lanes));
}

Value BlockCode::log(Value x) { return math::LogOp::create(b, loc, x); }

Value BlockCode::fold(Value vector, llvm::function_ref<Value(Value, Value)> join) {
  auto type = dyn_cast<VectorType>(vector.getType());
  if (!type)
    return vector;
  for (int64_t half = type.getNumElements() / 2; half >= 1; half /= 2) {
    auto low = llvm::to_vector(llvm::seq<int64_t>(0, half)), high = llvm::to_vector(llvm::seq(half, 2 * half));
    vector = join(vector::ShuffleOp::create(b, loc, vector, vector, low),
                  vector::ShuffleOp::create(b, loc, vector, vector, high));
  }
  return vector::ExtractOp::create(b, loc, vector, 0);
}

Value BlockCode::sumOfLanes(Value vector) {
  return fold(vector, [&](Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); });
}

Value BlockCode::largest(Value x, Value y) {
  Value above = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, y);
  return arith::SelectOp::create(b, loc, above, x, y);
}

Value BlockCode::largestOfLanes(Value vector) {
  return fold(vector, [&](Value x, Value y) { return largest(x, y); });
}

Value BlockCode::stack(int64_t elements) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&frame.lo.getParentRegion()->front());
  return memref::AllocaOp::create(b, loc, MemRefType::get({elements}, element), b.getI64IntegerAttr(64));
}

void BlockCode::fill(Spot to, int64_t elements, double value) {
  int64_t whole = elements / lanes * lanes;
  loop(0, whole, lanes, [&](Value i) { store(constant(value), {to.memory, add(to.at, i)}); });
  loop(whole, elements, 1, [&](Value i) { storeScalar(constant(value, 1), {to.memory, add(to.at, i)}); });
}

BlockCode::Values BlockCode::transposed(ValueRange vectors) {
  int64_t count = vectors.size();
  SmallVector<int64_t> low, high;
  for (int64_t i = 0; i < count; ++i) {
    low.push_back(i / 2 + i % 2 * count);
    high.push_back(low.back() + count / 2);
  }
  // Interleaving vector i with vector i + count / 2 rotates the bits of (vector, lane) by one: log2(count) times
  // exchange them.
  Values level(vectors);
  for (int64_t stage = 1; stage < count; stage *= 2) {
    Values next;
    for (int64_t i = 0; i < count / 2; ++i)
      for (ArrayRef<int64_t> lanes : {ArrayRef<int64_t>(low), ArrayRef<int64_t>(high)})
        next.push_back(vector::ShuffleOp::create(b, loc, level[i], level[i + count / 2], lanes));
    level = std::move(next);
  }
  return level;
}

void BlockCode::transpose(Spot from, int64_t fromStride, Value rows, int64_t columns, Spot to, int64_t toStride,
                          int64_t padded, double factor) {
  auto fromAt = [&](Value r, Value c) -> Spot { return {from.memory, add(from.at, add(times(r, fromStride), c))}; };
  auto toAt = [&](Value r, Value c) -> Spot { return {to.memory, add(to.at, add(times(c, toStride), r))}; };
  auto scaled = [&](Value x, int64_t lanes) -> Value {
    return factor == 1 ? x : Value(arith::MulFOp::create(b, loc, x, constant(factor, lanes)));
  };
  // Squares of vectors first, then what is left of the columns, and of the rows.
  int64_t squares = columns / lanes * lanes;
  Value wholeRows = times(b.createOrFold<arith::DivUIOp>(loc, rows, index(lanes)), lanes);
  if (squares > 0)
    loop(index(0), wholeRows, lanes, [&](Value r) {
      loop(0, squares, lanes, [&](Value c) {
        Values square;
        for (int64_t i = 0; i < lanes; ++i)
          square.push_back(load(fromAt(add(r, i), c)));
        square = transposed(square);
        for (int64_t i = 0; i < lanes; ++i)
          store(scaled(square[i], lanes), toAt(r, add(c, i)));
      });
    });
  auto oneByOne = [&](Value lo, Value hi, int64_t firstColumn) {
    loop(lo, hi, 1, [&](Value r) {
      loop(firstColumn, columns, 1, [&](Value c) { storeScalar(scaled(loadScalar(fromAt(r, c)), 1), toAt(r, c)); });
    });
  };
  if (squares < columns)
    oneByOne(index(0), wholeRows, squares);
  oneByOne(wholeRows, rows, 0);
  loop(rows, index(padded), 1,
       [&](Value r) { loop(0, columns, 1, [&](Value c) { storeScalar(constant(0, 1), toAt(r, c)); }); });
}

void BlockCode::multiplyTile(const BlockProduct &p, Value row, int64_t rows, Value column, int64_t vectors) {
  auto resultAt = [&](int64_t r, int64_t v) -> Spot {
    Value at = add(p.result.at, add(times(row, p.resultStride), column));
    return {p.result.memory, add(at, r * p.resultStride + v * p.lanes)};
  };
  Values sums;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      sums.push_back(p.adds ? load(resultAt(r, v), p.lanes) : constant(0, p.lanes));
  Value rowsAt = add(p.rows.at, times(row, p.rowStride)), columnsAt = add(p.columns.at, column);
  sums = carry(index(0), p.depth, 1, sums, [&](Value k, ValueRange before) {
    Value rowAt = add(rowsAt, times(k, p.rowDepthStride)), columnAt = add(columnsAt, times(k, p.columnDepthStride));
    Values loaded, next;
    for (int64_t v = 0; v < vectors; ++v)
      loaded.push_back(load({p.columns.memory, add(columnAt, v * p.lanes)}, p.lanes));
    for (int64_t r = 0; r < rows; ++r) {
      Value factor = broadcast(loadScalar({p.rows.memory, add(rowAt, r * p.rowStride)}), p.lanes);
      for (int64_t v = 0; v < vectors; ++v) {
        Value sum = before[r * vectors + v];
        next.push_back(p.lanes == 1 ? math::FmaOp::create(b, loc, factor, loaded[v], sum).getResult()
                                    : vector::FMAOp::create(b, loc, factor, loaded[v], sum).getResult());
      }
    }
    return next;
  });
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      store(sums[r * vectors + v], resultAt(r, v));
}

void BlockCode::multiply(const BlockProduct &p) {
  int64_t registers = frame.machine.vectorRegisters();
  int64_t rows = registers >= 32 ? 8 : 4, total = p.columnCount / p.lanes, vectors = std::min<int64_t>(total, 2);
  auto strip = [&](Value column, int64_t vectors) {
    Value whole = times(b.createOrFold<arith::DivUIOp>(loc, p.rowCount, index(rows)), rows);
    loop(index(0), whole, rows, [&](Value row) { multiplyTile(p, row, rows, column, vectors); });
    if (p.rowMultiple % rows != 0)
      loop(whole, p.rowCount, 1, [&](Value row) { multiplyTile(p, row, 1, column, vectors); });
  };
  int64_t whole = total / vectors * vectors;
  loop(0, whole * p.lanes, vectors * p.lanes, [&](Value column) { strip(column, vectors); });
  if (whole < total)
    strip(index(whole * p.lanes), total - whole);
}
