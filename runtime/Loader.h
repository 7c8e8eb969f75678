// The batches of a training run: records copied and changed at random. Where that takes time (pictures are decoded,
// records augmented), the next batch is made by a thread of its own while a step runs. What is in a batch does not
// depend on it.
#ifndef NNRT_LOADER_H
#define NNRT_LOADER_H
#include "Augment.h"
#include "Sampler.h"
#include "Thread.h"
#include <condition_variable>
#include <mutex>

namespace nnrt {

class Loader {
public:
  Loader(const Part &part, Sampler &sampler) : part(part), sampler(sampler), indices(sampler.batch()) {}
  ~Loader();
  /// `overlap`: whether the thread may be used.
  Status bind(Instance &instance, const Entry &entry, uint64_t seed, bool overlap);
  /// Puts the batch of this step (from 0) into the arena.
  Status load(int64_t step);
  /// Begins to make the batch of a step, where that is worth a thread. Until `wait` nobody else reads the data.
  void begin(int64_t step);
  void wait();

private:
  Status make(Feeder &to, int64_t step);
  void work();

  const Part &part;
  Sampler &sampler;
  Feeder feeder, staged;
  Augmentation augmentation;
  std::vector<int64_t> indices;
  std::vector<char> buffer; // of `staged`
  bool overlap = false, ending = false;
  int64_t wanted = -1, made = -1; // what the thread makes; what lies in the buffer
  Status problem;                 // with it
  std::mutex mutex;
  std::condition_variable changed;
  Thread thread;
};

} // namespace nnrt
#endif
