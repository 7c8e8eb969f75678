// The IDX format of the MNIST files: magic number, extents, values, all big-endian; gzip or not.
#ifndef NNRT_IDX_H
#define NNRT_IDX_H
#include "Array.h"

namespace nnrt {

/// Reads the array of an IDX file that is mapped at `file`. Bytes of an uncompressed file stay where they are.
Status readIdx(const std::string &path, std::shared_ptr<Region> file, Array &array);
/// True where the bytes (or what they inflate to) start like an IDX file.
bool looksLikeIdx(const Region &file);

} // namespace nnrt
#endif
