//===- Entry.h - One function of the module while it is built -----------------------------------------------------===//
//
// Owned values (parameters, state, slots, tallies) and the functions that read and replace them. An entry gets an
// argument for what it reads, when it reads it, and a result for every owned value that it changed.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_ENTRY_H
#define NN_FRONTEND_ENTRY_H

#include "frontend/Emit.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"
#include <deque>

namespace nn::frontend {

/// What lives from step to step under a path.
struct OwnedValue {
  std::string path;
  OwnedStmt::Role role;
  mlir::RankedTensorType type;
  Value initial; ///< params and state: a number or an initializer
  std::optional<double> fanIn, fanOut;
  Span span;
  std::string owner; ///< path of the layer
};

/// All owned values of a model in the order in which they were first met.
class OwnedSet {
public:
  OwnedValue *find(llvm::StringRef path) const { return byPath.lookup(path); }
  OwnedValue &add(OwnedValue value);
  const std::deque<OwnedValue> &all() const { return values; }

private:
  std::deque<OwnedValue> values;
  llvm::StringMap<OwnedValue *> byPath;
};

/// The contract's name of a role ("param").
llvm::StringRef roleName(OwnedStmt::Role role);

class EntryBuilder {
public:
  /// Starts a function at the end of the module; the emitter builds into it until `finish`.
  EntryBuilder(Emitter &emitter, mlir::ModuleOp module, llvm::StringRef name, bool isPrivate = false);

  struct Slot {
    std::string role, name;
    mlir::Type type;
    std::optional<double> initial; ///< of an argument that the caller may leave out
  };

  Tensor argument(llvm::StringRef role, llvm::StringRef name, mlir::RankedTensorType type,
                  std::optional<double> initial = std::nullopt);
  /// The value of an owned tensor here and now.
  Tensor owned(const OwnedValue &value);
  void update(const OwnedValue &value, Tensor to);
  bool isChanged(const OwnedValue &value) const { return changed.count(value.path); }
  /// Whether the entry has read or changed the value before.
  bool knows(const OwnedValue &value) const { return current.count(value.path); }
  /// The first place in the function's body.
  mlir::Block &body() { return function.getBody().front(); }
  /// Reads see `as` from now on; the value itself stays.
  void read(const OwnedValue &value, Tensor as) { current[value.path] = std::move(as); }
  /// The number that the command line may replace under this name.
  Tensor hyper(llvm::StringRef name, double initial);
  /// A result of the last validation, an f64 scalar.
  Tensor validation(llvm::StringRef name);
  /// Stands for a tensor that does not exist here: the results must not depend on it.
  Tensor placeholder(mlir::RankedTensorType type);
  /// Whether they do; known after `finish`.
  bool usesPlaceholder() const { return placeholderUsed; }
  /// The i64 scalar that the runtime passes under this role: seed, step, total, examples, validations.
  mlir::Value counter(llvm::StringRef role);
  mlir::Value seed() { return counter("seed"); }
  mlir::Value step() { return counter("step"); }

  void result(llvm::StringRef role, llvm::StringRef name, const Tensor &value);
  /// Copies the body of another entry, whose arguments are `input`'s, owned values or counters here;
  /// returns its results.
  std::vector<std::pair<Slot, Tensor>> copy(mlir::func::FuncOp from, const OwnedSet &all,
                                            llvm::function_ref<const Tensor *(const Slot &)> input);
  /// A result behind the others, which the runtime prints or checks.
  void observe(llvm::StringRef role, llvm::StringRef name, const Tensor &value) {
    observations.push_back({{role.str(), name.str(), value.value.getType(), {}}, value.value});
  }
  /// Returns the results, what is observed, and then the owned values that changed, in the order of `all`. Ops that
  /// nothing uses are dropped.
  mlir::func::FuncOp finish(const OwnedSet &all);

  const std::vector<Slot> &arguments() const { return argumentList; }
  const std::vector<Slot> &results() const { return resultList; }

  bool training = false;
  bool observed = true;     ///< `inspect` and `assert` of the model are among the results
  bool watched = false;     ///< what layers compute, and its gradients, are among the results
  bool startsFresh = false; ///< owned values have the values that they start with: a test
  /// The number of rows that count, an i32 scalar, where the entry evaluates a partial batch.
  std::optional<Tensor> validRows;
  /// The weight of each row, where a loss is evaluated that has some.
  std::optional<Tensor> rowWeights;
  /// Set where reductions over the batch must respect `validRows`: in losses, metrics and tallies.
  bool masked = false;
  /// Paths of the layers that were made, to find two of one name.
  std::map<std::string, Span> instances;

private:
  Emitter &emitter;
  mlir::OpBuilder::InsertPoint outer;
  mlir::func::FuncOp function;
  std::vector<Slot> argumentList, resultList;
  std::vector<mlir::Value> resultValues;
  std::vector<std::pair<Slot, mlir::Value>> observations;
  std::map<std::string, Tensor> current;
  std::set<std::string> changed;
  std::map<std::string, mlir::Value> counters;
  Tensor scalar(llvm::StringRef role, llvm::StringRef name, std::optional<double> initial);
  bool placeholderUsed = false;
};

/// Drops ops whose results nothing uses.
void eraseDeadOps(mlir::Block &block);

} // namespace nn::frontend

#endif // NN_FRONTEND_ENTRY_H
