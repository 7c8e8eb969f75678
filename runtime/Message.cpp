// Formatting of messages and the search for what a misspelt word meant.
#include "Message.h"
#include <algorithm>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace nnrt {

static std::string formatList(const char *pattern, va_list arguments) {
  va_list copy;
  va_copy(copy, arguments);
  int length = vsnprintf(nullptr, 0, pattern, copy);
  va_end(copy);
  std::string text(length > 0 ? length : 0, '\0');
  vsnprintf(text.data(), text.size() + 1, pattern, arguments);
  return text;
}

std::string format(const char *pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  std::string text = formatList(pattern, arguments);
  va_end(arguments);
  return text;
}

void append(std::string &text, const char *pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  char buffer[64];
  va_list copy;
  va_copy(copy, arguments);
  int length = vsnprintf(buffer, sizeof buffer, pattern, copy);
  va_end(copy);
  text += length < int(sizeof buffer) ? buffer : formatList(pattern, arguments).c_str();
  va_end(arguments);
}

Status wrong(const char *pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  Status status(Wrong, formatList(pattern, arguments));
  va_end(arguments);
  return status;
}

Status usage(const char *pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  Status status(Usage, formatList(pattern, arguments));
  va_end(arguments);
  return status;
}

Status machine(const char *pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  Status status(Machine, formatList(pattern, arguments));
  va_end(arguments);
  return status;
}

/// Levenshtein's distance, one row at a time.
static size_t distance(const std::string &a, const char *b) {
  size_t columns = strlen(b);
  std::vector<size_t> row(columns + 1);
  for (size_t j = 0; j <= columns; ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= columns; ++j) {
      size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min(replaced, std::min(row[j - 1], row[j]) + 1);
    }
  }
  return row[columns];
}

const char *nearest(const std::string &word, const std::vector<const char *> &candidates) {
  const char *best = nullptr;
  size_t bestDistance = std::max<size_t>(2, word.size() / 3) + 1;
  for (const char *candidate : candidates) {
    size_t d = distance(word, candidate);
    if (d < bestDistance) {
      bestDistance = d;
      best = candidate;
    }
  }
  return best;
}

int characterLength(const char *text) {
  auto at = reinterpret_cast<const unsigned char *>(text);
  int length = at[0] < 0x80                    ? 1
               : at[0] >= 0xc2 && at[0] < 0xe0 ? 2
               : at[0] >= 0xe0 && at[0] < 0xf0 ? 3
               : at[0] >= 0xf0 && at[0] < 0xf5 ? 4
                                               : 0;
  for (int i = 1; i < length; ++i)
    if ((at[i] & 0xc0) != 0x80)
      return 0;
  // Longer than needed, a half of a pair of UTF-16, or beyond the last character.
  bool wrong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] >= 0xa0) || (at[0] == 0xf0 && at[1] < 0x90) ||
               (at[0] == 0xf4 && at[1] >= 0x90);
  return wrong ? 0 : length;
}

/// Whether a character of that many bytes only draws itself: no control character, no end of a line, no direction.
static bool isPlain(const char *text, int length) {
  auto at = reinterpret_cast<const unsigned char *>(text);
  if (length < 2)
    return length == 1 && at[0] >= 0x20 && at[0] < 0x7f;
  if (length > 3)
    return true;
  unsigned code = length == 2 ? (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu)
                              : (at[0] & 0xfu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
  bool turns = code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
               (code >= 0x2066 && code <= 0x2069);
  return code >= 0xa0 && code != 0x2028 && code != 0x2029 && !turns;
}

std::string shown(const std::string &text, size_t most) {
  std::string out;
  size_t cut = 0; // where three dots still have room
  for (const char *at = text.c_str(), *end = at + text.size(); at != end && out.size() <= most;) {
    int length = characterLength(at);
    bool plain = isPlain(at, length);
    out += plain ? std::string(at, size_t(length)) : format("\\x%02x", uint8_t(*at));
    at += plain ? length : 1;
    if (out.size() + 3 <= most)
      cut = out.size();
  }
  return out.size() <= most ? out : out.substr(0, cut) + "...";
}

std::string shapeText(const int64_t *shape, size_t rank) {
  std::string text = "[";
  for (size_t i = 0; i < rank; ++i)
    text += format(i ? ", %lld" : "%lld", (long long)shape[i]);
  return text + "]";
}

std::string shapeText(const std::vector<int64_t> &shape) { return shapeText(shape.data(), shape.size()); }

std::string listText(const std::vector<std::string> &items, const char *last) {
  std::string text;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i)
      text += i + 1 == items.size() ? format(" %s ", last) : ", ";
    text += items[i];
  }
  return text;
}

} // namespace nnrt
