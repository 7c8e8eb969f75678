// Widens and narrows bytes and booleans. LLVM folds the pairs back to unsigned instructions.
#include "dialect/Unsigned.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace nn;

/// Integers of `bits` in the shape (scalar or vector) of `type`.
static Type integers(Type type, unsigned bits) {
  Type element = IntegerType::get(type.getContext(), bits);
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(element)) : element;
}

static bool isUnsigned(Value tensor) {
  Type element = getElementTypeOrSelf(tensor.getType());
  return element.isUnsignedInteger() || element.isInteger(1);
}

Scalar nn::numberOf(Scalar x, Value tensor) {
  if (!isUnsigned(tensor))
    return x;
  unsigned bits = getElementTypeOrSelf(tensor.getType()).getIntOrFloatBitWidth();
  return {x.b, x.loc, arith::ExtUIOp::create(x.b, x.loc, integers(x.v.getType(), std::max(8u, 2 * bits)), x.v)};
}

Scalar nn::elementOf(Scalar x, Value tensor) {
  if (!isUnsigned(tensor))
    return x;
  unsigned bits = getElementTypeOrSelf(tensor.getType()).getIntOrFloatBitWidth();
  return {x.b, x.loc, arith::TruncIOp::create(x.b, x.loc, integers(x.v.getType(), bits), x.v)};
}
