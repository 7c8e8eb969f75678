// The steps of a run, validation at the borders of epochs, the log, early stopping, checkpoints. Where a run begins,
// and what becomes of it, is for the verbs to decide.
#ifndef NNRT_TRAININGLOOP_H
#define NNRT_TRAININGLOOP_H
#include "Checkpointer.h"
#include "Diagnosis.h"
#include "Options.h"
#include "Sampler.h"
#include "Step.h"

namespace nnrt {

class Progress;

struct TrainingLoop {
  RunState &state;
  const Part &validation;
  Sampler &sampler;
  TrainingStep &step;
  Diagnosis &diagnosis;
  Evaluation *evaluation; // null: nothing to validate on
  EarlyStopping &stopping;
  Log &log;
  Checkpointer *checkpointer = nullptr; // null: none are written
  bool quiet = false;
  std::string kept = {};                              // what is left of a run that diverges
  std::function<Status(int signal)> interrupted = {}; // ends a run at a signal

  /// Trains on from where `state` stands to the end of the run. Who calls it holds a SignalWatch.
  Status run();

private:
  Status validate(Progress &progress, bool &ends);
  Status runStep(Progress &progress);
  Status diverged(double norm);
  Status checkResult() const;
};

/// The length of the run: what the command line says or, where the run goes on, has said; else what the program says.
Status setLength(const Options &options, const nnrt_train &train, const Sampler &sampler, RunState &state);

} // namespace nnrt
#endif
