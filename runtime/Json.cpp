// JSON text.
#include "Json.h"
#include "Message.h"
#include "Type.h"
#include <cmath>
#include <cstdlib>

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

void appendElement(std::string &out, int32_t type, const char *data, int64_t i) {
  double value = elementAt(type, data, i);
  if (type == NNRT_I64)
    append(out, "%lld", (long long)reinterpret_cast<const int64_t *>(data)[i]);
  else if (type == NNRT_I32)
    append(out, "%.0f", value);
  else if (type != NNRT_F64 || !std::isfinite(value))
    appendNumber(out, value);
  else // the fewest digits that give it back
    for (int digits = 9; digits <= 17; ++digits)
      if (std::string text = format("%.*g", digits, value); digits == 17 || strtod(text.c_str(), nullptr) == value) {
        out += text;
        break;
      }
}

} // namespace nnrt
