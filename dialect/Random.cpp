// Philox4x32-10 as integer arithmetic on lanes. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace nn;

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
  for (int round = 0; round < 10; ++round) {
    if (round) {
      k0 = arith::AddIOp::create(b, loc, k0, constant(0x9E3779B9u));
      k1 = arith::AddIOp::create(b, loc, k1, constant(0xBB67AE85u));
    }
    auto p0 = arith::MulUIExtendedOp::create(b, loc, c[0], constant(0xD2511F53u));
    auto p1 = arith::MulUIExtendedOp::create(b, loc, c[2], constant(0xCD9E8D57u));
    auto mix = [&](Value hi, Value x, Value k) -> Value {
      return arith::XOrIOp::create(b, loc, arith::XOrIOp::create(b, loc, hi, x), k);
    };
    Value next[4] = {mix(p1.getHigh(), c[1], k0), p1.getLow(), mix(p0.getHigh(), c[3], k1), p0.getLow()};
    std::copy(next, next + 4, c);
  }
  Value bits = arith::ShRUIOp::create(b, loc, c[0], constant(8));
  Type real = e.type(type.getElementType());
  Value unit = e.constant(type.getElementType(), 0x1p-24);
  return arith::MulFOp::create(b, loc, arith::UIToFPOp::create(b, loc, real, bits), unit);
}
