// The one allocation of a running model. Zeroed, 64-byte aligned, with a page behind it that may not be touched, so a
// kernel that runs off the end faults at once. Knows nothing of what lies inside.
#ifndef NNRT_ARENA_H
#define NNRT_ARENA_H
#include "Message.h"
#include <cstdint>

namespace nnrt {

class Arena {
public:
  Arena() = default;
  Arena(const Arena &) = delete;
  Arena &operator=(const Arena &) = delete;
  ~Arena();

  /// Maps `bytes` bytes. The end of the last 64-byte unit touches the guard page. Exit status 3 where memory is short.
  Status allocate(int64_t bytes);
  char *data() const { return base; }
  int64_t size() const { return bytes; }

private:
  char *mapping = nullptr, *base = nullptr;
  int64_t mapped = 0, bytes = 0;
};

} // namespace nnrt
#endif
