// `kfold`: cross-validation. One run per part of the data, from the same seed, each as `train` does it; nothing is kept
// of them but their results.
#include "Program.h"
#include "Progress.h"
#include "Signals.h"
#include "TrainingLoop.h"
#include "Transfer.h"
#include "Weights.h"
#include <cmath>
#include <cstring>

namespace nnrt {

namespace {
/// The mean of numbers and their standard deviation, one after the other (Welford, 1962).
class Spread {
public:
  void add(double value) {
    double before = value - mean;
    mean += before / double(++count);
    squares += before * (value - mean);
  }
  std::string text() const { return format("%.9g ± %.9g", mean, std::sqrt(squares / double(count - 1))); }

private:
  int64_t count = 0;
  double mean = 0, squares = 0;
};

struct Folds {
  const Invocation &invocation;
  const nnrt_train &train;
  int64_t count;
  TrainingData data;
  Log log;

  Status run(int64_t index, Metrics &results);
};
} // namespace

/// One round, as a program compiled for this fold would train.
Status Folds::run(int64_t index, Metrics &results) {
  const Options &options = invocation.options;
  splitAsKfold(train, *data.data, count, index, data.training, data.validation);
  if (!data.training.count)
    return wrong("fold %lld of %lld leaves nothing to train on: records overlap with those that validate",
                 (long long)index, (long long)count);
  RunState state;
  state.seed = options.integer("--seed", train.seed);
  Instance instance(invocation.model);
  NNRT_TRY(invocation.start(instance, state.seed));
  instance.vocabulary = data.data->vocabulary();
  if (train.load && !options.has("--weights"))
    NNRT_TRY(transferWeights(*train.load, instance));
  const nnrt_entry *description;
  NNRT_TRY(invocation.need(instance, "train_step", description));
  int64_t batch = description->batch;
  if (train.drop_last && batch > data.training.count)
    return wrong("fold %lld of %lld trains on %lld records, fewer than one batch of %lld: with last_batch = drop there "
                 "is nothing to train on",
                 (long long)index, (long long)count, (long long)data.training.count, (long long)batch);
  bool shuffle = options.has("--shuffle") ? options.text("--shuffle") == "yes" : train.shuffle != 0;
  Sampler sampler(data.training.count, batch, uint64_t(state.seed), shuffle, train.drop_last != 0);
  NNRT_TRY(setLength(options, train, sampler, state));
  bool overlap = invocation.model.threads != 0 && options.text("--overlap", "yes") == "yes";
  if (options.has("--tensorboard"))
    NNRT_TRY(log.openEvents(joinPath(options.text("--tensorboard"), format("fold-%lld", (long long)index)), 0));
  Diagnosis diagnosis(instance, data.training, sampler, uint64_t(state.seed));
  NNRT_TRY(diagnosis.bind());
  bool wantsNorm = log.active() || diagnosis.findsLayers();
  TrainingStep::Settings settings{uint64_t(state.seed),      state.total, options.has("--lr"),
                                  options.number("--lr", 0), wantsNorm,   overlap};
  std::unique_ptr<TrainingStep> step;
  NNRT_TRY(TrainingStep::bind(instance, data.training, sampler, settings, step));
  std::unique_ptr<Evaluation> evaluation;
  NNRT_TRY(Evaluation::bind(instance, data.validation, evaluation));
  EarlyStopping stopping(train.stop, instance);
  TrainingLoop loop{state, data.validation, sampler, *step, diagnosis, evaluation.get(), stopping, log};
  loop.quiet = options.has("--quiet");
  loop.kept = format("this was fold %lld of %lld", (long long)index, (long long)count);
  loop.interrupted = [&](int signal) {
    return Status(
        signal == SIGINT ? Interrupted : Terminated,
        format("interrupted in fold %lld of %lld after step %lld of %lld: %lld of %lld folds are done, and means "
               "need all of them",
               (long long)index, (long long)count, (long long)state.step, (long long)state.total, (long long)index,
               (long long)count));
  };
  if (!loop.quiet) {
    printf("fold %lld of %lld: %lld records, %lld to validate, %lld steps\n", (long long)index, (long long)count,
           (long long)data.training.count, (long long)data.validation.count, (long long)state.total);
    fflush(stdout);
  }
  if (int signal = SignalWatch::arrived()) // since the fold before
    return loop.interrupted(signal);
  log.setFold(index);
  NNRT_TRY(loop.run());
  if (!loop.quiet)
    printf("%s", stopping.text().c_str());
  results = stopping.kept();
  return {};
}

/// --folds, or the number that the train block declares.
static Status countFolds(const Options &options, const nnrt_train &train, int64_t &count) {
  bool declared = train.validation.kind && !strcmp(train.validation.kind, "kfold");
  count = options.integer("--folds", declared ? optionOf(train.validation, "folds") : 0);
  if (!count)
    return usage("kfold: say how many parts with --folds K, or declare validation = kfold(K, index: 0) in the train "
                 "block");
  return count < 2 ? usage("--folds takes a whole number from 2, not '1'") : Status();
}

Status runKfold(const Invocation &invocation) {
  const Options &options = invocation.options;
  const nnrt_train *train;
  NNRT_TRY(invocation.trainBlock(train));
  if (options.has("--epochs") && options.has("--steps"))
    return usage("give --epochs or --steps, not both");
  Folds folds{invocation, *train, 0, {}, {}};
  NNRT_TRY(countFolds(options, *train, folds.count));
  DataPlace place = invocation.dataPlace();
  if (options.has("--weights"))
    NNRT_TRY(readVocabulary(options.text("--weights"), place.vocabulary));
  NNRT_TRY(openSource(train->data, SourceRole::Data, place, folds.data.data));
  const Dataset &data = *folds.data.data;
  if (int64_t most = mostFolds(*train, data); folds.count > most)
    return data.reach() ? wrong("kfold: the data holds %lld records that overlap and are drawn in %lld runs, too few "
                                "for %lld folds",
                                (long long)data.count(), (long long)most, (long long)folds.count)
                        : wrong("kfold: the data holds %lld records, too few for %lld folds", (long long)most,
                                (long long)folds.count);
  if (isBuiltin(place, train->data) && !options.has("--quiet"))
    printf("data: built-in digits (generated, not from files)\n");
  NNRT_TRY(folds.log.open(options.text("--log")));
  std::vector<std::pair<std::string, Spread>> spreads;
  SignalWatch watch;
  for (int64_t fold = 0; fold < folds.count; ++fold) {
    Metrics results;
    NNRT_TRY(folds.run(fold, results));
    printf("fold %lld  %s\n", (long long)fold, metricsText(results, "", "  ", 9).c_str());
    fflush(stdout);
    for (size_t i = 0; i < results.size(); ++i) {
      if (!fold)
        spreads.emplace_back(results[i].first, Spread());
      spreads[i].second.add(results[i].second);
    }
  }
  for (const auto &[name, spread] : spreads)
    printf("%s %s\n", name.c_str(), spread.text().c_str());
  return {};
}

} // namespace nnrt
