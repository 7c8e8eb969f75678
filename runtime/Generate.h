// Records that an entry of the model computes, one call per example.
#ifndef NNRT_GENERATE_H
#define NNRT_GENERATE_H
#include "Dataset.h"

namespace nnrt {

/// Makes all records, in an arena of their own. Their random numbers depend on the block's seed, on the role and on the
/// number of the example, so `data` and `test` of one function differ and every run sees the same.
Status generateRecords(const nnrt_source &source, SourceRole role, const nnrt_model &model,
                       std::unique_ptr<Dataset> &dataset);

} // namespace nnrt
#endif
