// The loop over examples.
#include "Generate.h"
#include <cstring>

namespace nnrt {

Status generateRecords(const nnrt_source &source, SourceRole role, const nnrt_model &model,
                       std::unique_ptr<Dataset> &dataset) {
  static const char *const names[] = {"generate", "generate_validation", "generate_test"};
  Instance instance(model);
  const nnrt_entry *description = instance.find(names[int(role)]);
  if (!description)
    return wrong("the model %s was compiled without the entry '%s'", model.name, names[int(role)]);
  NNRT_TRY(instance.start(1));
  Entry entry(instance, *description);
  int64_t records = optionOf(source, "records");
  std::vector<Array> arrays(source.n_fields);
  std::vector<const nnrt_tensor *> outputs;
  std::vector<std::string> what;
  for (int64_t i = 0; i < source.n_fields; ++i) {
    const nnrt_field &field = source.fields[i];
    arrays[i].type = field.type;
    arrays[i].shape.assign(field.shape, field.shape + field.rank);
    arrays[i].shape.insert(arrays[i].shape.begin(), records);
    what.push_back(format("'%s' of generate(%s)", field.name, source.files[0]));
    NNRT_TRY(Region::allocate(arrays[i].bytes(), arrays[i].keep, what.back()));
    arrays[i].data = arrays[i].keep->data();
    outputs.push_back(entry.find(NNRT_OUTPUT, field.name));
    if (!outputs.back())
      return wrong("%s: the model %s does not make it", what.back().c_str(), model.name);
  }
  uint64_t seed = uint64_t(model.train->seed) + uint64_t(role) * 0x9E3779B97F4A7C15u;
  for (int64_t record = 0; record < records; ++record) {
    entry.set(NNRT_SEED, int64_t(seed));
    entry.set(NNRT_STEP, record);
    entry.run();
    for (int64_t i = 0; i < source.n_fields; ++i)
      memcpy(arrays[i].keep->data() + record * outputs[i]->bytes, instance.at(*outputs[i]), outputs[i]->bytes);
  }
  std::unique_ptr<ArrayDataset> made(new ArrayDataset(source));
  NNRT_TRY(made->set(std::move(arrays), what));
  dataset = std::move(made);
  return {};
}

} // namespace nnrt
