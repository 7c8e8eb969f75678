// One pass over what a block, an entry or a loop's body, ends with decides which values are written in place, adding an
// edge from every reader of the old value to the writer of the new one; where that closes a cycle, a copy at the end
// writes instead. Then a stable topological order.
#include "passes/Schedule.h"

#include "passes/View.h"

#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <set>

using namespace mlir;

namespace nn {

bool isOwnedRole(StringRef role) {
  return role == "param" || role == "state" || role == "slot" || role == "tally" || role == "carried";
}

static StringRef attributeOf(func::FuncOp entry, unsigned index, bool isResult, StringRef name) {
  auto attr =
      isResult ? entry.getResultAttrOfType<StringAttr>(index, name) : entry.getArgAttrOfType<StringAttr>(index, name);
  return attr ? attr.getValue() : "";
}
StringRef roleOf(func::FuncOp entry, unsigned index, bool isResult) {
  return attributeOf(entry, index, isResult, "nn.role");
}
StringRef nameOf(func::FuncOp entry, unsigned index, bool isResult) {
  return attributeOf(entry, index, isResult, "nn.name");
}

namespace {

/// The launches of one block.
class Scheduler {
public:
  Scheduler(Block &block, llvm::function_ref<KernelOp(LaunchOp)> kernelOf, CopyBuilder copy)
      : block(block), kernelOf(kernelOf), copy(copy) {}

  llvm::MapVector<Value, StringRef> runEntry(func::FuncOp entry);
  void runScan(ScanOp scan);

private:
  /// A value that the block's end takes, and the argument whose memory it shall take; null where there is none.
  struct Replacement {
    OpOperand *result;
    Value old;
    StringRef name;
  };
  void startScans();
  void copyInto(OpOperand &result, StringRef name, StringRef why);
  void makeLaunch(const Replacement &replacement);
  void settle(const Replacement &replacement);
  bool canReplace(LaunchOp writer, unsigned result, Value old);
  bool dependsOn(Operation *reader, Operation *writer) const;
  SmallVector<Operation *> readersOf(Value argument) const;
  void finish();
  void sort();

