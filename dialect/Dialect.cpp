// Registers the dialect, its layout attribute and ops; what belongs to one family lives in that family's file.
#include "dialect/NN.h"
#include "dialect/Unsigned.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nn;

#include "dialect/Enums.cpp.inc"
#include "dialect/Interfaces.cpp.inc"
#include "dialect/NNDialect.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/Attributes.cpp.inc"
#define GET_OP_CLASSES
#include "dialect/Ops.cpp.inc"

void NNDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/Attributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialect/Ops.cpp.inc"
      >();
}

Operation *NNDialect::materializeConstant(OpBuilder &b, Attribute value, Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return ConstantOp::create(b, loc, cast<RankedTensorType>(type), elements);
}

LogicalResult LayoutAttr::verifyEncoding(ArrayRef<int64_t> shape, Type,
                                         llvm::function_ref<InFlightDiagnostic()> emitError) const {
  SmallVector<bool> seen(shape.size(), false);
  if (getOrder().size() != shape.size())
    return emitError() << "layout orders " << getOrder().size() << " dimensions of a tensor of rank " << shape.size();
  for (int64_t d : getOrder()) {
    if (d < 0 || d >= int64_t(shape.size()) || seen[d])
      return emitError() << "layout is not a permutation of the dimensions 0.." << int64_t(shape.size()) - 1;
    seen[d] = true;
  }
  return success();
}

bool nn::equalButForLayout(Type a, Type b) {
  auto x = dyn_cast<RankedTensorType>(a), y = dyn_cast<RankedTensorType>(b);
  return x && y && x.getShape() == y.getShape() && x.getElementType() == y.getElementType();
}

SmallVector<int64_t> nn::physicalOrder(RankedTensorType type) {
  if (auto layout = dyn_cast_or_null<LayoutAttr>(type.getEncoding()))
    return SmallVector<int64_t>(layout.getOrder());
  return llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
}

SmallVector<int64_t> nn::physicalStrides(RankedTensorType type) {
  SmallVector<int64_t> strides(type.getRank());
  int64_t stride = 1;
  SmallVector<int64_t> order = physicalOrder(type);
  for (int64_t d : llvm::reverse(order)) {
    strides[d] = stride;
    stride *= type.getDimSize(d);
  }
  return strides;
}

RankedTensorType nn::withOrder(RankedTensorType type, ArrayRef<int64_t> order) {
  bool rowMajor = llvm::equal(order, llvm::seq<int64_t>(0, type.getRank()));
  Attribute layout = rowMajor ? Attribute() : LayoutAttr::get(type.getContext(), order);
  return RankedTensorType::get(type.getShape(), type.getElementType(), layout);
}
