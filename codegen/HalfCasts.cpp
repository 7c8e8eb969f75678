// bf16 is the upper half of an f32. From f64 the way leads through an f32 that is rounded to odd (Boldo and Melquiond,
// "Emulation of FMA and correctly rounded sums", 2008): its last bit remembers whether anything was lost, so that the
// second rounding decides as if it were the only one.
#include "codegen/HalfCasts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace {

/// Values of one shape: scalars, or vectors lane by lane.
struct Lanes {
  OpBuilder b;
  Location loc;
  Type shape;

  Type type(Type element) const {
    auto vector = dyn_cast<VectorType>(shape);
    return vector ? Type(vector.clone(element)) : element;
  }
  Type integers(unsigned bits) { return type(b.getIntegerType(bits)); }
  Value number(unsigned bits, uint64_t value) {
    TypedAttr attr = b.getIntegerAttr(b.getIntegerType(bits), APInt(bits, value));
    if (auto vector = dyn_cast<VectorType>(integers(bits)))
      attr = DenseElementsAttr::get(vector, Attribute(attr));
    return arith::ConstantOp::create(b, loc, attr);
  }
  template <typename Op>
  Value make(Value x, Value y) {
    return Op::create(b, loc, x, y);
  }
  Value select(Value condition, Value x, Value y) { return arith::SelectOp::create(b, loc, condition, x, y); }
  Value isNaN(Value x) { return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x); }

  Value toBf16(Value x) {
    Value bits = arith::BitcastOp::create(b, loc, integers(32), x);
    Value upper = make<arith::ShRUIOp>(bits, number(32, 16));
    Value odd = make<arith::AndIOp>(upper, number(32, 1));
    Value sum = make<arith::AddIOp>(make<arith::AddIOp>(bits, number(32, 0x7FFF)), odd);
    Value rounded = make<arith::ShRUIOp>(sum, number(32, 16));
    Value quiet = make<arith::OrIOp>(upper, number(32, 0x40));
    Value half = arith::TruncIOp::create(b, loc, integers(16), select(isNaN(x), quiet, rounded));
    return arith::BitcastOp::create(b, loc, type(b.getBF16Type()), half);
  }

  Value fromBf16(Value x) {
    Value half = arith::BitcastOp::create(b, loc, integers(16), x);
    Value bits = make<arith::ShLIOp>(arith::ExtUIOp::create(b, loc, integers(32), half), number(32, 16));
    return arith::BitcastOp::create(b, loc, type(b.getF32Type()), bits);
  }

  /// f64 to f32, rounded to odd.
  Value toOdd(Value x) {
    Value nearest = arith::TruncFOp::create(b, loc, type(b.getF32Type()), x);
    Value back = arith::ExtFOp::create(b, loc, x.getType(), nearest);
    Value isInexact = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ONE, back, x);
    Value isLarger = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, math::AbsFOp::create(b, loc, back),
                                           math::AbsFOp::create(b, loc, x));
    Value bits = arith::BitcastOp::create(b, loc, integers(32), nearest);
    Value below = select(isLarger, make<arith::SubIOp>(bits, number(32, 1)), bits);
    Value odd = select(isInexact, make<arith::OrIOp>(below, number(32, 1)), bits);
    return arith::BitcastOp::create(b, loc, nearest.getType(), odd);
  }
};

Value expanded(Operation *op) {
  Value x = op->getOperand(0);
  Type from = getElementTypeOrSelf(x.getType()), to = getElementTypeOrSelf(op->getResult(0).getType());
  Lanes lanes{OpBuilder(op), op->getLoc(), x.getType()};
  // MLIR joins an integer's cast to f64 and the one behind it.
  if (isa<arith::SIToFPOp, arith::UIToFPOp>(op)) {
    if (!to.isBF16() && !to.isF16())
      return {};
    Type doubles = lanes.type(lanes.b.getF64Type());
    from = lanes.b.getF64Type();
    x = isa<arith::SIToFPOp>(op) ? Value(arith::SIToFPOp::create(lanes.b, lanes.loc, doubles, x))
                                 : arith::UIToFPOp::create(lanes.b, lanes.loc, doubles, x);
  } else if (isa<arith::ExtFOp>(op)) {
    if (!from.isBF16())
      return {};
    Value single = lanes.fromBf16(x);
    return to.isF64() ? Value(arith::ExtFOp::create(lanes.b, lanes.loc, op->getResult(0).getType(), single)) : single;
  }
  if (!(to.isBF16() || (to.isF16() && from.isF64())))
    return {};
  Value single = from.isF64() ? lanes.toOdd(x) : x;
  return to.isBF16() ? lanes.toBf16(single)
                     : Value(arith::TruncFOp::create(lanes.b, lanes.loc, op->getResult(0).getType(), single));
}

} // namespace

void nn::expandHalfCasts(Operation *root) {
  SmallVector<Operation *> found;
  root->walk([&](Operation *op) {
    if (isa<arith::TruncFOp, arith::ExtFOp, arith::SIToFPOp, arith::UIToFPOp>(op))
      found.push_back(op);
  });
  for (Operation *op : found)
    if (Value value = expanded(op)) {
      op->getResult(0).replaceAllUsesWith(value);
      op->erase();
    }
}
