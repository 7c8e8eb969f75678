// The generated program seen from outside: its verbs. Each verb is one file with one function.
#ifndef NNRT_PROGRAM_H
#define NNRT_PROGRAM_H
#include "Dataset.h"
#include "Entry.h"
#include "Options.h"

namespace nnrt {

/// What every verb gets.
struct Invocation {
  const nnrt_model &model;
  const Options &options;
  int threads =
      1; // --threads, NNC_NUM_THREADS, or the CPUs of the process; 1 where the model was compiled without threads

  /// The train block, or the message that the model has none.
  Status trainBlock(const nnrt_train *&train) const;
  DataPlace dataPlace() const;
  /// "PROGRAM.safetensors"
  std::string defaultWeights() const { return options.program + ".safetensors"; }
  /// Starts the model; runs init with the seed, then loads --weights where given and read.
  Status start(Instance &instance, int64_t seed, bool readsWeights = true) const;
  /// Starts the model with --weights or the default file, which must exist.
  Status startTrained(Instance &instance) const;
  /// The entry of this name, or the message that the model has none.
  Status need(Instance &instance, const char *name, const nnrt_entry *&entry) const;
};

Status runTrain(const Invocation &invocation);
Status runEval(const Invocation &invocation);
Status runPredict(const Invocation &invocation);
Status runOwnEntry(const Invocation &invocation);
Status runGradients(const Invocation &invocation);
Status runBench(const Invocation &invocation);
Status runFindRate(const Invocation &invocation);
Status runKfold(const Invocation &invocation);
Status runPlot(const Invocation &invocation);
Status runSummary(const Invocation &invocation);
Status runInfo(const Invocation &invocation);

/// Parses the command line, runs a verb, prints its error; the result is the exit status.
int runProgram(const nnrt_model &model, int argc, char **argv);

} // namespace nnrt
#endif
