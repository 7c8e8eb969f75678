// Lowers kernels from loops over vectors and memrefs to the LLVM dialect, and gives each the entry point that the
// runtime calls. Knows neither what a kernel computes nor the target; sets no fast-math flag and contracts nothing.
#include "codegen/LowerToLLVM.h"
#include "codegen/HalfCasts.h"
#include "codegen/VectorMath.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Conversion/VectorToSCF/VectorToSCF.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

std::string nn::kernelSymbol(llvm::StringRef kernel) { return ("nn_kernel_" + kernel).str(); }

void nn::registerLoweringDialects(DialectRegistry &registry) {
  registry
      .insert<affine::AffineDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect, LLVM::LLVMDialect,
              math::MathDialect, memref::MemRefDialect, scf::SCFDialect, ub::UBDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

namespace {

/// Rewrites what has no LLVM counterpart (vectors of higher rank, transfers, views) to what has.
LogicalResult expand(ModuleOp module) {
  RewritePatternSet patterns(module.getContext());
  vector::populateVectorToVectorCanonicalizationPatterns(patterns);
  vector::populateVectorBroadcastLoweringPatterns(patterns);
  vector::populateVectorMaskOpLoweringPatterns(patterns);
  vector::populateVectorShapeCastLoweringPatterns(patterns);
  vector::populateVectorInterleaveLoweringPatterns(patterns);
  vector::populateVectorStepLoweringPatterns(patterns);
  vector::populateVectorTransposeLoweringPatterns(patterns, vector::VectorTransposeLowering::Shuffle1D);
  vector::populateVectorMultiReductionLoweringPatterns(patterns, vector::VectorMultiReductionLowering::InnerParallel);
  vector::populateVectorInsertExtractStridedSliceTransforms(patterns);
  vector::populateVectorTransferPermutationMapLoweringPatterns(patterns);
  vector::populateVectorTransferLoweringPatterns(patterns, /*maxTransferRank=*/1);
  vector::populateVectorRankReducingFMAPattern(patterns);
  populateVectorToSCFConversionPatterns(patterns, VectorTransferToSCFOptions().enableFullUnroll());
  memref::populateExpandStridedMetadataPatterns(patterns);
  populateAffineToStdConversionPatterns(patterns);
  arith::populateCeilFloorDivExpandOpsPatterns(patterns);
  // Constants stay where they are and no region is simplified: the loops were written as they should run.
  return applyPatternsGreedily(
      module, std::move(patterns),
      GreedyRewriteConfig().setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled).enableConstantCSE(false));
}

/// One conversion with the patterns of all dialects; memrefs become bare pointers.
LogicalResult convert(ModuleOp module) {
  MLIRContext *context = module.getContext();
  LowerToLLVMOptions options(context);
  options.useBarePtrCallConv = true;
  LLVMTypeConverter types(context, options);
  RewritePatternSet patterns(context);
  SymbolTableCollection symbols;
  populateSCFToControlFlowConversionPatterns(patterns);
  cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
  populateFuncToLLVMConversionPatterns(types, patterns, &symbols);
  arith::populateArithToLLVMConversionPatterns(types, patterns);
  populateFinalizeMemRefToLLVMConversionPatterns(types, patterns, &symbols);
  populateVectorToLLVMConversionPatterns(types, patterns);
  ub::populateUBToLLVMConversionPatterns(types, patterns);
  // What LLVM has an intrinsic for (fma, sqrt, …) is one; the rest is called from the C library. So is expm1, of which
  // the conversion to LLVM makes e^x - 1, with no correct digit near 0.
  populateMathToLLVMConversionPatterns(types, patterns, /*approximateLog1p=*/false, /*benefit=*/2);
  llvm::erase_if(patterns.getNativePatterns(), [](const std::unique_ptr<RewritePattern> &pattern) {
    return pattern->getRootKind() && pattern->getRootKind()->getStringRef() == math::ExpM1Op::getOperationName();
  });
  populateMathToLibmConversionPatterns(patterns, /*benefit=*/1);
  LLVMConversionTarget target(*context);
  target.addLegalOp<ModuleOp>();
  return applyFullConversion(module, target, std::move(patterns));
}

/// Adds the kernel `name`, `void symbol(arena, args, lo, hi)`, which calls `body` with a pointer into the arena per
/// memref. The body stays a function of its own: noalias says most on arguments, and the call costs nanoseconds per
/// launch.
void addEntryPoint(LLVM::LLVMFuncOp body, StringRef name) {
  OpBuilder b(body);
  Location loc = body.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext()), i64 = b.getI64Type();
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), {pointer, pointer, i64, i64});
  body.setLinkage(LLVM::Linkage::Internal);

  auto entry = LLVM::LLVMFuncOp::create(b, loc, nn::kernelSymbol(name), type);
  entry.setVisibility_(LLVM::Visibility::Hidden);
  Block *block = entry.addEntryBlock(b);
  b.setInsertionPointToStart(block);
  Value arena = block->getArgument(0), offsets = block->getArgument(1);
  SmallVector<Value> arguments;
  unsigned buffers = body.getNumArguments() - 2;
  for (unsigned i = 0; i < buffers; ++i) {
    Value slot = LLVM::GEPOp::create(b, loc, pointer, i64, offsets, LLVM::GEPArg(i));
    Value offset = LLVM::LoadOp::create(b, loc, i64, slot);
    arguments.push_back(LLVM::GEPOp::create(b, loc, pointer, b.getI8Type(), arena, LLVM::GEPArg(offset)));
    // The planner places every buffer on a cache line.
    body.setArgAttr(i, LLVM::LLVMDialect::getAlignAttrName(), b.getI64IntegerAttr(64));
    body.setArgAttr(i, LLVM::LLVMDialect::getNonNullAttrName(), b.getUnitAttr());
  }
  arguments.push_back(block->getArgument(2));
  arguments.push_back(block->getArgument(3));
  LLVM::CallOp::create(b, loc, body, arguments);
  LLVM::ReturnOp::create(b, loc, ValueRange());
}

