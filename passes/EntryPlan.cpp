// Live ranges are counted in spans between barriers; what shares memory (an update in place, a carried value, the slots
// of a stack) is one store. The packing itself is MemoryPlan's, the order of the launches Schedule's.
#include "passes/EntryPlan.h"
#include "passes/Schedule.h"
#include "passes/View.h"

#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nn;

int64_t nn::bytesOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor.getNumElements() * llvm::divideCeil(tensor.getElementTypeBitWidth(), 8);
}

static int64_t workspaceOf(KernelOp kernel) {
  auto attr = kernel->getAttrOfType<IntegerAttr>("nn.workspace");
  return attr ? attr.getInt() : 0;
}

/// The loops around an op, the outermost first.
static SmallVector<ScanOp> loopsAround(Operation *op) {
  SmallVector<ScanOp> loops;
  for (auto scan = op->getParentOfType<ScanOp>(); scan; scan = scan->getParentOfType<ScanOp>())
    loops.insert(loops.begin(), scan);
  return loops;
}

EntryPlan::EntryPlan(func::FuncOp entry, SymbolTable &symbols, const llvm::StringMap<int64_t> &persistent, int64_t base)
    : entry(entry), symbols(symbols), persistent(persistent), base(base) {}

KernelOp EntryPlan::kernelOf(LaunchOp launch) { return symbols.lookup<KernelOp>(launch.getKernel()); }

// ---- Homes

Home EntryPlan::newHome(int64_t bytes, Block *owner, Operation *writer, size_t loops) {
  stores.push_back({bytes, owner, writer});
  return {int(stores.size()) - 1, 0, SmallVector<int64_t, 2>(loops, 0)};
}

/// One step further in a loop that moves it by `stride` bytes in every round.
static Home inLoop(Home home, int64_t offset, int64_t stride) {
  home.offset += offset;
  home.strides.push_back(stride);
  return home;
}

/// What a scan carries and emits. A value that is carried only keeps its place; one that is emitted as well goes
/// through the slots of its stack, which has one more for the first value, so that nothing is copied.
void EntryPlan::findHomes(ScanOp scan, size_t loops) {
  int64_t trips = scan.getTrips();
  for (auto [k, init, argument, next, out] :
       llvm::enumerate(scan.getInits(), scan.carriedArguments(), scan.nextValues(), scan.carriedOut())) {
    int64_t bytes = bytesOf(init.getType()), slots = isStackedCarry(scan, k) ? trips + 1 : 1;
    int64_t step = slots == 1 ? 0 : scan.getReversed() ? -bytes : bytes;
    Home home = newHome(bytes * slots, scan->getBlock(), /*writer=*/nullptr, loops);
    home.offset = step < 0 ? trips * bytes : 0;
    homes[init] = home;
    homes[argument] = inLoop(home, 0, step);
    homes[next] = inLoop(home, step, step);
    home.offset += trips * step;
    homes[out] = home;
  }
  for (auto [value, stack] : llvm::zip(scan.emittedValues(), scan.stacks())) {
    int64_t bytes = bytesOf(value.getType()), last = scan.getReversed() ? (trips - 1) * bytes : 0;
    auto carried = homes.find(value);
    if (carried == homes.end()) {
      Home home = newHome(bytes * trips, scan->getBlock(), /*writer=*/nullptr, loops);
      homes[stack] = home;
      homes[value] = inLoop(home, last, scan.getReversed() ? -bytes : bytes);
    } else {
      Home home = carried->second;
      home.strides.pop_back();
      home.offset -= last;
      homes[stack] = home;
    }
  }
}

/// What the body gets from outside, and then its own values.
void EntryPlan::enter(ScanOp scan, size_t loops) {
  for (auto [sequence, argument] : llvm::zip(scan.getSequences(), scan.elementArguments())) {
    int64_t bytes = bytesOf(argument.getType());
    Home home = homes.lookup(viewed(sequence));
    homes[argument] =
        scan.getReversed() ? inLoop(home, (int64_t(scan.getTrips()) - 1) * bytes, -bytes) : inLoop(home, 0, bytes);
  }
  for (auto [outside, argument] : llvm::zip(scan.getShared(), scan.sharedArguments()))
    homes[argument] = inLoop(homes.lookup(viewed(outside)), 0, 0);
  findHomes(scan.block(), loops + 1);
}

void EntryPlan::findHomes(Block &block, size_t loops) {
  for (auto scan : block.getOps<ScanOp>()) // before the launches that write first values
    findHomes(scan, loops);
  for (Operation &op : block.without_terminator()) {
    if (auto scan = dyn_cast<ScanOp>(op))
      enter(scan, loops);
    auto launch = dyn_cast<LaunchOp>(op);
    if (!launch)
      continue;
    launches.push_back(launch);
    for (Value result : launch.getResults())
      if (!homes.count(result))
        homes[result] = newHome(bytesOf(result.getType()), &block, launch, loops);
  }
}

// ---- Spans and ranges

