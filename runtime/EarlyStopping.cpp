// Best results and the copy of the weights that had them.
#include "EarlyStopping.h"
#include <cstring>

namespace nnrt {

bool EarlyStopping::ends(const Metrics &results, int64_t epoch) {
  now.last = results;
  now.lastEpoch = epoch;
  if (!stop || results.empty())
    return false;
  double sign = stop->rising ? -1 : 1, value = sign * valueOf(results, stop->metric);
  // NaN is not better than anything.
  if (now.bestEpoch ? value < sign * valueOf(now.best, stop->metric) - stop->min_delta : value == value) {
    now.best = results;
    now.bestEpoch = epoch;
    now.worse = 0;
    if (stop->restore_best) {
      const char *begin = instance.arena.data();
      owned.assign(begin, begin + instance.model.persistent_bytes);
    }
    return false;
  }
  now.ended = ++now.worse >= stop->patience;
  return now.ended;
}

void EarlyStopping::resume(const State &state, const std::function<void(char *)> &fill) {
  now = state;
  if (!keepsBest() || !fill)
    return;
  owned.assign(size_t(instance.model.persistent_bytes), 0);
  fill(owned.data());
}

void EarlyStopping::restore() {
  if (!owned.empty() && now.bestEpoch != now.lastEpoch)
    memcpy(instance.arena.data(), owned.data(), owned.size());
}

std::string EarlyStopping::text() const {
  std::string text;
  if (now.ended)
    text = format("stopped: %lld validation%s without a better %s\n", (long long)now.worse, now.worse == 1 ? "" : "s",
                  stop->metric);
  if (!owned.empty() && now.bestEpoch != now.lastEpoch)
    text += format("the weights are those of epoch %lld: val_%s %.4g\n", (long long)now.bestEpoch, stop->metric,
                   valueOf(now.best, stop->metric));
  return text;
}

} // namespace nnrt
