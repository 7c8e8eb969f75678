// Finds the implementation of a call by the name that its function carries.
#include "codegen/KernelFunctions.h"
#include "codegen/KernelFrame.h"
#include "codegen/Targets.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace nn;

// One declaration and one call per file of kernels/.
namespace nn::kernels {
#define NN_KERNEL_FILE(stem) void stem(KernelRegistry &);
#include "codegen/KernelFiles.inc"
#undef NN_KERNEL_FILE
} // namespace nn::kernels

bool KernelCall::has(ArrayRef<StringRef> names) const {
  return constants && constants.size() == names.size() &&
         llvm::all_of(names, [&](StringRef name) { return constants.contains(name); });
}

double KernelCall::number(StringRef constant) const {
  return cast<FloatAttr>(constants.get(constant)).getValueAsDouble();
}

bool KernelCall::flag(StringRef constant) const { return cast<BoolAttr>(constants.get(constant)).getValue(); }

int64_t KernelCall::lanes() const { return machine.lanes(element().getIntOrFloatBitWidth()); }

void KernelRegistry::add(StringRef name, std::unique_ptr<KernelFunction> implementation) {
  bool isNew = implementations.try_emplace(name, std::move(implementation)).second;
  assert(isNew && "a kernel function has one direct implementation");
  (void)isNew;
}

const KernelFunction *KernelRegistry::find(StringRef name) const {
  auto it = implementations.find(name);
  return it == implementations.end() ? nullptr : it->second.get();
}

std::vector<StringRef> KernelRegistry::names() const {
  std::vector<StringRef> names(implementations.keys().begin(), implementations.keys().end());
  llvm::sort(names);
  return names;
}

const KernelRegistry &KernelRegistry::all() {
  static const KernelRegistry all = [] {
    KernelRegistry registry;
#define NN_KERNEL_FILE(stem) kernels::stem(registry);
#include "codegen/KernelFiles.inc"
#undef NN_KERNEL_FILE
    return registry;
  }();
  return all;
}

/// The implementation that stands under the function's name, and a call of it.
static std::pair<const KernelFunction *, KernelCall> find(func::FuncOp function, const Machine &machine) {
  auto name = function ? function->getAttrOfType<StringAttr>(kKernelFunctionAttr) : nullptr;
  const KernelFunction *implementation = name ? KernelRegistry::all().find(name.getValue()) : nullptr;
  KernelCall call{machine, nullptr, {}};
  if (implementation) {
    call.constants = function->getAttrOfType<DictionaryAttr>(kConstantsAttr);
    for (Type type : function.getArgumentTypes())
      call.operands.push_back(cast<RankedTensorType>(type));
  }
  return {implementation, call};
}

bool Machine::has(Operation *function) const {
  auto [implementation, call] = find(cast<func::FuncOp>(function), *this);
  return implementation && implementation->covers(call);
}

std::optional<KernelFunctionKernel> KernelFunctionKernel::match(Block &body, const Machine &machine) {
  auto op = dyn_cast<CallOp>(body.front());
  if (!op || &*std::next(op->getIterator()) != body.getTerminator())
    return std::nullopt;
  auto function = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(body.getParentOp(), op.getCalleeAttr());
  auto [implementation, call] = find(function, machine);
  if (!implementation || !implementation->covers(call))
    return std::nullopt;
  return KernelFunctionKernel(implementation, call, op);
}

/// Pairs that share memory are those of the kernel: its arguments, and what it yields.
KernelPlan KernelFunctionKernel::plan() const {
  KernelPlan plan = implementation->plan(call);
  auto yielded = op->getBlock()->getTerminator()->getOperands();
  auto pairs = std::move(plan.inplace);
  plan.inplace.clear();
  for (auto [operand, result] : pairs) {
    auto it = llvm::find(yielded, op->getResult(result));
    if (it != yielded.end())
      plan.inplace.emplace_back(cast<BlockArgument>(op->getOperand(operand)).getArgNumber(), it - yielded.begin());
  }
  return plan;
}

void KernelFunctionKernel::emit(KernelFrame &frame) const {
  KernelPlaces places;
  for (Value operand : op->getOperands())
    places.operands.push_back(frame.flatOperands[cast<BlockArgument>(operand).getArgNumber()]);
  places.results.resize(op->getNumResults());
  for (auto [yielded, memory] : llvm::zip(frame.body.getTerminator()->getOperands(), frame.flatResults))
    places.results[cast<OpResult>(yielded).getResultNumber()] = memory;
  implementation->emit(call, places, frame);
}