/// Numbers the spans between the barriers that dependences of values ask for. What lives in one of them must not share
/// memory with anything else in it, or memory would ask for more barriers.
void EntryPlan::findSpans(Block &block) {
  auto begin = [&] {
    ++now;
    read.clear();
    written.clear();
  };
  auto key = [&](Value v) {
    Home home = homes.lookup(v);
    return std::pair(home.buffer, home.offset);
  };
  auto among = [&](const std::set<std::pair<int, int64_t>> &keys) {
    return [&, key](Value v) { return keys.count(key(v)) > 0; };
  };
  for (Operation &op : block.without_terminator()) {
    if (auto scan = dyn_cast<ScanOp>(op)) {
      begin();
      int64_t first = now;
      findSpans(scan.block());
      spans[&op] = {first, now};
      begin();
    }
    auto launch = dyn_cast<LaunchOp>(op);
    if (!launch)
      continue;
    if (llvm::any_of(launch.getInputs(), among(written)) || llvm::any_of(launch.getResults(), among(written)) ||
        llvm::any_of(launch.getResults(), among(read)))
      begin();
    for (Value v : launch.getInputs())
      read.insert(key(v));
    for (Value v : launch.getResults())
      written.insert(key(v));
    spans[&op] = {now, now};
  }
}

/// Notes that an op uses a value's store: one in a loop does so all the time that the loop runs, unless the store is
/// the body's own.
void EntryPlan::use(Value v, Operation *op) {
  Home home = homes.lookup(viewed(v));
  if (home.buffer == Home::kPersistent)
    return;
  Store &store = stores[home.buffer];
  while (op->getBlock() != store.owner)
    op = op->getParentOp();
  store.lower = std::min(store.lower, spans[op].first);
  store.upper = std::max(store.upper, spans[op].last + 1);
}

/// A value lives from its launch's span to that of its last reader; what the caller writes or reads lives all the time.
void EntryPlan::findRanges() {
  entry.walk([&](Operation *op) {
    if (!isa<LaunchOp, ScanOp>(op))
      return;
    for (Value v : op->getOperands())
      use(v, op);
    for (Value v : op->getResults())
      use(v, op);
  });
  auto keep = [&](Value v, bool fromBegin) {
    Home home = homes.lookup(viewed(v));
    if (home.buffer == Home::kPersistent)
      return;
    stores[home.buffer].upper = now + 1;
    if (fromBegin)
      stores[home.buffer].lower = 0;
  };
  for (BlockArgument argument : entry.getArguments())
    keep(argument, /*fromBegin=*/true);
  for (Value v : entry.getBody().front().getTerminator()->getOperands())
    keep(v, /*fromBegin=*/false);
  for (LaunchOp launch : launches)
    largestWorkspace = std::max(largestWorkspace, workspaceOf(kernelOf(launch)));
}

/// A result takes the memory of an operand that nobody else reads in this span or later, where the kernel allows it.
void EntryPlan::shareInPlace() {
  auto storeOf = [&](Value v) -> int {
    Home home = homes.lookup(v);
    bool isOwn = home.buffer != Home::kPersistent && stores[home.buffer].writer;
    return isOwn ? home.buffer : -1;
  };
  for (LaunchOp launch : launches) {
    ArrayRef<int64_t> pairs = kernelOf(launch).getInplace();
    int64_t span = spans[launch].first;
    DenseSet<Value> taken;
    for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
      Value operand = launch.getInputs()[pairs[i]], result = launch.getResult(pairs[i + 1]);
      int from = storeOf(operand), to = storeOf(result);
      if (from < 0 || to < 0 || taken.contains(operand) || stores[from].owner != stores[to].owner ||
          stores[from].bytes != stores[to].bytes || llvm::count(launch.getInputs(), operand) != 1)
        continue;
      auto readsLater = [&](Operation *user) {
        return user != launch && (!isa<LaunchOp>(user) || spans[user].last >= span);
      };
      if (llvm::any_of(operand.getUsers(), readsLater))
        continue;
      taken.insert(operand);
      shared.unionSets(from, to);
    }
  }
}

int64_t EntryPlan::place() {
  std::vector<Buffer> buffers;
  std::vector<int> bufferOf(stores.size());
  DenseMap<int, int> bufferOfLeader;
  for (auto [i, store] : llvm::enumerate(stores)) {
    auto leader = shared.findLeader(i);
    auto [it, isNew] = bufferOfLeader.try_emplace(leader == shared.member_end() ? int(i) : *leader, buffers.size());
    bufferOf[i] = it->second;
    if (isNew)
      buffers.push_back({store.lower, store.upper, store.bytes, kArenaAlignment});
    Buffer &buffer = buffers[it->second];
    buffer.lower = std::min(buffer.lower, store.lower);
    buffer.upper = std::max(buffer.upper, store.upper);
  }
  size_t values = buffers.size();
  for (LaunchOp launch : launches)
    buffers.push_back({spans[launch].first, spans[launch].last + 1, workspaceOf(kernelOf(launch)), kArenaAlignment});
  MemoryPlan plan = planMemory(buffers);
  for (int buffer : bufferOf)
    offsets.push_back(base + plan.offsets[buffer]);
  for (size_t t = 0; t < launches.size(); ++t)
    workspaces.push_back(base + plan.offsets[values + t]);
  return base + plan.bytes;
}

