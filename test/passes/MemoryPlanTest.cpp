// Tests of the memory planner. usage: MemoryPlanTest basics | random | packings | minimalloc FOLDER
// Every plan is checked by comparing all pairs of buffers, which shares nothing with the planner.
#include "passes/MemoryPlan.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

using nn::Buffer;
using nn::MemoryPlan;
using nn::PlanOptions;

static int failures = 0;

static bool expect(bool condition, const std::string &what) {
  if (!condition) {
    std::printf("FAILED: %s\n", what.c_str());
    ++failures;
  }
  return condition;
}

/// Offsets are aligned and inside the plan, and no two buffers that are live together share a byte.
static void expectValid(const std::vector<Buffer> &buffers, const MemoryPlan &plan, const std::string &name) {
  if (!expect(plan.offsets.size() == buffers.size(), name + ": one offset per buffer"))
    return;
  for (size_t i = 0; i < buffers.size(); ++i) {
    const Buffer &a = buffers[i];
    expect(plan.offsets[i] >= 0 && plan.offsets[i] + a.size <= plan.bytes, name + ": buffer inside the arena");
    expect(plan.offsets[i] % a.align == 0, name + ": offset aligned");
    for (size_t j = 0; j < i; ++j) {
      const Buffer &b = buffers[j];
      bool together = a.lower < b.upper && b.lower < a.upper;
      bool overlap = plan.offsets[i] < plan.offsets[j] + b.size && plan.offsets[j] < plan.offsets[i] + a.size;
      if (together && overlap)
        expect(false, name + ": buffers " + std::to_string(j) + " and " + std::to_string(i) + " overlap");
    }
  }
}

/// The largest sum of sizes that are live at once: no plan is smaller.
static int64_t peakLoad(const std::vector<Buffer> &buffers) {
  int64_t peak = 0;
  for (const Buffer &at : buffers) {
    int64_t load = 0;
    for (const Buffer &b : buffers)
      load += b.lower <= at.lower && at.lower < b.upper ? b.size : 0;
    peak = std::max(peak, load);
  }
  return peak;
}

static void testBasics() {
  expect(nn::planMemory({}).bytes == 0, "no buffers take no memory");

  std::vector<Buffer> chain = {{0, 2, 100}, {1, 3, 50}, {2, 4, 100}, {3, 5, 50}};
  MemoryPlan plan = nn::planMemory(chain);
  expectValid(chain, plan, "chain");
  expect(plan.bytes == 150, "a chain reuses memory");

  std::vector<Buffer> touching = {{0, 5, 64}, {5, 9, 64}};
  expect(nn::planMemory(touching).bytes == 64, "live ranges are half-open");

  std::vector<Buffer> aligned = {{0, 9, 10, 1}, {0, 9, 64, 64}, {0, 9, 3, 4}, {2, 3, 100, 16}, {0, 9, 0, 8}};
  expectValid(aligned, nn::planMemory(aligned), "mixed alignments");

  // Four pieces around a fifth: no straight cut separates them.
  std::vector<Buffer> pinwheel = {{0, 2, 1}, {2, 3, 2}, {1, 3, 1}, {0, 1, 2}, {1, 2, 1}};
  plan = nn::planMemory(pinwheel);
  expectValid(pinwheel, plan, "pinwheel");
  expect(plan.bytes == 3, "a pinwheel packs without a gap");
}

static std::vector<Buffer> randomBuffers(std::mt19937_64 &random, size_t count) {
  std::vector<Buffer> buffers;
  for (size_t i = 0; i < count; ++i) {
    int64_t lower = int64_t(random() % 200), length = 1 + int64_t(random() % (random() % 3 ? 20 : 120));
    buffers.push_back({lower, lower + length, 1 + int64_t(random() % 5000), int64_t(1) << random() % 7});
  }
  return buffers;
}

static void testRandom() {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<Buffer> buffers = randomBuffers(random, 20 + 10 * seed);
    std::string name = "random " + std::to_string(seed);
    MemoryPlan greedy = nn::planMemory(buffers, {0, 0});
    MemoryPlan searched = nn::planMemory(buffers, {0, 2000});
    MemoryPlan again = nn::planMemory(buffers, {0, 2000});
    expectValid(buffers, greedy, name + " greedy");
    expectValid(buffers, searched, name + " searched");
    expect(searched.bytes <= greedy.bytes, name + ": searching never makes it worse");
    expect(greedy.bytes >= peakLoad(buffers), name + ": no plan below the peak load");
    expect(searched.lowerBound >= peakLoad(buffers) && searched.lowerBound <= searched.bytes, name + ": lower bound");
    expect(searched.nodes <= 2000, name + ": budget honoured");
    expect(searched.offsets == again.offsets && searched.nodes == again.nodes, name + ": same plan again");
  }
  std::mt19937_64 random(99);
  std::vector<Buffer> many = randomBuffers(random, 4000);
  expectValid(many, nn::planMemory(many), "4000 buffers");
}

