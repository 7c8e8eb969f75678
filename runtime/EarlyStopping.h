// Watches a result of the validations: when to end the run, and which weights were the best.
#ifndef NNRT_EARLYSTOPPING_H
#define NNRT_EARLYSTOPPING_H
#include "Evaluate.h"

namespace nnrt {

class EarlyStopping {
public:
  /// `stop` may be null: then nothing ends early and nothing is kept.
  EarlyStopping(const nnrt_stop *stop, Instance &instance) : stop(stop), instance(instance) {}
  /// Hears of a validation; true where the run ends here.
  bool ends(const Metrics &results, int64_t epoch);
  /// Puts back what the model owned at the best validation, if that was not the last one.
  void restore();
  /// What happened, for a person; empty where nothing did.
  std::string text() const;
  /// The results of the validation whose weights are in place after `restore`.
  const Metrics &kept() const { return stop && stop->restore_best && bestEpoch ? best : last; }

private:
  const nnrt_stop *stop;
  Instance &instance;
  std::vector<char> owned; // at the best validation
  Metrics best, last;
  int64_t bestEpoch = 0, lastEpoch = 0, worse = 0;
  bool ended = false;
};

} // namespace nnrt
#endif
