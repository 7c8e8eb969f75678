// The bar and the lines.
#include "Progress.h"
#include "Machine.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace nnrt {

std::string metricsText(const Metrics &metrics, const char *prefix, const char *separator, int digits) {
  std::string text;
  for (const auto &metric : metrics) {
    if (!text.empty())
      text += separator;
    double value = std::isnan(metric.second) ? std::fabs(metric.second) : metric.second; // a NaN has no sign
    text += format("%s%s %.*g", metric.first == "loss" ? prefix : "", metric.first.c_str(), digits, value);
  }
  return text;
}

static std::string durationText(double seconds) {
  long long s = std::llround(seconds);
  return s >= 3600 ? format("%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60)
                   : format("%lld:%02lld", s / 60, s % 60);
}

Progress::Progress(bool quiet, int64_t totalSteps, int64_t epochs, int64_t examplesPerStep)
    : quiet(quiet), terminal(!quiet && isatty(STDOUT_FILENO)), totalSteps(totalSteps), epochs(epochs),
      examplesPerStep(examplesPerStep), started(seconds()), lastShown(started), epochStarted(started) {}

void Progress::resume(int64_t steps, int64_t stepsOfEpoch, double losses) {
  stepsBefore = steps;
  epochSteps = epochStepsBefore = stepsOfEpoch;
  lossSum = losses;
}

bool Progress::due(double every) {
  double now = seconds();
  if (now - lastShown < every)
    return false;
  lastShown = now;
  return true;
}

void Progress::draw(const std::string &left, double done, const std::string &right) {
  winsize window{};
  int width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col ? window.ws_col : 80;
  // The bar takes what the texts leave, if that is enough to show something.
  int bar = std::min(20, width - 1 - int(left.size() + right.size()) - 3), full = int(bar * done);
  std::string text = left;
  if (bar >= 5)
    text += " [" + std::string(full, '=') + std::string(bar - full, ' ') + "]";
  text = (text + right).substr(0, size_t(width - 1));
  printf("\r\033[K%s", text.c_str());
  fflush(stdout);
  shown = true;
}

void Progress::clear() {
  if (shown)
    printf("\r\033[K");
  shown = false;
}

std::string Progress::where(int64_t steps, int64_t epoch) const {
  return epochs ? format("epoch %lld/%lld  step %lld/%lld", (long long)std::min(epoch, epochs), (long long)epochs,
                         (long long)steps, (long long)totalSteps)
                : format("step %lld/%lld", (long long)steps, (long long)totalSteps);
}

void Progress::step(int64_t steps, int64_t epoch, double loss) {
  lossSum += loss;
  ++epochSteps;
  if (quiet || !due(terminal ? 0.1 : 10))
    return;
  double elapsed = lastShown - started - validationSeconds, perStep = elapsed / double(steps - stepsBefore);
  std::string text = format("  loss %.4g", lossSum / double(epochSteps));
  if (!last.empty())
    text += "  " + metricsText(last, "val_", "  ", 4);
  text += format("  %.0f samples/s  ETA %s", double(examplesPerStep) / perStep,
                 durationText(perStep * double(totalSteps - steps)).c_str());
  if (terminal)
    return draw(where(steps, epoch), double(steps) / double(totalSteps), text);
  printf("%s%s\n", where(steps, epoch).c_str(), text.c_str());
  fflush(stdout);
}

void Progress::validating(int64_t done, int64_t of) {
  double now = seconds();
  if (!validationStarted)
    validationStarted = now;
  if (terminal && due(0.1))
    draw(format("validating  %lld/%lld", (long long)done, (long long)of), double(done) / double(of), "");
}

void Progress::epoch(int64_t steps, int64_t epoch, const Metrics &validation) {
  double now = seconds(), spent = validationStarted ? now - validationStarted : 0;
  validationSeconds += spent;
  if (!quiet && epochSteps) {
    clear();
    double rate =
        double((epochSteps - epochStepsBefore) * examplesPerStep) / std::max(now - epochStarted - spent, 1e-9);
    printf("%s  loss %.4g%s%s  %.0f samples/s\n", where(steps, epoch).c_str(), lossSum / double(epochSteps),
           validation.empty() ? "" : "  ", metricsText(validation, "val_", "  ", 4).c_str(), rate);
    fflush(stdout);
  }
  last = validation;
  lossSum = 0;
  epochSteps = epochStepsBefore = 0;
  validationStarted = 0;
  epochStarted = lastShown = now;
}

} // namespace nnrt
