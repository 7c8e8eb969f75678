// What a user sees while training: a bar on a terminal, plain lines elsewhere, results only with --quiet.
#ifndef NNRT_PROGRESS_H
#define NNRT_PROGRESS_H
#include "Evaluate.h"

namespace nnrt {

class Progress {
public:
  Progress(bool quiet, int64_t totalSteps, int64_t epochs, int64_t examplesPerStep);
  /// Goes on behind `steps` steps, the last `epochSteps` of them in an epoch that is not done, with this sum of losses.
  void resume(int64_t steps, int64_t epochSteps, double lossSum);
  /// A step is done: `steps` so far, within epoch `epoch` (from 1), with this loss.
  void step(int64_t steps, int64_t epoch, double loss);
  /// An epoch, or the run, is done.
  void epoch(int64_t steps, int64_t epoch, const Metrics &validation);
  /// Validation is going on: so many of so many records.
  void validating(int64_t done, int64_t of);
  /// Removes the bar, before a message.
  void clear();

private:
  /// One line in place of the last: a text, a bar filled to `done` of 1, a text.
  void draw(const std::string &left, double done, const std::string &right);
  std::string where(int64_t steps, int64_t epoch) const;
  /// Whether enough time has passed to show something again.
  bool due(double seconds);

  bool quiet, terminal, shown = false;
  int64_t totalSteps, epochs, examplesPerStep, epochSteps = 0, stepsBefore = 0, epochStepsBefore = 0;
  double lossSum = 0, started, lastShown, epochStarted, validationSeconds = 0, validationStarted = 0;
  Metrics last;
};

/// "loss 0.0312  accuracy 0.9887", nine significant digits at most.
std::string metricsText(const Metrics &metrics, const char *prefix, const char *separator, int digits);

} // namespace nnrt
#endif
