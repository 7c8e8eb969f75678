// `train --check`: whether the gradient of every layer is the derivative of the loss, in f64.
#ifndef NNRT_GRADIENTCHECK_H
#define NNRT_GRADIENTCHECK_H
#include "Dataset.h"

namespace nnrt {

/// Moves the parameters of one layer after the other along a random direction and compares the loss's difference
/// quotient with what the gradient says; prints a line per layer unless `quiet`. One batch, the first of the data; the
/// model stays as it is. Fails where they disagree, and in a program that was compiled without `--with=check`.
Status checkGradients(Instance &instance, const Part &part, int64_t seed, bool quiet);

} // namespace nnrt
#endif
