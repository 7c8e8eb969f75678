// Which examples a step sees. The order of an epoch is a keyed permutation, and the epochs form one endless stream, so
// the position in the data is one integer (the step) and nothing needs to be kept or restored.
#ifndef NNRT_SAMPLER_H
#define NNRT_SAMPLER_H
#include <cstdint>

namespace nnrt {

/// A pseudo-random permutation of 0 .. n-1, computed element by element: a Feistel network on the next even power of
/// two, walked until it falls into the range.
class Permutation {
public:
  Permutation(int64_t n, uint64_t seed, uint32_t draw, uint64_t index);
  int64_t operator()(int64_t i) const;

private:
  uint64_t encrypt(uint64_t value) const;
  static constexpr int rounds = 6;
  uint64_t n, halfMask;
  int halfBits;
  uint64_t keys[rounds];
};

class Sampler {
public:
  /// `dropLast`: an epoch ends with its last full batch; otherwise a batch may straddle the border of two epochs.
  Sampler(int64_t examples, int64_t batch, uint64_t seed, bool shuffle, bool dropLast);
  /// Writes the batch() indices of step `step` (from 0).
  void indices(int64_t step, int64_t *out);
  /// Steps after which `epochs` epochs have been seen.
  int64_t stepsFor(int64_t epochs) const;
  /// The most epochs whose records can be counted.
  int64_t mostEpochs() const;
  /// Epochs completed once `steps` steps are done.
  int64_t epochsAfter(int64_t steps) const;
  int64_t batch() const { return size; }
  /// The epoch (from 0) that a row of a step belongs to.
  int64_t epochOf(int64_t step, int64_t row) const { return (step * size + row) / perEpoch; }
  int64_t examplesPerEpoch() const { return perEpoch; }

private:
  int64_t examples, size, perEpoch; // perEpoch: examples drawn in one epoch
  uint64_t seed;
  bool shuffle;
  int64_t current = -1; // epoch of `order`
  Permutation order;
};

} // namespace nnrt
#endif
