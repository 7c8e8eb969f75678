// The entry `diagnose` over the batch and the values of a step; without it, the parameters that the step left behind.
#include "Diagnosis.h"
#include <algorithm>
#include <cmath>
#include <cstring>

namespace nnrt {

Diagnosis::Diagnosis(Instance &instance, const Part &part, Sampler &sampler, uint64_t seed)
    : instance(instance), description(instance.find("diagnose")), loader(part, sampler), seed(seed) {}

Status Diagnosis::bind() {
  if (!description)
    return {};
  entry = std::make_unique<Entry>(instance, *description);
  kept.resize(instance.model.persistent_bytes);
  return loader.bind(instance, *entry, seed, /*overlap=*/false);
}

void Diagnosis::keep() {
  if (description)
    memcpy(kept.data(), instance.arena.data(), kept.size());
}

std::string Diagnosis::spoiledParameter() const {
  const nnrt_model &model = instance.model;
  for (int64_t i = 0; i < model.n_owned; ++i) {
    const nnrt_tensor &tensor = model.owned[i];
    if (tensor.role != NNRT_PARAM || tensor.type != NNRT_F32)
      continue;
    const float *values = reinterpret_cast<const float *>(instance.at(tensor));
    for (int64_t k = 0; k < tensor.bytes / int64_t(sizeof(float)); ++k)
      if (!std::isfinite(values[k]))
        return tensor.name;
  }
  return "";
}

Status Diagnosis::explain(int64_t step, std::string &text) {
  text.clear();
  if (!description) {
    if (std::string parameter = spoiledParameter(); !parameter.empty()) // its gradient was not finite
      text =
          format("the first gradient that is not finite is that of `%s`; compiled with nnc --with=check, the program "
                 "finds the layer where it began",
                 parameter.c_str());
    return {};
  }
  std::swap_ranges(kept.begin(), kept.end(), instance.arena.data());
  NNRT_TRY(loader.load(step));
  entry->set(NNRT_SEED, int64_t(seed));
  entry->set(NNRT_STEP, step);
  entry->run();
  for (const nnrt_tensor *tensor : entry->all(NNRT_FACTS)) {
    float counts[2];
    memcpy(counts, instance.at(*tensor), sizeof counts);
    std::vector<std::string> kinds;
    if (counts[0] > 0)
      kinds.push_back(format("%.0f NaN", double(counts[0])));
    if (counts[1] > 0)
      kinds.push_back(format("%.0f infinite", double(counts[1])));
    if (kinds.empty())
      continue;
    text = format("the first value that is not finite is in %s: %s", tensor->name, listText(kinds).c_str());
    return {};
  }
  std::swap_ranges(kept.begin(), kept.end(), instance.arena.data());
  return {};
}

} // namespace nnrt
