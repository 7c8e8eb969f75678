// Weights of another training as the start of this one: a part of a file into a part of the model.
#ifndef NNRT_TRANSFER_H
#define NNRT_TRANSFER_H
#include "Entry.h"

namespace nnrt {

/// Whether `glob` (`*`: any characters, `?`: one) names `path` or a layer around it.
bool matchesPath(const std::string &glob, const std::string &path);
/// Replaces the parameters and state that `load` speaks of; a file that does not fit changes nothing, and the message
/// lists every difference.
Status transferWeights(const nnrt_load &load, Instance &instance);

} // namespace nnrt
#endif
