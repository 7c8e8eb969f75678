// Best results and the copy of the weights that had them.
#include "EarlyStopping.h"
#include <cstring>

namespace nnrt {

bool EarlyStopping::ends(const Metrics &results, int64_t epoch) {
  last = results;
  lastEpoch = epoch;
  if (!stop || results.empty())
    return false;
  double sign = stop->rising ? -1 : 1, now = sign * valueOf(results, stop->metric);
  // NaN is not better than anything.
  if (bestEpoch ? now < sign * valueOf(best, stop->metric) - stop->min_delta : now == now) {
    best = results;
    bestEpoch = epoch;
    worse = 0;
    if (stop->restore_best) {
      const char *begin = instance.arena.data();
      owned.assign(begin, begin + instance.model.persistent_bytes);
    }
    return false;
  }
  ended = ++worse >= stop->patience;
  return ended;
}

void EarlyStopping::restore() {
  if (!owned.empty() && bestEpoch != lastEpoch)
    memcpy(instance.arena.data(), owned.data(), owned.size());
}

std::string EarlyStopping::text() const {
  std::string text;
  if (ended)
    text = format("stopped: %lld validation%s without a better %s\n", (long long)worse, worse == 1 ? "" : "s",
                  stop->metric);
  if (!owned.empty() && bestEpoch != lastEpoch)
    text += format("the weights are those of epoch %lld: val_%s %.4g\n", (long long)bestEpoch, stop->metric,
                   valueOf(best, stop->metric));
  return text;
}

} // namespace nnrt
