// Element types: their size and their names in messages and safetensors.
#ifndef NNRT_TYPE_H
#define NNRT_TYPE_H
#include "abi.h"
#include <cstddef>

namespace nnrt {

struct TypeFacts {
  const char *name;        // as written in a .nn file
  const char *safetensors; // dtype in a safetensors header
  int32_t bytes;
  bool floating;
};

/// Facts by nnrt_type.
const TypeFacts &factsOf(int32_t type);
/// The type with this safetensors dtype, or -1.
int32_t typeOfSafetensors(const char *dtype);

/// The product of extents: elements of a tensor, of one record …
inline int64_t elementsOf(const int64_t *shape, size_t rank) {
  int64_t n = 1;
  for (size_t i = 0; i < rank; ++i)
    n *= shape[i];
  return n;
}

/// True where two shapes hold the same elements in the same order and differ by extents of 1 only: an IDX file's
/// [28, 28] is a record's [1, 28, 28].
bool sameUpToUnits(const int64_t *a, size_t rankA, const int64_t *b, size_t rankB);

/// Element number i of an array of this type.
double elementAt(int32_t type, const char *data, int64_t i);

} // namespace nnrt
#endif
