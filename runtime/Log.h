// The log of a training run: one JSON object per line, and events for TensorBoard.
#ifndef NNRT_LOG_H
#define NNRT_LOG_H
#include "Evaluate.h"
#include "EventFile.h"
#include <cstdio>

namespace nnrt {

class Log {
public:
  Log() = default;
  Log(const Log &) = delete;
  Log &operator=(const Log &) = delete;
  ~Log();
  /// Starts the file anew or, where the run `goesOn`, behind its first `keep` bytes; without a path nothing is logged.
  Status open(const std::string &path, bool goesOn = false, int64_t keep = 0);
  /// Also writes events into this folder, from now on and on from behind `step`.
  Status openEvents(const std::string &folder, int64_t step) {
    lastStep = step;
    return events.open(folder, step);
  }
  bool active() const { return file || events.active(); }
  /// From now on lines begin with this fold.
  void setFold(int64_t fold) { head = format("{\"fold\":%lld,", (long long)fold); }
  /// `norm` is null where the step does not report one. `step` counts from 1.
  Status step(int64_t step, double loss, double rate, const double *norm);
  Status validation(int64_t epoch, const Metrics &metrics, const std::vector<Table> &tables);
  /// Everything is in the files now, or the message why not. Happens by itself about once a second.
  Status flush();
  /// What has been flushed lasts on the disk. May be called beside the others.
  void sync() const;
  /// The bytes written so far.
  int64_t bytes() const { return written; }

private:
  void stepLine(int64_t step, double loss, double rate, const double *norm);
  void validationLine(int64_t epoch, const Metrics &metrics, const std::vector<Table> &tables);
  void endLine();
  FILE *file = nullptr;
  int64_t written = 0, lastStep = 0;
  double flushed = 0;
  EventFile events;
  std::string path, line, head = "{"; // head: how every line begins
};

} // namespace nnrt
#endif
