// The core's floating-point peak: independent fused multiply-adds on registers. Prints GFLOP/s of one thread.
#include <stdio.h>
#include <time.h>
#if defined(__AVX512F__)
enum { LANES = 16, CHAINS = 24 };
#elif defined(__AVX__)
enum { LANES = 8, CHAINS = 12 };
#else
enum { LANES = 4, CHAINS = 24 };
#endif
typedef float vector __attribute__((vector_size(LANES * 4)));

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

int main(void) {
  vector a[CHAINS], x = (vector){0} + 1.0001f, y = (vector){0} + 1e-4f;
  for (int i = 0; i < CHAINS; ++i)
    a[i] = (vector){0} + (float)i;
  double best = 0;
  for (int round = 0; round < 10; ++round) {
    enum { N = 2000000 };
    double start = now();
    for (int n = 0; n < N; ++n) {
#pragma GCC unroll 24
      for (int i = 0; i < CHAINS; ++i)
        a[i] = a[i] * x + y;
    }
    double rate = 2.0 * LANES * CHAINS * N / (now() - start) / 1e9;
    best = rate > best ? rate : best;
  }
  float sum = 0;
  for (int i = 0; i < CHAINS; ++i)
    sum += a[i][0];
  printf("%.1f\n", best);
  return sum == 12345.0f;
}
