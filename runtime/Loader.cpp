// One batch after another, and one ahead.
#include "Loader.h"

namespace nnrt {

Loader::~Loader() {
  if (!thread.joinable())
    return;
  {
    std::lock_guard<std::mutex> lock(mutex);
    ending = true;
  }
  changed.notify_all();
  thread.join();
}

Status Loader::bind(Instance &instance, const Entry &entry, uint64_t seed, bool mayOverlap) {
  NNRT_TRY(Feeder::bind(instance, entry, *part.data, feeder));
  NNRT_TRY(Augmentation::bind(instance.model.train, *part.data, seed, augmentation));
  overlap = mayOverlap && (augmentation.any() || part.data->decodes());
  if (overlap)
    staged = feeder.into(buffer);
  return {};
}

Status Loader::make(Feeder &to, int64_t step) {
  sampler.indices(step, indices.data());
  NNRT_TRY(to.fill(part, indices.data(), sampler.batch()));
  for (int64_t row = 0; row < sampler.batch() && augmentation.any(); ++row)
    to.visit(row, [&](int64_t field, char *record) {
      augmentation.apply(field, sampler.epochOf(step, row), part.record(indices[row]), record);
    });
  return {};
}

Status Loader::load(int64_t step) {
  wait();
  if (made != step)
    return make(feeder, step);
  NNRT_TRY(std::move(problem));
  feeder.take(staged);
  return {};
}

void Loader::begin(int64_t step) {
  if (!overlap)
    return;
  if (!thread.joinable() && thread.start([this] { work(); }) != 0) {
    overlap = false; // batches are made when they are needed
    return;
  }
  {
    std::lock_guard<std::mutex> lock(mutex);
    wanted = step;
  }
  changed.notify_all();
}

void Loader::wait() {
  std::unique_lock<std::mutex> lock(mutex);
  changed.wait(lock, [&] { return wanted < 0; });
}

void Loader::work() {
  std::unique_lock<std::mutex> lock(mutex);
  for (;;) {
    changed.wait(lock, [&] { return wanted >= 0 || ending; });
    if (ending)
      return;
    lock.unlock();
    Status status = make(staged, wanted);
    lock.lock();
    problem = std::move(status);
    made = wanted;
    wanted = -1;
    changed.notify_all();
  }
}

} // namespace nnrt
