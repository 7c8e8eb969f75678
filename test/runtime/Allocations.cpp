// Preloaded into a program: counts what it allocates and prints the number at its end.
#include <cstddef>
#include <cstdio>

extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

static long count;

void *malloc(size_t bytes) {
  __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
  return __libc_malloc(bytes);
}
void *calloc(size_t n, size_t bytes) {
  __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
  return __libc_calloc(n, bytes);
}
void *realloc(void *old, size_t bytes) {
  __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
  return __libc_realloc(old, bytes);
}

[[gnu::destructor]] static void report() { fprintf(stderr, "allocations %ld\n", count); }
}
