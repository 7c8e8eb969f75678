// Built-in digits: deterministic, balanced, disjoint between training and test, in the shape that the model asks for.
#include "runtime/Digits.h"
#include <gtest/gtest.h>
#include <set>
using namespace nnrt;

static const int64_t shape28[] = {1, 28, 28}, shape32[] = {3, 32, 32};
static const nnrt_field bytes[] = {{"image", shape28, 3, NNRT_U8, 0}, {"label", nullptr, 0, NNRT_I32, 10}};
static const nnrt_field floats[] = {{"label", nullptr, 0, NNRT_I64, 4}, {"picture", shape32, 3, NNRT_F32, 0}};
static const nnrt_source byteSource{"idx", nullptr, bytes, 0, 2, 0}, floatSource{"npz", nullptr, floats, 0, 2, 0};

static std::string imageOf(Dataset &data, int64_t record) {
  std::string image(size_t(data.recordBytes(0)), 0);
  data.copy(0, record, image.data());
  return image;
}

static int32_t labelOf(Dataset &data, int64_t record) {
  int32_t label;
  data.copy(1, record, reinterpret_cast<char *>(&label));
  return label;
}

TEST(Digits, DoNotDependOnTheOrderOfAsking) {
  std::unique_ptr<Dataset> one, two;
  ASSERT_FALSE(Digits::open(byteSource, SourceRole::Data, one).failed());
  ASSERT_FALSE(Digits::open(byteSource, SourceRole::Data, two).failed());
  imageOf(*one, 5);
  EXPECT_EQ(imageOf(*one, 77), imageOf(*two, 77));
  EXPECT_EQ(imageOf(*one, 5), imageOf(*two, 5));
  EXPECT_EQ(one->count(), 60000);
}

TEST(Digits, AreBalanced) {
  std::unique_ptr<Dataset> data;
  ASSERT_FALSE(Digits::open(byteSource, SourceRole::Test, data).failed());
  EXPECT_EQ(data->count(), 10000);
  int counts[10] = {};
  for (int64_t i = 0; i < data->count(); ++i)
    ++counts[labelOf(*data, i)];
  for (int count : counts)
    EXPECT_EQ(count, 1000);
}

TEST(Digits, OfTestAndTrainingDiffer) {
  std::unique_ptr<Dataset> training, test;
  ASSERT_FALSE(Digits::open(byteSource, SourceRole::Data, training).failed());
  ASSERT_FALSE(Digits::open(byteSource, SourceRole::Test, test).failed());
  std::set<std::string> seen;
  for (int64_t i = 0; i < 2000; ++i) {
    seen.insert(imageOf(*training, i));
    seen.insert(imageOf(*test, i));
  }
  EXPECT_EQ(seen.size(), 4000u);
}

TEST(Digits, FitTheFieldsOfTheModel) {
  std::unique_ptr<Dataset> data;
  ASSERT_FALSE(Digits::open(floatSource, SourceRole::Data, data).failed());
  std::vector<float> picture(3 * 32 * 32);
  float largest = 0;
  for (int64_t record = 0; record < 20; ++record) {
    data->copy(1, record, reinterpret_cast<char *>(picture.data()));
    for (size_t i = 0; i < picture.size(); ++i) {
      EXPECT_EQ(picture[i], picture[i % 1024]); // the planes are alike
      largest = std::max(largest, picture[i]);
    }
    int64_t label;
    data->copy(0, record, reinterpret_cast<char *>(&label));
    EXPECT_LT(label, 4);
  }
  EXPECT_GT(largest, 0.5f);
  EXPECT_LE(largest, 1.0f);
}

TEST(Digits, SayWhereTheyDoNotFit) {
  nnrt_source source{"npz", nullptr, bytes, 0, 1, 0};
  std::unique_ptr<Dataset> data;
  EXPECT_EQ(Digits::open(source, SourceRole::Data, data).message(),
            "--data builtin makes images of digits with labels: the data of this model has other fields; give a folder "
            "with --data DIR");
}
