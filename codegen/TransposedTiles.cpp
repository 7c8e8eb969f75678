// Loads of square tiles and their transposition by log2(lanes) rounds of interleaving.
#include "codegen/TransposedTiles.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nn;

void TransposedTiles::start(int64_t newLanes, int64_t newRows, int64_t newColumns) {
  lanes = newLanes, rows = newRows, columns = newColumns;
  tiles.clear();
}

void TransposedTiles::open(Value tensor, bool wholeOnly) {
  Value memory = e.placeOf(tensor);
  e.bind(tensor, [=](ElementEmitter &reader, ArrayRef<Coordinate> at) {
    size_t known = tiles.size();
    Value element = read(tensor, memory, at, wholeOnly);
    if (reader.isTrial) // what it loads does not stay
      tiles.erase(tiles.begin() + std::min(known, tiles.size()), tiles.end());
    return element;
  });
}
void TransposedTiles::close(Value tensor) { e.unbind(tensor); }

/// A round moves the top bit of the column number below the row number and the top bit of the row number below the
/// column number; after as many rounds as there are bits, they have changed places.
static void transpose(OpBuilder &b, Location loc, SmallVectorImpl<Value> &square) {
  int64_t n = square.size();
  SmallVector<int64_t> low, high;
  for (int64_t i = 0; i < n / 2; ++i) {
    low.append({i, n + i});
    high.append({n / 2 + i, n + n / 2 + i});
  }
  for (unsigned round = 0; round < llvm::Log2_64(n); ++round) {
    SmallVector<Value> next;
    for (int64_t i = 0; i < n / 2; ++i) {
      next.push_back(vector::ShuffleOp::create(b, loc, square[i], square[i + n / 2], low));
      next.push_back(vector::ShuffleOp::create(b, loc, square[i], square[i + n / 2], high));
    }
    square.assign(next.begin(), next.end());
  }
}

Value TransposedTiles::read(Value tensor, Value memory, ArrayRef<Coordinate> at, bool wholeOnly) {
  auto type = cast<RankedTensorType>(tensor.getType());
  OpBuilder &b = e.b;
  int64_t stride = ElementEmitter::laneStride(type, at);
  // Narrower pieces at the end of the lane dimension have fewer rows than the tile has columns.
  if (stride <= 1 || e.lanes != lanes || columns > lanes || e.isMasked() ||
      (wholeOnly && (columns < lanes || rows < lanes)))
    return e.load(type, memory, at);
  LinearForm corner = e.position(type, at);
  corner.constant -= column;
  Tile *tile = nullptr;
  for (Tile &known : tiles)
    if (known.tensor == tensor && known.corner == corner && e.isVisible(known.columns.front()))
      tile = &known;
  if (!tile) {
    tiles.push_back({tensor, corner, {}});
    tile = &tiles.back();
    auto vectorType = VectorType::get({lanes}, cast<MemRefType>(memory.getType()).getElementType());
    Value zero = arith::ConstantOp::create(b, e.loc, b.getZeroAttr(vectorType));
    Value mask;
    if (columns < lanes) {
      int64_t active = e.active;
      e.active = columns;
      mask = e.activeMask();
      e.active = active;
    }
    for (int64_t row = 0; row < lanes; ++row) {
      LinearForm offset;
      offset.constant = row * stride;
      if (row >= rows) {
        tile->columns.push_back(zero);
        continue;
      }
      Value where = e.forms.build(b, e.loc, corner + offset);
      tile->columns.push_back(mask
                                  ? Value(vector::MaskedLoadOp::create(b, e.loc, vectorType, memory, where, mask, zero))
                                  : vector::LoadOp::create(b, e.loc, vectorType, memory, where));
    }
    transpose(b, e.loc, tile->columns);
  }
  Value value = tile->columns[column];
  if (type.getElementType().isInteger(1))
    value = arith::TruncIOp::create(b, e.loc, e.type(b.getI1Type()), value);
  return value;
}
