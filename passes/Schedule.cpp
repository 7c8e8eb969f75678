// One pass over the results decides which are written in place, adding an edge from every reader of the old value to
// the writer of the new one; where that closes a cycle, a copy at the end writes instead. Then a stable topological
// order.
#include "passes/Schedule.h"

#include "passes/View.h"

#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <set>

using namespace mlir;

namespace nn {

bool isOwnedRole(StringRef role) { return role == "param" || role == "state" || role == "slot" || role == "tally"; }

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

class Scheduler {
public:
  Scheduler(func::FuncOp entry, llvm::function_ref<KernelOp(LaunchOp)> kernelOf,
            llvm::function_ref<LaunchOp(Value, Type)> copy)
      : entry(entry), block(entry.getBody().front()), kernelOf(kernelOf), copy(copy) {}

  llvm::MapVector<Value, StringRef> run();

private:
  bool isReplaced(Value argument) const;
  void settleOutput(OpOperand &result);
  Value oldOf(OpOperand &result) const;
  void makeLaunch(OpOperand &result);
  void settleOwned(OpOperand &result);
  bool canReplace(LaunchOp writer, unsigned result, Value old);
  bool dependsOn(Operation *reader, Operation *writer) const;
  SmallVector<Operation *> readersOf(Value argument) const;
  void copyInto(OpOperand &result, StringRef why);
  void sort();

  func::FuncOp entry;
  Block &block;
  llvm::function_ref<KernelOp(LaunchOp)> kernelOf;
  llvm::function_ref<LaunchOp(Value, Type)> copy;
  llvm::StringMap<Value> owned; // owned arguments by name
  llvm::MapVector<Value, StringRef> replaced;
  DenseMap<Operation *, SmallVector<Operation *>> follows; // extra edges: launch -> those that come before it
};

SmallVector<Operation *> Scheduler::readersOf(Value argument) const {
  SmallVector<Operation *> readers;
  for (Operation *user : argument.getUsers())
    if (isa<LaunchOp>(user) && !llvm::is_contained(readers, user))
      readers.push_back(user);
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

void Scheduler::copyInto(OpOperand &result, StringRef why) {
  StringRef name = nameOf(entry, result.getOperandNumber(), true);
  emitRemark(result.get().getLoc()) << "`" << name << "` is copied: " << why;
  result.set(copy(viewed(result.get()), result.get().getType()).getResult(0));
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

/// The owned value that a result replaces; null if the entry has not read it.
Value Scheduler::oldOf(OpOperand &result) const { return owned.lookup(nameOf(entry, result.getOperandNumber(), true)); }

/// Makes an owned value's replacement the result of a launch.
void Scheduler::makeLaunch(OpOperand &result) {
  if (result.get() != oldOf(result) && !result.get().getDefiningOp<LaunchOp>())
    copyInto(result, "its new value is another value as it stands");
}

/// An owned value's replacement is nothing else's replacement, and is written behind the old value's readers.
void Scheduler::settleOwned(OpOperand &result) {
  StringRef name = nameOf(entry, result.getOperandNumber(), true);
  Value old = oldOf(result);
  if (result.get() == old)
    return;
  if (replaced.count(result.get()))
    copyInto(result, "its new value is another owned value's, too");
  auto writer = result.get().getDefiningOp<LaunchOp>();
  if (old && !canReplace(writer, cast<OpResult>(result.get()).getResultNumber(), old)) {
    copyInto(result, "its old value is read elsewhere than where, or later than, the new one is written");
    writer = result.get().getDefiningOp<LaunchOp>();
  }
  if (old)
    for (Operation *reader : readersOf(old))
      if (reader != writer)
        follows[writer].push_back(reader);
  replaced[result.get()] = name;
}

/// Another result is any launch's result, or an argument that the entry leaves as it is.
void Scheduler::settleOutput(OpOperand &result) {
  auto argument = dyn_cast<BlockArgument>(result.get());
  bool stays = argument && !isReplaced(argument);
  if (!stays && !result.get().getDefiningOp<LaunchOp>())
    copyInto(result, argument ? "the entry replaces it" : "it is another value under another shape");
}

bool Scheduler::isReplaced(Value argument) const {
  Operation *end = block.getTerminator();
  for (OpOperand &result : end->getOpOperands()) {
    StringRef name = nameOf(entry, result.getOperandNumber(), true);
    if (isOwnedRole(roleOf(entry, result.getOperandNumber(), true)) && owned.lookup(name) == argument &&
        result.get() != argument)
      return true;
  }
  return false;
}

void Scheduler::sort() {
  DenseMap<Operation *, int> number, missing;
  DenseMap<Operation *, SmallVector<Operation *>> after;
  std::vector<Operation *> launches;
  for (Operation &op : block.without_terminator()) {
    number[&op] = launches.size();
    launches.push_back(&op);
  }
  for (Operation *op : launches) {
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
  for (Operation *op : launches)
    if (missing[op] == 0)
      ready.insert(number[op]);
  while (!ready.empty()) {
    Operation *op = launches[*ready.begin()];
    ready.erase(ready.begin());
    op->moveBefore(block.getTerminator());
    for (Operation *next : after[op])
      if (--missing[next] == 0)
        ready.insert(number[next]);
  }
}

llvm::MapVector<Value, StringRef> Scheduler::run() {
  for (BlockArgument argument : block.getArguments())
    if (isOwnedRole(roleOf(entry, argument.getArgNumber(), false)))
      owned[nameOf(entry, argument.getArgNumber(), false)] = argument;
  Operation *end = block.getTerminator();
  auto role = [&](OpOperand &result) { return roleOf(entry, result.getOperandNumber(), true); };
  for (OpOperand &result : end->getOpOperands())
    if (!isOwnedRole(role(result)))
      settleOutput(result);
  for (OpOperand &result : end->getOpOperands()) // all of them first: these launches read owned values, too
    if (isOwnedRole(role(result)))
      makeLaunch(result);
  for (OpOperand &result : end->getOpOperands())
    if (isOwnedRole(role(result)))
      settleOwned(result);
  SmallVector<Operation *> ops;
  for (Operation &op : block.without_terminator())
    ops.push_back(&op);
  for (Operation *op : llvm::reverse(ops)) // views of what was copied
    if (op->use_empty())
      op->erase();
  sort();
  return std::move(replaced);
}

} // namespace

llvm::MapVector<Value, StringRef> scheduleEntry(func::FuncOp entry, llvm::function_ref<KernelOp(LaunchOp)> kernelOf,
                                                llvm::function_ref<LaunchOp(Value, Type)> copy) {
  return Scheduler(entry, kernelOf, copy).run();
}

} // namespace nn