/// A kernel takes memrefs, then lo and hi, and returns nothing.
LogicalResult verifyKernel(func::FuncOp kernel) {
  ArrayRef<Type> inputs = kernel.getFunctionType().getInputs();
  bool range = inputs.size() >= 2 && inputs.take_back(2)[0].isIndex() && inputs.take_back(2)[1].isIndex();
  bool buffers = range && llvm::all_of(inputs.drop_back(2), llvm::IsaPred<MemRefType>);
  if (buffers && kernel.getFunctionType().getNumResults() == 0)
    return success();
  return kernel.emitOpError("is no kernel: its arguments must be memrefs and two indices, without results");
}

struct LowerToLLVM : PassWrapper<LowerToLLVM, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerToLLVM)
  StringRef getArgument() const override { return "nn-lower-to-llvm"; }
  StringRef getDescription() const override { return "Lowers a module of kernels to the LLVM dialect"; }
  void getDependentDialects(DialectRegistry &registry) const override { nn::registerLoweringDialects(registry); }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<std::string> kernels;
    for (auto function : module.getOps<func::FuncOp>()) {
      if (function.isPrivate())
        continue;
      if (failed(verifyKernel(function)))
        return signalPassFailure();
      // Out of the way of the C library, whose `erf` a kernel `erf` calls.
      kernels.push_back(function.getName().str());
      function.setName(kernels.back() + ".body");
    }
    nn::expandMath(module);
    nn::expandHalfCasts(module);
    if (failed(expand(module)) || failed(convert(module)))
      return signalPassFailure();
    for (const std::string &kernel : kernels)
      addEntryPoint(module.lookupSymbol<LLVM::LLVMFuncOp>(kernel + ".body"), kernel);
    for (auto function : module.getOps<LLVM::LLVMFuncOp>())
      if (SymbolTable::getSymbolVisibility(function) == SymbolTable::Visibility::Private && !function.isExternal())
        function.setLinkage(LLVM::Linkage::Internal);
  }
};

struct ExpandMath : PassWrapper<ExpandMath, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ExpandMath)
  StringRef getArgument() const override { return "nn-expand-math"; }
  StringRef getDescription() const override { return "Replaces elementary functions on f32 by arithmetic"; }
  void getDependentDialects(DialectRegistry &registry) const override { nn::registerLoweringDialects(registry); }
  void runOnOperation() override { nn::expandMath(getOperation()); }
};

} // namespace

std::unique_ptr<Pass> nn::createExpandMathPass() { return std::make_unique<ExpandMath>(); }
std::unique_ptr<Pass> nn::createLowerToLLVMPass() { return std::make_unique<LowerToLLVM>(); }
