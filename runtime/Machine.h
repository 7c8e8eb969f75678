// What the runtime asks of the machine: processors, processor features, peak memory, time, the floating-point mode.
#ifndef NNRT_MACHINE_H
#define NNRT_MACHINE_H
#include "Message.h"
#include <cstdint>

namespace nnrt {

/// CPUs that this process may run on (its affinity mask), at least 1.
int onlineCpus();
/// Fails with exit status 3 if the processor lacks one of the comma-separated features; the message lists what is
/// missing.
Status checkCpu(const char *features, const char *target);
/// Seconds of a clock that never goes back.
double seconds();
/// Peak resident memory of the process in MiB.
double peakMemoryMiB();

/// While one lives, this thread computes with denormals kept and rounding to nearest, whatever its caller had set.
class FloatingPointMode {
public:
  FloatingPointMode();
  ~FloatingPointMode();
  FloatingPointMode(const FloatingPointMode &) = delete;
  FloatingPointMode &operator=(const FloatingPointMode &) = delete;

private:
  uint64_t saved;
};

} // namespace nnrt
#endif
