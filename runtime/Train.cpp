// `train`: where a run begins or goes on, and the weights at its end.
#include "GradientCheck.h"
#include "Program.h"
#include "Progress.h"
#include "Signals.h"
#include "TrainingLoop.h"
#include "Transfer.h"
#include "Weights.h"

namespace nnrt {

namespace {
/// A run and what it is made of.
struct Run {
  RunState state;
  TrainingData data;
  bool quiet = false;
  std::string out;
  CheckpointFolder folder;
  Checkpoint from; // where it goes on, if it does
  bool goesOn = false;
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
  const RunState &state = run.state;
  std::string validation =
      run.data.validation.data ? format(", %lld to validate", (long long)run.data.validation.count) : "";
  printf("%s: %lld parameters, %lld records%s, batch %lld, %lld steps", instance.model.name,
         (long long)parametersOf(instance.model), (long long)run.data.training.count, validation.c_str(),
         (long long)sampler.batch(), (long long)state.total);
  if (state.epochs)
    printf(" (%lld epoch%s)", (long long)state.epochs, state.epochs == 1 ? "" : "s");
  printf(", %d thread%s\n", instance.team.size(), instance.team.size() == 1 ? "" : "s");
  if (state.step)
    printf("going on behind step %lld\n", (long long)state.step);
  fflush(stdout);
}

/// Keeps the run where it can be kept, and says how to go on.
static Status interrupted(const Run &run, const TrainingLoop &loop, int signal) {
  ExitCode code = signal == SIGINT ? Interrupted : Terminated;
  std::string where =
      format("interrupted after step %lld of %lld: ", (long long)run.state.step, (long long)run.state.total);
  if (loop.checkpointer) {
    NNRT_TRY(loop.checkpointer->write(run.state, loop.stopping.best()));
    return Status(code, where + format("the run is kept in '%s', the same command with --resume goes on with it",
                                       run.folder.path().c_str()));
  }
  return Status(code, where + format(exists(run.out) ? "nothing of this run was kept, '%s' is unchanged"
                                                     : "nothing of this run was kept, '%s' was not written",
                                     run.out.c_str()));
}

/// The results, the weights, and the checkpoint of a run that is over.
static Status finish(Run &run, const TrainingLoop &loop, Instance &instance) {
  run.state.finished = true;
  NNRT_TRY(loop.log.flush());
  if (loop.checkpointer)
    NNRT_TRY(loop.checkpointer->write(run.state, loop.stopping.best()));
  loop.stopping.restore();
  if (run.quiet) {
    Metrics metrics = loop.stopping.kept();
    if (metrics.empty())
      metrics.emplace_back("loss", run.state.loss);
    printf("%s\n", metricsText(metrics, "", "\n", 9).c_str());
  } else {
    printf("%s", loop.stopping.text().c_str());
  }
  NNRT_TRY(saveWeights(run.out, instance));
  if (!run.quiet)
    printf("wrote %s\n", run.out.c_str());
  return {};
}

/// Opens the folder of checkpoints and reads where the run stands.
static Status findCheckpoint(const Invocation &invocation, const nnrt_train &train, Run &run) {
  const Options &options = invocation.options;
  const nnrt_model &model = invocation.model;
  std::string path = options.text("--checkpoint", train.checkpoint ? train.checkpoint : "");
  for (const char *option : {"--resume", "--checkpoint-every"})
    if (path.empty() && options.has(option))
      return usage("%s: say where the checkpoints are, with --checkpoint DIR", option);
  if (path.empty())
    return {};
  NNRT_TRY(run.folder.open(path));
  if (!run.folder.holdsRun())
    return {};
  if (!options.has("--resume"))
    return wrong("the folder '%s' holds a run: go on with it with --resume, or choose another folder", path.c_str());
  std::string notes;
  NNRT_TRY(run.folder.newest(run.from, notes));
  std::string differences = run.from.differences(model);
  if (!differences.empty())
    return wrong("the run in '%s' does not fit the model %s:%s\nstart a new one in another folder", path.c_str(),
                 model.name, differences.c_str());
  run.goesOn = true;
  run.state = run.from.state;
  if (options.has("--seed") && options.integer("--seed", 0) != run.state.seed)
    return usage("--seed: the run in '%s' has seed %lld; leave the option out, or start a new run in another folder",
                 path.c_str(), (long long)run.state.seed);
  if (options.has("--shuffle") && (options.text("--shuffle") == "yes") != run.state.shuffle)
    return usage(
        "--shuffle: the run in '%s' takes its records in %s order; leave the option out, or start a new run in "
        "another folder",
        path.c_str(), run.state.shuffle ? "a drawn" : "the given");
  if (options.has("--weights"))
    notes += "--weights: not read, since the run goes on from its checkpoint\n";
  if (std::string changes = changedLines(run.from.text("source"), model.source, 20); !changes.empty())
    notes += "the program has changed since:\n" + changes;
  fputs(notes.c_str(), stderr);
  return {};
}

/// `--checkpoint-every`: steps, or seconds with an s behind them.
static Checkpointer::Cadence cadenceOf(const Options &options) {
  std::string text = options.text("--checkpoint-every");
  if (text.empty())
    return {};
  double number = strtod(text.c_str(), nullptr);
  return text.back() == 's' ? Checkpointer::Cadence{0, number} : Checkpointer::Cadence{int64_t(number), 0};
}

/// What the command line says of the run, and what of the data has changed since.
static void setRun(const Options &options, const nnrt_train &train, int64_t batch, Run &run) {
  RunState &state = run.state;
  int64_t count = run.data.training.count;
  if (run.goesOn && state.examples != count)
    fprintf(stderr, "the training data held %lld records and now holds %lld: their order is another one\n",
            (long long)state.examples, (long long)count);
  if (run.goesOn && state.batch != batch) {
    auto epoch = [&](int64_t records) {
      return (long long)Sampler(count, records, 0, false, train.drop_last != 0).epochsAfter(state.step) + 1;
    };
    fprintf(stderr, "a step had %lld records and now has %lld: the data goes on in epoch %lld in place of %lld\n",
            (long long)state.batch, (long long)batch, epoch(batch), epoch(state.batch));
  }
  state.examples = count;
  state.batch = batch;
  if (!run.goesOn)
    state.shuffle = options.has("--shuffle") ? options.text("--shuffle") == "yes" : train.shuffle != 0;
  if (options.has("--lr")) {
    state.hasRate = true;
    state.rate = options.number("--lr", 0);
  }
}

/// The model with the values that the run begins with, or goes on with.
static Status startModel(const Invocation &invocation, const nnrt_train &train, const Run &run, Instance &instance) {
  NNRT_TRY(invocation.start(instance, run.state.seed, /*readsWeights=*/!run.goesOn));
  instance.vocabulary = run.data.data->vocabulary();
  if (run.goesOn)
    run.from.copyTo(instance.model, "", instance.arena.data());
  else if (train.load && !invocation.options.has("--weights"))
    return transferWeights(*train.load, instance);
  return {};
}

Status runTrain(const Invocation &invocation) {
  const Options &options = invocation.options;
  const nnrt_train *train;
  NNRT_TRY(invocation.trainBlock(train));
  if (options.has("--epochs") && options.has("--steps"))
    return usage("give --epochs or --steps, not both");
  Run run;
  run.quiet = options.has("--quiet");
  run.state.seed = options.integer("--seed", train->seed);
  run.out = options.text("--out", invocation.defaultWeights());
  NNRT_TRY(checkWritable(run.out, "--out"));
  if (run.out == options.text("--log") || isSameFile(run.out, options.text("--log")))
    return usage("--out and --log: both would write %s", run.out.c_str());
  NNRT_TRY(findCheckpoint(invocation, *train, run));
  DataPlace place = invocation.dataPlace();
  if (run.goesOn)
    place.vocabulary = run.from.text("vocabulary");
  else if (options.has("--weights"))
    NNRT_TRY(readVocabulary(options.text("--weights"), place.vocabulary));
  NNRT_TRY(openTraining(*train, place, run.data));
  if (isBuiltin(place, train->data) && !run.quiet)
    printf("data: built-in digits (generated, not from files)\n");

  Instance instance(invocation.model);
  NNRT_TRY(startModel(invocation, *train, run, instance));
  const nnrt_entry *description;
  NNRT_TRY(invocation.need(instance, "train_step", description));
  NNRT_TRY(checkBatch(*train, run.data.training.count, description->batch));
  setRun(options, *train, description->batch, run);
  RunState &state = run.state;
  Sampler sampler(run.data.training.count, description->batch, uint64_t(state.seed), state.shuffle,
                  train->drop_last != 0);
  NNRT_TRY(setLength(options, *train, sampler, state));

  Log log;
  NNRT_TRY(log.open(options.text("--log"), run.goesOn, state.logBytes));
  if (options.has("--tensorboard"))
    NNRT_TRY(log.openEvents(options.text("--tensorboard"), state.step));
  bool overlap = invocation.model.threads != 0 && options.text("--overlap", "yes") == "yes";
  Diagnosis diagnosis(instance, run.data.training, sampler, uint64_t(state.seed));
  NNRT_TRY(diagnosis.bind());
  bool wantsNorm = log.active() || diagnosis.findsLayers();
  TrainingStep::Settings settings{uint64_t(state.seed), state.total, state.hasRate, state.rate, wantsNorm, overlap};
  std::unique_ptr<TrainingStep> step;
  NNRT_TRY(TrainingStep::bind(instance, run.data.training, sampler, settings, step));
  step->resume(state.validation, state.validations);
  std::unique_ptr<Evaluation> evaluation;
  if (run.data.validation.data)
    NNRT_TRY(Evaluation::bind(instance, run.data.validation, evaluation));
  EarlyStopping stopping(train->stop, instance);
  std::function<void(char *)> best = [&](char *owned) { run.from.copyTo(instance.model, "best/", owned); };
  stopping.resume(state.stopping, run.from.hasBest() ? best : nullptr);
  std::unique_ptr<Checkpointer> checkpointer;
  if (run.folder.isOpen()) {
    checkpointer = std::make_unique<Checkpointer>(run.folder, instance, log, cadenceOf(options), state.step);
    NNRT_TRY(checkpointer->start(stopping.keepsBest()));
  }
  run.from = Checkpoint(); // its file is not needed any more
  announce(run, instance, sampler);
  if (options.has("--check"))
    NNRT_TRY(checkGradients(instance, run.data.training, state.seed, run.quiet));
  TrainingLoop loop{state, run.data.validation, sampler, *step, diagnosis, evaluation.get(), stopping, log};
  loop.checkpointer = checkpointer.get();
  loop.quiet = run.quiet;
  loop.kept = run.folder.isOpen() ? format("'%s' is as the last checkpoint left it", run.folder.path().c_str())
                                  : "nothing was written";
  loop.interrupted = [&](int signal) { return interrupted(run, loop, signal); };
  {
    SignalWatch watch;
    NNRT_TRY(loop.run());
  }
  return finish(run, loop, instance);
}

} // namespace nnrt
