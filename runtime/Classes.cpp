// Reads the train block for classes.
#include "Classes.h"
#include "Message.h"
#include <cstring>

namespace nnrt {

int64_t classesOf(const nnrt_model &model, const nnrt_tensor &output) {
  const nnrt_train *train = model.train;
  if (!train || output.rank != 2 || output.type != NNRT_F32)
    return 0;
  int64_t n = output.shape[1];
  if (train->classes && train->n_classes == n)
    return n;
  for (int64_t i = 0; train->target && i < train->data.n_fields; ++i) {
    const nnrt_field &field = train->data.fields[i];
    if (!strcmp(field.name, train->target) && field.rank == 0 && field.limit == n)
      return n;
  }
  return 0;
}

int64_t largest(const float *values, int64_t count) {
  int64_t best = 0;
  for (int64_t i = 1; i < count; ++i)
    if (values[i] > values[best])
      best = i;
  return best;
}

std::string className(const nnrt_model &model, int64_t id) {
  const nnrt_train *train = model.train;
  return train && train->classes && id < train->n_classes ? std::string(train->classes[id])
                                                          : format("%lld", (long long)id);
}

} // namespace nnrt
