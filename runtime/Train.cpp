// `train`: the loop over steps, validation at the borders of epochs, and the weights at the end.
#include "EarlyStopping.h"
#include "Log.h"
#include "Program.h"
#include "Progress.h"
#include "Sampler.h"
#include "Signals.h"
#include "Step.h"
#include "Transfer.h"
#include "Weights.h"
#include <algorithm>
#include <cmath>

namespace nnrt {

namespace {
struct Run {
  TrainingData data;
  int64_t seed = 0, epochs = 0, total = 0; // epochs: 0 where the run is given in steps
  bool quiet = false;
  std::string out;
};
} // namespace

static int64_t parametersOf(const nnrt_model &model) {
  int64_t count = 0;
  for (int64_t i = 0; i < model.n_owned; ++i)
    if (model.owned[i].role == NNRT_PARAM)
      count += elementsOf(model.owned[i].shape, model.owned[i].rank);
  return count;
}

static void announce(const Run &run, const Instance &instance, const Sampler &sampler) {
  if (run.quiet)
    return;
  std::string validation =
      run.data.validation.data ? format(", %lld to validate", (long long)run.data.validation.count) : "";
  printf("%s: %lld parameters, %lld records%s, batch %lld, %lld steps", instance.model.name,
         (long long)parametersOf(instance.model), (long long)run.data.training.count, validation.c_str(),
         (long long)sampler.batch(), (long long)run.total);
  if (run.epochs)
    printf(" (%lld epoch%s)", (long long)run.epochs, run.epochs == 1 ? "" : "s");
  printf(", %d thread%s\n", instance.team.size(), instance.team.size() == 1 ? "" : "s");
  fflush(stdout);
}

static Status interrupted(const Run &run, int signal, int64_t steps) {
  std::string kept =
      exists(run.out) ? format("'%s' is unchanged", run.out.c_str()) : format("'%s' was not written", run.out.c_str());
  return Status(signal == SIGINT ? Interrupted : Terminated,
                format("interrupted after step %lld of %lld: nothing of this run was kept, %s", (long long)steps,
                       (long long)run.total, kept.c_str()));
}

static Status diverged(double loss, int64_t step, int64_t total) {
  return wrong("the loss became %s at step %lld of %lld: lower the learning rate (--lr), or look for values in the "
               "data that are not finite; "
               "nothing was written",
               std::isnan(loss) ? "NaN" : "infinite", (long long)step, (long long)total);
}

static Status loop(const Run &run, Sampler &sampler, TrainingStep &step, Evaluation *evaluation,
                   EarlyStopping &stopping, Log &log) {
  SignalWatch watch;
  Progress progress(run.quiet, run.total, run.epochs, sampler.batch());
  double loss = 0;
  auto onBatch = [&](int64_t done) {
    progress.validating(done, run.data.validation.count);
    return !SignalWatch::arrived();
  };
  for (int64_t i = 0; i < run.total; ++i) {
    step.load(i);
    loss = step.run(i);
    NNRT_TRY(step.assertions());
    double norm = step.norm();
    log.step(i + 1, loss, step.rate(), step.hasNorm() ? &norm : nullptr);
    if (!std::isfinite(loss)) {
      progress.clear();
      NNRT_TRY(log.flush());
      return diverged(loss, i + 1, run.total);
    }
    int64_t before = sampler.epochsAfter(i), after = sampler.epochsAfter(i + 1);
    progress.step(i + 1, before + 1, loss);
    bool last = i + 1 == run.total;
    if (after > before || last) {
      Metrics metrics = evaluation ? evaluation->run(onBatch) : Metrics();
      if (int signal = SignalWatch::arrived()) {
        progress.clear();
        return interrupted(run, signal, i + 1);
      }
      progress.epoch(i + 1, std::max<int64_t>(after, 1), metrics);
      if (evaluation) {
        log.validation(after, metrics);
        step.validated(metrics);
      }
      NNRT_TRY(log.flush());
      if (stopping.ends(metrics, std::max<int64_t>(after, 1)))
        break;
    }
    if (int signal = SignalWatch::arrived()) {
      progress.clear();
      return interrupted(run, signal, i + 1);
    }
  }
  stopping.restore();
  if (!run.quiet)
    printf("%s", stopping.text().c_str());
  if (run.quiet) {
    Metrics metrics = stopping.kept();
    if (metrics.empty())
      metrics.emplace_back("loss", loss);
    printf("%s\n", metricsText(metrics, "", "\n", 9).c_str());
  }
  return {};
}

/// The length of the run: what the command line says, else what the program says.
static void setLength(const Options &options, const nnrt_train &train, const Sampler &sampler, Run &run) {
  if (options.has("--steps"))
    run.total = options.integer("--steps", 0);
  else if (options.has("--epochs") || train.epochs)
    run.epochs = options.integer("--epochs", train.epochs);
  else
    run.total = train.steps;
  if (run.epochs)
    run.total = sampler.stepsFor(run.epochs);
}

Status runTrain(const Invocation &invocation) {
  const Options &options = invocation.options;
  const nnrt_train *train;
  NNRT_TRY(invocation.trainBlock(train));
  if (options.has("--epochs") && options.has("--steps"))
    return usage("give --epochs or --steps, not both");
  Run run;
  run.quiet = options.has("--quiet");
  run.seed = options.integer("--seed", train->seed);
  run.out = options.text("--out", invocation.defaultWeights());
  NNRT_TRY(checkWritable(run.out, "--out"));
  DataPlace place = invocation.dataPlace();
  if (options.has("--weights"))
    NNRT_TRY(readVocabulary(options.text("--weights"), place.vocabulary));
  NNRT_TRY(openTraining(*train, place, run.data));
  if (isBuiltin(place, train->data) && !run.quiet)
    printf("data: built-in digits (generated, not from files)\n");

  Instance instance(invocation.model);
  NNRT_TRY(invocation.start(instance, run.seed));
  instance.vocabulary = run.data.data->vocabulary();
  if (train->load && !options.has("--weights"))
    NNRT_TRY(transferWeights(*train->load, instance));
  const nnrt_entry *description;
  NNRT_TRY(invocation.need(instance, "train_step", description));
  if (train->drop_last && description->batch > run.data.training.count)
    return wrong("the data holds %lld records, fewer than one batch of %lld: with last_batch = drop there is nothing "
                 "to train on",
                 (long long)run.data.training.count, (long long)description->batch);
  bool shuffle = options.has("--shuffle") ? options.text("--shuffle") == "yes" : train->shuffle != 0;
  Sampler sampler(run.data.training.count, description->batch, uint64_t(run.seed), shuffle, train->drop_last != 0);
  setLength(options, *train, sampler, run);

  Log log;
  NNRT_TRY(log.open(options.text("--log")));
  TrainingStep::Settings settings{uint64_t(run.seed), run.total, options.has("--lr"), options.number("--lr", 0),
                                  log.active()};
  std::unique_ptr<TrainingStep> step;
  NNRT_TRY(TrainingStep::bind(instance, run.data.training, sampler, settings, step));
  std::unique_ptr<Evaluation> evaluation;
  if (run.data.validation.data)
    NNRT_TRY(Evaluation::bind(instance, run.data.validation, evaluation));
  announce(run, instance, sampler);
  EarlyStopping stopping(train->stop, instance);
  NNRT_TRY(loop(run, sampler, *step, evaluation.get(), stopping, log));
  NNRT_TRY(log.flush());
  NNRT_TRY(saveWeights(run.out, instance));
  if (!run.quiet)
    printf("wrote %s\n", run.out.c_str());
  return {};
}

} // namespace nnrt
