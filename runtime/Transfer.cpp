// Weights of another training as the start of this one.
#include "Transfer.h"
#include "Checkpoint.h"
#include "Safetensors.h"
#include "Weights.h"
#include <cstring>

namespace nnrt {

static bool fits(const char *glob, const char *path, const char *end) {
  if (*glob == '*')
    return fits(glob + 1, path, end) || (path < end && fits(glob, path + 1, end));
  if (path == end)
    return !*glob;
  return (*glob == *path || *glob == '?') && fits(glob + 1, path + 1, end);
}

bool matchesPath(const std::string &glob, const std::string &path) {
  const char *begin = path.c_str(), *end = begin + path.size();
  for (const char *at = end; at > begin; --at)
    if ((at == end || *at == '.') && fits(glob.c_str(), begin, at))
      return true;
  return false;
}

namespace {
struct Given {
  std::string name; // in the model
  const NamedArray *array;
  bool used = false;
};
} // namespace

static std::vector<int64_t> shapeOf(const nnrt_tensor &tensor) { return {tensor.shape, tensor.shape + tensor.rank}; }

static bool sameType(const nnrt_tensor &tensor, const Array &array) {
  return array.type == tensor.type && array.shape == shapeOf(tensor);
}

static std::string difference(const nnrt_tensor &tensor, const Array &array) {
  return format("'%s' is %s, the model has %s%s", tensor.name, array.text().c_str(), factsOf(tensor.type).name,
                shapeText(tensor.shape, tensor.rank).c_str());
}

/// The parameters and state of a file of weights, or of a checkpoint, in which slots and best weights have a `/` in
/// their names.
static Status readStart(const char *path, std::vector<NamedArray> &arrays) {
  std::shared_ptr<Region> file;
  NNRT_TRY(Region::map(path, file, "the train block's `load` names it"));
  Metadata metadata;
  NNRT_TRY(readSafetensors(path, file, arrays, &metadata));
  if (textOf(metadata, "checkpoint").empty())
    return {};
  Checkpoint checkpoint;
  NNRT_TRY(readCheckpoint(path, checkpoint));
  arrays.clear();
  for (NamedArray &array : checkpoint.arrays)
    if (array.name.find('/') == std::string::npos)
      arrays.push_back(std::move(array));
  return {};
}

/// What the file has under `from`, by the names it gets under `into`.
static std::vector<Given> givenBy(const nnrt_load &load, const std::vector<NamedArray> &arrays) {
  std::vector<Given> result;
  std::string from = *load.from ? std::string(load.from) + "." : "",
              into = *load.into ? std::string(load.into) + "." : "";
  for (const NamedArray &array : arrays)
    if (array.name.compare(0, from.size(), from) == 0 && !endsWith(array.name, "num_batches_tracked"))
      result.push_back({into + array.name.substr(from.size()), &array});
  return result;
}

Status transferWeights(const nnrt_load &load, Instance &instance) {
  std::vector<NamedArray> arrays;
  NNRT_TRY(readStart(load.file, arrays));
  std::vector<Given> given = givenBy(load, arrays);
  auto isExcepted = [&](const std::string &path) {
    for (int64_t i = 0; i < load.n_except; ++i)
      if (matchesPath(load.except[i], path))
        return true;
    return false;
  };
  const nnrt_model &model = instance.model;
  std::vector<const Array *> match(model.n_owned);
  std::vector<int64_t> open; // wanted, and not found by name
  std::vector<std::string> differences;
  for (int64_t i = 0; i < model.n_owned; ++i) {
    const nnrt_tensor &tensor = model.owned[i];
    if (!isWeight(tensor) || (*load.into && !matchesPath(load.into, tensor.name)) || isExcepted(tensor.name))
      continue;
    size_t k = 0;
    while (k < given.size() && (given[k].used || given[k].name != tensor.name ||
                                (load.by_order && !sameType(tensor, given[k].array->array))))
      ++k;
    if (k == given.size()) {
      open.push_back(i);
      continue;
    }
    given[k].used = true;
    match[i] = &given[k].array->array;
    if (!sameType(tensor, *match[i]))
      differences.push_back(difference(tensor, *match[i]));
  }
  size_t next = 0;
  for (int64_t i : open) {
    const nnrt_tensor &tensor = model.owned[i];
    while (load.by_order && next < given.size() && (given[next].used || isExcepted(given[next].name)))
      ++next;
    if (!load.by_order || next == given.size()) {
      differences.push_back(format("'%s' %s%s is missing", tensor.name, factsOf(tensor.type).name,
                                   shapeText(tensor.shape, tensor.rank).c_str()));
      continue;
    }
    given[next].used = true;
    match[i] = &given[next].array->array;
    if (!sameType(tensor, *match[i]))
      differences.push_back(difference(tensor, *match[i]) +
                            format(" ('%s' of the file)", shown(given[next].array->name).c_str()));
  }
  for (const Given &tensor : given)
    if (!tensor.used && !isExcepted(tensor.name))
      differences.push_back(
          format("'%s' %s is not in the model", shown(tensor.name).c_str(), tensor.array->array.text().c_str()));
  if (!differences.empty()) {
    std::string text = format(
        "%s: does not fit the model %s (`except` in the train block leaves parameters out):", load.file, model.name);
    for (const std::string &line : differences)
      text += "\n  " + line;
    return Status(Wrong, text);
  }
  for (int64_t i = 0; i < model.n_owned; ++i)
    if (match[i])
      memcpy(instance.at(model.owned[i]), match[i]->data, model.owned[i].bytes);
  if (const nnrt_entry *slots = instance.find("slots"))
    Entry(instance, *slots).run();
  return {};
}

} // namespace nnrt
