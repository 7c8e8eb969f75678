// Offsets in the arena for everything that lives in it. Live ranges are counted in spans between barriers; what shares
// memory (an update in place) is one buffer. The packing itself is MemoryPlan's, the order of the launches Schedule's.
#include "passes/MemoryPlan.h"
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
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

#include <set>

namespace nn {
#define GEN_PASS_DEF_PLANMEMORYPASS
#include "passes/Passes.h.inc"
} // namespace nn

using namespace mlir;
using namespace nn;

namespace {

constexpr int64_t kAlignment = 64;

int64_t bytesOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor.getNumElements() * llvm::divideCeil(tensor.getElementTypeBitWidth(), 8);
}
int64_t aligned(int64_t bytes) { return llvm::alignTo(bytes, kAlignment); }

int64_t workspaceOf(KernelOp kernel) {
  auto attr = kernel->getAttrOfType<IntegerAttr>("nn.workspace");
  return attr ? attr.getInt() : 0;
}

/// A half-open range of the arena.
struct Bytes {
  int64_t begin, end;
};
bool overlap(const std::vector<Bytes> &a, const std::vector<Bytes> &b) {
  return llvm::any_of(
      a, [&](Bytes x) { return llvm::any_of(b, [&](Bytes y) { return x.begin < y.end && y.begin < x.end; }); });
}

/// The plan of one entry whose launches are in order.
class EntryPlan {
public:
  EntryPlan(func::FuncOp entry, SymbolTable &symbols, const llvm::StringMap<int64_t> &persistent,
            const llvm::StringSet<> &parameters, int64_t base)
      : entry(entry), block(entry.getBody().front()), symbols(symbols), persistent(persistent), parameters(parameters),
        base(base) {}

  /// Offsets and barriers; returns the end of what the entry uses.
  int64_t run(const llvm::MapVector<Value, StringRef> &replaced);
  int64_t largestWorkspace = 0;
  int64_t gradientBytes = 0;

private:
  KernelOp kernelOf(LaunchOp launch) { return symbols.lookup<KernelOp>(launch.getKernel()); }
  void findSpans();
  void findRanges();
  void shareInPlace();
  int64_t place();
  void annotate();
  void setBarriers();
  int64_t findGradientBytes(const llvm::MapVector<Value, StringRef> &replaced);

  func::FuncOp entry;
  Block &block;
  SymbolTable &symbols;
  const llvm::StringMap<int64_t> &persistent;
  const llvm::StringSet<> &parameters;
  int64_t base;
  std::vector<LaunchOp> launches;
  DenseMap<Operation *, int64_t> spanOf;
  int64_t spans = 1;
  llvm::MapVector<Value, Buffer> transient; // values outside the persistent range
  llvm::EquivalenceClasses<Value> shared;
  DenseMap<Value, int64_t> offsets;
  std::vector<Buffer> workspaces; // per launch
  std::vector<int64_t> workspaceOffsets;
};

/// Numbers the spans between the barriers that dependences of values ask for. What lives in one of them must not share
/// memory with anything else in it, or memory would ask for more barriers.
void EntryPlan::findSpans() {
  // A value is known by itself, an owned one, old or new, by its place.
  using Key = std::pair<const void *, int64_t>;
  auto key = [&](Value v) {
    auto owned = offsets.find(v);
    return owned == offsets.end() ? Key(v.getAsOpaquePointer(), 0) : Key(nullptr, owned->second);
  };
  std::set<Key> read, written;
  int64_t now = 0;
  for (LaunchOp launch : launches) {
    auto among = [&](const std::set<Key> &keys) { return [&](Value v) { return keys.count(key(v)) > 0; }; };
    if (llvm::any_of(launch.getInputs(), among(written)) || llvm::any_of(launch.getResults(), among(written)) ||
        llvm::any_of(launch.getResults(), among(read))) {
      ++now;
      read.clear();
      written.clear();
    }
    for (Value v : launch.getInputs())
      read.insert(key(v));
    for (Value v : launch.getResults())
      written.insert(key(v));
    spanOf[launch] = now;
  }
  spans = now + 1;
}

