// nn -> linalg (nn-lower-to-reference) -> buffers -> loops -> LLVM dialect, all but the first step by upstream's
// passes.
#include "tools/reference/Lowering.h"
#include "codegen/HalfCasts.h"
#include "dialect/NN.h"
#include "dialect/reference/Nest.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/MathToFuncs/MathToFuncs.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/FuncBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"
#include "tools/reference/Runner.h"

using namespace mlir;
using namespace nn;

void nn::registerReferenceDialects(DialectRegistry &registry) {
  registry.insert<NNDialect, affine::AffineDialect, arith::ArithDialect, bufferization::BufferizationDialect,
                  cf::ControlFlowDialect, func::FuncDialect, linalg::LinalgDialect, LLVM::LLVMDialect,
                  math::MathDialect, memref::MemRefDialect, scf::SCFDialect, tensor::TensorDialect>();
  arith::registerBufferizableOpInterfaceExternalModels(registry);
  bufferization::func_ext::registerBufferizableOpInterfaceExternalModels(registry);
  func::registerInlinerExtension(registry);
  linalg::registerBufferizableOpInterfaceExternalModels(registry);
  scf::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerBufferizableOpInterfaceExternalModels(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

std::string nn::packedSymbol(StringRef name) { return ("nn.packed." + name).str(); }

/// The symbol of a public function of memrefs around function `name`.
static std::string bufferSymbol(StringRef name) { return ("nn.buffers." + name).str(); }

/// Adds a function of buffers, inputs then results, that calls `f`, which becomes private under a name that no library
/// function has.
static void addBufferFunction(func::FuncOp f, SymbolTable &symbols) {
  std::string symbol = bufferSymbol(f.getName());
  (void)symbols.rename(f, ("nn.body." + f.getName()).str());
  if (f.isPrivate())
    return;
  f.setPrivate();
  OpBuilder b(f);
  SmallVector<Type> types;
  for (TypeRange part : {TypeRange(f.getArgumentTypes()), TypeRange(f.getResultTypes())})
    for (Type t : part)
      types.push_back(
          MemRefType::get(cast<RankedTensorType>(t).getShape(), cast<RankedTensorType>(t).getElementType()));
  auto outer = func::FuncOp::create(b, f.getLoc(), symbol, b.getFunctionType(types, {}));
  Block *body = outer.addEntryBlock();
  b.setInsertionPointToStart(body);
  SmallVector<Value> inputs;
  for (auto [argument, type] : llvm::zip(body->getArguments(), f.getArgumentTypes()))
    inputs.push_back(bufferization::ToTensorOp::create(b, f.getLoc(), type, argument, /*restrict=*/true));
  auto call = func::CallOp::create(b, f.getLoc(), f, inputs);
  for (auto [result, buffer] : llvm::zip(call.getResults(), body->getArguments().drop_front(inputs.size())))
    bufferization::MaterializeInDestinationOp::create(b, f.getLoc(), TypeRange(), result, buffer, /*restrict=*/true,
                                                      /*writable=*/true);
  func::ReturnOp::create(b, f.getLoc());
}

/// Adds `packedSymbol`, which unpacks its argument and calls the buffer function.
static void addPackedFunction(LLVM::LLVMFuncOp callee, StringRef name) {
  OpBuilder b(callee);
  Location loc = callee.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), {pointer});
  auto packed = LLVM::LLVMFuncOp::create(b, loc, packedSymbol(name), type);
  Block *body = packed.addEntryBlock(b);
  b.setInsertionPointToStart(body);
  SmallVector<Value> arguments;
  for (unsigned i = 0; i < callee.getNumArguments(); ++i) {
    Value slot = LLVM::GEPOp::create(b, loc, pointer, pointer, body->getArgument(0), LLVM::GEPArg(i));
    arguments.push_back(LLVM::LoadOp::create(b, loc, pointer, slot));
  }
  LLVM::CallOp::create(b, loc, callee, arguments);
  LLVM::ReturnOp::create(b, loc, ValueRange());
}

static void addPasses(PassManager &passes) {
  // Without calls, no buffer that was not allocated (a constant) is ever returned.
  passes.addPass(createInlinerPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.allowReturnAllocsFromLoops = true; // what a scan carries
  bufferize.functionBoundaryTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  passes.addPass(bufferization::createOneShotBufferizePass(bufferize));
  passes.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(memref::createExpandStridedMetadataPass());
  passes.addPass(createLowerAffinePass());
  passes.addPass(createConvertMathToFuncs());    // integer powers
  passes.addPass(createConvertMathToLibmPass()); // the C library's functions before LLVM's intrinsics
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  FinalizeMemRefToLLVMConversionPassOptions memory;
  memory.useGenericFunctions = true;
  passes.addPass(createFinalizeMemRefToLLVMConversionPass(memory));
  ConvertFuncToLLVMPassOptions functions;
  functions.useBarePtrCallConv = true;
  passes.addPass(createConvertFuncToLLVMPass(functions));
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
}

LogicalResult nn::lowerReferenceToLLVM(ModuleOp module) {
  module.getContext()->loadDialect<bufferization::BufferizationDialect>();
  PassManager toLinalg(module.getContext());
  toLinalg.addPass(createLowerToReferencePass());
  if (failed(toLinalg.run(module)))
    return failure();
  expandHalfCasts(module);
  SymbolTable symbols(module);
  SmallVector<std::string> names;
  for (auto f : llvm::to_vector(module.getOps<func::FuncOp>())) {
    if (!f.isPrivate())
      names.push_back(f.getName().str());
    addBufferFunction(f, symbols);
  }
  PassManager toLLVM(module.getContext());
  addPasses(toLLVM);
  if (failed(toLLVM.run(module)))
    return failure();
  for (const std::string &name : names)
    addPackedFunction(module.lookupSymbol<LLVM::LLVMFuncOp>(bufferSymbol(name)), name);
  return success();
}
