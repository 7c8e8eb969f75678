// Random changes of records: what they do, and on what they depend.
#include "runtime/Augment.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <numeric>
#include <set>
using namespace nnrt;

namespace {
const int64_t shape[] = {2, 6, 5};
const nnrt_field fields[] = {{"image", shape, 3, NNRT_U8, 0, 0, nullptr, 0, 0},
                             {"mask", shape, 3, NNRT_F32, 0, 0, nullptr, 0, 0}};
constexpr int64_t planes = 2, height = 6, width = 5, elements = planes * height * width;

class Fields : public Dataset {
public:
  explicit Fields(const nnrt_source &source) : Dataset(source) { records = 1; }
  void copy(int64_t, int64_t, char *) override {}
};

using Image = std::vector<uint8_t>;
Image numbered() {
  Image image(elements);
  std::iota(image.begin(), image.end(), 1);
  return image;
}

class Augmented {
public:
  explicit Augmented(std::vector<nnrt_augment> list, uint64_t seed = 0) : list(std::move(list)) {
    source.fields = fields;
    source.n_fields = 2;
    train.augment = this->list.data();
    train.n_augment = int64_t(this->list.size());
    data.reset(new Fields(source));
    status = Augmentation::bind(&train, *data, seed, augmentation);
  }
  Image image(int64_t epoch, int64_t example) {
    Image record = numbered();
    augmentation.apply(0, epoch, example, reinterpret_cast<char *>(record.data()));
    return record;
  }
  std::vector<float> mask(int64_t epoch, int64_t example) {
    Image from = numbered();
    std::vector<float> record(from.begin(), from.end());
    augmentation.apply(1, epoch, example, reinterpret_cast<char *>(record.data()));
    return record;
  }
  Status status;

private:
  std::vector<nnrt_augment> list;
  nnrt_source source{};
  nnrt_train train{};
  std::unique_ptr<Fields> data;
  Augmentation augmentation;
};

/// The numbered image moved by dy, dx.
Image moved(int64_t dy, int64_t dx) {
  Image image = numbered(), out(elements);
  for (int64_t i = 0; i < elements; ++i) {
    int64_t plane = i / (height * width), y = i / width % height + dy, x = i % width + dx;
    if (y >= 0 && y < height && x >= 0 && x < width)
      out[i] = image[(plane * height + y) * width + x];
  }
  return out;
}
} // namespace

TEST(Augment, CropIsEveryShiftUpToThePadding) {
  Augmented augmented({{"image", "random_crop", 1}});
  std::set<Image> expected, seen;
  for (int64_t dy = -1; dy <= 1; ++dy)
    for (int64_t dx = -1; dx <= 1; ++dx)
      expected.insert(moved(dy, dx));
  for (int64_t example = 0; example < 200; ++example)
    seen.insert(augmented.image(0, example));
  EXPECT_EQ(seen, expected);
}

TEST(Augment, FlipTurnsHalfOfTheRecords) {
  for (double vertical : {0.0, 1.0}) {
    Augmented augmented({{"image", "random_flip", vertical}});
    Image turned(elements), image = numbered();
    for (int64_t i = 0; i < elements; ++i) {
      int64_t plane = i / (height * width), y = i / width % height, x = i % width;
      turned[i] =
          image[(plane * height + (vertical != 0 ? height - 1 - y : y)) * width + (vertical != 0 ? x : width - 1 - x)];
    }
    int count = 0;
    for (int64_t example = 0; example < 1000; ++example) {
      Image out = augmented.image(3, example);
      EXPECT_TRUE(out == image || out == turned);
      count += out == turned;
    }
    EXPECT_NEAR(count, 500, 60);
  }
}

TEST(Augment, RotationKeepsTheMiddleAndTurnsTheRest) {
  Augmented none({{"mask", "random_rotation", 1e-9}}), some({{"mask", "random_rotation", 180}});
  std::vector<float> plain = none.mask(0, 0);
  for (int64_t i = 0; i < elements; ++i)
    EXPECT_NEAR(plain[i], float(i + 1), 1e-3);
  std::set<int> degrees;
  for (int64_t example = 0; example < 100; ++example) {
    std::vector<float> turned = some.mask(0, example);
    // Between the two middle pixels stands their mean, whatever the angle.
    EXPECT_NEAR((turned[2 * width + 2] + turned[3 * width + 2]) / 2, 2.5 * width + 3, 1e-3);
    // The numbers grow by 5 downwards and by 1 to the right: the slope downwards tells the angle.
    double down = double(turned[3 * width + 2] - turned[2 * width + 2]),
           across = double(turned[2 * width + 3] - turned[2 * width + 1]) / 2;
    EXPECT_NEAR(std::hypot(down, across), std::hypot(5, 1), 0.01);
    degrees.insert(int(std::lround(std::atan2(across, down) * 180 / 3.14159265)));
  }
  EXPECT_GT(degrees.size(), 50u);
}

TEST(Augment, NoiseHasItsDeviationAndBytesStayBytes) {
  Augmented augmented({{"mask", "random_noise", 2}, {"image", "random_noise", 1000}});
  double sum = 0, squares = 0;
  constexpr int64_t count = 500;
  for (int64_t example = 0; example < count; ++example) {
    std::vector<float> noisy = augmented.mask(0, example);
    for (int64_t i = 0; i < elements; ++i) {
      double error = double(noisy[i]) - double(i + 1);
      sum += error;
      squares += error * error;
    }
  }
  EXPECT_NEAR(sum / (count * elements), 0, 0.05);
  EXPECT_NEAR(std::sqrt(squares / (count * elements)), 2, 0.05);
  Image image = augmented.image(0, 0);
  EXPECT_GT(std::count(image.begin(), image.end(), 0) + std::count(image.begin(), image.end(), 255), elements / 2);
}

TEST(Augment, DependsOnSeedEpochAndExampleAlone) {
  std::vector<nnrt_augment> list = {{"image", "random_crop", 2}, {"image", "random_noise", 20}};
  Augmented a(list), b(list), other(list, 1);
  for (int64_t example : {5, 3, 3, 70000})
    EXPECT_EQ(a.image(2, example), b.image(2, example));
  EXPECT_NE(a.image(2, 3), a.image(3, 3));
  EXPECT_NE(a.image(2, 3), a.image(2, 4));
  EXPECT_NE(a.image(2, 3), other.image(2, 3));
}

TEST(Augment, FieldsWithEqualChangesAreChangedAlike) {
  Augmented augmented({{"image", "random_crop", 2},
                       {"mask", "random_crop", 2},
                       {"mask", "random_flip", 0},
                       {"image", "random_flip", 0}});
  for (int64_t example = 0; example < 50; ++example) {
    Image image = augmented.image(1, example);
    EXPECT_EQ(std::vector<float>(image.begin(), image.end()), augmented.mask(1, example));
  }
}

TEST(Augment, MessageNamesTheField) {
  EXPECT_EQ(Augmented({{"picture", "random_flip", 0}}).status.message(),
            "the data has no field 'picture' that random_flip could change");
}
