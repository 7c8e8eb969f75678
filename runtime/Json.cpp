// JSON text.
#include "Json.h"
#include "Message.h"
#include <cmath>

namespace nnrt {

void appendString(std::string &out, const char *text) {
  out += '"';
  for (auto at = reinterpret_cast<const unsigned char *>(text); *at;) {
    int length = characterLength(reinterpret_cast<const char *>(at));
    bool isControl = *at < 0x20 || *at == 0x7f || (*at == 0xc2 && length && at[1] < 0xa0);
    if (*at == '"' || *at == '\\')
      (out += '\\') += char(*at);
    else if (isControl)
      append(out, "\\u%04x", at[length - 1]);
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
