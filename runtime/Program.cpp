// Dispatch of verbs, what they share in starting, and the one place that prints errors.
#include "Program.h"
#include "Machine.h"
#include "Weights.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <unistd.h>

namespace nnrt {

Status Invocation::trainBlock(const nnrt_train *&train) const {
  train = model.train;
  return train ? Status()
               : wrong("the model %s was compiled without a train block, so it has no data and no loss", model.name);
}

DataPlace Invocation::dataPlace() const {
  std::string value = options.text("--data");
  return value == "builtin" ? DataPlace{"", true, "", &model} : DataPlace{value, false, "", &model};
}

Status Invocation::need(Instance &instance, const char *name, const nnrt_entry *&entry) const {
  entry = instance.find(name);
  return entry ? Status() : wrong("the model %s was compiled without the entry '%s'", model.name, name);
}

Status Invocation::start(Instance &instance, int64_t seed, bool readsWeights) const {
  NNRT_TRY(instance.start(threads));
  const nnrt_entry *init;
  NNRT_TRY(need(instance, "init", init));
  Entry entry(instance, *init);
  entry.set(NNRT_SEED, seed);
  entry.run();
  return readsWeights && options.has("--weights") ? loadWeights(options.text("--weights"), instance) : Status();
}

Status Invocation::startTrained(Instance &instance) const {
  std::string path = options.text("--weights", defaultWeights());
  if (!options.has("--weights") && !exists(path)) {
    if (!hasWeights(model))
      return instance.start(threads);
    return wrong("there are no weights: '%s' does not exist; run '%s train' first, or name a file with --weights FILE",
                 path.c_str(), options.program.c_str());
  }
  NNRT_TRY(instance.start(threads));
  return loadWeights(path, instance);
}

static Status resolveThreads(const nnrt_model &model, const Options &options, int &count) {
  constexpr int most = 1024;
  int64_t wanted = options.integer("--threads", 0);
  if (model.threads == 0 && wanted > 1)
    return usage("--threads: this program was compiled with --threads=none and runs on one");
  const char *variable = getenv("NNC_NUM_THREADS");
  if (!wanted && variable && *variable) {
    char *end;
    wanted = strtoll(variable, &end, 10);
    if (*end || wanted < 1)
      return usage("NNC_NUM_THREADS takes a whole number from 1, not '%s'", variable);
  }
  if (wanted > most)
    return usage("--threads: at most %d, not %lld", most, (long long)wanted);
  count = model.threads == 0 ? 1 : wanted ? int(wanted) : onlineCpus();
  return {};
}

static Status runVerb(const Invocation &invocation) {
  switch (invocation.options.verb) {
  case Train:
    return runTrain(invocation);
  case Eval:
    return runEval(invocation);
  case Predict:
    return runPredict(invocation);
  case OwnEntry:
    return runOwnEntry(invocation);
  case Gradients:
    return runGradients(invocation);
  case Bench:
    return runBench(invocation);
  case FindRate:
    return runFindRate(invocation);
  case Kfold:
    return runKfold(invocation);
  case Plot:
    return runPlot(invocation);
  case Summary:
    return runSummary(invocation);
  case Info:
    return runInfo(invocation);
  }
  return {};
}

static void outOfMemory() {
  static const char text[] = "error: the system gives no more memory\n";
  if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
    _exit(Machine);
  _exit(Machine);
}

/// Whether the entry `generate` makes the records of a data set.
static bool generatesRecords(const nnrt_model &model) {
  return model.train && model.train->data.kind && !strcmp(model.train->data.kind, "generate");
}

/// The entries that the model declares itself, and whether they take inputs.
static std::vector<std::pair<std::string, bool>> ownEntries(const nnrt_model &model) {
  static const char *const known[] = {
      "init",       "train_step", "train_step_log", "gradients",           "gradients_input",
      "evaluate",   "result",     "predict",        "predict_record",      "generate",
      "slots",      "export",     "generate_test",  "generate_validation", "check_gradient",
      "check_loss", "diagnose"};
  std::vector<std::pair<std::string, bool>> own;
  for (int64_t i = 0; i < model.n_entries; ++i) {
    const nnrt_entry &entry = model.entries[i];
    bool takes = false, isKnown = false;
    for (const char *name : known)
      isKnown |= !strcmp(name, entry.name) && (strcmp(name, "generate") != 0 || generatesRecords(model));
    for (int64_t k = 0; k < entry.n_tensors; ++k)
      takes |= entry.tensors[k].role == NNRT_INPUT;
    if (!isKnown)
      own.emplace_back(entry.name, takes);
  }
  return own;
}

int runProgram(const nnrt_model &model, int argc, char **argv) {
  std::set_new_handler(outOfMemory);
  Options options;
  std::string help;
  Status status = Options::parse(argc, argv, ownEntries(model), options, help);
  if (!status.failed() && !help.empty())
    fputs(help.c_str(), stdout);
  int threads = 1;
  if (!status.failed() && help.empty())
    status = resolveThreads(model, options, threads);
  if (!status.failed() && help.empty())
    status = runVerb({model, options, threads});
  if ((fflush(stdout) != 0 || ferror(stdout)) && !status.failed())
    status = machine("cannot write to the standard output");
  if (!status.failed())
    return Done;
  bool error = status.exitCode() < Interrupted;
  fprintf(stderr, "%s: %s%s\n", options.program.c_str(), error ? "error: " : "", status.message().c_str());
  return status.exitCode();
}

} // namespace nnrt
