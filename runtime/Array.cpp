// Conversion of stored elements into the language's types, and the range check of ids.
#include "Array.h"
#include <cstring>
#include <limits>

namespace nnrt {

int64_t checkedBytes(const std::vector<int64_t> &shape, int32_t elementBytes) {
  int64_t bytes = elementBytes;
  for (int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(bytes, extent, &bytes) || bytes > (int64_t(1) << 62))
      return -1;
  return bytes;
}

static uint64_t loadBits(const char *at, int32_t bytes, bool bigEndian) {
  uint64_t bits = 0;
  for (int32_t i = 0; i < bytes; ++i)
    bits |= uint64_t(uint8_t(at[bigEndian ? bytes - 1 - i : i])) << (8 * i);
  return bits;
}

/// The type of ours that holds every value of a stored type, or -1.
static int32_t importedType(StoredType stored) {
  switch (stored.kind) {
  case 'f':
    return stored.bytes == 2 ? NNRT_F16 : stored.bytes == 4 ? NNRT_F32 : stored.bytes == 8 ? NNRT_F64 : -1;
  case 'b':
    return stored.bytes == 2 ? NNRT_BF16 : -1;
  case '?':
    return stored.bytes == 1 ? NNRT_BOOL : -1;
  case 'i':
    return stored.bytes == 1 ? NNRT_I8 : stored.bytes <= 4 ? NNRT_I32 : stored.bytes == 8 ? NNRT_I64 : -1;
  case 'u':
    return stored.bytes == 1 ? NNRT_U8 : stored.bytes == 2 ? NNRT_I32 : stored.bytes <= 8 ? NNRT_I64 : -1;
  default:
    return -1;
  }
}

Status importArray(const std::string &what, StoredType stored, std::vector<int64_t> shape, const char *data,
                   std::shared_ptr<Region> keep, Array &array) {
  int32_t type = importedType(stored);
  if (type < 0)
    return wrong("%s: elements of %d bytes of this kind are not supported: save the array as f32, f64, i32, i64 or u8",
                 what.c_str(), stored.bytes);
  array.type = type;
  array.shape = std::move(shape);
  array.keep = std::move(keep);
  int32_t bytes = factsOf(type).bytes;
  bool aligned = reinterpret_cast<uintptr_t>(data) % bytes == 0;
  if (bytes == stored.bytes && stored.kind != 'u' && (!stored.bigEndian || bytes == 1) && aligned) {
    array.data = data;
    return {};
  }
  if (type == NNRT_U8) {
    array.data = data;
    return {};
  }
  int64_t count = array.elements();
  std::shared_ptr<Region> memory;
  NNRT_TRY(Region::allocate(count * bytes, memory, what));
  char *out = memory->data();
  for (int64_t i = 0; i < count; ++i) {
    uint64_t bits = loadBits(data + i * stored.bytes, stored.bytes, stored.bigEndian);
    if (stored.kind == 'i' && stored.bytes < bytes) { // sign-extend
      int shift = 64 - 8 * stored.bytes;
      bits = uint64_t(int64_t(bits << shift) >> shift);
    }
    if (stored.kind == 'u' && bits >> 63)
      return wrong("%s: the value %llu at position %lld does not fit in i64", what.c_str(), (unsigned long long)bits,
                   (long long)i);
    memcpy(out + i * bytes, &bits, bytes); // little-endian, as both targets are
  }
  array.data = out;
  array.keep = memory;
  return {};
}

static int64_t integerAt(const Array &array, int64_t i) {
  switch (array.type) {
  case NNRT_I32: {
    int32_t value;
    memcpy(&value, array.data + i * 4, 4);
    return value;
  }
  case NNRT_I64: {
    int64_t value;
    memcpy(&value, array.data + i * 8, 8);
    return value;
  }
  case NNRT_I8:
    return int8_t(array.data[i]);
  default:
    return uint8_t(array.data[i]);
  }
}

Status convertIntegers(const std::string &what, int32_t type, Array &array) {
  if (array.type == type)
    return {};
  int32_t bytes = factsOf(type).bytes;
  int64_t low = type == NNRT_U8 ? 0 : -(int64_t(1) << (8 * bytes - 1)), high = type == NNRT_U8 ? 255 : ~low,
          count = array.elements();
  std::shared_ptr<Region> memory;
  NNRT_TRY(Region::allocate(count * bytes, memory, what));
  for (int64_t i = 0; i < count; ++i) {
    int64_t value = integerAt(array, i);
    if (value < low || value > high)
      return wrong("%s: the value %lld at position %lld does not fit in %s", what.c_str(), (long long)value,
                   (long long)i, factsOf(type).name);
    memcpy(memory->data() + i * bytes, &value, bytes);
  }
  array.type = type;
  array.data = memory->data();
  array.keep = memory;
  return {};
}

Status checkIds(const std::string &what, const nnrt_field &field, const Array &array) {
  if (field.limit <= 0)
    return {};
  std::string also =
      field.ignored ? format(" (and %lld, which does not count)", (long long)field.ignored) : std::string();
  int64_t records = array.shape.empty() ? 1 : array.shape[0], each = records ? array.elements() / records : 0;
  for (int64_t i = 0; i < records * each; ++i) {
    int64_t value = integerAt(array, i);
    if ((value < 0 || value >= field.limit) && (value != field.ignored || !field.ignored))
      return wrong(
          "%s: record %lld holds %lld, the model takes 0 to %lld%s: correct the data, or the model's number of classes",
          what.c_str(), (long long)(i / each), (long long)value, (long long)(field.limit - 1), also.c_str());
  }
  return {};
}

Status checkBooleans(const std::string &what, const Array &array) {
  int64_t records = array.shape[0], count = array.elements();
  for (int64_t i = 0; i < count; ++i)
    if (uint8_t byte = uint8_t(array.data[i]); byte > 1)
      return wrong("%s: record %lld holds the byte %d, and a bool is 0 or 1: write the array again as bool, or as u8",
                   what.c_str(), (long long)(i / (count / records)), int(byte));
  return {};
}

} // namespace nnrt
