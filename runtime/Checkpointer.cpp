// The copy, and the thread that writes it.
#include "Checkpointer.h"
#include "Machine.h"
#include <cmath>
#include <csignal>
#include <cstring>
#include <pthread.h>

namespace nnrt {

Status Checkpointer::start(bool keepsBest) {
  int64_t bytes = instance.model.persistent_bytes;
  NNRT_TRY(Region::allocate(bytes, owned, "a checkpoint"));
  if (keepsBest)
    NNRT_TRY(Region::allocate(bytes, best, "a checkpoint"));
  lastTime = seconds();
  // Signals go to the thread that trains.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = writer.start([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return error
             ? machine("cannot start the thread that writes checkpoints (%s): this user's processes are at their limit",
                       strerror(error))
             : Status();
}

Checkpointer::~Checkpointer() {
  if (!writer.joinable())
    return;
  {
    std::lock_guard<std::mutex> guard(mutex);
    ends = true;
  }
  changed.notify_all();
  writer.join();
}

template <typename Number>
static bool allFinite(const char *data, int64_t bytes) {
  const Number *at = reinterpret_cast<const Number *>(data);
  int64_t count = bytes / int64_t(sizeof(Number));
  bool finite = true;
  for (int64_t i = 0; i < count; ++i) // without a way out, so that it becomes vectors
    finite &= std::isfinite(at[i]);
  return finite;
}

static bool isFinite(const nnrt_model &model, const char *owned) {
  for (int64_t i = 0; i < model.n_owned; ++i) {
    const nnrt_tensor &tensor = model.owned[i];
    const char *data = owned + tensor.offset;
    if ((tensor.type == NNRT_F32 && !allFinite<float>(data, tensor.bytes)) ||
        (tensor.type == NNRT_F64 && !allFinite<double>(data, tensor.bytes)))
      return false;
  }
  return true;
}

void Checkpointer::run() {
  std::unique_lock<std::mutex> guard(mutex);
  for (;;) {
    changed.wait(guard, [this] { return busy || ends; });
    if (!busy)
      return;
    guard.unlock();
    log.sync();
    // A run whose parameters are not finite ends with the next loss: the checkpoint before is the one to keep.
    Status written = isFinite(instance.model, snapshot.owned)
                         ? folder.write(instance.model, instance.vocabulary, snapshot)
                         : Status();
    guard.lock();
    result = written;
    busy = false;
    changed.notify_all();
  }
}

Status Checkpointer::begin(const RunState &state, const char *bestNow) {
  NNRT_TRY(log.flush());
  snapshot.state = state;
  memcpy(owned->data(), instance.arena.data(), size_t(owned->size()));
  snapshot.owned = owned->data();
  snapshot.best = nullptr;
  if (bestNow) {
    memcpy(best->data(), bestNow, size_t(best->size()));
    snapshot.best = best->data();
  }
  lastStep = state.step;
  lastTime = seconds();
  busy = true;
  changed.notify_all();
  return {};
}

Status Checkpointer::step(const RunState &state, const char *bestNow) {
  bool due = cadence.steps ? state.step - lastStep >= cadence.steps : seconds() - lastTime >= cadence.seconds;
  std::lock_guard<std::mutex> guard(mutex);
  NNRT_TRY(result);
  return due && !busy ? begin(state, bestNow) : Status();
}

Status Checkpointer::write(const RunState &state, const char *bestNow) {
  std::unique_lock<std::mutex> guard(mutex);
  auto idle = [this] { return !busy; };
  changed.wait(guard, idle);
  NNRT_TRY(result);
  NNRT_TRY(begin(state, bestNow));
  changed.wait(guard, idle);
  return result;
}

} // namespace nnrt
