// Signals are the process's, not a model's, hence the one variable of the runtime that is not inside an object.
#include "Signals.h"

namespace nnrt {

static volatile sig_atomic_t received = 0;

static void note(int signal) { received = signal; }

SignalWatch::SignalWatch() {
  received = 0;
  struct sigaction action{};
  action.sa_handler = note;
  action.sa_flags = SA_RESETHAND;
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
