// Writing JSON: strings and numbers. Who reads some (Safetensors.cpp, Plot.cpp) hears RapidJSON's events.
#ifndef NNRT_JSON_H
#define NNRT_JSON_H
#include <cstdint>
#include <string>

namespace nnrt {

/// Appends a quoted string, whose control characters are escaped; bytes that are not UTF-8 become U+FFFD.
void appendString(std::string &out, const char *text);
/// Nine significant digits, enough to give a float back exactly; NaN and infinity as strings.
void appendNumber(std::string &out, double value);

/// An element of a tensor, with all digits that give it back exactly.
void appendElement(std::string &out, int32_t type, const char *data, int64_t i);

} // namespace nnrt
#endif
