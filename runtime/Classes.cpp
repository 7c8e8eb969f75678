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

static bool namedByFolders(const nnrt_train &train) { return !train.classes && !strcmp(train.data.kind, "images"); }

bool hasClassNames(const Instance &instance) {
  const nnrt_train *train = instance.model.train;
  return train && (train->classes || (namedByFolders(*train) && !instance.vocabulary.empty()));
}

static std::string lineOf(const std::string &text, int64_t number) {
  size_t at = 0;
  while (number-- > 0)
    at = text.find('\n', at) + 1;
  return text.substr(at, text.find('\n', at) - at);
}

std::string className(const Instance &instance, int64_t id) {
  const nnrt_train *train = instance.model.train;
  if (train && train->classes && id < train->n_classes)
    return train->classes[id];
  if (hasClassNames(instance))
    return lineOf(instance.vocabulary, id);
  return format("%lld", (long long)id);
}

} // namespace nnrt
