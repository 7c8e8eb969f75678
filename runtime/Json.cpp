// JSON text.
#include "Json.h"
#include "Message.h"
#include <cmath>

namespace nnrt {

/// Length of the well-formed UTF-8 sequence at `at`, or 0.
static int sequenceLength(const unsigned char *at) {
  int length = at[0] < 0x80                    ? 1
               : at[0] >= 0xc2 && at[0] < 0xe0 ? 2
               : at[0] >= 0xe0 && at[0] < 0xf0 ? 3
               : at[0] >= 0xf0 && at[0] < 0xf5 ? 4
                                               : 0;
  for (int i = 1; i < length; ++i)
    if ((at[i] & 0xc0) != 0x80)
      return 0;
  return length;
}

void appendString(std::string &out, const char *text) {
  out += '"';
  for (auto at = reinterpret_cast<const unsigned char *>(text); *at;) {
    int length = sequenceLength(at);
    if (*at == '"' || *at == '\\')
      (out += '\\') += char(*at);
    else if (*at < 0x20)
      append(out, "\\u%04x", *at);
    else if (length)
      out.append(reinterpret_cast<const char *>(at), length);
    else
      out += "\\ufffd";
    at += length ? length : 1;
  }
  out += '"';
}

void appendNumber(std::string &out, double value) {
  if (std::isnan(value))
    out += "\"NaN\"";
  else if (std::isinf(value))
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  else
    append(out, "%.9g", value);
}

} // namespace nnrt
