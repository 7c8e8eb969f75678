// An array read from a file: element type, shape, and native-endian values in memory that the array keeps alive.
#ifndef NNRT_ARRAY_H
#define NNRT_ARRAY_H
#include "File.h"
#include "Type.h"
#include <string>
#include <vector>

namespace nnrt {

struct Array {
  int32_t type = NNRT_U8;
  std::vector<int64_t> shape;
  const char *data = nullptr;
  std::shared_ptr<Region> keep;

  int64_t elements() const { return elementsOf(shape.data(), shape.size()); }
  int64_t bytes() const { return elements() * factsOf(type).bytes; }
  /// "u8[60000, 28, 28]"
  std::string text() const { return factsOf(type).name + shapeText(shape); }
};

/// Elements as files store them, among them types that the language lacks.
struct StoredType {
  char kind;     // 'f' floating, 'b' brain floating, 'i' signed, 'u' unsigned, '?' bool
  int32_t bytes; // of one element
  bool bigEndian;
};

/// bytes of an array of `shape`, or -1 where they do not fit in 62 bits or an extent is negative.
int64_t checkedBytes(const std::vector<int64_t> &shape, int32_t elementBytes);

/// Makes an array of `count` stored elements at `data`. What can stay where it is stays (`keep` holds it); foreign byte
/// orders and widths are converted: 16-bit integers, u32 and u64 to the next signed type, i64 at most, where a value
/// beyond it is an error. `what` names the file for messages.
Status importArray(const std::string &what, StoredType stored, std::vector<int64_t> shape, const char *data,
                   std::shared_ptr<Region> keep, Array &array);

/// Changes the element type of an integer array, which moves to new memory. `what` names the array; a value that does
/// not fit is reported with its position.
Status convertIntegers(const std::string &what, int32_t type, Array &array);

/// Every value of an integer array must be an id as the field says; the message names record and value.
Status checkIds(const std::string &what, const nnrt_field &field, const Array &array);

/// Every byte of a bool array must be 0 or 1, as generated code takes it; the message names record and byte.
Status checkBooleans(const std::string &what, const Array &array);

} // namespace nnrt
#endif
