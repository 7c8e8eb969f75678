// Arithmetic on coordinates and loops for `emitElement`; knows arith, scf and vector, no op of the dialect.
#include "dialect/Element.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace nn;

SmallVector<Value> ElementBuilder::loop(int64_t lo, int64_t hi, ValueRange init,
                                        llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  if (hi - lo == 1)
    return body(index(lo), init);
  auto loop = scf::ForOp::create(b, loc, index(lo), index(hi), index(1), init);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!init.empty() || loop.getBody()->empty() || !loop.getBody()->back().hasTrait<OpTrait::IsTerminator>())
    scf::YieldOp::create(b, loc, next);
  return SmallVector<Value>(loop.getResults());
}

/// bf16 and f16, which are moved and cast only, are handled as their bits: LLVM has no such vectors on most machines.
Type ElementBuilder::type(Type element, int64_t lanes) {
  if (element.isBF16() || element.isF16())
    element = IntegerType::get(element.getContext(), 16);
  if (auto integer = dyn_cast<IntegerType>(element); integer && !integer.isSignless())
    element = IntegerType::get(element.getContext(), integer.getWidth());
  return lanes == 1 ? element : VectorType::get({lanes}, element);
}

Value ElementBuilder::constant(Type element, double value) {
  Type t = type(element), scalar = getElementTypeOrSelf(t);
  TypedAttr attr = isa<FloatType>(scalar) ? TypedAttr(b.getFloatAttr(scalar, value))
                                          : TypedAttr(b.getIntegerAttr(scalar, int64_t(value)));
  if (auto vector = dyn_cast<VectorType>(t))
    attr = DenseElementsAttr::get(vector, Attribute(attr));
  return arith::ConstantOp::create(b, loc, attr);
}

Value ElementBuilder::index(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }

Value ElementBuilder::value(Coordinate at) {
  if (lanes == 1)
    return at.base;
  auto vector = VectorType::get({lanes}, b.getIndexType());
  Value base = vector::BroadcastOp::create(b, loc, vector, at.base);
  if (at.lane == 0)
    return base;
  SmallVector<int64_t> steps;
  for (int64_t i = 0; i < lanes; ++i)
    steps.push_back(i * at.lane);
  auto attr = DenseElementsAttr::get(
      vector, llvm::map_to_vector(steps, [&](int64_t s) -> Attribute { return b.getIndexAttr(s); }));
  return arith::AddIOp::create(b, loc, base, arith::ConstantOp::create(b, loc, attr));
}

Value ElementBuilder::inside(Coordinate at, int64_t lo, int64_t hi) {
  Value v = value(at);
  auto bound = [&](int64_t x) -> Value {
    Value c = index(x);
    return lanes == 1 ? c : Value(vector::BroadcastOp::create(b, loc, v.getType(), c));
  };
  Value above = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, v, bound(lo));
  Value below = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, v, bound(hi));
  return arith::AndIOp::create(b, loc, above, below);
}

Coordinate ElementBuilder::affine(Coordinate at, int64_t scale, int64_t offset) {
  Value base = at.base;
  if (scale != 1)
    base = arith::MulIOp::create(b, loc, base, index(scale));
  if (offset != 0)
    base = arith::AddIOp::create(b, loc, base, index(offset));
  return {base, at.lane * scale};
}

Coordinate ElementBuilder::sum(Coordinate a, Coordinate c) {
  return {arith::AddIOp::create(b, loc, a.base, c.base), a.lane + c.lane};
}
