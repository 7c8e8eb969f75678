// Maps the arena and its guard page.
#include "Arena.h"
#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace nnrt {

static int64_t roundUp(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

Status Arena::allocate(int64_t wanted) {
  int64_t page = sysconf(_SC_PAGESIZE), used = roundUp(wanted < 64 ? 64 : wanted, 64);
  mapped = roundUp(used, page) + page;
  void *memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return machine(
        "the model needs %lld bytes of memory and the system gives none (%s): free some, or compile with a smaller "
        "batch or --max-arena",
        (long long)wanted, strerror(errno));
  mapping = static_cast<char *>(memory);
  bytes = wanted;
  mprotect(mapping + mapped - page, page, PROT_NONE);
  base = mapping + (mapped - page - used);
#ifdef MADV_HUGEPAGE
  if (mapped >= (4 << 20)) // fewer page faults and TLB misses where the arena is large
    madvise(mapping, mapped - page, MADV_HUGEPAGE);
#endif
  return {};
}

Arena::~Arena() {
  if (mapping)
    munmap(mapping, mapped);
}

} // namespace nnrt
