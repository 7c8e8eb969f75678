//===- Summary.cpp - One row per layer ----------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/ModelCompiler.h"

using namespace nn::frontend;

/// The path that an op's location names, from the outermost name.
static llvm::StringRef layerOf(mlir::Location location) {
  auto named = mlir::dyn_cast<mlir::NameLoc>(location);
  while (named) {
    auto inner = mlir::dyn_cast<mlir::NameLoc>(named.getChildLoc());
    if (!inner)
      return named.getName();
    named = inner;
  }
  return {};
}

/// Rows {path, kind, shape, parameters, flops, bytes, receptive_field}: parameters and operations of the layer and of
/// what lies below its path; flops of one example; bytes of the parameters and of the output.
mlir::ArrayAttr ModelCompiler::layerRows() {
  mlir::OpBuilder b(module.getContext());
  std::map<std::string, int64_t> flops;
  auto predict = module.lookupSymbol<mlir::func::FuncOp>("predict");
  auto below = [](llvm::StringRef path, llvm::StringRef owner) {
    return path == owner || (path.starts_with(owner) && path.drop_front(owner.size()).starts_with("."));
  };
  if (predict)
    for (mlir::Operation &op : predict.getBody().front())
      if (auto cost = mlir::dyn_cast<nn::CostOpInterface>(&op))
        flops[layerOf(op.getLoc()).str()] += cost.flops();
  int64_t batch = std::max<int64_t>(evaluator.dimensions[batchName], 1);
  llvm::SmallVector<mlir::Attribute> result;
  for (const LayerRow &row : rows) {
    int64_t parameters = 0, bytes = 0, operations = 0, elements = 1;
    for (const OwnedValue &value : evaluator.owned.all())
      if (value.role == OwnedStmt::Role::Param && below(value.owner, row.path)) {
        parameters += value.type.getNumElements();
        bytes += value.type.getNumElements() * ((value.type.getElementTypeBitWidth() + 7) / 8);
      }
    for (const auto &[path, count] : flops)
      if (below(path, row.path))
        operations += count;
    for (int64_t extent : row.shape)
      elements *= extent;
    result.push_back(b.getDictionaryAttr({
        b.getNamedAttr("path", b.getStringAttr(row.path)),
        b.getNamedAttr("kind", b.getStringAttr(row.kind)),
        b.getNamedAttr("shape", b.getDenseI64ArrayAttr(row.shape)),
        b.getNamedAttr("parameters", b.getI64IntegerAttr(parameters)),
        b.getNamedAttr("flops", b.getI64IntegerAttr(operations / batch)),
        b.getNamedAttr("bytes", b.getI64IntegerAttr(bytes + 4 * elements)),
        b.getNamedAttr("receptive_field", b.getI64IntegerAttr(row.receptiveField)),
    }));
  }
  return b.getArrayAttr(result);
}
