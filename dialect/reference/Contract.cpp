// The reference of contractions: a sum of products over index maps, in f64, rounded once.
#include "dialect/NN.h"
#include "dialect/reference/Nest.h"

using namespace mlir;
using namespace nn;

SmallVector<Value> ContractOp::emitReference(OpBuilder &b, ValueRange in) {
  RankedTensorType type = reference::plain(getY().getType());
  Location loc = getLoc();
  int64_t labels = 0;
  for (ArrayRef<int64_t> list : {getLhs(), getRhs(), getOut()})
    for (int64_t label : list)
      labels = std::max(labels, label + 1);
  auto map = [&](ArrayRef<int64_t> list) {
    auto exprs = llvm::map_to_vector(list, [&](int64_t label) { return b.getAffineDimExpr(label); });
    return AffineMap::get(labels, 0, exprs, b.getContext());
  };
  Type sum = reference::sumType(type.getElementType());
  Value zero = reference::filled(b, loc, RankedTensorType::get(type.getShape(), sum), 0);
  Value y = reference::generic(b, loc, in, {map(getLhs()), map(getRhs())}, zero, map(getOut()),
                               [&](OpBuilder &b, ValueRange args) {
                                 Value l = reference::convert(b, loc, args[0], sum);
                                 Value r = reference::convert(b, loc, args[1], sum);
                                 return reference::add(b, loc, args[2], reference::multiply(b, loc, l, r));
                               });
  return {reference::convertElements(b, loc, y, type.getElementType())};
}
