// CRCs of 32 bits, eight bytes at a time, from tables made when first asked. Not zlib's: programs link that only to
// inflate.
#include "Checksum.h"
#include <cstring>

namespace nnrt {

namespace {
struct Tables {
  uint32_t at[8][256];
  explicit Tables(uint32_t polynomial) {
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t crc = i;
      for (int bit = 0; bit < 8; ++bit)
        crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
      at[0][i] = crc;
    }
    for (int level = 1; level < 8; ++level)
      for (int i = 0; i < 256; ++i)
        at[level][i] = at[level - 1][i] >> 8 ^ at[0][at[level - 1][i] & 255];
  }
};
} // namespace

static uint32_t checksum(const Tables &tables, const void *data, int64_t bytes, uint32_t crc) {
  auto table = tables.at;
  const unsigned char *at = static_cast<const unsigned char *>(data);
  crc = ~crc;
  for (; bytes >= 8; bytes -= 8, at += 8) {
    uint32_t low, high;
    memcpy(&low, at, 4);
    memcpy(&high, at + 4, 4);
    low ^= crc;
    crc = table[7][low & 255] ^ table[6][low >> 8 & 255] ^ table[5][low >> 16 & 255] ^ table[4][low >> 24] ^
          table[3][high & 255] ^ table[2][high >> 8 & 255] ^ table[1][high >> 16 & 255] ^ table[0][high >> 24];
  }
  for (; bytes > 0; --bytes, ++at)
    crc = crc >> 8 ^ table[0][(crc ^ *at) & 255];
  return ~crc;
}

uint32_t crc32(const void *data, int64_t bytes, uint32_t crc) {
  static const Tables tables(0xEDB88320u);
  return checksum(tables, data, bytes, crc);
}

uint32_t crc32c(const void *data, int64_t bytes, uint32_t crc) {
  static const Tables tables(0x82F63B78u);
  return checksum(tables, data, bytes, crc);
}

} // namespace nnrt
