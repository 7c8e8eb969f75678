// The team: every task exactly once, order where a barrier stands, the same for any number of threads.
#include "runtime/Team.h"
#include "runtime/Entry.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#ifdef __x86_64__
#include <xmmintrin.h>
#endif
using namespace nnrt;

namespace {
// args: [counters, tasks before]: counts each task once.
void countKernel(char *arena, const int64_t *args, int64_t lo, int64_t hi) {
  for (int64_t i = lo; i < hi; ++i)
    ++reinterpret_cast<int32_t *>(arena + args[0])[i];
}
// args: [from, to, n]: each task sums all of `from` and so sees whether the work before the barrier is done.
void sumKernel(char *arena, const int64_t *args, int64_t lo, int64_t hi) {
  for (int64_t i = lo; i < hi; ++i) {
    uint32_t sum = 0;
    for (int64_t k = 0; k < args[2]; ++k)
      sum += reinterpret_cast<uint32_t *>(arena + args[0])[k];
    reinterpret_cast<uint32_t *>(arena + args[1])[i] = sum + 1;
  }
}
void modeKernel(char *arena, const int64_t *args, int64_t lo, int64_t hi) {
  volatile float tiny = 1e-38f, result = tiny * 0.01f; // a denormal, unless denormals are flushed
  for (int64_t i = lo; i < hi; ++i)
    reinterpret_cast<float *>(arena + args[0])[i] = result;
}
constexpr int64_t n = 100;
} // namespace

class Threads : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Team, Threads, testing::Values(1, 2, 3, 7));

TEST_P(Threads, EveryTaskRunsOnce) {
  std::vector<int64_t> args{0};
  Team team;
  ASSERT_FALSE(team.start(GetParam()).failed());
  for (int64_t tasks : {1, 2, 3, 6, 7, 8, 99}) {
    std::vector<int32_t> counters(n);
    nnrt_launch launch{countKernel, args.data(), nullptr, tasks, 0, 0};
    Plan plan(&launch, 1, team.size());
    team.run(plan, reinterpret_cast<char *>(counters.data()));
    for (int64_t i = 0; i < n; ++i)
      EXPECT_EQ(counters[i], i < tasks) << tasks << " tasks, task " << i;
  }
}

TEST_P(Threads, BarriersOrderDependentLaunches) {
  // A chain of sums over buffers of 100 that alternates wide and narrow launches; off by one if any task comes too
  // early.
  int64_t a = 0, b = n * 4;
  std::vector<int64_t> ab{a, b, n}, ba{b, a, n};
  std::vector<nnrt_launch> launches;
  for (int i = 0; i < 30; ++i) {
    int64_t tasks = i % 5 == 4 || i % 5 == 3 ? 1 : n;
    launches.push_back({sumKernel, i % 2 ? ba.data() : ab.data(), nullptr, tasks, 1, 0});
  }
  auto runWith = [&](int threads) {
    Team team;
    EXPECT_FALSE(team.start(threads).failed());
    Plan plan(launches.data(), int64_t(launches.size()), threads);
    std::vector<uint32_t> memory(2 * n, 0);
    for (int repeat = 0; repeat < 200; ++repeat) {
      std::fill(memory.begin(), memory.end(), 0);
      team.run(plan, reinterpret_cast<char *>(memory.data()));
    }
    return memory;
  };
  static const std::vector<uint32_t> expected = runWith(1);
  EXPECT_EQ(runWith(GetParam()), expected);
}

TEST_P(Threads, LoopsMoveTheirArgs) {
  // Two loops in one: round (r, q) sums row q of the rows before r * 3 into the row behind; wide and narrow bodies,
  // then one launch behind the loops that must see all of it.
  for (int64_t tasks : {int64_t(1), n}) {
    const int64_t row = n * 4, args[] = {0, row, n}, strides[] = {3 * row, 3 * row, 0, row, row, 0};
    const int64_t last[] = {4 * 3 * row, 13 * row, n};
    std::vector<nnrt_launch> launches = {{nullptr, nullptr, nullptr, 4, 0, 2},
                                         {nullptr, nullptr, nullptr, 3, 0, 1},
                                         {sumKernel, args, strides, tasks, 1, 3},
                                         {sumKernel, last, nullptr, n, 1, 3}};
    std::vector<uint32_t> expected(14 * n), memory(14 * n);
    for (int64_t r = 1; r < 14; ++r) {
      uint32_t sum = 1;
      for (int64_t k = 0; k < n; ++k)
        sum += expected[(r - 1) * n + k];
      for (int64_t k = 0; k < (r < 13 ? tasks : n); ++k)
        expected[r * n + k] = sum;
    }
    Team team;
    ASSERT_FALSE(team.start(GetParam()).failed());
    Plan plan(launches.data(), int64_t(launches.size()), team.size());
    EXPECT_EQ(plan.serial(), GetParam() == 1);
    for (int repeat = 0; repeat < 50; ++repeat) {
      std::fill(memory.begin(), memory.end(), 0);
      team.run(plan, reinterpret_cast<char *>(memory.data()));
      ASSERT_EQ(memory, expected);
    }
  }
}

