// Offsets in the arena for everything that lives in it: owned values first, at the same places in every entry, then
// what each entry needs beside them.
#include "passes/EntryPlan.h"
#include "passes/Passes.h"
#include "passes/Schedule.h"

#include "dialect/NN.h"
#include "dialect/Target.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/MathExtras.h"

namespace nn {
#define GEN_PASS_DEF_PLANMEMORYPASS
#include "passes/Passes.h.inc"
} // namespace nn

using namespace mlir;
using namespace nn;

static int64_t aligned(int64_t bytes) { return llvm::alignTo(bytes, kArenaAlignment); }

namespace {

struct PlanMemoryPass : nn::impl::PlanMemoryPassBase<PlanMemoryPass> {
  explicit PlanMemoryPass(const Target &target) : target(&target) {}

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable table(module);
    symbols = &table;
    int64_t base = placeOwned(), end = base;
    Needs reported{base, 0, 0};
    for (auto entry : module.getOps<func::FuncOp>()) {
      if (entry.isPrivate())
        continue; // what a kernel computes, in other words
      if (failed(checkOwned(entry)))
        return signalPassFailure();
      auto kernelOf = [&](LaunchOp launch) { return table.lookup<KernelOp>(launch.getKernel()); };
      auto copy = [&](Operation *before, Value v, Type type) { return copyOf(before, v, type); };
      EntryPlan plan(entry, table, persistent, base);
      llvm::MapVector<Value, StringRef> replaced = scheduleEntry(entry, kernelOf, copy);
      int64_t entryEnd = aligned(plan.run(replaced));
      end = std::max(end, entryEnd);
      // What a step of training needs is what is asked for; a model that is not trained reports its largest entry.
      bool isStep = entry.getName() == "train_step";
      if (isStep || (!reported.isStep && entryEnd > reported.end))
        reported = {entryEnd, plan.largestWorkspace, plan.gradientBytes(replaced, parameters), isStep};
    }
    auto set = [&](StringRef name, int64_t value) {
      module->setAttr(name, IntegerAttr::get(IntegerType::get(&getContext(), 64), value));
    };
    set("nn.persistent_bytes", base);
    set("nn.arena_bytes", end);
    set("nn.parameter_bytes", bytesOfRole["param"]);
    set("nn.optimizer_bytes", bytesOfRole["slot"]);
    set("nn.gradient_bytes", reported.gradients);
    set("nn.workspace_bytes", reported.workspace);
    set("nn.activation_bytes", std::max<int64_t>(0, reported.end - base - reported.gradients - reported.workspace));
  }

private:
  /// What an entry uses beside owned values.
  struct Needs {
    int64_t end, workspace, gradients;
    bool isStep = false;
  };

  /// Owned values fill the persistent range in their declared order; returns its end.
  int64_t placeOwned() {
    auto owned = getOperation()->getAttrOfType<ArrayAttr>("nn.owned");
    int64_t offset = 0;
    SmallVector<Attribute> placed;
    Builder b(&getContext());
    for (Attribute attr : owned ? owned.getValue() : ArrayRef<Attribute>()) {
      auto entry = cast<DictionaryAttr>(attr);
      int64_t bytes = bytesOf(entry.getAs<TypeAttr>("type").getValue());
      persistent[entry.getAs<StringAttr>("name").getValue()] = offset;
      if (entry.getAs<StringAttr>("role").getValue() == "param")
        parameters.insert(entry.getAs<StringAttr>("name").getValue());
      bytesOfRole[entry.getAs<StringAttr>("role").getValue()] += bytes;
      NamedAttrList fields(entry);
      fields.set("offset", b.getI64IntegerAttr(offset));
      placed.push_back(fields.getDictionary(&getContext()));
      offset = aligned(offset + bytes);
    }
    if (owned)
      getOperation()->setAttr("nn.owned", b.getArrayAttr(placed));
    return offset;
  }

  LogicalResult checkOwned(func::FuncOp entry) {
    auto check = [&](unsigned count, bool isResult) -> LogicalResult {
      for (unsigned i = 0; i < count; ++i)
        if (StringRef name = nn::nameOf(entry, i, isResult);
            isOwnedRole(roleOf(entry, i, isResult)) && !persistent.count(name))
          return entry.emitOpError() << "owns '" << name << "', which the module's list of owned values lacks";
      return success();
    };
    return failure(failed(check(entry.getNumArguments(), false)) || failed(check(entry.getNumResults(), true)));
  }

  /// A launch that copies `v` into a new value of `type`.
  LaunchOp copyOf(Operation *before, Value v, Type type) {
    OpBuilder b(before);
    auto source = cast<RankedTensorType>(v.getType());
    auto flat = RankedTensorType::get({source.getNumElements()}, source.getElementType());
    KernelOp &kernel = copies[flat];
    if (!kernel) {
      OpBuilder atEnd = OpBuilder::atBlockEnd(getOperation().getBody());
      kernel = KernelOp::create(atEnd, v.getLoc(), "copy", /*tasks=*/1, /*inplace=*/ArrayRef<int64_t>());
      Block *body = atEnd.createBlock(&kernel.getBody());
      YieldOp::create(atEnd, v.getLoc(), ValueRange(body->addArgument(flat, v.getLoc())));
      symbols->insert(kernel);
      kernel.setTasks(target->plan(kernel).tasks);
    }
    return LaunchOp::create(b, v.getLoc(), TypeRange(type), kernel.getSymName(), ValueRange(v), /*offsets=*/nullptr,
                            /*strides=*/nullptr, /*barrier=*/false);
  }

  const Target *target;
  SymbolTable *symbols = nullptr;
  llvm::StringMap<int64_t> persistent, bytesOfRole;
  llvm::StringSet<> parameters;
  DenseMap<Type, KernelOp> copies;
};

} // namespace

std::unique_ptr<Pass> nn::createPlanMemoryPass(const Target &target) {
  return std::make_unique<PlanMemoryPass>(target);
}
