// `gradients`: loss and gradients of one batch, for comparison with other programs.
#include "GivenFile.h"
#include "Program.h"
#include "Safetensors.h"
#include <cstdio>

namespace nnrt {

/// The first batch of the train block's data, in the order of the file.
static Status runOnData(const Invocation &invocation, Instance &instance, int64_t seed, std::unique_ptr<Entry> &entry) {
  const nnrt_train *train;
  NNRT_TRY(invocation.trainBlock(train));
  const nnrt_entry *description;
  NNRT_TRY(invocation.need(instance, "gradients", description));
  TrainingData data;
  NNRT_TRY(openTraining(*train, invocation.dataPlace(), data));
  entry.reset(new Entry(instance, *description));
  Feeder feeder;
  NNRT_TRY(Feeder::bind(instance, *entry, *data.data, feeder));
  std::vector<int64_t> indices(description->batch);
  for (int64_t row = 0; row < description->batch; ++row)
    indices[row] = row % data.training.count;
  NNRT_TRY(feeder.fill(data.training, indices.data(), description->batch));
  entry->set(NNRT_SEED, seed);
  entry->run();
  NNRT_TRY(entry->assertions());
  return {};
}

static Status runOnFile(const std::string &path, Instance &instance, int64_t seed, std::unique_ptr<Entry> &entry) {
  std::vector<NamedArray> arrays;
  NNRT_TRY(readGiven(path, instance, arrays));
  std::unique_ptr<GivenBatchSource> source;
  NNRT_TRY(GivenBatchSource::match(path, std::move(arrays), instance,
                                   {instance.find("gradients"), instance.find("gradients_input")}, source));
  if (source->count() != source->entry().batch)
    return wrong("%s: holds %lld records, gradients are taken over one batch of %lld", path.c_str(),
                 (long long)source->count(), (long long)source->entry().batch);
  entry.reset(new Entry(instance, source->entry()));
  source->fill(0, source->count());
  entry->set(NNRT_SEED, seed);
  entry->run();
  NNRT_TRY(entry->assertions());
  return {};
}

Status runGradients(const Invocation &invocation) {
  const Options &options = invocation.options;
  if (!options.has("--data") || !options.has("--out"))
    return usage("gradients needs --data FILE (one batch) and --out FILE (a .safetensors file to be written)");
  std::string out = options.text("--out"), data = options.text("--data");
  NNRT_TRY(checkWritable(out, "--out"));
  int64_t seed = options.integer("--seed", invocation.model.train ? invocation.model.train->seed : 0);
  Instance instance(invocation.model);
  NNRT_TRY(invocation.start(instance, seed));
  std::unique_ptr<Entry> entry;
  if (data == "builtin" || isFolder(data))
    NNRT_TRY(runOnData(invocation, instance, seed, entry));
  else
    NNRT_TRY(runOnFile(data, instance, seed, entry));
  std::vector<TensorOut> tensors;
  const nnrt_tensor *loss = entry->find(NNRT_LOSS);
  if (loss)
    tensors.push_back({"loss", loss->type, {}, instance.at(*loss)});
  for (const nnrt_tensor *tensor : entry->all(NNRT_GRADIENT))
    tensors.push_back({std::string("d/") + tensor->name,
                       tensor->type,
                       {tensor->shape, tensor->shape + tensor->rank},
                       instance.at(*tensor)});
  NNRT_TRY(writeSafetensors(
      out, tensors,
      {{"format", "pt"}, {"model", invocation.model.name}, {"source_hash", invocation.model.source_hash}}));
  if (loss)
    printf("loss %.9g\n", entry->scalar(*loss));
  return {};
}

} // namespace nnrt
