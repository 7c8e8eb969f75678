// A model ready to run: its arena, its team, and its entries found by name with their inputs and outputs found by role.
// Owns no policy: which entry runs when, and with what, is decided by the verbs.
#ifndef NNRT_ENTRY_H
#define NNRT_ENTRY_H
#include "Arena.h"
#include "Message.h"
#include "Team.h"
#include "abi.h"
#include <string>
#include <vector>

namespace nnrt {

/// One model in memory.
class Instance {
public:
  explicit Instance(const nnrt_model &model) : model(model) {}
  /// Checks processor and ABI, maps the arena, starts the threads.
  Status start(int threads);
  /// The description of an entry, or null if the model has none of that name.
  const nnrt_entry *find(const char *name) const;
  char *at(const nnrt_tensor &tensor) { return arena.data() + tensor.offset; }
  const char *at(const nnrt_tensor &tensor) const { return arena.data() + tensor.offset; }

  const nnrt_model &model;
  Arena arena;
  Team team;
  std::string vocabulary; // of a model of texts: its characters, from the data or the weights
};

/// One entry of an instance, planned for its team.
class Entry {
public:
  Entry(Instance &instance, const nnrt_entry &entry);
  int64_t batch() const { return entry.batch; }
  /// The first tensor with this role (and name, where one is given), or null.
  const nnrt_tensor *find(nnrt_role role, const char *name = nullptr) const;
  /// All tensors with this role, in order.
  std::vector<const nnrt_tensor *> all(nnrt_role role) const;

  /// Writes a scalar input; an entry that does not read it has no such tensor, and nothing happens.
  void set(nnrt_role role, int64_t value);
  /// Sets every hyperparameter to its default, or to the value given by name.
  void setHyper(const char *name, double value);
  void setHyperDefaults();
  /// Writes an f64 scalar input.
  void setScalar(const nnrt_tensor &tensor, double value);
  /// Runs the entry once; what it shows of itself goes to the standard error, in runs 1, 2, 4, 8 …
  void run();
  /// The message of an assertion of the model that did not hold in the last run.
  Status assertions() const;
  /// The value of a scalar output of any floating-point type.
  double scalar(const nnrt_tensor &tensor) const;

private:
  Instance &instance;
  const nnrt_entry &entry;
  Plan plan;
  std::vector<const nnrt_tensor *> inspected, asserted, hypers;
  int64_t runs = 0;
};

} // namespace nnrt
#endif
