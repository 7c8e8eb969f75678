// The records that a model does worst on, for a person.
#ifndef NNRT_WORST_H
#define NNRT_WORST_H
#include "LargestLosses.h"

namespace nnrt {

struct Example {
  int64_t record; // of the data
  double loss;    // of this record alone
  std::string target, prediction;
  double probability; // of the predicted class; negative where classes are not ranked
};

/// Adds what the data and the model say of the records.
Status describeWorst(Instance &instance, const Part &part, const std::vector<Measured> &measured,
                     std::vector<Example> &worst);

/// A table for scripts.
std::string csvOf(const std::vector<Example> &worst);
/// A sheet of their pictures; empty where the records are no pictures.
std::string svgOf(const Instance &instance, Dataset &data, const std::vector<Example> &worst);

} // namespace nnrt
#endif
