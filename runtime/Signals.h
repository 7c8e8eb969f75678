// Interruption by the user or the system, seen at the next step's border instead of in its middle.
#ifndef NNRT_SIGNALS_H
#define NNRT_SIGNALS_H
#include <csignal>

namespace nnrt {

/// While one lives, the first SIGINT, SIGTERM or SIGHUP (where `nohup` has not put it away) is only noted; one that
/// comes seconds later ends the process. A closed pipe and a file that may not grow fail as writing does, not by a
/// signal; mapped data that is cut ends the process with a message.
class SignalWatch {
public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch &) = delete;
  SignalWatch &operator=(const SignalWatch &) = delete;
  /// The signal that arrived, or 0.
  static int arrived();

private:
  static constexpr int watched[] = {SIGINT, SIGTERM, SIGHUP}, ignored[] = {SIGPIPE, SIGXFSZ};
  struct sigaction oldWatched[3], oldIgnored[2], oldBus;
};

} // namespace nnrt
#endif
