// Reads the train block for classes.
#include "Classes.h"
#include "Message.h"
#include "Text.h"
#include <algorithm>
#include <cmath>
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

bool areProbabilities(const float *scores, int64_t classes) {
  double least = 0, sum = 0;
  for (int64_t c = 0; c < classes; ++c) {
    least = std::min(least, double(scores[c]));
    sum += double(scores[c]);
  }
  return least >= 0 && std::fabs(sum - 1) < 1e-3;
}

double probabilityOf(const float *scores, int64_t classes, int64_t id) {
  if (areProbabilities(scores, classes))
    return double(scores[id]);
  double most = double(scores[largest(scores, classes)]), powers = 0;
  for (int64_t c = 0; c < classes; ++c)
    powers += std::exp(double(scores[c]) - most);
  return std::exp(double(scores[id]) - most) / powers;
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

std::string charactersOf(const Instance &instance, const nnrt_tensor &output, int64_t row) {
  std::string text;
  if (!instance.vocabulary.empty() && output.type == NNRT_I32 && output.rank == 2) { // ids of characters
    Vocabulary known(instance.vocabulary);
    const int32_t *ids = reinterpret_cast<const int32_t *>(instance.at(output)) + row * output.shape[1];
    for (int64_t i = 0; i < output.shape[1]; ++i)
      if (ids[i] >= 0 && ids[i] < known.size())
        appendCharacter(text, known.character(ids[i]));
    return text;
  }
  if (instance.vocabulary.empty() || output.type != NNRT_F32 || output.rank < 2)
    return text;
  Vocabulary known(instance.vocabulary);
  int64_t classes = output.shape[output.rank - 1], positions = elementsOf(output.shape + 1, output.rank - 2);
  if (classes != known.size())
    return text;
  const float *scores = reinterpret_cast<const float *>(instance.at(output)) + row * positions * classes;
  for (int64_t i = 0; i < positions; ++i)
    appendCharacter(text, known.character(largest(scores + i * classes, classes)));
  return text;
}

} // namespace nnrt
