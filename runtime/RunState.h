// What decides the rest of a training run, beside what the model owns and the data.
#ifndef NNRT_RUNSTATE_H
#define NNRT_RUNSTATE_H
#include "EarlyStopping.h"
#include "Evaluate.h"
#include "Safetensors.h"

namespace nnrt {

struct RunState {
  int64_t step = 0;      // steps that are done
  bool validated = true; // whether the validation behind the last step is done, too, where there is one
  bool finished = false;

  // What the run was told.
  int64_t seed = 0, total = 0, epochs = 0; // epochs: 0 where the run is given in steps
  bool lengthGiven = false;                // on the command line
  int64_t examples = 0, batch = 0;         // records of the training data, records of a step
  bool shuffle = true, hasRate = false;    // hasRate: `rate` in place of the program's learning rate
  double rate = 0;

  // What happened so far.
  double loss = 0;                      // of the last step
  double epochLoss = 0;                 // sum over the steps of this epoch, and how many these are
  int64_t epochSteps = 0, logBytes = 0; // logBytes: how long the log is
  int64_t validations = 0;
  Metrics validation; // the last one's results
  EarlyStopping::State stopping;
};

/// As texts; numbers keep every bit.
Metadata toMetadata(const RunState &state);
/// False where a text is missing or not what `toMetadata` writes.
bool fromMetadata(const Metadata &metadata, RunState &state);

} // namespace nnrt
#endif
