// Crops, flips, rotations, noise.
#include "Augment.h"
#include "Philox.h"
#include <algorithm>
#include <cmath>
#include <cstring>

namespace nnrt {

Status Augmentation::bind(const nnrt_train *train, Dataset &data, uint64_t seed, Augmentation &augmentation) {
  static const char *const kinds[] = {"random_crop", "random_flip", "random_rotation", "random_noise"};
  augmentation.seed = seed;
  for (int64_t i = 0; train && i < train->n_augment; ++i) {
    const nnrt_augment &declared = train->augment[i];
    Change change{data.find(declared.field), Change::Crop, declared.value, NNRT_U8, 1, 1, 1};
    size_t kind = 0;
    while (kind < 4 && strcmp(kinds[kind], declared.kind) != 0)
      ++kind;
    if (change.field < 0 || kind == 4)
      return wrong("the data has no field '%s' that %s could change", declared.field, declared.kind);
    change.kind = static_cast<decltype(change.kind)>(kind);
    const nnrt_field &field = data.field(change.field);
    change.type = field.type;
    change.width = field.rank > 0 ? field.shape[field.rank - 1] : 1;
    change.height = field.rank > 1 ? field.shape[field.rank - 2] : 1;
    change.planes = elementsOf(field.shape, field.rank) / (change.height * change.width);
    augmentation.before.resize(std::max(augmentation.before.size(), size_t(data.recordBytes(change.field))));
    augmentation.changes.push_back(change);
  }
  return {};
}

static void store(float value, float &out) { out = value; }
static void store(float value, uint8_t &out) { out = uint8_t(std::clamp(value + 0.5f, 0.0f, 255.0f)); }

template <typename T>
void Augmentation::change(const Change &c, RandomStream &random, T *record) {
  const T *old = reinterpret_cast<const T *>(before.data());
  memcpy(before.data(), record, size_t(c.planes * c.height * c.width) * sizeof(T));
  /// The element of the record as it was; 0 outside.
  auto at = [&](int64_t plane, int64_t y, int64_t x) {
    bool inside = y >= 0 && y < c.height && x >= 0 && x < c.width;
    return inside ? old[(plane * c.height + y) * c.width + x] : T(0);
  };
  auto each = [&](auto element) {
    for (int64_t plane = 0; plane < c.planes; ++plane)
      for (int64_t y = 0; y < c.height; ++y)
        for (int64_t x = 0; x < c.width; ++x)
          element(plane, y, x, record[(plane * c.height + y) * c.width + x]);
  };
  switch (c.kind) {
  case Change::Crop: {
    auto padding = int64_t(c.value);
    int64_t dy = random.below(uint32_t(2 * padding + 1)) - padding,
            dx = random.below(uint32_t(2 * padding + 1)) - padding;
    each([&](int64_t plane, int64_t y, int64_t x, T &out) { out = at(plane, y + dy, x + dx); });
    break;
  }
  case Change::Flip:
    if (random.bits() >> 31)
      each([&](int64_t plane, int64_t y, int64_t x, T &out) {
        out = c.value != 0 ? at(plane, c.height - 1 - y, x) : at(plane, y, c.width - 1 - x);
      });
    break;
  case Change::Rotation: {
    float angle = random.between(-1, 1) * float(c.value * 3.14159265358979323846 / 180), cosine = std::cos(angle),
          sine = std::sin(angle), middleY = float(c.height - 1) / 2, middleX = float(c.width - 1) / 2;
    each([&](int64_t plane, int64_t y, int64_t x, T &out) { // where it comes from, between four elements
      float v = float(y) - middleY, u = float(x) - middleX, fromY = middleY + cosine * v - sine * u,
            fromX = middleX + sine * v + cosine * u, top = std::floor(fromY), left = std::floor(fromX),
            dy = fromY - top, dx = fromX - left;
      auto iy = int64_t(top), ix = int64_t(left);
      float upper = float(at(plane, iy, ix)) * (1 - dx) + float(at(plane, iy, ix + 1)) * dx,
            lower = float(at(plane, iy + 1, ix)) * (1 - dx) + float(at(plane, iy + 1, ix + 1)) * dx;
      store(upper * (1 - dy) + lower * dy, out);
    });
    break;
  }
  case Change::Noise:
    each([&](int64_t plane, int64_t y, int64_t x, T &out) {
      store(float(at(plane, y, x)) + float(c.value) * random.roughNormal(), out);
    });
    break;
  }
}

void Augmentation::apply(int64_t field, int64_t epoch, int64_t example, char *record) {
  RandomStream random(seed, Draw::Augmentation, uint64_t(epoch) << 32 | uint64_t(example));
  for (const Change &c : changes)
    if (c.field == field) {
      if (c.type == NNRT_U8)
        change(c, random, reinterpret_cast<uint8_t *>(record));
      else
        change(c, random, reinterpret_cast<float *>(record));
    }
}

} // namespace nnrt