/// A value lives from its launch's span to that of its last reader; what the caller writes or reads lives all the time.
void EntryPlan::findRanges() {
  auto add = [&](Value v, int64_t from, bool always) {
    if (offsets.count(v))
      return;
    Buffer buffer{from, from + 1, bytesOf(v.getType()), kAlignment};
    for (Operation *user : v.getUsers())
      buffer.upper = std::max(buffer.upper, isa<LaunchOp>(user) ? spanOf[user] + 1 : spans);
    if (always)
      buffer.upper = spans;
    transient[v] = buffer;
  };
  for (BlockArgument argument : block.getArguments())
    add(argument, 0, /*always=*/true);
  for (LaunchOp launch : launches) {
    int64_t now = spanOf[launch], size = workspaceOf(kernelOf(launch));
    for (Value result : launch.getResults())
      add(result, now, /*always=*/false);
    largestWorkspace = std::max(largestWorkspace, size);
    workspaces.push_back({now, now + 1, size, kAlignment});
  }
}

/// A result takes the memory of an operand that nobody else reads in this span or later, where the kernel allows it.
void EntryPlan::shareInPlace() {
  for (LaunchOp launch : launches) {
    ArrayRef<int64_t> pairs = kernelOf(launch).getInplace();
    int64_t now = spanOf[launch];
    DenseSet<Value> taken;
    for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
      Value operand = launch.getInputs()[pairs[i]], result = launch.getResult(pairs[i + 1]);
      auto from = transient.find(operand), to = transient.find(result);
      if (from == transient.end() || to == transient.end() || isa<BlockArgument>(operand) || taken.contains(operand) ||
          from->second.size != to->second.size || llvm::count(launch.getInputs(), operand) != 1)
        continue;
      auto readsLater = [&](Operation *user) {
        return user != launch && (!isa<LaunchOp>(user) || spanOf[user] >= now);
      };
      if (llvm::any_of(operand.getUsers(), readsLater))
        continue;
      taken.insert(operand);
      shared.unionSets(operand, result);
    }
  }
}

int64_t EntryPlan::place() {
  std::vector<Buffer> buffers;
  DenseMap<Value, size_t> bufferOf; // of each class's leader
  auto leader = [&](Value v) {
    auto it = shared.findLeader(v);
    return it == shared.member_end() ? v : *it;
  };
  for (auto &[v, range] : transient) {
    auto [it, isNew] = bufferOf.try_emplace(leader(v), buffers.size());
    if (isNew) {
      buffers.push_back(range);
      continue;
    }
    Buffer &buffer = buffers[it->second];
    buffer.lower = std::min(buffer.lower, range.lower);
    buffer.upper = std::max(buffer.upper, range.upper);
  }
  size_t values = buffers.size();
  buffers.insert(buffers.end(), workspaces.begin(), workspaces.end());
  MemoryPlan plan = planMemory(buffers);
  for (auto &[v, range] : transient)
    offsets[v] = base + plan.offsets[bufferOf[leader(v)]];
  for (size_t t = 0; t < launches.size(); ++t)
    workspaceOffsets.push_back(base + plan.offsets[values + t]);
  return base + plan.bytes;
}

void EntryPlan::annotate() {
  Builder b(entry.getContext());
  for (BlockArgument argument : block.getArguments())
    entry.setArgAttr(argument.getArgNumber(), "nn.offset", b.getI64IntegerAttr(offsets[argument]));
  for (auto [t, launch] : llvm::enumerate(launches)) {
    SmallVector<int64_t> all = llvm::map_to_vector(launch.getResults(), [&](Value v) { return offsets[v]; });
    if (workspaces[t].size > 0)
      all.push_back(workspaceOffsets[t]);
    launch.setOffsets(all);
  }
}

