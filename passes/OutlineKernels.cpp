// Groups become launches of kernels. Owns names, sharing and the normal form in which equal work is recognised; what a
// kernel needs (tasks, workspace, pairs that may share memory) the target says.
#include "passes/Clusters.h"
#include "passes/Passes.h"
#include "passes/View.h"

#include "dialect/NN.h"
#include "dialect/Target.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/Pass.h"

namespace nn {
#define GEN_PASS_DEF_OUTLINEKERNELSPASS
#include "passes/Passes.h.inc"
} // namespace nn

using namespace mlir;
using namespace nn;

namespace {

RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

/// Whether every element of the results is the same function of the elements at one place: all tensors but scalars then
/// have one shape and one order in memory.
bool isFlat(Block &body) {
  RankedTensorType like;
  auto fits = [&](Value v) {
    RankedTensorType type = typeOf(v);
    if (type.getRank() == 0)
      return true;
    like = like ? like : type;
    return type.getShape() == like.getShape() && physicalOrder(type) == physicalOrder(like);
  };
  for (Operation &op : body.without_terminator()) {
    auto constant = dyn_cast<ConstantOp>(op);
    auto broadcast = dyn_cast<BroadcastOp>(op);
    bool uniform = isa<ScalarOpInterface>(op) || (constant && isa<SplatElementsAttr>(constant.getValue())) ||
                   (broadcast && typeOf(broadcast.getX()).getRank() == 0);
    if (!uniform || !fits(op.getResult(0)))
      return false;
  }
  return llvm::all_of(body.getArguments(), fits) && like;
}

/// Gives all tensors one dimension, so that kernels of equal size are equal.
void flatten(Block &body) {
  auto flat = [](Value v) {
    RankedTensorType type = typeOf(v);
    if (type.getRank() != 0)
      v.setType(RankedTensorType::get({type.getNumElements()}, type.getElementType()));
  };
  llvm::for_each(body.getArguments(), flat);
  for (Operation &op : body.without_terminator()) {
    flat(op.getResult(0));
    if (auto constant = dyn_cast<ConstantOp>(op))
      constant.setValueAttr(cast<SplatElementsAttr>(constant.getValue()).resizeSplat(typeOf(constant.getY())));
  }
}

/// The owner's path that the location carries, or nothing.
StringRef pathOf(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (StringRef path = pathOf(part); !path.empty())
        return path;
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return pathOf(call.getCallee());
  return "";
}

/// "conv2d_1_conv_tanh": the owner of the op that matters most, that op, and the last one.
std::string nameOf(Block &body) {
  Operation *core = nullptr, *last = nullptr;
  for (Operation &op : body.without_terminator()) {
    OpKind kind = kindOf(&op);
    if (kind == OpKind::Move || kind == OpKind::View)
      continue;
    if (kind != OpKind::Map && !core)
      core = &op;
    last = &op;
  }
  auto mnemonic = [](Operation *op) {
    auto call = dyn_cast<CallOp>(op);
    return call ? call.getCallee() : op->getName().stripDialect();
  };
  if (!last)
    return body.without_terminator().empty() ? "copy" : mnemonic(&*std::prev(body.without_terminator().end())).str();
  StringRef path = pathOf((core ? core : last)->getLoc());
  std::string name = path.rsplit('.').first.str();
  for (char &c : name)
    c = llvm::isAlnum(c) ? c : '_';
  if (core)
    name += (name.empty() ? "" : "_") + mnemonic(core).str();
  if (last != core)
    name += (name.empty() ? "" : "_") + mnemonic(last).str();
  return name;
}

struct OutlineKernelsPass : nn::impl::OutlineKernelsPassBase<OutlineKernelsPass> {
  explicit OutlineKernelsPass(const Target &target) : target(&target) {}

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isPrivate())
        continue;
      SmallVector<GroupOp> groups;
      function.walk([&](GroupOp group) { groups.push_back(group); });
      for (GroupOp group : groups)
        launch(group, symbols);
      function.walk([&](ScanOp scan) { dissolveViews(scan.block()); });
      dissolveViews(function.getBody().front());
    }
  }

private:
  void launch(GroupOp group, SymbolTable &symbols) {
    KernelOp kernel = kernelOf(group, symbols);
    OpBuilder b(group);
    auto launch = LaunchOp::create(b, group.getLoc(), group.getResultTypes(), kernel.getSymName(), group.getInputs(),
                                   /*offsets=*/nullptr, /*strides=*/nullptr, /*barrier=*/false);
    group.replaceAllUsesWith(launch.getResults());
    group.erase();
  }

  /// The kernel that does what the group does; made at its first occurrence.
  KernelOp kernelOf(GroupOp group, SymbolTable &symbols) {
    OpBuilder b = OpBuilder::atBlockEnd(getOperation().getBody());
    auto kernel = KernelOp::create(b, group.getLoc(), "kernel", /*tasks=*/1, /*inplace=*/ArrayRef<int64_t>());
    kernel.getBody().takeBody(group.getBody());
    Block &body = kernel.getBody().front();
    if (isFlat(body))
      flatten(body);
    std::string key;
    llvm::raw_string_ostream stream(key);
    kernel.print(stream, OpPrintingFlags().useLocalScope().printGenericOpForm());
    auto [known, isNew] = kernels.try_emplace(key, kernel);
    if (!isNew) {
      kernel.erase();
      return known->second;
    }
    kernel.setSymName(nameOf(body));
    symbols.insert(kernel);
    KernelPlan plan = target->plan(kernel);
    kernel.setTasks(plan.tasks);
    SmallVector<int64_t> inplace;
    for (auto [operand, result] : plan.inplace)
      inplace.append({operand, result});
    kernel.setInplace(inplace);
    if (plan.workspace > 0)
      kernel->setAttr("nn.workspace", b.getI64IntegerAttr(plan.workspace));
    return kernel;
  }

  /// A launch reads memory, whatever its shape is called: views lose their op. A view that the block ends with gives
  /// its type to the launch that makes the value; one that a scan reads stays.
  void dissolveViews(Block &block) {
    for (auto launch : block.getOps<LaunchOp>())
      for (OpOperand &operand : launch->getOpOperands())
        operand.set(viewed(operand.get()));
    SmallVector<Operation *> views, used;
    for (Operation &op : block.without_terminator())
      if (kindOf(&op) == OpKind::View)
        views.push_back(&op);
    for (Operation *view : llvm::reverse(views))
      if (view->use_empty())
        view->erase();
      else
        used.push_back(view);
    for (Operation *view : llvm::reverse(used)) {
      Value source = view->getOperand(0);
      auto needsType = [](Operation *user) { return !isa<LaunchOp>(user); };
      auto isScan = [](Operation *user) { return isa<ScanOp>(user); };
      bool alone = llvm::count_if(source.getUsers(), needsType) == 1; // the view itself
      if (!alone || !source.getDefiningOp<LaunchOp>() || llvm::any_of(view->getUsers(), isScan))
        continue; // planning copies it where it must
      source.setType(view->getResult(0).getType());
      view->replaceAllUsesWith(ValueRange(source));
      view->erase();
    }
  }

  const Target *target;
  llvm::StringMap<KernelOp> kernels;
};

} // namespace

std::unique_ptr<Pass> nn::createOutlineKernelsPass(const Target &target) {
  return std::make_unique<OutlineKernelsPass>(target);
}
