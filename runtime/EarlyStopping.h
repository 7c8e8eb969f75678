// Watches a result of the validations: when to end the run, and which weights were the best.
#ifndef NNRT_EARLYSTOPPING_H
#define NNRT_EARLYSTOPPING_H
#include "Evaluate.h"

namespace nnrt {

class EarlyStopping {
public:
  struct State {
    Metrics best, last;
    int64_t bestEpoch = 0, lastEpoch = 0, worse = 0;
    bool ended = false;
  };

  /// `stop` may be null: then nothing ends early and nothing is kept.
  EarlyStopping(const nnrt_stop *stop, Instance &instance) : stop(stop), instance(instance) {}
  /// Hears of a validation; true where the run ends here.
  bool ends(const Metrics &results, int64_t epoch);
  /// Puts back what the model owned at the best validation, if that was not the last one.
  void restore();
  /// What happened, for a person; empty where nothing did.
  std::string text() const;
  /// Whether the run has ended early.
  bool hasEnded() const { return now.ended; }
  const State &state() const { return now; }
  /// What the model owned at the best validation; null where that is not kept.
  const char *best() const { return owned.empty() ? nullptr : owned.data(); }
  bool keepsBest() const { return stop && stop->restore_best; }
  /// Goes on from a state; `fill` puts what the model owned at the best validation into memory, where it was kept.
  void resume(const State &state, const std::function<void(char *)> &fill);
  /// The results of the validation whose weights are in place after `restore`.
  const Metrics &kept() const { return keepsBest() && now.bestEpoch ? now.best : now.last; }

private:
  const nnrt_stop *stop;
  Instance &instance;
  std::vector<char> owned; // at the best validation
  State now;
};

} // namespace nnrt
#endif