// ---- Results

int64_t EntryPlan::offsetOf(Value v) const {
  Home home = homes.lookup(viewed(v));
  return home.buffer == Home::kPersistent ? home.offset : offsets[home.buffer] + home.offset;
}

void EntryPlan::annotate() {
  Builder b(entry.getContext());
  SmallVector<DictionaryAttr> ofArguments; // set at once: one by one, each would make the list of all anew
  for (BlockArgument argument : entry.getArguments()) {
    NamedAttrList attributes(entry.getArgAttrDict(argument.getArgNumber()));
    attributes.set("nn.offset", b.getI64IntegerAttr(offsetOf(argument)));
    ofArguments.push_back(attributes.getDictionary(b.getContext()));
  }
  entry.setAllArgAttrs(ofArguments);
  entry.walk([&](ScanOp scan) {
    scan.setOffsets(llvm::map_to_vector(scan.getResults(), [&](Value v) { return offsetOf(v); }));
  });
  for (auto [launch, workspace] : llvm::zip(launches, workspaces)) {
    SmallVector<Value> values(launch.getInputs());
    llvm::append_range(values, launch.getResults());
    SmallVector<int64_t> at = llvm::map_to_vector(values, [&](Value v) { return offsetOf(v); }), strides;
    bool hasWorkspace = workspaceOf(kernelOf(launch)) > 0;
    if (hasWorkspace)
      at.push_back(workspace);
    for (size_t loop = 0; loop < loopsAround(launch).size(); ++loop) {
      for (Value v : values)
        strides.push_back(homes.lookup(v).strides[loop]);
      if (hasWorkspace)
        strides.push_back(0);
    }
    launch.setOffsets(at);
    if (!strides.empty())
      launch.setStrides(strides);
  }
}

/// A half-open range of the arena.
struct EntryPlan::Bytes {
  int64_t begin, end;
};

/// The range that a launch's value fills over all rounds of the loops around it.
EntryPlan::Bytes EntryPlan::rangeOf(Value v, LaunchOp launch) const {
  Bytes range = {offsetOf(v), offsetOf(v) + bytesOf(v.getType())};
  for (auto [loop, stride] : llvm::zip(loopsAround(launch), homes.lookup(v).strides))
    (stride < 0 ? range.begin : range.end) += stride * (int64_t(loop.getTrips()) - 1);
  return range;
}

/// A barrier stands in front of a launch that reads what one since the last barrier writes, or writes what one reads or
/// writes. Ranges of the arena are compared, so memory that is used again counts as well. The first launch of a round
/// waits for the round before, and the first one behind a loop for its last round.
void EntryPlan::setBarriers() {
  std::vector<Bytes> read, written;
  auto meets = [](ArrayRef<Bytes> a, ArrayRef<Bytes> b) {
    return llvm::any_of(
        a, [&](Bytes x) { return llvm::any_of(b, [&](Bytes y) { return x.begin < y.end && y.begin < x.end; }); });
  };
  ScanOp loop;
  for (auto [launch, workspace] : llvm::zip(launches, workspaces)) {
    std::vector<Bytes> reads, writes;
    for (Value v : launch.getInputs())
      reads.push_back(rangeOf(v, launch));
    for (Value v : launch.getResults())
      writes.push_back(rangeOf(v, launch));
    if (int64_t bytes = workspaceOf(kernelOf(launch)))
      writes.push_back({workspace, workspace + bytes});
    auto around = launch->getParentOfType<ScanOp>();
    if (around != loop || meets(reads, written) || meets(writes, written) || meets(writes, read)) {
      launch.setBarrier(true);
      read.clear();
      written.clear();
    }
    loop = around;
    llvm::append_range(read, reads);
    llvm::append_range(written, writes);
  }
}

int64_t EntryPlan::gradientBytes(const llvm::MapVector<Value, StringRef> &replaced,
                                 const llvm::StringSet<> &parameters) {
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
      if (operand.getDefiningOp() && homes.lookup(operand).buffer != Home::kPersistent)
        gradients.insert(operand);
    }
  }
  int64_t bytes = 0;
  for (Value v : gradients)
    bytes += bytesOf(v.getType());
  return bytes;
}

int64_t EntryPlan::run(const llvm::MapVector<Value, StringRef> &replaced) {
  Block &body = entry.getBody().front();
  for (BlockArgument argument : body.getArguments()) {
    if (isOwnedRole(roleOf(entry, argument.getArgNumber(), false)))
      homes[argument] = {Home::kPersistent, persistent.lookup(nn::nameOf(entry, argument.getArgNumber(), false)), {}};
    else
      homes[argument] = newHome(bytesOf(argument.getType()), &body, /*writer=*/nullptr, /*loops=*/0);
  }
  for (auto &[v, name] : replaced)
    homes[v] = {Home::kPersistent, persistent.lookup(name), {}};
  findHomes(body, /*loops=*/0);
  findSpans(body);
  findRanges();
  shareInPlace();
  int64_t end = place();
  annotate();
  setBarriers();
  return end;
}