/// Cuts a rectangle of time and memory into `count` buffers that fill it.
static void cut(std::mt19937_64 &random, int64_t lower, int64_t upper, int64_t size, int count,
                std::vector<Buffer> &out) {
  bool inTime = upper - lower > 1 && (size < 2 || random() % 2);
  if (count == 1 || (!inTime && size < 2)) {
    out.push_back({lower, upper, size});
    return;
  }
  int left = 1 + int(random() % (count - 1));
  if (inTime) {
    int64_t middle = lower + 1 + int64_t(random() % (upper - lower - 1));
    cut(random, lower, middle, size, left, out);
    cut(random, middle, upper, size, count - left, out);
  } else {
    int64_t below = 1 + int64_t(random() % (size - 1));
    cut(random, lower, upper, below, left, out);
    cut(random, lower, upper, size - below, count - left, out);
  }
}

/// The same with pinwheels: five pieces around a centre, which no straight cut separates.
static void cutPinwheels(std::mt19937_64 &random, int64_t lower, int64_t upper, int64_t size, int count,
                         std::vector<Buffer> &out) {
  if (count < 5 || upper - lower < 3 || size < 3)
    return cut(random, lower, upper, size, std::max(count, 1), out);
  int64_t t1 = lower + 1 + int64_t(random() % (upper - lower - 2)), t2 = t1 + 1 + int64_t(random() % (upper - t1 - 1));
  int64_t m1 = 1 + int64_t(random() % (size - 2)), m2 = m1 + 1 + int64_t(random() % (size - m1 - 1));
  int share = count / 5;
  cutPinwheels(random, lower, t2, m1, share, out);
  cutPinwheels(random, t2, upper, m2, share, out);
  cutPinwheels(random, t1, upper, size - m2, share, out);
  cutPinwheels(random, lower, t1, size - m1, share, out);
  cutPinwheels(random, t1, t2, m2 - m1, count - 4 * share, out);
}

static void fit(const std::vector<Buffer> &buffers, int64_t capacity, const std::string &name) {
  PlanOptions options;
  options.capacity = capacity;
  options.nodeBudget = 200000;
  auto start = std::chrono::steady_clock::now();
  MemoryPlan plan = nn::planMemory(buffers, options);
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%-16s %4zu buffers  %8lld bytes  %7lld nodes  %.3f s\n", name.c_str(), buffers.size(),
              (long long)plan.bytes, (long long)plan.nodes, seconds);
  expectValid(buffers, plan, name);
  expect(plan.bytes <= capacity, name + ": fits " + std::to_string(capacity));
  expect(plan.nodes <= options.nodeBudget, name + ": budget honoured");
}

/// 50 rectangles that are full where the instance leaves no slack, in shuffled order.
static void testPackings() {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    std::mt19937_64 random(seed);
    int count = 20 + int(seed) * 8;
    int64_t time = seed % 6 == 3 ? 60 : 1000000, capacity = 1 << 20; // on a coarse grid many borders coincide
    std::vector<Buffer> buffers;
    (seed % 2 ? cut : cutPinwheels)(random, 0, time, capacity, count, buffers);
    std::shuffle(buffers.begin(), buffers.end(), random);
    fit(buffers, capacity, "packing " + std::to_string(seed));
  }
}

static std::vector<Buffer> readInstance(const std::string &path) {
  std::vector<Buffer> buffers;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line); // id,lower,upper,size
  while (std::getline(file, line)) {
    long long id, lower, upper, size;
    if (std::sscanf(line.c_str(), "%lld,%lld,%lld,%lld", &id, &lower, &upper, &size) == 4)
      buffers.push_back({lower, upper, size});
  }
  return buffers;
}

static void testMinimalloc(const std::string &folder) {
  for (char instance = 'A'; instance <= 'K'; ++instance) {
    std::string name(1, instance);
    std::vector<Buffer> buffers = readInstance(folder + "/" + name + ".1048576.csv");
    if (expect(!buffers.empty(), name + ": instance read"))
      fit(buffers, 1048576, name);
  }
}

int main(int count, char **arguments) {
  std::string group = count > 1 ? arguments[1] : "";
  if (group == "basics")
    testBasics();
  else if (group == "random")
    testRandom();
  else if (group == "packings")
    testPackings();
  else if (group == "minimalloc" && count > 2)
    testMinimalloc(arguments[2]);
  else
    expect(false, "usage: MemoryPlanTest basics | random | packings | minimalloc FOLDER");
  return failures != 0;
}
