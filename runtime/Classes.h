// Outputs that rank classes: which they are, which class wins, what it is called.
#ifndef NNRT_CLASSES_H
#define NNRT_CLASSES_H
#include "Entry.h"
#include <string>

namespace nnrt {

/// The number of classes that this output of the model ranks: f32[batch, n] where the target is one id of n per record,
/// or where the train block names n classes; else 0.
int64_t classesOf(const nnrt_model &model, const nnrt_tensor &output);
/// The first position of the largest value.
int64_t largest(const float *values, int64_t count);
/// Whether the scores of the classes are probabilities already; else they are logits.
bool areProbabilities(const float *scores, int64_t classes);
/// The probability of a class, of the scores of all.
double probabilityOf(const float *scores, int64_t classes, int64_t id);
/// The class's name: from the train block, or that of its folder of images; its number where it has none.
std::string className(const Instance &instance, int64_t id);
bool hasClassNames(const Instance &instance);
/// The most probable character at each position of a row, where the output ranks those of a vocabulary or holds their
/// ids; else empty.
std::string charactersOf(const Instance &instance, const nnrt_tensor &output, int64_t row);

} // namespace nnrt
#endif
