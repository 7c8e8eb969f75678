// Where in a training step the first value arose that is not finite.
#ifndef NNRT_DIAGNOSIS_H
#define NNRT_DIAGNOSIS_H
#include "Loader.h"
#include <memory>

namespace nnrt {

class Diagnosis {
public:
  Diagnosis(Instance &instance, const Part &part, Sampler &sampler, uint64_t seed);
  /// Whether the program has the entry that finds layers (`--with=check`). Such a program keeps a copy of all owned
  /// values from step to step.
  bool findsLayers() const { return description; }
  Status bind();
  /// To be called in front of every step.
  void keep();
  /// What is known after a step (from 0) that went wrong: a line for people, or none. Where the step is looked at
  /// again, the owned values become those in front of it, unless all is finite.
  Status explain(int64_t step, std::string &text);

  /// The first parameter that holds a value that is not finite, or "".
  std::string spoiledParameter() const;

private:
  Instance &instance;
  const nnrt_entry *description;
  std::unique_ptr<Entry> entry;
  Loader loader;
  uint64_t seed;
  std::vector<char> kept;
};

} // namespace nnrt
#endif
