// Weight files: what a model owns and keeps (parameters and state, not the optimizer's slots), as safetensors in
// canonical layouts. A file depends on the values and the program alone: no time, host, path or thread count.
#ifndef NNRT_WEIGHTS_H
#define NNRT_WEIGHTS_H
#include "Entry.h"

namespace nnrt {

/// Whether an owned tensor is part of a weight file: a parameter or state.
bool isWeight(const nnrt_tensor &tensor);
bool hasWeights(const nnrt_model &model);
/// Runs `export` for the parameters whose written values are not the trained ones.
Status saveWeights(const std::string &path, Instance &instance);
/// The vocabulary that a weight file holds; empty where it has none.
Status readVocabulary(const std::string &path, std::string &vocabulary);
/// Replaces all parameters and state; a file that does not fit changes nothing, and the message lists every difference.
Status loadWeights(const std::string &path, Instance &instance);

} // namespace nnrt
#endif
