// One training step after another: the entry, its batch, its scalars, its loss. Used by train and bench alike, so that
// what is timed is what trains.
#ifndef NNRT_STEP_H
#define NNRT_STEP_H
#include "Evaluate.h"
#include "Loader.h"
#include <memory>

namespace nnrt {

class TrainingStep {
public:
  struct Settings {
    uint64_t seed = 0;
    int64_t total = 0;
    bool hasRate = false;
    double rate = 0;
    bool log = false;     // use the entry that also reports the gradients' norm, where there is one
    bool overlap = false; // batches may be made while the step before runs
  };
  static Status bind(Instance &instance, const Part &part, Sampler &sampler, const Settings &settings,
                     std::unique_ptr<TrainingStep> &step);

  /// Loads the batch of this step (from 0); at the beginning of an epoch nothing is carried into it.
  Status load(int64_t step);
  /// Runs the step on what is loaded; returns the loss before the update. `more`: the next step's batch will be loaded.
  double run(int64_t step, bool more = false);
  /// The message of an assertion that did not hold in the last step.
  Status assertions() const { return entry.assertions(); }
  /// From now on the schedules see these results of a validation.
  void validated(const Metrics &results);
  /// Goes on from where `count` validations were done, the last one with these results.
  void resume(const Metrics &results, int64_t count) { validation = results, validations = count; }
  /// From now on steps take this learning rate, where Settings give one.
  void setRate(double rate) { settings.rate = rate; }
  double rate() const { return rateOut ? entry.scalar(*rateOut) : 0; }
  bool hasNorm() const { return normOut; }
  double norm() const { return normOut ? entry.scalar(*normOut) : 0; }

private:
  TrainingStep(Instance &instance, const nnrt_entry &description, const Part &part, Sampler &sampler,
               const Settings &settings)
      : instance(instance), entry(instance, description), loader(part, sampler), sampler(sampler), settings(settings) {}

  Instance &instance;
  Entry entry;
  Loader loader;
  Sampler &sampler;
  Settings settings;
  Metrics validation;
  int64_t validations = 0;
  std::vector<const nnrt_tensor *> validationIn;
  const nnrt_tensor *lossOut = nullptr, *rateOut = nullptr, *normOut = nullptr;
};

/// With last_batch = drop, an epoch must have a batch.
Status checkBatch(const nnrt_train &train, int64_t records, int64_t batch);

} // namespace nnrt
#endif
