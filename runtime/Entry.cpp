// Starting a model and calling its entries.
#include "Entry.h"
#include "Machine.h"
#include <cstdio>
#include <cstring>

namespace nnrt {

Status Instance::start(int threads) {
  if (model.abi != NNRT_ABI_VERSION)
    return wrong("the program was compiled for runtime interface %u and linked with %d: compile it again with one "
                 "version of nnc",
                 model.abi, NNRT_ABI_VERSION);
  NNRT_TRY(checkCpu(model.cpu_features, model.target));
  NNRT_TRY(arena.allocate(model.arena_bytes));
  return team.start(threads);
}

const nnrt_entry *Instance::find(const char *name) const {
  for (int64_t i = 0; i < model.n_entries; ++i)
    if (!strcmp(model.entries[i].name, name))
      return &model.entries[i];
  return nullptr;
}

Entry::Entry(Instance &instance, const nnrt_entry &entry)
    : instance(instance), entry(entry), plan(entry.launches, entry.n_launches, instance.team.size()),
      inspected(all(NNRT_INSPECT)), asserted(all(NNRT_ASSERT)), hypers(all(NNRT_HYPER)) {}

void Entry::run() {
  instance.team.run(plan, instance.arena.data());
  ++runs;
  if (runs & (runs - 1))
    return;
  for (const nnrt_tensor *tensor : inspected) {
    float facts[5];
    memcpy(facts, instance.at(*tensor), sizeof facts);
    fprintf(stderr, "inspect %s: mean %.4g deviation %.4g smallest %.4g largest %.4g", tensor->name, double(facts[0]),
            double(facts[1]), double(facts[2]), double(facts[3]));
    if (facts[4] > 0)
      fprintf(stderr, ", %.0f not finite", double(facts[4]));
    fputc('\n', stderr);
  }
}

Status Entry::assertions() const {
  for (const nnrt_tensor *tensor : asserted) {
    int32_t wrong;
    memcpy(&wrong, instance.at(*tensor), sizeof wrong);
    if (wrong)
      return nnrt::wrong("%s does not hold for %d elements", tensor->name, wrong);
  }
  return {};
}

const nnrt_tensor *Entry::find(nnrt_role role, const char *name) const {
  for (int64_t i = 0; i < entry.n_tensors; ++i) {
    const nnrt_tensor &tensor = entry.tensors[i];
    if (tensor.role == role && (!name || !strcmp(tensor.name, name)))
      return &tensor;
  }
  return nullptr;
}

std::vector<const nnrt_tensor *> Entry::all(nnrt_role role) const {
  std::vector<const nnrt_tensor *> found;
  for (int64_t i = 0; i < entry.n_tensors; ++i)
    if (entry.tensors[i].role == role)
      found.push_back(&entry.tensors[i]);
  return found;
}

void Entry::set(nnrt_role role, int64_t value) {
  const nnrt_tensor *tensor = find(role);
  if (!tensor)
    return;
  int32_t narrow = int32_t(value);
  if (tensor->type == NNRT_I32)
    memcpy(instance.at(*tensor), &narrow, sizeof narrow);
  else
    memcpy(instance.at(*tensor), &value, sizeof value);
}

void Entry::setScalar(const nnrt_tensor &tensor, double value) { memcpy(instance.at(tensor), &value, sizeof value); }

void Entry::setHyper(const char *name, double value) {
  if (const nnrt_tensor *tensor = find(NNRT_HYPER, name))
    setScalar(*tensor, value);
}

void Entry::setHyperDefaults() {
  for (const nnrt_tensor *tensor : hypers)
    setScalar(*tensor, tensor->value);
}

double Entry::scalar(const nnrt_tensor &tensor) const {
  const char *at = instance.at(tensor);
  if (tensor.type == NNRT_F64) {
    double value;
    memcpy(&value, at, sizeof value);
    return value;
  }
  float value;
  memcpy(&value, at, sizeof value);
  return value;
}

} // namespace nnrt
