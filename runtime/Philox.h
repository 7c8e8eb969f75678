// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3; SC 2011), the runtime's
// source of random numbers: a pure function of key and counter, so that nothing has a state to keep.
#ifndef NNRT_PHILOX_H
#define NNRT_PHILOX_H
#include <array>
#include <cstdint>

namespace nnrt {

/// What a key is used for; two uses never share a stream.
enum class Draw : uint32_t {
  EpochOrder = 1,
  ValidationSplit = 2,
  DigitTrain = 3,
  DigitTest = 4,
  DigitValidation = 5,
  BenchBatch = 6,
  Augmentation = 7
};

inline std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t a = uint64_t(0xD2511F53) * counter[0], b = uint64_t(0xCD9E8D57) * counter[2];
    counter = {uint32_t(b >> 32) ^ counter[1] ^ key[0], uint32_t(b), uint32_t(a >> 32) ^ counter[3] ^ key[1],
               uint32_t(a)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

/// The stream of numbers that belongs to (seed, draw, index).
class RandomStream {
public:
  RandomStream(uint64_t seed, Draw draw, uint64_t index)
      : key{uint32_t(seed), uint32_t(seed >> 32)}, base{uint32_t(index), uint32_t(index >> 32), uint32_t(draw), 0} {}
  uint32_t bits() {
    if (used == 4) {
      block = philox(base, key);
      ++base[3];
      used = 0;
    }
    return block[used++];
  }
  /// In [0, 1), a multiple of 2^-24.
  float uniform() { return float(bits() >> 8) * 0x1p-24f; }
  float between(float low, float high) { return low + (high - low) * uniform(); }
  /// In 0 .. n-1; the bias is below n / 2^32.
  uint32_t below(uint32_t n) { return uint32_t(uint64_t(bits()) * n >> 32); }
  /// Mean 0, variance 1, from the sum of four uniforms' bytes: light tails are wanted, speed too.
  float roughNormal() {
    uint32_t b = bits();
    int sum = int(b & 255) + int(b >> 8 & 255) + int(b >> 16 & 255) + int(b >> 24) - 510;
    return float(sum) * (1.0f / 147.8f);
  }

private:
  std::array<uint32_t, 2> key;
  std::array<uint32_t, 4> base, block{};
  int used = 4;
};

} // namespace nnrt
#endif
