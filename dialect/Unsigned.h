// Integers without a sign: bytes (ui8) and booleans. Generated code works on signless integers, whose order and
// quotients are signed; numbers without a sign are computed in twice their width, where they are not negative.
#ifndef NN_DIALECT_UNSIGNED_H
#define NN_DIALECT_UNSIGNED_H

#include "dialect/Expression.h"

namespace nn {

/// `x`, an element of `tensor`, as a number of its sign: wider where the tensor's elements have none.
Scalar numberOf(Scalar x, mlir::Value tensor);
/// `x`, computed of what `numberOf` gave, as an element of `tensor`.
Scalar elementOf(Scalar x, mlir::Value tensor);

} // namespace nn

#endif
