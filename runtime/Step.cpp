// Calls of train_step and train_step_log.
#include "Step.h"
#include <cstring>

namespace nnrt {

Status TrainingStep::bind(Instance &instance, const Part &part, Sampler &sampler, const Settings &settings,
                          std::unique_ptr<TrainingStep> &step) {
  const nnrt_entry *description = settings.log ? instance.find("train_step_log") : nullptr;
  if (!description)
    description = instance.find("train_step");
  if (!description)
    return wrong("the model %s was compiled without a training step", instance.model.name);
  step.reset(new TrainingStep(instance, *description, part, sampler, settings));
  NNRT_TRY(step->loader.bind(instance, step->entry, settings.seed, settings.overlap));
  step->validationIn = step->entry.all(NNRT_VALIDATION);
  step->lossOut = step->entry.find(NNRT_LOSS);
  step->rateOut = step->entry.find(NNRT_RATE);
  step->normOut = step->entry.find(NNRT_NORM);
  if (settings.hasRate && !step->entry.find(NNRT_HYPER, "lr"))
    return usage("--lr: the optimizer of the model %s has no single learning rate that could be replaced",
                 instance.model.name);
  return {};
}

Status checkBatch(const nnrt_train &train, int64_t records, int64_t batch) {
  return !train.drop_last || batch <= records
             ? Status()
             : wrong("the data holds %lld records, fewer than one batch of %lld: with last_batch = drop there is "
                     "nothing to train on",
                     (long long)records, (long long)batch);
}

Status TrainingStep::load(int64_t step) {
  const nnrt_model &model = instance.model;
  if (!step || sampler.epochOf(step, 0) != sampler.epochOf(step - 1, 0))
    for (int64_t i = 0; i < model.n_owned; ++i)
      if (model.owned[i].role == NNRT_CARRIED)
        memset(instance.at(model.owned[i]), 0, model.owned[i].bytes);
  return loader.load(step);
}

void TrainingStep::validated(const Metrics &results) {
  validation = results;
  ++validations;
}

double TrainingStep::run(int64_t step, bool more) {
  entry.set(NNRT_SEED, int64_t(settings.seed));
  entry.set(NNRT_STEP, step);
  entry.set(NNRT_TOTAL, settings.total);
  entry.set(NNRT_EXAMPLES, sampler.examplesPerEpoch());
  entry.set(NNRT_VALIDATIONS, validations);
  for (const nnrt_tensor *tensor : validationIn)
    entry.setScalar(*tensor, valueOf(validation, tensor->name));
  entry.setHyperDefaults();
  if (settings.hasRate)
    entry.setHyper("lr", settings.rate);
  if (more)
    loader.begin(step + 1);
  entry.run();
  loader.wait();
  return lossOut ? entry.scalar(*lossOut) : 0;
}

} // namespace nnrt
