//===- Summary.cpp - One row per layer ----------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/ModelCompiler.h"
#include "llvm/ADT/StringMap.h"
#include <cmath>

using namespace nn::frontend;

llvm::StringRef nn::frontend::layerOf(mlir::Location location) {
  auto named = mlir::dyn_cast<mlir::NameLoc>(location);
  while (named) {
    auto inner = mlir::dyn_cast<mlir::NameLoc>(named.getChildLoc());
    if (!inner)
      return named.getName();
    named = inner;
  }
  return {};
}

static int64_t bytesOf(mlir::RankedTensorType type) {
  return boundedProduct(type.getNumElements(), (type.getElementTypeBitWidth() + 7) / 8);
}

/// Operations of a product, two per multiply-add; those of a function that is called included. What else there is to
/// compute (activations, biases, pooling) is left out, as papers and other tools do.
static double productFlops(mlir::Operation &op) {
  if (auto call = mlir::dyn_cast<nn::CallOp>(op)) {
    double sum = 0;
    auto callee = mlir::SymbolTable::lookupNearestSymbolFrom<mlir::func::FuncOp>(call, call.getCalleeAttr());
    for (mlir::Operation &inner : callee.getBody().front())
      sum += productFlops(inner);
    return sum;
  }
  bool isProduct = mlir::isa<nn::ContractOp, nn::ConvOp, nn::ConvInputGradOp, nn::ConvWeightGradOp>(op);
  return isProduct ? double(mlir::cast<nn::CostOpInterface>(op).flops()) : 0;
}

/// Gives `note` the operations of each op of a block that runs `times` times.
static void forEachProduct(mlir::Block &block, double times,
                           llvm::function_ref<void(mlir::Operation &, double flops)> note) {
  for (mlir::Operation &op : block) {
    if (auto scan = mlir::dyn_cast<nn::ScanOp>(op))
      forEachProduct(scan.getBody().front(), times * double(scan.getTrips()), note);
    else
      note(op, times * productFlops(op));
  }
}

namespace {

struct Totals {
  int64_t parameters = 0, bytes = 0;
  double flops = 0;
};

} // namespace

/// The layer itself (`block0.attention.query`) and those that it is part of (`block0.attention`, `block0`).
static void forEachLayerAround(llvm::StringRef path, llvm::function_ref<void(llvm::StringRef)> visit) {
  for (visit(path); path.contains('.'); visit(path))
    path = path.rsplit('.').first;
}

/// `nn.layers`: rows {path, kind, shape, output, parameters, flops, bytes, receptive_field}: parameters and operations
/// of the layer and of what lies below its path; flops of one example; bytes of the parameters and of one example's
/// output. `output` is the shape as text, where a batch that nothing binds has its name. `nn.flops`: of the whole
/// model, which computes outside its layers, too.
void ModelCompiler::describeLayers() {
  mlir::OpBuilder b(module.getContext());
  int64_t batch = std::max<int64_t>(evaluator.dimensions[batchName], 1);
  double flopsOfAll = 0;
  llvm::StringMap<Totals> totals; // of the layer of a path and of those below it
  if (auto predict = module.lookupSymbol<mlir::func::FuncOp>("predict"))
    forEachProduct(predict.getBody().front(), 1, [&](mlir::Operation &op, double count) {
      double ofOne = std::floor(count / double(batch));
      flopsOfAll += ofOne;
      forEachLayerAround(layerOf(op.getLoc()), [&](llvm::StringRef path) { totals[path].flops += ofOne; });
    });
  for (const OwnedValue &value : evaluator.owned.all())
    if (value.role == OwnedStmt::Role::Param)
      forEachLayerAround(value.owner, [&](llvm::StringRef path) {
        Totals &sum = totals[path]; // extents may be made up
        sum.parameters = boundedProduct(sum.parameters + value.type.getNumElements(), 1);
        sum.bytes = boundedProduct(sum.bytes + bytesOf(value.type), 1);
      });
  auto integer = [&](double count) { return b.getI64IntegerAttr(count < 9e18 ? int64_t(count) : INT64_MAX); };
  llvm::SmallVector<mlir::Attribute> result;
  for (const LayerRow &row : rows) {
    Totals sum = totals.lookup(row.path);
    int64_t bytes = boundedProduct(sum.bytes + bytesOf(row.output) / batch, 1);
    result.push_back(b.getDictionaryAttr({
        b.getNamedAttr("path", b.getStringAttr(row.path)),
        b.getNamedAttr("kind", b.getStringAttr(row.kind)),
        b.getNamedAttr("shape", b.getDenseI64ArrayAttr(row.output.getShape())),
        b.getNamedAttr("output", b.getStringAttr(evaluator.names.shape(row.output.getShape()))),
        b.getNamedAttr("parameters", b.getI64IntegerAttr(sum.parameters)),
        b.getNamedAttr("flops", integer(sum.flops)),
        b.getNamedAttr("bytes", b.getI64IntegerAttr(bytes)),
        b.getNamedAttr("receptive_field", b.getI64IntegerAttr(row.receptiveField)),
    }));
  }
  module->setAttr("nn.layers", b.getArrayAttr(result));
  module->setAttr("nn.flops", integer(flopsOfAll));
}
