// Signals are the process's, not a model's, hence the only variables of the runtime that are not inside an object.
#include "Signals.h"
#include <ctime>
#include <unistd.h>

namespace nnrt {

static volatile sig_atomic_t received = 0;
static volatile sig_atomic_t receivedSecond = 0; // when, by the monotonic clock

static sig_atomic_t clockSecond() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now); // may be called in a handler
  return sig_atomic_t(now.tv_sec);
}

static void note(int signal) {
  if (!received) {
    receivedSecond = clockSecond();
    received = signal;
  } else if (clockSecond() - receivedSecond > 1) { // `timeout` and some shells send a signal twice at once
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

/// Data is mapped: what cannot be read any more shows here, at an unknown place.
static void lostFile(int) {
  static const char text[] = "error: a file of the data became shorter while it was read, or its disk fails: bring it "
                             "back, then go on with --resume from the last checkpoint, if there is one\n";
  ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
  (void)written;
  _exit(3); // as for all that the machine refuses
}

SignalWatch::SignalWatch() {
  received = 0;
  struct sigaction action{};
  sigemptyset(&action.sa_mask);
  action.sa_handler = note;
  for (int i = 0; i < 3; ++i) {
    sigaction(watched[i], &action, &oldWatched[i]);
    if (watched[i] == SIGHUP && oldWatched[i].sa_handler == SIG_IGN)
      sigaction(SIGHUP, &oldWatched[i], nullptr);
  }
  action.sa_handler = lostFile;
  sigaction(SIGBUS, &action, &oldBus);
  action.sa_handler = SIG_IGN;
  for (int i = 0; i < 2; ++i)
    sigaction(ignored[i], &action, &oldIgnored[i]);
}

SignalWatch::~SignalWatch() {
  for (int i = 0; i < 3; ++i)
    sigaction(watched[i], &oldWatched[i], nullptr);
  for (int i = 0; i < 2; ++i)
    sigaction(ignored[i], &oldIgnored[i], nullptr);
  sigaction(SIGBUS, &oldBus, nullptr);
}

int SignalWatch::arrived() { return received; }

} // namespace nnrt
