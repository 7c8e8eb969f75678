// Random changes of records in training. What happens to a record depends on the seed, the epoch and the number of the
// example alone: not on the batch, the order or the threads. Fields with equal changes are changed alike, an image and
// its mask for example.
#ifndef NNRT_AUGMENT_H
#define NNRT_AUGMENT_H
#include "Dataset.h"

namespace nnrt {

class Augmentation {
public:
  /// `train` may be null. Fails where the data has no field of that name.
  static Status bind(const nnrt_train *train, Dataset &data, uint64_t seed, Augmentation &augmentation);
  bool any() const { return !changes.empty(); }
  /// Changes one field of a record in place.
  void apply(int64_t field, int64_t epoch, int64_t example, char *record);

private:
  struct Change {
    int64_t field;
    enum { Crop, Flip, Rotation, Noise } kind;
    double value;
    int32_t type;
    int64_t planes, height, width;
  };
  template <typename T>
  void change(const Change &change, class RandomStream &random, T *record);
  std::vector<Change> changes;
  std::vector<char> before; // the record as it was
  uint64_t seed = 0;
};

} // namespace nnrt
#endif
