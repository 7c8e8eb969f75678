// The sampler: each example exactly once per epoch, whatever N mod batch is.
#include "runtime/Sampler.h"
#include "runtime/Dataset.h"
#include "runtime/Philox.h"
#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
using namespace nnrt;

static std::vector<int64_t> draw(Sampler &sampler, int64_t steps) {
  std::vector<int64_t> all, batch(sampler.batch());
  for (int64_t step = 0; step < steps; ++step) {
    sampler.indices(step, batch.data());
    all.insert(all.end(), batch.begin(), batch.end());
  }
  return all;
}

static bool eachOnce(std::vector<int64_t>::iterator begin, std::vector<int64_t>::iterator end) {
  std::vector<int64_t> sorted(begin, end), expected(end - begin);
  std::sort(sorted.begin(), sorted.end());
  std::iota(expected.begin(), expected.end(), 0);
  return sorted == expected;
}

// N mod batch = 0, 1, batch - 1, and fewer examples than a batch.
class Remainder : public testing::TestWithParam<int64_t> {};
INSTANTIATE_TEST_SUITE_P(Sampler, Remainder, testing::Values(64, 65, 79, 11, 1));

TEST_P(Remainder, CarrySeesEachExampleOncePerEpoch) {
  int64_t n = GetParam(), batch = 16;
  Sampler sampler(n, batch, 7, true, false);
  std::vector<int64_t> stream = draw(sampler, sampler.stepsFor(5));
  for (int64_t epoch = 0; epoch < 5; ++epoch)
    EXPECT_TRUE(eachOnce(stream.begin() + epoch * n, stream.begin() + (epoch + 1) * n)) << "epoch " << epoch;
  EXPECT_LT(int64_t(stream.size()) - 5 * n, batch);
}

TEST(Sampler, DropEndsAnEpochWithItsLastFullBatch) {
  Sampler sampler(79, 16, 7, true, true);
  EXPECT_EQ(sampler.stepsFor(3), 12);
  std::vector<int64_t> stream = draw(sampler, 12);
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<int64_t> seen(stream.begin() + epoch * 64, stream.begin() + (epoch + 1) * 64);
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
  }
}

TEST(Sampler, WithoutShufflingTheOrderIsTheFiles) {
  Sampler sampler(5, 3, 7, false, false);
  EXPECT_EQ(draw(sampler, 3), (std::vector<int64_t>{0, 1, 2, 3, 4, 0, 1, 2, 3}));
}

TEST(Sampler, TheStepAloneDecides) {
  Sampler one(1000, 64, 7, true, false), two(1000, 64, 7, true, false);
  std::vector<int64_t> a(64), b(64);
  draw(one, 40);
  one.indices(41, a.data());
  two.indices(41, b.data());
  EXPECT_EQ(a, b);
}

TEST(Sampler, SeedsAndEpochsGiveDifferentOrders) {
  Sampler one(1000, 1000, 1, true, false), two(1000, 1000, 2, true, false);
  EXPECT_NE(draw(one, 1), draw(two, 1));
  std::vector<int64_t> stream = draw(one, 2);
  EXPECT_FALSE(std::equal(stream.begin(), stream.begin() + 1000, stream.begin() + 1000));
}

TEST(Sampler, EpochBorders) {
  Sampler sampler(100, 32, 0, true, false); // borders at 3.125 and 6.25 steps
  EXPECT_EQ(sampler.epochsAfter(3), 0);
  EXPECT_EQ(sampler.epochsAfter(4), 1);
  EXPECT_EQ(sampler.epochsAfter(6), 1);
  EXPECT_EQ(sampler.epochsAfter(7), 2);
  EXPECT_EQ(sampler.stepsFor(1), 4);
}

TEST(Permutation, IsABijectionOfEverySize) {
  for (int64_t n = 1; n < 70; ++n) {
    Permutation order(n, 3, 1, 0);
    std::vector<int64_t> image;
    for (int64_t i = 0; i < n; ++i)
      image.push_back(order(i));
    EXPECT_TRUE(eachOnce(image.begin(), image.end())) << n;
  }
}

TEST(Permutation, SpreadsNeighbours) {
  // The mean distance of the images of neighbours is n/3 for a random permutation.
  Permutation order(60000, 0, 1, 0);
  double sum = 0;
  for (int64_t i = 0; i + 1 < 60000; ++i)
    sum += double(std::abs(order(i) - order(i + 1)));
  EXPECT_NEAR(sum / 59999 / 20000, 1, 0.02);
}

