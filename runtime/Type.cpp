// The table of element types, in the order of nnrt_type.
#include "Type.h"
#include <cstring>

namespace nnrt {

static const TypeFacts table[] = {
    {"f32", "F32", 4, true}, {"f64", "F64", 8, true},  {"bf16", "BF16", 2, true},
    {"f16", "F16", 2, true}, {"i32", "I32", 4, false}, {"i64", "I64", 8, false},
    {"i8", "I8", 1, false},  {"u8", "U8", 1, false},   {"bool", "BOOL", 1, false},
};
static constexpr int32_t typeCount = sizeof(table) / sizeof(table[0]);

const TypeFacts &factsOf(int32_t type) { return table[type]; }

int32_t typeOfSafetensors(const char *dtype) {
  for (int32_t type = 0; type < typeCount; ++type)
    if (!strcmp(table[type].safetensors, dtype))
      return type;
  return -1;
}

bool sameUpToUnits(const int64_t *a, size_t rankA, const int64_t *b, size_t rankB) {
  size_t i = 0, j = 0;
  while (true) {
    while (i < rankA && a[i] == 1)
      ++i;
    while (j < rankB && b[j] == 1)
      ++j;
    if (i == rankA || j == rankB)
      return i == rankA && j == rankB;
    if (a[i++] != b[j++])
      return false;
  }
}

double elementAt(int32_t type, const char *data, int64_t i) {
  switch (type) {
  case NNRT_F32:
    return double(reinterpret_cast<const float *>(data)[i]);
  case NNRT_F64:
    return reinterpret_cast<const double *>(data)[i];
  case NNRT_I32:
    return double(reinterpret_cast<const int32_t *>(data)[i]);
  case NNRT_I64:
    return double(reinterpret_cast<const int64_t *>(data)[i]);
  case NNRT_I8:
    return double(reinterpret_cast<const int8_t *>(data)[i]);
  case NNRT_BF16: {
    uint32_t bits = uint32_t(reinterpret_cast<const uint16_t *>(data)[i]) << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return double(value);
  }
  case NNRT_F16: {
    uint16_t bits = reinterpret_cast<const uint16_t *>(data)[i];
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent ? __builtin_ldexp(1024 + fraction, exponent - 25) : __builtin_ldexp(fraction, -24);
    if (exponent == 31)
      value = fraction ? __builtin_nan("") : __builtin_inf();
    return bits >> 15 ? -value : value;
  }
  default:
    return double(reinterpret_cast<const uint8_t *>(data)[i]);
  }
}

} // namespace nnrt
