// The records that a model does worst on.
#ifndef NNRT_WORST_H
#define NNRT_WORST_H
#include "Evaluate.h"
#include "Progress.h"
#include <queue>

namespace nnrt {

constexpr size_t worstShown = 25;

/// The records of a part that may be among the worst: those with the highest score.
class Candidates {
public:
  /// Record number `i` of the part; not a number is worse than anything.
  void add(int64_t i, double score);
  /// In the order of the part.
  std::vector<int64_t> all() const;

private:
  static constexpr size_t most = 4 * worstShown;
  struct Scored {
    double score;
    int64_t i;
    bool operator<(const Scored &other) const { return score != other.score ? score > other.score : i < other.i; }
  };
  std::priority_queue<Scored> best; // the lowest of them on top
};

struct Example {
  int64_t record; // of the data
  double loss;    // of this record alone
  std::string target, prediction;
  double probability; // of the predicted class; negative where classes are not ranked
};

/// Measures the loss of each of these records of the part and keeps those with the largest, the largest first. Records
/// that do not count (their label is ignored) are left out.
Status findWorst(Instance &instance, const Part &part, const std::vector<int64_t> &candidates, Progress &progress,
                 std::vector<Example> &worst);

/// A table for scripts.
std::string csvOf(const std::vector<Example> &worst);
/// A sheet of their pictures; empty where the records are no pictures.
std::string svgOf(const Instance &instance, Dataset &data, const std::vector<Example> &worst);

/// The probability of a class, of its scores (logits, or probabilities where they are that already).
double probabilityOf(const float *scores, int64_t classes, int64_t id);

} // namespace nnrt
#endif
