// Philox4x32-10 as integer arithmetic on lanes. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace nn;

namespace {
struct Product {
  Value high, low;
};
} // namespace

/// Both halves of the products of 32-bit words and a constant. Lanes multiply as 64-bit words, first the even and then
/// the odd ones of a (little-endian) vector, which is what vector units have an instruction for.
static Product multiplyWide(OpBuilder &b, Location loc, Value x, uint32_t factor) {
  auto constant = [&](Type type, uint64_t v) -> Value {
    unsigned bits = getElementTypeOrSelf(type).getIntOrFloatBitWidth();
    TypedAttr one = b.getIntegerAttr(getElementTypeOrSelf(type), APInt(bits, v));
    if (auto vector = dyn_cast<VectorType>(type))
      one = DenseElementsAttr::get(vector, Attribute(one));
    return arith::ConstantOp::create(b, loc, one);
  };
  auto vector = dyn_cast<VectorType>(x.getType());
  if (!vector || vector.getNumElements() % 2) {
    auto product = arith::MulUIExtendedOp::create(b, loc, x, constant(x.getType(), factor));
    return {product.getHigh(), product.getLow()};
  }
  auto wide = VectorType::get({vector.getNumElements() / 2}, b.getI64Type());
  Value pairs = vector::BitCastOp::create(b, loc, wide, x), half = constant(wide, 32);
  Value lower = constant(wide, 0xFFFFFFFFu), upper = constant(wide, 0xFFFFFFFF00000000u);
  auto times = [&](Value word) -> Value { return arith::MulIOp::create(b, loc, word, constant(wide, factor)); };
  auto only = [&](Value word, Value mask) -> Value { return arith::AndIOp::create(b, loc, word, mask); };
  Value even = times(only(pairs, lower)), odd = times(arith::ShRUIOp::create(b, loc, pairs, half));
  auto join = [&](Value low, Value high) -> Value {
    return vector::BitCastOp::create(b, loc, vector, arith::OrIOp::create(b, loc, low, high));
  };
  return {join(arith::ShRUIOp::create(b, loc, even, half), only(odd, upper)),
          join(only(even, lower), arith::ShLIOp::create(b, loc, odd, half))};
}

Value RandomUniformOp::emitElement(ElementBuilder &e, ArrayRef<Coordinate> at) {
  OpBuilder &b = e.b;
  Location loc = getLoc();
  auto type = getY().getType();
  Type word = e.type(b.getI32Type());

  // The logical element, row-major, whatever the layout.
  Coordinate element = e.fixed(0);
  for (auto [coordinate, extent] : llvm::zip(at, type.getShape()))
    element = e.sum(e.affine(element, extent, 0), coordinate);
  auto low = [&](Value v64) { return Value(arith::TruncIOp::create(b, loc, word, v64)); };
  auto high = [&](Value v64) { return low(arith::ShRUIOp::create(b, loc, v64, e.constant(b.getI64Type(), 32))); };
  Value seed = e.element(getSeed(), {}), step = e.element(getStep(), {});
  Value lanes64 = arith::IndexCastOp::create(b, loc, e.type(b.getI64Type()), e.value(element));
  auto constant = [&](uint32_t v) { return e.constant(b.getI32Type(), int32_t(v)); };
  auto path = uint64_t(getPath());

  // Counter: element, step, path and draw/application; key: seed, whose words the path's upper half keeps apart.
  Value c[4] = {low(lanes64), low(step), constant(uint32_t(path)),
                constant(uint32_t(getDraw()) * 0x10001u + uint32_t(getApplication()))};
  Value k0 = low(seed), k1 = arith::XOrIOp::create(b, loc, high(seed), constant(uint32_t(path >> 32)));
  auto mix = [&](Value hi, Value x, Value k) -> Value {
    return arith::XOrIOp::create(b, loc, arith::XOrIOp::create(b, loc, hi, x), k);
  };
  // A loop: ten rounds side by side take long to compile.
  SmallVector<Value> state =
      e.loop(0, 10, {c[0], c[1], c[2], c[3], k0, k1}, [&](Value, ValueRange s) -> SmallVector<Value> {
        Product p0 = multiplyWide(b, loc, s[0], 0xD2511F53u), p1 = multiplyWide(b, loc, s[2], 0xCD9E8D57u);
        Value nextK0 = arith::AddIOp::create(b, loc, s[4], constant(0x9E3779B9u));
        Value nextK1 = arith::AddIOp::create(b, loc, s[5], constant(0xBB67AE85u));
        return {mix(p1.high, s[1], s[4]), p1.low, mix(p0.high, s[3], s[5]), p0.low, nextK0, nextK1};
      });
  Value bits = arith::ShRUIOp::create(b, loc, state[0], constant(8));
  Type real = e.type(type.getElementType());
  Value unit = e.constant(type.getElementType(), 0x1p-24);
  return arith::MulFOp::create(b, loc, arith::UIToFPOp::create(b, loc, real, bits), unit);
}
