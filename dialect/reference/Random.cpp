// The reference of random numbers: Philox4x32-10 in 64-bit arithmetic, one element at a time, written from the paper.
#include "dialect/NN.h"
#include "dialect/reference/Nest.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace nn;

SmallVector<Value> RandomUniformOp::emitReference(OpBuilder &b, ValueRange in) {
  Location loc = getLoc();
  RankedTensorType type = reference::plain(getY().getType());
  Type i64 = b.getI64Type();
  return {reference::elements(b, loc, type, [&](OpBuilder &b, ValueRange at) -> Value {
    // Words are the lower halves of i64 values.
    auto word = [&](uint64_t v) -> Value {
      return arith::ConstantIntOp::create(b, loc, i64, int64_t(v & 0xFFFFFFFFu));
    };
    auto lower = [&](Value v) -> Value { return arith::AndIOp::create(b, loc, v, word(~0ull)); };
    auto upper = [&](Value v) -> Value { return arith::ShRUIOp::create(b, loc, v, word(32)); };
    auto exclusive = [&](Value x, Value y) -> Value { return arith::XOrIOp::create(b, loc, x, y); };
    auto times = [&](Value x, uint64_t y) -> Value { return arith::MulIOp::create(b, loc, x, word(y)); };
    auto plus = [&](Value x, uint64_t y) { return lower(arith::AddIOp::create(b, loc, x, word(y))); };

    Value element = reference::index(b, loc, 0);
    for (auto [i, extent] : llvm::zip_equal(at, type.getShape())) {
      Value scaled = arith::MulIOp::create(b, loc, element, reference::index(b, loc, extent));
      element = arith::AddIOp::create(b, loc, scaled, i);
    }
    Value seed = tensor::ExtractOp::create(b, loc, in[0], ValueRange()),
          step = tensor::ExtractOp::create(b, loc, in[1], ValueRange());
    uint64_t path = getPath(), draw = getDraw(), application = getApplication();
    Value c0 = lower(arith::IndexCastOp::create(b, loc, i64, element)), c1 = lower(step), c2 = word(path),
          c3 = word(draw * 0x10001u + application);
    Value k0 = lower(seed), k1 = exclusive(upper(seed), word(path >> 32));
    for (int round = 0; round < 10; ++round) {
      Value p0 = times(c0, 0xD2511F53u), p1 = times(c2, 0xCD9E8D57u);
      Value next0 = exclusive(exclusive(upper(p1), c1), k0), next2 = exclusive(exclusive(upper(p0), c3), k1);
      c1 = lower(p1);
      c3 = lower(p0);
      c0 = next0;
      c2 = next2;
      k0 = plus(k0, 0x9E3779B9u);
      k1 = plus(k1, 0xBB67AE85u);
    }
    Value bits = arith::ShRUIOp::create(b, loc, c0, word(8));
    Value integer = arith::UIToFPOp::create(b, loc, type.getElementType(), bits);
    return arith::MulFOp::create(b, loc, integer, reference::number(b, loc, type.getElementType(), 0x1p-24));
  })};
}
