// Writes the checkpoints of a run while it goes on: a step's border copies what the run stands on, a thread writes it.
#ifndef NNRT_CHECKPOINTER_H
#define NNRT_CHECKPOINTER_H
#include "CheckpointFolder.h"
#include "Log.h"
#include "Thread.h"
#include <condition_variable>
#include <mutex>

namespace nnrt {

class Checkpointer {
public:
  /// How often: after so many steps, or seconds; the other one is 0.
  struct Cadence {
    int64_t steps = 0;
    double seconds = 60;
  };

  /// `begin`: the step behind which the run begins or goes on.
  Checkpointer(CheckpointFolder &folder, const Instance &instance, Log &log, Cadence cadence, int64_t begin)
      : folder(folder), instance(instance), log(log), cadence(cadence), lastStep(begin) {}
  ~Checkpointer();
  /// Takes the memory that it will ever need, and starts the thread.
  Status start(bool keepsBest);

  /// At a step's border: begins to write where it is time and the last checkpoint is written. `best` may be null. Fails
  /// where writing the one before has failed.
  Status step(const RunState &state, const char *best);
  /// Writes now, and waits for it.
  Status write(const RunState &state, const char *best);

private:
  Status begin(const RunState &state, const char *best);
  void run();

  CheckpointFolder &folder;
  const Instance &instance;
  Log &log; // what a checkpoint says of it lasts before the checkpoint does
  Cadence cadence;
  std::shared_ptr<Region> owned, best;
  Snapshot snapshot;
  int64_t lastStep;
  double lastTime = 0;

  Thread writer;
  std::mutex mutex;
  std::condition_variable changed;
  bool busy = false, ends = false; // under `mutex`, with `result`
  Status result;
};

} // namespace nnrt
#endif
