// Measures the elementary functions of vector-math.py and sigmoid.mlir against libm in double: every 20011th of the
// 2^32 floats, or with NNC_NIGHT=1 in the environment every one. Prints the largest error in ulp per function; exits
// with 1 where one exceeds 2. usage: vector-math [FUNCTION...] (all)
#include "runtime/abi.h"
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

constexpr int kCount = 4096;
#define DECLARE(f) extern "C" void v_##f(float *, float *)
DECLARE(exp);
DECLARE(expm1);
DECLARE(log);
DECLARE(log1p);
DECLARE(tanh);
DECLARE(erf);
DECLARE(sin);
DECLARE(cos);
extern "C" void v_pow(float *, float *, float *);
extern "C" nnrt_kernel nn_kernel_sigmoid;

static bool failed = false;

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
static void v_sigmoid(float *x, float *y) {
  const int64_t offsets[] = {0, (y - x) * int64_t(sizeof(float))};
  nn_kernel_sigmoid(reinterpret_cast<char *>(x), offsets, 0, 1);
}

/// Units in the last place of `want` as a float; results below the smallest normal may flush and do not count.
static double error(float got, double want) {
  constexpr double kWrong = 1e9;
  if (std::isnan(want))
    return std::isnan(got) ? 0 : kWrong;
  if (std::isinf(float(want)) || std::isinf(got) || std::isnan(got))
    return got == float(want) ? 0 : kWrong;
  if (want == 0)
    return got == 0 ? 0 : kWrong;
  if (std::fabs(want) < 0x1p-126)
    return std::fabs(got) <= 0x1p-126 ? 0 : kWrong;
  int exponent;
  std::frexp(want, &exponent);
  return std::fabs(double(got) - want) / std::ldexp(1.0, exponent - 24);
}

static void report(const char *name, double worst, float x, float z) {
  std::printf("%s %.2f ulp at %a %a\n", name, worst, x, z);
  failed |= !(worst <= 2);
}

static void measure(const char *name, void (*ours)(float *, float *), double (*exact)(double), uint64_t step) {
  alignas(64) static float x[kCount], y[kCount];
  double worst = 0;
  float at = 0;
  for (uint64_t next = 0; next < (uint64_t(1) << 32);) {
    for (float &v : x) {
      auto bits = uint32_t(next < (uint64_t(1) << 32) ? next : 0);
      std::memcpy(&v, &bits, 4);
      next += step;
    }
    ours(x, y);
    for (int k = 0; k < kCount; ++k)
      if (double e = error(y[k], exact(x[k])); e > worst)
        worst = e, at = x[k];
  }
  report(name, worst, at, 0);
}

static void measurePow() {
  alignas(64) static float x[kCount], z[kCount], y[kCount];
  uint64_t state = 1;
  auto draw = [&] { return uint32_t((state = state * 6364136223846793005u + 1442695040888963407u) >> 32); };
  double worst = 0;
  float at = 0, to = 0;
  for (int round = 0; round < 600; ++round) {
    for (int k = 0; k < kCount; ++k) {
      uint32_t a = draw(), b = draw();
      if (round % 3 == 0) { // any bits
        std::memcpy(&x[k], &a, 4);
        std::memcpy(&z[k], &b, 4);
      } else if (round % 3 == 1) { // moderate
        x[k] = float(a) * 0x1p-26f;
        z[k] = (float(b) * 0x1p-32f - 0.5f) * 40;
      } else { // integers, negative bases
        x[k] = (float(a % 101) - 50) / 7;
        z[k] = float(int(b % 41) - 20);
      }
    }
    v_pow(x, z, y);
    for (int k = 0; k < kCount; ++k)
      if (double e = error(y[k], std::pow(double(x[k]), double(z[k]))); e > worst)
        worst = e, at = x[k], to = z[k];
  }
  report("pow", worst, at, to);
}

int main(int argc, char **argv) {
  const char *night = std::getenv("NNC_NIGHT");
  uint64_t step = night && std::strcmp(night, "1") == 0 ? 1 : 20011;
  auto wanted = [&](const char *name) {
    bool named = argc == 1;
    for (int k = 1; k < argc; ++k)
      named |= std::strcmp(argv[k], name) == 0;
    return named;
  };
#define MEASURE(f, exact)                                                                                              \
  if (wanted(#f))                                                                                                      \
  measure(#f, v_##f, exact, step)
  MEASURE(exp, std::exp);
  MEASURE(expm1, std::expm1);
  MEASURE(log, std::log);
  MEASURE(log1p, std::log1p);
  MEASURE(tanh, std::tanh);
  MEASURE(erf, std::erf);
  MEASURE(sin, std::sin);
  MEASURE(cos, std::cos);
  MEASURE(sigmoid, sigmoid);
  if (wanted("pow"))
    measurePow();
  return failed;
}