/// A barrier stands in front of a launch that reads what one since the last barrier writes, or writes what one reads or
/// writes. Ranges of the arena are compared, so memory that is used again counts as well.
void EntryPlan::setBarriers() {
  std::vector<Bytes> read, written;
  for (auto [t, launch] : llvm::enumerate(launches)) {
    auto bytes = [&](Value v) { return Bytes{offsets[v], offsets[v] + bytesOf(v.getType())}; };
    std::vector<Bytes> reads, writes;
    for (Value operand : launch.getInputs())
      reads.push_back(bytes(operand));
    for (Value result : launch.getResults())
      writes.push_back(bytes(result));
    if (workspaces[t].size > 0)
      writes.push_back({workspaceOffsets[t], workspaceOffsets[t] + workspaces[t].size});
    bool barrier = overlap(reads, written) || overlap(writes, written) || overlap(writes, read);
    launch.setBarrier(barrier);
    if (barrier) {
      read.clear();
      written.clear();
    }
    llvm::append_range(read, reads);
    llvm::append_range(written, writes);
  }
}

/// What lies in memory of the gradients: what the kernel that replaces a parameter reads element by element, beside
/// owned values. Where the kernel computes the gradient itself, nothing does.
int64_t EntryPlan::findGradientBytes(const llvm::MapVector<Value, StringRef> &replaced) {
  llvm::SetVector<Value> gradients;
  for (auto &[v, name] : replaced) {
    auto launch = v.getDefiningOp<LaunchOp>();
    if (!launch || !parameters.contains(name))
      continue;
    Block &body = kernelOf(launch).getBody().front();
    llvm::SetVector<Value> reached;
    reached.insert(body.getTerminator()->getOperand(cast<OpResult>(v).getResultNumber()));
    for (size_t i = 0; i < reached.size(); ++i) {
      if (Operation *op = reached[i].getDefiningOp()) {
        if (isa<ScalarOpInterface, ReshapeOp>(op))
          reached.insert(op->operand_begin(), op->operand_end());
        continue;
      }
      Value operand = launch.getInputs()[cast<BlockArgument>(reached[i]).getArgNumber()];
      if (transient.count(operand) && operand.getDefiningOp())
        gradients.insert(operand);
    }
  }
  int64_t bytes = 0;
  for (Value v : gradients)
    bytes += bytesOf(v.getType());
  return bytes;
}

int64_t EntryPlan::run(const llvm::MapVector<Value, StringRef> &replaced) {
  llvm::append_range(launches, block.getOps<LaunchOp>());
  for (BlockArgument argument : block.getArguments())
    if (isOwnedRole(roleOf(entry, argument.getArgNumber(), false)))
      offsets[argument] = persistent.lookup(nn::nameOf(entry, argument.getArgNumber(), false));
  for (auto &[v, name] : replaced)
    offsets[v] = persistent.lookup(name);
  findSpans();
  findRanges();
  shareInPlace();
  int64_t end = place();
  annotate();
  setBarriers();
  gradientBytes = findGradientBytes(replaced);
  return end;
}

struct PlanMemoryPass : nn::impl::PlanMemoryPassBase<PlanMemoryPass> {
  explicit PlanMemoryPass(const Target &target) : target(&target) {}

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable table(module);
    symbols = &table;
    int64_t base = placeOwned(), end = base;
    Needs reported{base, 0, 0};
    for (auto entry : module.getOps<func::FuncOp>()) {
      if (failed(checkOwned(entry)))
        return signalPassFailure();
      auto kernelOf = [&](LaunchOp launch) { return table.lookup<KernelOp>(launch.getKernel()); };
      auto copy = [&](Value v, Type type) { return copyOf(entry, v, type); };
      EntryPlan plan(entry, table, persistent, parameters, base);
      int64_t entryEnd = aligned(plan.run(scheduleEntry(entry, kernelOf, copy)));
      end = std::max(end, entryEnd);
      // What a step of training needs is what is asked for; a model that is not trained reports its largest entry.
      bool isStep = entry.getName() == "train_step";
      if (isStep || (!reported.isStep && entryEnd > reported.end))
        reported = {entryEnd, plan.largestWorkspace, plan.gradientBytes, isStep};
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

  /// A launch at the end of the entry that copies `v` into a new value of `type`.
  LaunchOp copyOf(func::FuncOp entry, Value v, Type type) {
    OpBuilder b(entry.getBody().front().getTerminator());
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
                            /*barrier=*/false);
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