  Block &block;
  llvm::function_ref<KernelOp(LaunchOp)> kernelOf;
  CopyBuilder copy;
  llvm::MapVector<Value, StringRef> replaced;
  DenseMap<Operation *, SmallVector<Operation *>> follows; // extra edges: op -> those that come before it
};

/// The launches and scans that read a value, also through views.
SmallVector<Operation *> Scheduler::readersOf(Value v) const {
  SmallVector<Operation *> readers;
  for (Operation *user : v.getUsers()) {
    if (isView(user))
      llvm::append_range(readers, readersOf(user->getResult(0)));
    else if (!user->hasTrait<OpTrait::IsTerminator>() && !llvm::is_contained(readers, user))
      readers.push_back(user);
  }
  return readers;
}

/// Whether `reader` must come after `writer`.
bool Scheduler::dependsOn(Operation *reader, Operation *writer) const {
  SmallVector<Operation *> stack{reader};
  DenseSet<Operation *> seen;
  while (!stack.empty()) {
    Operation *op = stack.pop_back_val();
    if (op == writer)
      return true;
    if (!seen.insert(op).second)
      continue;
    for (Value operand : op->getOperands())
      if (Operation *source = operand.getDefiningOp())
        stack.push_back(source);
    if (auto it = follows.find(op); it != follows.end())
      stack.append(it->second);
  }
  return false;
}

void Scheduler::copyInto(OpOperand &result, StringRef name, StringRef why) {
  if (!name.empty())
    emitRemark(result.get().getLoc()) << "`" << name << "` is copied: " << why;
  result.set(copy(block.getTerminator(), viewed(result.get()), result.get().getType()).getResult(0));
}

/// Whether the launch may write its result over `old`: it reads that at most as the other half of an in-place pair.
bool Scheduler::canReplace(LaunchOp writer, unsigned result, Value old) {
  ArrayRef<int64_t> pairs = kernelOf(writer).getInplace();
  for (OpOperand &operand : writer->getOpOperands()) {
    if (operand.get() != old)
      continue;
    bool paired = false;
    for (size_t i = 0; i + 1 < pairs.size(); i += 2)
      paired |= pairs[i] == operand.getOperandNumber() && pairs[i + 1] == result;
    if (!paired)
      return false;
  }
  return llvm::none_of(readersOf(old),
                       [&](Operation *reader) { return reader != writer && dependsOn(reader, writer); });
}

/// Makes a replacement the result of a launch.
void Scheduler::makeLaunch(const Replacement &replacement) {
  OpOperand &result = *replacement.result;
  if (result.get() != replacement.old && !result.get().getDefiningOp<LaunchOp>())
    copyInto(result, replacement.name, "its new value is another value as it stands");
}

/// A replacement is nothing else's replacement, and is written behind the old value's readers.
void Scheduler::settle(const Replacement &replacement) {
  OpOperand &result = *replacement.result;
  if (result.get() == replacement.old)
    return;
  if (replaced.count(result.get()))
    copyInto(result, replacement.name, "its new value is another owned value's, too");
  auto writer = result.get().getDefiningOp<LaunchOp>();
  if (Value old = replacement.old) {
    if (!canReplace(writer, cast<OpResult>(result.get()).getResultNumber(), old)) {
      copyInto(result, replacement.name,
               "its old value is read elsewhere than where, or later than, the new one is written");
      writer = result.get().getDefiningOp<LaunchOp>();
    }
    for (Operation *reader : readersOf(old))
      if (reader != writer)
        follows[writer].push_back(reader);
  }
  replaced[result.get()] = replacement.name;
}

/// The first value of what a scan carries is written where the loop finds it.
void Scheduler::startScans() {
  for (auto scan : block.getOps<ScanOp>())
    for (OpOperand &init : scan->getOpOperands().take_front(scan.getInits().size()))
      if (!init.get().getDefiningOp<LaunchOp>() || !init.get().hasOneUse())
        init.set(copy(scan, viewed(init.get()), init.get().getType()).getResult(0));
}

void Scheduler::sort() {
  DenseMap<Operation *, int> number, missing;
  DenseMap<Operation *, SmallVector<Operation *>> after;
  std::vector<Operation *> ops;
  for (Operation &op : block.without_terminator()) {
    number[&op] = ops.size();
    ops.push_back(&op);
  }
  for (Operation *op : ops) {
    DenseSet<Operation *> before;
    for (Value operand : op->getOperands())
      if (Operation *source = operand.getDefiningOp())
        before.insert(source);
    if (auto it = follows.find(op); it != follows.end())
      before.insert(it->second.begin(), it->second.end());
    missing[op] = before.size();
    for (Operation *source : before)
      after[source].push_back(op);
  }
  std::set<int> ready;
  for (Operation *op : ops)
    if (missing[op] == 0)
      ready.insert(number[op]);
  while (!ready.empty()) {
    Operation *op = ops[*ready.begin()];
    ready.erase(ready.begin());
    op->moveBefore(block.getTerminator());
    for (Operation *next : after[op])
      if (--missing[next] == 0)
        ready.insert(number[next]);
  }
}

/// Views of what was copied go, and launches whose results nothing reads; what is left is put in order.
void Scheduler::finish() {
  SmallVector<Operation *> ops = llvm::map_to_vector(block.without_terminator(), [](Operation &op) { return &op; });
  DenseSet<Operation *> gone;
  for (Operation *op : llvm::reverse(ops))
    if (op->use_empty()) {
      gone.insert(op);
      op->erase();
    }
  for (auto &[writer, readers] : follows)
    llvm::erase_if(readers, [&](Operation *reader) { return gone.contains(reader); });
  sort();
}

llvm::MapVector<Value, StringRef> Scheduler::runEntry(func::FuncOp entry) {
  startScans();
  llvm::StringMap<Value> owned; // owned arguments by name
  for (BlockArgument argument : block.getArguments())
    if (isOwnedRole(roleOf(entry, argument.getArgNumber(), false)))
      owned[nameOf(entry, argument.getArgNumber(), false)] = argument;
  SmallVector<OpOperand *> outputs;
  SmallVector<Replacement> replacements;
  DenseSet<Value> stale; // arguments that the entry replaces
  for (OpOperand &result : block.getTerminator()->getOpOperands()) {
    unsigned number = result.getOperandNumber();
    if (!isOwnedRole(roleOf(entry, number, true))) {
      outputs.push_back(&result);
      continue;
    }
    StringRef name = nameOf(entry, number, true);
    replacements.push_back({&result, owned.lookup(name), name});
    if (Value old = owned.lookup(name); old && old != result.get())
      stale.insert(old);
  }
  for (OpOperand *result : outputs) {
    auto argument = dyn_cast<BlockArgument>(result->get());
    bool stays = argument && !stale.contains(argument);
    if (!stays && !isa_and_present<LaunchOp, ScanOp>(result->get().getDefiningOp()))
      copyInto(*result, nameOf(entry, result->getOperandNumber(), true),
               argument ? "the entry replaces it" : "it is another value under another shape");
  }
  llvm::for_each(replacements, [&](const Replacement &r) { makeLaunch(r); }); // these read owned values, too
  llvm::for_each(replacements, [&](const Replacement &r) { settle(r); });
  finish();
  return std::move(replaced);
}

void Scheduler::runScan(ScanOp scan) {
  startScans();
  auto results = block.getTerminator()->getOpOperands();
  auto emitted = results.take_front(scan.emitted()), carried = results.drop_front(scan.emitted());
  SmallVector<Replacement> replacements;
  for (auto [argument, next] : llvm::zip(scan.carriedArguments(), carried))
    replacements.push_back({&next, argument, /*name=*/""});
  DenseSet<Value> nextValues, stacked;
  for (auto [k, replacement] : llvm::enumerate(replacements)) {
    OpOperand &next = *replacement.result;
    makeLaunch(replacement);
    if (next.get() == replacement.old ? isStackedCarry(scan, k) : nextValues.contains(next.get()))
      copyInto(next, replacement.name, "it is carried twice, or kept as it was");
    nextValues.insert(next.get());
  }
  for (OpOperand &value : emitted) {
    bool isCarried = llvm::is_contained(scan.carriedArguments(), value.get()) || nextValues.contains(value.get());
    if (!isCarried && (!value.get().getDefiningOp<LaunchOp>() || !stacked.insert(value.get()).second))
      copyInto(value, "", "it is another value as it stands");
  }
  for (auto [k, replacement] : llvm::enumerate(replacements))
    if (!isStackedCarry(scan, k))
      settle(replacement);
  finish();
}

} // namespace

bool isStackedCarry(ScanOp scan, unsigned k) {
  return llvm::is_contained(scan.emittedValues(), scan.carriedArguments()[k]) ||
         llvm::is_contained(scan.emittedValues(), scan.nextValues()[k]);
}

llvm::MapVector<Value, StringRef> scheduleEntry(func::FuncOp entry, llvm::function_ref<KernelOp(LaunchOp)> kernelOf,
                                                CopyBuilder copy) {
  entry.walk([&](ScanOp scan) { Scheduler(scan.block(), kernelOf, copy).runScan(scan); });
  return Scheduler(entry.getBody().front(), kernelOf, copy).runEntry(entry);
}

} // namespace nn