TEST(Philox, MatchesThePublishedVectors) {
  // Known answers of Random123 1.09 (kat_vectors), philox4x32 10.
  std::array<uint32_t, 4> zero = philox({0, 0, 0, 0}, {0, 0});
  EXPECT_EQ(zero, (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  std::array<uint32_t, 4> pi = philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0});
  EXPECT_EQ(pi, (std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

namespace {
class Numbered : public Dataset {
public:
  Numbered(const nnrt_source &source, int64_t n, int64_t overlap = 0) : Dataset(source), overlap(overlap) {
    records = n;
  }
  void copy(int64_t, int64_t, char *) override {}
  int64_t reach() const override { return overlap; }

private:
  int64_t overlap;
};
} // namespace

TEST(Split, DrawIsDisjointCompleteAndInOrder) {
  nnrt_source source{};
  Numbered data(source, 1000);
  Part rest, part;
  splitDraw(data, 0.1, 5, rest, part);
  EXPECT_EQ(part.count, 100);
  EXPECT_EQ(rest.count, 900);
  std::vector<int64_t> all;
  for (const Part *p : {&rest, &part})
    for (int64_t i = 0; i < p->count; ++i) {
      EXPECT_TRUE(i == 0 || p->record(i) > p->record(i - 1));
      all.push_back(p->record(i));
    }
  EXPECT_TRUE(eachOnce(all.begin(), all.end()));
}

TEST(Split, EveryRecordIsInOneFold) {
  nnrt_source source{};
  Numbered data(source, 103);
  std::vector<int64_t> all;
  for (int64_t fold = 0; fold < 5; ++fold) {
    Part rest, part;
    splitFold(data, 5, fold, 7, rest, part);
    EXPECT_TRUE(part.count == 20 || part.count == 21);
    EXPECT_EQ(rest.count + part.count, 103);
    all.insert(all.end(), part.picks.begin(), part.picks.end());
  }
  EXPECT_TRUE(eachOnce(all.begin(), all.end()));
}

TEST(Split, FoldsHaveTheirShareOfEveryClass) {
  struct Labelled : Numbered {
    using Numbered::Numbered;
    static char labelOf(int64_t record) { return record % 7 == 0 ? 2 : record % 7 == 1 ? 1 : 0; }
    void copy(int64_t, int64_t record, char *out) override { *out = labelOf(record); }
  };
  int64_t one = 1;
  nnrt_field label{};
  label.name = "label";
  label.shape = &one;
  label.type = NNRT_U8;
  nnrt_source source{};
  source.fields = &label;
  source.n_fields = 1;
  Labelled data(source, 103); // 73, 15 and 15 of the classes
  std::vector<int64_t> all;
  for (int64_t fold = 0; fold < 5; ++fold) {
    Part rest, part;
    splitClasses(data, 0, 5, fold, 7, rest, part);
    int64_t counts[3] = {};
    for (uint32_t record : part.picks)
      ++counts[int(Labelled::labelOf(record))];
    EXPECT_TRUE(counts[0] == 14 || counts[0] == 15);
    EXPECT_EQ(counts[1], 3);
    EXPECT_EQ(counts[2], 3);
    EXPECT_EQ(rest.count + part.count, 103);
    all.insert(all.end(), part.picks.begin(), part.picks.end());
  }
  EXPECT_TRUE(eachOnce(all.begin(), all.end()));
}

TEST(Split, OverlappingRecordsStayApart) {
  nnrt_source source{};
  Numbered data(source, 1000, /*overlap=*/3);
  auto distance = [](const Part &a, const Part &b) {
    int64_t least = 1000;
    for (int64_t i = 0; i < a.count; ++i)
      for (int64_t k = 0; k < b.count; ++k)
        least = std::min(least, std::abs(a.record(i) - b.record(k)));
    return least;
  };
  Part rest, part;
  splitDraw(data, 0.1, 5, rest, part);
  EXPECT_EQ(distance(rest, part), 4);
  EXPECT_NEAR(double(part.count), 100, 32); // runs of 32
  EXPECT_GT(rest.count, 1000 - part.count - 6 * 4);
  splitFold(data, 4, 2, 5, rest, part);
  EXPECT_EQ(distance(rest, part), 4);
  splitTail(data, 0.1, rest, part);
  EXPECT_EQ(distance(rest, part), 4);
  EXPECT_EQ(rest.count, 897);
}

TEST(Split, TailIsTheEnd) {
  nnrt_source source{};
  Numbered data(source, 10);
  Part rest, part;
  splitTail(data, 0.3, rest, part);
  EXPECT_EQ(rest.count, 7);
  EXPECT_EQ(part.record(0), 7);
  EXPECT_EQ(part.count, 3);
}
