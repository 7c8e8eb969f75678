// Plans without code: the window arithmetic against enumeration, what every plan must keep to on every machine, and the
// forms that problems of known shape get.
#include "codegen/TilePlan.h"
#include <cstdio>
#include <cstring>

using namespace nn;

static int failures = 0;
static void expect(bool holds, const char *what, const char *detail = "") {
  if (holds)
    return;
  fprintf(stderr, "FAILED: %s %s\n", what, detail);
  ++failures;
}

/// out[m, n] += lhs[m, k] * rhs[k, n], with the strides of row-major or transposed matrices.
static ContractionProblem product(int64_t m, int64_t n, int64_t k, bool transposeRight = false) {
  ContractionProblem p;
  p.dims = {{m, false, k, 0, n}, {n, false, 0, transposeRight ? k : 1, 1}, {k, true, 1, transposeRight ? 1 : n, 0}};
  p.result = {{0, {{0, 1}}}, {0, {{1, 1}}}};
  p.simplify();
  return p;
}

/// A 5x5 convolution of `channels` channels, batch innermost.
static ContractionProblem convolution(int64_t batch, int64_t channels, int64_t size, int64_t filters, int64_t padding) {
  ContractionProblem p;
  int64_t out = size + 2 * padding - 4, row = size * batch, outRow = out * batch;
  p.dims = {{batch, false, 1, 0, 1},
            {filters, false, 0, channels * 25, out * outRow},
            {out, false, row, 0, outRow},
            {out, false, batch, 0, batch},
            {channels, true, size * row, 25, 0},
            {5, true, row, 5, 0},
            {5, true, batch, 1, 0}};
  p.windows = {{2, 5, 1, 1, -padding, size}, {3, 6, 1, 1, -padding, size}};
  p.lhsOffset = -padding * (row + batch);
  p.result = {{0, {{0, 1}}}, {0, {{1, 1}}}, {0, {{2, 1}}}, {0, {{3, 1}}}};
  p.simplify();
  return p;
}

/// x[b, t, k] @ w[n, k], with the rows of x `apart` further apart than k where they are not one matrix.
static ContractionProblem sequence(int64_t b, int64_t t, int64_t n, int64_t k, int64_t apart) {
  ContractionProblem p;
  p.dims = {{b, false, t * k + apart, 0, t * n}, {t, false, k, 0, n}, {n, false, 0, k, 1}, {k, true, 1, 1, 0}};
  p.result = {{0, {{0, 1}}}, {0, {{1, 1}}}, {0, {{2, 1}}}};
  p.simplify();
  return p;
}

static void freeAxesAreJoined() {
  ContractionProblem one = sequence(3, 5, 40, 33, 0), two = sequence(3, 5, 40, 33, 7);
  expect(one.dims.size() == 3 && one.dims[0].extent == 15, "batch and time that are one in memory are one dimension");
  const auto &b = one.result[0].terms[0], &t = one.result[1].terms[0];
  expect(b.dim == 0 && b.divisor == 5 && t.dim == 0 && t.modulus == 5, "coordinates are parts of its index");
  expect(one.isJoined(0) && !one.isJoined(1), "lanes run along whole dimensions");
  expect(two.dims.size() == 4, "what is not one in memory stays apart");
  TileFacts facts;
  facts.lanes = 16;
  facts.registers = 32;
  std::optional<TilePlan> plan = planTile(two, facts);
  expect(plan && plan->form == ContractionForm::Packed && plan->levels[0].dim == 0 && plan->levels[0].block == 1,
         "the shorter one is looped over");
}

static void windowsMatchEnumeration() {
  for (int64_t scale : {1, 2, 3})
    for (int64_t tapScale : {-3, -1, 1, 2})
      for (int64_t offset : {-4, -1, 0, 2, 5})
        for (int64_t extent : {1, 4, 9}) {
          ContractionProblem p;
          p.dims = {{7, false, 1, 0, 1}, {4, true, 1, 1, 0}};
          Window w{0, 1, scale, tapScale, offset, extent};
          auto inside = [&](int64_t position, int64_t tap) {
            int64_t at = scale * position + tapScale * tap + offset;
            return at >= 0 && at < extent;
          };
          Interval all = interior(p, w);
          for (int64_t i = 0; i < 7; ++i) {
            Interval taps = tapsInside(p, w, i);
            bool every = true;
            for (int64_t k = 0; k < 4; ++k) {
              expect(inside(i, k) == (k >= taps.lo && k < taps.hi), "taps inside a window");
              every &= inside(i, k);
            }
            expect(every == (i >= all.lo && i < all.hi), "the interior of a window");
          }
        }
}

static void plansFitTheMachine() {
  const TileFacts machines[] = {
      {16, 32, 32 << 10, 1 << 20}, {8, 16, 32 << 10, 256 << 10}, {4, 32, 64 << 10, 512 << 10}};
  for (const TileFacts &facts : machines)
    for (int64_t m : {1, 5, 64, 1000})
      for (int64_t n : {1, 17, 96, 2048})
        for (int64_t k : {1, 7, 300, 4096})
          for (bool transposed : {false, true}) {
            std::optional<TilePlan> plan = planTile(product(m, n, k, transposed), facts);
            if (!plan)
              continue;
            std::string text = plan->describe();
            expect(plan->rows * plan->columns + plan->columns + 1 <= facts.registers,
                   "a tile fits the registers:", text.c_str());
            int64_t tasks = 1;
            for (unsigned l = 0; l < plan->taskLevels; ++l)
              tasks *= blocks(product(m, n, k, transposed).dims[plan->levels[l].dim].extent, plan->levels[l].block);
            expect(tasks == plan->tasks, "tasks are the blocks of the task loops:", text.c_str());
            expect(plan->taskWorkspace % 64 == 0, "workspace is aligned:", text.c_str());
          }
}

static void formsFollowStrides() {
  TileFacts avx512{16, 32, 32 << 10, 1 << 20};
  auto form = [&](const ContractionProblem &p) {
    std::optional<TilePlan> plan = planTile(p, avx512);
    return plan ? plan->describe().substr(0, plan->describe().find(' ')) : "none";
  };
  expect(form(convolution(64, 6, 14, 16, 0)) == "outer", "lanes are rows of the batch where it is innermost");
  expect(form(product(128, 32, 784)) == "outer", "short rows are read where they lie");
  expect(form(product(1024, 1024, 1024)) == "packed", "long rows are packed");
  expect(form(product(128, 784, 32, true)) == "packed", "a transposed operand of a short sum is packed");
  expect(form(product(10, 30, 4096, true)) == "dot", "lanes run along a long sum that both operands hold");
  std::optional<TilePlan> large = planTile(product(1024, 1024, 1024), avx512);
  expect(large && large->packScalars && large->tasks >= 4,
         "a large product packs both operands, in blocks for threads");
}

static void reductionsJoin() {
  ContractionProblem p = convolution(64, 6, 14, 16, 0);
  expect(p.windows.empty(), "windows that always hold are removed");
  expect(p.dims.size() == 7, "dimensions that do not continue each other stay apart");
  ContractionProblem sum;
  sum.dims = {{3, false, 20, 0, 1}, {4, true, 5, 5, 0}, {5, true, 1, 1, 0}};
  sum.result = {{0, {{0, 1}}}};
  sum.simplify();
  expect(sum.dims.size() == 2 && sum.dims[1].extent == 20, "reductions that are one in memory are joined");
}

int main() {
  freeAxesAreJoined();
  windowsMatchEnumeration();
  plansFitTheMachine();
  formsFollowStrides();
  reductionsJoin();
  return failures != 0;
}
