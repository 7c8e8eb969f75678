// Interruption by the user or the system, seen at the next step's border instead of in its middle.
#ifndef NNRT_SIGNALS_H
#define NNRT_SIGNALS_H
#include <csignal>

namespace nnrt {

/// While one lives, the first SIGINT or SIGTERM is only noted; one that comes seconds later ends the process.
class SignalWatch {
public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch &) = delete;
  SignalWatch &operator=(const SignalWatch &) = delete;
  /// The signal that arrived, or 0.
  static int arrived();

private:
  struct sigaction oldInterrupt, oldTerminate;
};

} // namespace nnrt
#endif
