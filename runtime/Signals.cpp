// Signals are the process's, not a model's, hence the only variables of the runtime that are not inside an object.
#include "Signals.h"
#include <ctime>

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

SignalWatch::SignalWatch() {
  received = 0;
  struct sigaction action{};
  action.sa_handler = note;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &oldInterrupt);
  sigaction(SIGTERM, &action, &oldTerminate);
}

SignalWatch::~SignalWatch() {
  sigaction(SIGINT, &oldInterrupt, nullptr);
  sigaction(SIGTERM, &oldTerminate, nullptr);
}

int SignalWatch::arrived() { return received; }

} // namespace nnrt
