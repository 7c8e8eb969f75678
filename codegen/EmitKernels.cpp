// Makes a function of every kernel and hands its body to the emitter that fits. Knows no op but kernels.
#include "codegen/EmitKernels.h"
#include "codegen/Contraction.h"
#include "codegen/ElementEmitter.h"
#include "codegen/EmitStages.h"
#include "codegen/KernelFunctions.h"
#include "codegen/KernelStructure.h"
#include "codegen/Scatter.h"
#include "codegen/Targets.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace nn;

Value nn::flatten(OpBuilder &b, Location loc, Value memory) {
  auto type = cast<MemRefType>(memory.getType());
  if (type.getRank() == 1)
    return memory;
  int64_t n = type.getNumElements();
  auto flat = MemRefType::get({n}, type.getElementType());
  return memref::ReinterpretCastOp::create(b, loc, flat, memory, /*offset=*/0, ArrayRef<int64_t>{n},
                                           ArrayRef<int64_t>{1});
}

/// A tensor's memory: its dimensions in physical order.
static MemRefType physicalType(Type tensor) {
  auto type = cast<RankedTensorType>(tensor);
  SmallVector<int64_t> shape;
  for (int64_t d : physicalOrder(type))
    shape.push_back(type.getDimSize(d));
  return MemRefType::get(shape, memoryType(type.getElementType()));
}

static LogicalResult emitKernel(KernelOp kernel, const Machine &machine) {
  OpBuilder b(kernel);
  Location loc = kernel.getLoc();
  Block &body = kernel.getBody().front();
  auto results = body.getTerminator()->getOperands();
  std::optional<ContractionKernel> contraction = ContractionKernel::match(body, machine);
  std::optional<ScatterKernel> scatter = ScatterKernel::match(body, machine);
  std::optional<KernelFunctionKernel> direct = KernelFunctionKernel::match(body, machine);
  if (auto call = dyn_cast<CallOp>(body.front()); call && !direct)
    return kernel.emitOpError("calls @") << call.getCallee()
                                         << ", which has no direct implementation for these types on "
                                         << machine.facts.name;
  std::optional<KernelStructure> structure;
  if (!contraction && !scatter && !direct)
    structure.emplace(body, machine);
  int64_t needed = contraction ? contraction->workspace()
                   : direct    ? direct->plan().workspace
                   : structure ? structure->workspace
                               : 0;

  SmallVector<Type> types;
  for (BlockArgument argument : body.getArguments())
    types.push_back(physicalType(argument.getType()));
  for (Value result : results)
    types.push_back(physicalType(result.getType()));
  size_t buffers = types.size();
  auto given = kernel->getAttrOfType<IntegerAttr>("nn.workspace");
  int64_t workspace = given ? given.getInt() : needed;
  if (workspace < needed)
    return kernel.emitOpError("needs ") << needed << " bytes of workspace on " << machine.facts.name
                                        << ", its plan has " << workspace;
  if (workspace > 0)
    types.push_back(MemRefType::get({workspace}, b.getI8Type()));
  types.append(2, b.getIndexType());
  auto function = func::FuncOp::create(b, loc, kernel.getSymName(), b.getFunctionType(types, {}));
  function->setAttr("nn.tasks", kernel.getTasksAttr());
  Block *entry = function.addEntryBlock();
  // Pairs that share memory are the only arguments that alias.
  SmallVector<bool> aliases(types.size(), false);
  ArrayRef<int64_t> pairs = kernel.getInplace();
  for (size_t i = 0; i + 1 < pairs.size(); i += 2)
    aliases[pairs[i]] = aliases[body.getNumArguments() + pairs[i + 1]] = true;
  for (size_t i = 0; i < types.size() - 2; ++i)
    if (!aliases[i])
      function.setArgAttr(i, "llvm.noalias", b.getUnitAttr());

  b.setInsertionPointToStart(entry);
  KernelFrame frame{b, loc, machine, body, int64_t(kernel.getTasks()), {}, {}, {}, {}, {}, {}, {}};
  for (size_t i = 0; i < buffers; ++i) {
    bool operand = i < body.getNumArguments();
    (operand ? frame.operands : frame.results).push_back(entry->getArgument(i));
    (operand ? frame.flatOperands : frame.flatResults).push_back(flatten(b, loc, entry->getArgument(i)));
  }
  if (workspace > 0)
    frame.workspace = entry->getArgument(buffers);
  frame.lo = entry->getArgument(types.size() - 2);
  frame.hi = entry->getArgument(types.size() - 1);
  if (contraction)
    contraction->emit(frame);
  else if (scatter)
    scatter->emit(frame);
  else if (direct)
    direct->emit(frame);
  else
    emitStages(frame, *structure);
  func::ReturnOp::create(b, loc);
  kernel.erase();
  return success();
}

namespace {
struct EmitKernels : PassWrapper<EmitKernels, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(EmitKernels)
  explicit EmitKernels(const Machine &machine) : machine(machine) {}
  StringRef getArgument() const override { return "nn-emit-kernels"; }
  StringRef getDescription() const override { return "Emits kernels as loops over vectors and memory"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, func::FuncDialect, math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
                    vector::VectorDialect>();
  }

  void runOnOperation() override {
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<KernelOp>()))
      if (failed(emitKernel(kernel, machine)))
        return signalPassFailure();
    // Bodies of functions with direct implementations.
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function.isPrivate() && function->hasAttr(kKernelFunctionAttr))
        function.erase();
  }

  const Machine &machine;
};
} // namespace

std::unique_ptr<Pass> nn::createEmitKernelsPass(const Machine &machine) {
  return std::make_unique<EmitKernels>(machine);
}
