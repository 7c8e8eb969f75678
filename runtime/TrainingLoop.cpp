// Step after step.
#include "TrainingLoop.h"
#include "Progress.h"
#include "Signals.h"
#include <algorithm>
#include <cmath>

namespace nnrt {

/// The end of a run whose loss is not finite any more, or in a program that can tell where, whose gradients are not.
/// Gradients whose norm alone is too large for a number are no end.
Status TrainingLoop::diverged(double norm) {
  auto kindOf = [](double x) { return std::isnan(x) ? "NaN" : "infinite"; };
  bool lossIsFinite = std::isfinite(state.loss);
  std::string cause;
  NNRT_TRY(diagnosis.explain(state.step - 1, cause));
  if (lossIsFinite && cause.empty())
    return {};
  std::string what = lossIsFinite ? format("norm of the gradients became %s", kindOf(norm))
                                  : format("loss became %s", kindOf(state.loss));
  bool atOnce = state.step == 1 && !lossIsFinite; // no update has happened
  return wrong("the %s at step %lld of %lld: %slook for values in the %s that are not finite; %s%s%s", what.c_str(),
               (long long)state.step, (long long)state.total, atOnce ? "" : "lower the learning rate (--lr), or ",
               atOnce ? "data, the weights it starts from and the model" : "data", kept.c_str(),
               cause.empty() ? "" : "\n", cause.c_str());
}

/// No loss tells what the last update did.
Status TrainingLoop::checkResult() const {
  if (stopping.best())
    return {};
  std::string parameter = diagnosis.spoiledParameter();
  return parameter.empty() ? Status()
                           : wrong("`%s` is not finite behind step %lld of %lld: lower the learning rate (--lr); %s",
                                   parameter.c_str(), (long long)state.step, (long long)state.total, kept.c_str());
}

/// What follows the last step of an epoch. `ends` where the run does; an interruption leaves it to be done again.
Status TrainingLoop::validate(Progress &progress, bool &ends) {
  int64_t epochs = sampler.epochsAfter(state.step), epoch = std::max<int64_t>(epochs, 1);
  Metrics metrics;
  state.validated = false;
  NNRT_TRY(log.flush()); // a validation may take long
  if (evaluation)
    NNRT_TRY(evaluation->run(metrics, [&](int64_t done) {
      progress.validating(done, validation.count);
      return !SignalWatch::arrived();
    }));
  if (SignalWatch::arrived())
    return {};
  state.validated = true;
  progress.epoch(state.step, epoch, metrics);
  state.epochLoss = 0;
  state.epochSteps = 0;
  if (evaluation) {
    NNRT_TRY(log.validation(epochs, metrics, evaluation->tables()));
    step.validated(metrics);
    state.validation = metrics;
    ++state.validations;
  }
  NNRT_TRY(log.flush());
  ends = stopping.ends(metrics, epoch);
  state.stopping = stopping.state();
  return {};
}

Status TrainingLoop::runStep(Progress &progress) {
  NNRT_TRY(step.load(state.step));
  diagnosis.keep();
  state.loss = step.run(state.step, state.step + 1 < state.total);
  int64_t epoch = sampler.epochsAfter(state.step) + 1;
  ++state.step;
  NNRT_TRY(step.assertions());
  double norm = step.norm();
  NNRT_TRY(log.step(state.step, state.loss, step.rate(), step.hasNorm() ? &norm : nullptr));
  if (!std::isfinite(state.loss) || (diagnosis.findsLayers() && !std::isfinite(norm))) {
    progress.clear();
    NNRT_TRY(log.flush());
    NNRT_TRY(diverged(norm));
  }
  state.epochLoss += state.loss;
  ++state.epochSteps;
  progress.step(state.step, epoch, state.loss);
  return {};
}

Status TrainingLoop::run() {
  Progress progress(quiet, state.total, state.epochs, sampler.batch());
  progress.resume(state.step, state.epochSteps, state.epochLoss);
  bool ends = stopping.hasEnded(), pending = !state.validated;
  while (!ends && (pending || state.step < state.total)) {
    if (!pending)
      NNRT_TRY(runStep(progress));
    bool border = sampler.epochsAfter(state.step) > sampler.epochsAfter(state.step - 1);
    if (pending || border || state.step == state.total)
      NNRT_TRY(validate(progress, ends));
    pending = false;
    state.logBytes = log.bytes();
    if (int signal = SignalWatch::arrived()) {
      progress.clear();
      NNRT_TRY(log.flush());
      return interrupted(signal);
    }
    if (checkpointer)
      NNRT_TRY(checkpointer->step(state, stopping.best()));
  }
  return checkResult();
}

Status setLength(const Options &options, const nnrt_train &train, const Sampler &sampler, RunState &state) {
  if (options.has("--steps") || options.has("--epochs")) {
    state.lengthGiven = true;
    state.total = options.integer("--steps", 0);
    state.epochs = options.integer("--epochs", 0);
  } else if (!state.lengthGiven) {
    state.total = train.steps;
    state.epochs = train.epochs;
  }
  if (state.epochs > sampler.mostEpochs())
    return usage("--epochs: %lld epochs are more steps than can be counted; at most %lld", (long long)state.epochs,
                 (long long)sampler.mostEpochs());
  if (state.epochs)
    state.total = sampler.stepsFor(state.epochs);
  return {};
}

} // namespace nnrt
