// Owned tensors to and from safetensors.
#include "Weights.h"
#include "Checkpoint.h"
#include "Json.h"
#include "Safetensors.h"
#include <algorithm>
#include <cstring>
#include <memory>

namespace nnrt {

bool isWeight(const nnrt_tensor &tensor) { return tensor.role == NNRT_PARAM || tensor.role == NNRT_STATE; }

bool hasWeights(const nnrt_model &model) { return std::any_of(model.owned, model.owned + model.n_owned, isWeight); }

static std::vector<int64_t> shapeOf(const nnrt_tensor &tensor) { return {tensor.shape, tensor.shape + tensor.rank}; }

Status saveWeights(const std::string &path, Instance &instance) {
  const nnrt_model &model = instance.model;
  std::unique_ptr<Entry> replacements;
  if (const nnrt_entry *description = instance.find("export")) {
    replacements = std::make_unique<Entry>(instance, *description);
    replacements->run();
  }
  std::vector<TensorOut> tensors;
  for (int64_t i = 0; i < model.n_owned; ++i) {
    const nnrt_tensor *tensor = replacements ? replacements->find(NNRT_OUTPUT, model.owned[i].name) : nullptr;
    if (!tensor)
      tensor = &model.owned[i];
    if (isWeight(model.owned[i]))
      tensors.push_back({tensor->name, tensor->type, shapeOf(*tensor), instance.at(*tensor)});
  }
  Metadata metadata{
      {"format", "pt"}, {"model", model.name}, {"source_hash", model.source_hash}, {"compiler", model.compiler}};
  if (model.train && model.train->classes) {
    std::string classes = "[";
    for (int64_t i = 0; i < model.train->n_classes; ++i) {
      if (i)
        classes += ',';
      appendString(classes, model.train->classes[i]);
    }
    metadata.emplace_back("classes", classes + "]");
  }
  if (!instance.vocabulary.empty())
    metadata.emplace_back("vocabulary", instance.vocabulary);
  return writeSafetensors(path, tensors, metadata);
}

static const char mapAdvice[] = "--weights takes a file that train has written";

Status readVocabulary(const std::string &path, std::string &vocabulary) {
  std::shared_ptr<Region> file;
  NNRT_TRY(Region::map(path, file, mapAdvice));
  std::vector<NamedArray> arrays;
  Metadata metadata;
  NNRT_TRY(readSafetensors(path, file, arrays, &metadata));
  vocabulary = textOf(metadata, "vocabulary");
  return {};
}

static std::string describe(const nnrt_tensor &tensor) {
  return factsOf(tensor.type).name + shapeText(tensor.shape, tensor.rank);
}

Status loadWeights(const std::string &path, Instance &instance) {
  std::shared_ptr<Region> file;
  NNRT_TRY(Region::map(path, file, mapAdvice));
  std::vector<NamedArray> found;
  Metadata metadata;
  NNRT_TRY(readSafetensors(path, file, found, &metadata));
  bool isCheckpoint = !textOf(metadata, "checkpoint").empty(); // which holds more than weights
  if (Checkpoint checked; isCheckpoint)
    NNRT_TRY(readCheckpoint(path, checked));
  const nnrt_model &model = instance.model;
  std::vector<const NamedArray *> match(model.n_owned);
  std::vector<std::string> differences;
  std::vector<bool> used(found.size());
  for (int64_t i = 0; i < model.n_owned; ++i) {
    const nnrt_tensor &tensor = model.owned[i];
    if (!isWeight(tensor))
      continue;
    size_t k = 0;
    while (k < found.size() && found[k].name != tensor.name)
      ++k;
    if (k == found.size()) {
      differences.push_back(format("'%s' %s is missing", tensor.name, describe(tensor).c_str()));
      continue;
    }
    used[k] = true;
    match[i] = &found[k];
    if (found[k].array.type != tensor.type || found[k].array.shape != shapeOf(tensor))
      differences.push_back(
          format("'%s' is %s, the model has %s", tensor.name, found[k].array.text().c_str(), describe(tensor).c_str()));
  }
  for (size_t k = 0; k < found.size() && !isCheckpoint; ++k)
    if (!used[k] && !endsWith(found[k].name, "num_batches_tracked"))
      differences.push_back(
          format("'%s' %s is not in the model", shown(found[k].name).c_str(), found[k].array.text().c_str()));
  if (!differences.empty()) {
    std::string text = format("%s: does not fit the model %s:", path.c_str(), model.name);
    for (const std::string &difference : differences)
      text += "\n  " + difference;
    return Status(Wrong, text);
  }
  for (int64_t i = 0; i < model.n_owned; ++i)
    if (match[i])
      memcpy(instance.at(model.owned[i]), match[i]->array.data, model.owned[i].bytes);
  instance.vocabulary = textOf(metadata, "vocabulary");
  if (const nnrt_entry *slots = instance.find("slots"))
    Entry(instance, *slots).run();
  return {};
}

} // namespace nnrt
