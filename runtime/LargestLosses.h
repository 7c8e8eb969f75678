// Which records of a part have the largest losses. The loss of a record is what an evaluation of it alone gives, and so
// costs a batch. A cross-entropy can be foretold from the model's scores: where it turns out so, batch by batch, only
// those are measured of which much is foretold. The memory does not depend on the number of records.
#ifndef NNRT_LARGESTLOSSES_H
#define NNRT_LARGESTLOSSES_H
#include "Evaluate.h"
#include "Progress.h"
#include <queue>

namespace nnrt {

struct Measured {
  int64_t record; // of the data
  double loss;    // not a number is worse than anything
};

/// What the scores of a record's positions say of its loss.
struct CrossEntropy {
  double sum = 0;    // -log p(target)
  double spread = 0; // the mean of -log p over all classes, which is what label smoothing adds
  double largest = 0;
  int64_t positions = 0;

  /// A position, whose target is a class.
  void add(const float *scores, int64_t classes, int64_t target);
  /// Per position, with this share of label smoothing.
  double mean(double smoothing) const;
};

class LargestLosses {
public:
  static constexpr size_t count = 25;

  LargestLosses(Instance &instance, const Part &part, Progress &progress)
      : instance(instance), part(part), progress(progress) {}
  LargestLosses(const LargestLosses &) = delete;
  LargestLosses &operator=(const LargestLosses &) = delete;
  Status bind();
  /// Looks at record `i` of the part.
  Status measure(int64_t i);
  /// Looks at the records from `first` on, which are a batch; those without positions have no target that counts.
  Status consider(int64_t first, const std::vector<CrossEntropy> &foretold);
  /// The records with the largest losses, the largest first, equal ones in the order of the data; those that do not
  /// count are left out.
  Status take(std::vector<Measured> &worst);

private:
  struct Foretold {
    double loss;
    int64_t i;
    bool operator<(const Foretold &other) const { return loss != other.loss ? loss > other.loss : i < other.i; }
  };
  Status evaluate(int64_t first, int64_t rows, double &loss, bool &counts);
  Status findSmoothing(int64_t first, const std::vector<CrossEntropy> &foretold);

  Instance &instance;
  const Part &part;
  Progress &progress;
  Part picked;
  std::unique_ptr<Evaluation> evaluation;
  std::vector<Measured> measured;          // a heap, the smallest on top
  std::priority_queue<Foretold> likeliest; // the smallest on top
  double smoothing = -1;                   // below 0: not known yet
};

} // namespace nnrt
#endif