TEST(Plan, ALoopOfSingleTasksNeedsNoOtherThread) {
  std::vector<int64_t> args{0}, strides{4};
  std::vector<nnrt_launch> launches = {{countKernel, args.data(), nullptr, 1, 0, 1},
                                       {nullptr, nullptr, nullptr, 5, 0, 2},
                                       {countKernel, args.data(), strides.data(), 1, 1, 1},
                                       {countKernel, args.data(), strides.data(), 1, 1, 1}};
  EXPECT_TRUE(Plan(launches.data(), 4, 4).serial());
  launches[3].tasks = 2;
  EXPECT_FALSE(Plan(launches.data(), 4, 4).serial());
}

#ifdef __x86_64__
TEST_P(Threads, KernelsKeepDenormalsWhateverTheCallerHasSet) {
  Team team;
  ASSERT_FALSE(team.start(GetParam()).failed());
  std::vector<int64_t> args{0};
  std::vector<float> values(n);
  nnrt_launch launch{modeKernel, args.data(), nullptr, n, 0, 0};
  Plan plan(&launch, 1, team.size());
  unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040); // flush denormals to zero
  unsigned flushing = _mm_getcsr();
  team.run(plan, reinterpret_cast<char *>(values.data()));
  EXPECT_EQ(_mm_getcsr(), flushing);
  _mm_setcsr(before);
  for (float value : values)
    EXPECT_GT(value, 0);
}
#endif

TEST(Plan, AChainOfSingleTasksNeedsNoOtherThread) {
  std::vector<int64_t> args{0};
  std::vector<nnrt_launch> chain(5, {countKernel, args.data(), nullptr, 1, 1, 0});
  EXPECT_TRUE(Plan(chain.data(), 5, 4).serial());
  chain[2].tasks = 2;
  EXPECT_FALSE(Plan(chain.data(), 5, 4).serial());
  EXPECT_TRUE(Plan(chain.data(), 5, 1).serial());
}

TEST(Plan, ABarrierOnALaunchWithoutTasksHoldsForTheNext) {
  int64_t a = 0, b = n * 4;
  std::vector<int64_t> count{a}, sum{a, b, n};
  std::vector<nnrt_launch> launches{{countKernel, count.data(), nullptr, n, 0, 0},
                                    {countKernel, count.data(), nullptr, 0, 1, 0},
                                    {sumKernel, sum.data(), nullptr, n, 0, 0}};
  Team team;
  ASSERT_FALSE(team.start(3).failed());
  Plan plan(launches.data(), 3, 3);
  for (int repeat = 0; repeat < 200; ++repeat) {
    std::vector<int32_t> memory(2 * n);
    team.run(plan, reinterpret_cast<char *>(memory.data()));
    for (int64_t i = 0; i < n; ++i)
      ASSERT_EQ(memory[n + i], n + 1);
  }
}

TEST(Plan, IndependentSingleTasksGoRoundTheThreads) {
  std::vector<int64_t> args{0};
  std::vector<nnrt_launch> launches(4, {countKernel, args.data(), nullptr, 1, 0, 0});
  EXPECT_FALSE(Plan(launches.data(), 4, 2).serial());
}

TEST_P(Threads, TrainingGivesTheSameBits) {
  // Ten steps of the hand-written model on bytes that depend on the position.
  auto train = [](int threads) {
    Instance instance(nnrt_program);
    EXPECT_FALSE(instance.start(threads).failed());
    Entry init(instance, *instance.find("init")), step(instance, *instance.find("train_step"));
    init.set(NNRT_SEED, 3);
    init.run();
    for (int64_t i = 0; i < 10; ++i) {
      const nnrt_tensor *image = step.find(NNRT_RECORD, "image"), *label = step.find(NNRT_RECORD, "label");
      for (int64_t k = 0; k < image->bytes; ++k)
        instance.at(*image)[k] = char(k * 31 + i);
      for (int64_t row = 0; row < 32; ++row)
        reinterpret_cast<int32_t *>(instance.at(*label))[row] = int32_t((row + i) % 10);
      step.set(NNRT_STEP, i);
      step.set(NNRT_TOTAL, 10);
      step.setHyperDefaults();
      step.run();
      EXPECT_TRUE(std::isfinite(step.scalar(*step.find(NNRT_LOSS))));
    }
    return std::string(instance.arena.data(), size_t(nnrt_program.persistent_bytes));
  };
  static const std::string expected = train(1);
  EXPECT_TRUE(train(GetParam()) == expected);
}

TEST(Arena, IsZeroedAlignedAndGuarded) {
  Arena arena;
  ASSERT_FALSE(arena.allocate(1000).failed());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(arena.data()) % 64, 0u);
  for (int64_t i = 0; i < 1000; ++i)
    ASSERT_EQ(arena.data()[i], 0);
  EXPECT_DEATH(arena.data()[1024] = 1, ""); // 1000 rounded up to 64
}

TEST(Arena, SaysWhatItNeedsWhereMemoryIsShort) {
  Arena arena;
  Status status = arena.allocate(int64_t(1) << 60);
  EXPECT_EQ(status.exitCode(), Machine);
  EXPECT_NE(status.message().find("the model needs 1152921504606846976 bytes of memory"), std::string::npos)
      << status.message();
}
