// Texts, and PNG (ISO 15948) whose pixels are stored, not compressed, so that zlib is not needed.
#include "Svg.h"
#include "Checksum.h"
#include "Message.h"
#include <algorithm>

namespace nnrt {

std::string svgHead(double width, double height) {
  return format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f "
                "%.0f\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" "
                "fill=\"white\"/>\n",
                width, height, width, height);
}

std::string xmlText(const std::string &text) {
  std::string out;
  for (const char *at = text.data(), *end = at + text.size(); at != end;) {
    int length = characterLength(at);
    switch (*at) {
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '&':
      out += "&amp;";
      break;
    case '"':
      out += "&quot;";
      break;
    default: // XML has no way to write the others
      bool isText = length > 1 || (length && (uint8_t(*at) >= 0x20 || *at == '\t' || *at == '\n'));
      out += isText ? std::string(at, size_t(length)) : "\xef\xbf\xbd";
    }
    at += length ? length : 1;
  }
  return out;
}

std::string shortened(const std::string &text, size_t characters) {
  size_t count = 0, cut = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] & 0xc0) == 0x80) // goes on with a character
      continue;
    if (++count == characters)
      cut = i;
  }
  return count > characters ? text.substr(0, cut) + "…" : text;
}

static void appendBigEndian(std::string &out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out += char(value >> shift);
}

static void appendChunk(std::string &png, const std::string &typeAndData) {
  appendBigEndian(png, uint32_t(typeAndData.size() - 4));
  png += typeAndData;
  appendBigEndian(png, crc32(typeAndData.data(), int64_t(typeAndData.size())));
}

/// A zlib stream of stored blocks.
static std::string stored(const std::string &bytes) {
  constexpr size_t most = 65535;
  std::string out = "\x78\x01";
  uint32_t a = 1, b = 0; // Adler-32
  for (unsigned char byte : bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  for (size_t at = 0; at < bytes.size(); at += most) {
    size_t length = std::min(most, bytes.size() - at);
    out += char(at + length == bytes.size());
    for (size_t word : {length, ~length})
      (out += char(word)) += char(word >> 8);
    out.append(bytes, at, length);
  }
  appendBigEndian(out, b << 16 | a);
  return out;
}

static std::string base64(const std::string &bytes) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? uint8_t(bytes[i + k]) : 0);
    for (size_t k = 0; k < 4; ++k)
      out += i + k <= bytes.size() ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::string pictureUri(int64_t channels, int64_t height, int64_t width, const std::vector<uint8_t> &pixels) {
  std::string png = "\x89PNG\r\n\x1a\n", head = "IHDR", rows;
  appendBigEndian(head, uint32_t(width));
  appendBigEndian(head, uint32_t(height));
  head += {8, char(channels == 3 ? 2 : 0), 0, 0, 0}; // bits, colours, and the only ways to compress, filter, order
  appendChunk(png, head);
  for (int64_t y = 0; y < height; ++y) {
    rows += '\0'; // not filtered
    rows.append(reinterpret_cast<const char *>(pixels.data()) + y * width * channels, size_t(width * channels));
  }
  appendChunk(png, "IDAT" + stored(rows));
  appendChunk(png, "IEND");
  return "data:image/png;base64," + base64(png);
}

} // namespace nnrt
