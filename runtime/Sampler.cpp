// The keyed permutation and the stream of epochs.
#include "Sampler.h"
#include "Philox.h"

namespace nnrt {

Permutation::Permutation(int64_t n, uint64_t seed, uint32_t draw, uint64_t index) : n(uint64_t(n)), halfBits(1) {
  while (halfBits < 31 && uint64_t(1) << (2 * halfBits) < this->n)
    ++halfBits;
  halfMask = (uint64_t(1) << halfBits) - 1;
  RandomStream random(seed, Draw(draw), index);
  for (uint64_t &key : keys) {
    uint64_t high = random.bits();
    key = high << 32 | random.bits();
  }
}

uint64_t Permutation::encrypt(uint64_t value) const {
  uint64_t left = value >> halfBits, right = value & halfMask;
  for (uint64_t key : keys) {
    uint64_t mixed =
        (right + key) * 0x9E3779B97F4A7C15u; // the round function: any mixing will do, the network is invertible
    mixed = (mixed ^ mixed >> 32) * 0xD6E8FEB86659FD93u;
    uint64_t next = left ^ (mixed >> 32 & halfMask);
    left = right;
    right = next;
  }
  return left << halfBits | right;
}

int64_t Permutation::operator()(int64_t i) const {
  uint64_t value = uint64_t(i);
  do
    value = encrypt(value);
  while (value >= n);
  return int64_t(value);
}

Sampler::Sampler(int64_t examples, int64_t batch, uint64_t seed, bool shuffle, bool dropLast)
    : examples(examples), size(batch), perEpoch(dropLast ? examples / batch * batch : examples), seed(seed),
      shuffle(shuffle), order(examples, seed, uint32_t(Draw::EpochOrder), 0) {}

void Sampler::indices(int64_t step, int64_t *out) {
  for (int64_t row = 0; row < size; ++row) {
    int64_t position = step * size + row, epoch = position / perEpoch, within = position % perEpoch;
    if (shuffle && epoch != current) {
      order = Permutation(examples, seed, uint32_t(Draw::EpochOrder), uint64_t(epoch));
      current = epoch;
    }
    out[row] = shuffle ? order(within) : within;
  }
}

int64_t Sampler::mostEpochs() const { return (INT64_MAX - size) / perEpoch; }
int64_t Sampler::stepsFor(int64_t epochs) const { return (epochs * perEpoch + size - 1) / size; }

int64_t Sampler::epochsAfter(int64_t steps) const { return steps * size / perEpoch; }

} // namespace nnrt
