// CRCs of 32 bits, sixteen bytes at a time, from tables made when first asked (slicing: Kounavis & Berry, 2008). Not
// zlib's: programs link that only to inflate.
#include "Checksum.h"
#include <cstring>

namespace nnrt {

namespace {
/// at[k][x]: what the byte x does to the CRC when k bytes follow it.
struct Tables {
  static constexpr int slices = 16;
  uint32_t at[slices][256];
  explicit Tables(uint32_t polynomial) {
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t crc = i;
      for (int bit = 0; bit < 8; ++bit)
        crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
      at[0][i] = crc;
    }
    for (int level = 1; level < slices; ++level)
      for (int i = 0; i < 256; ++i)
        at[level][i] = at[level - 1][i] >> 8 ^ at[0][at[level - 1][i] & 255];
  }
};
} // namespace

static uint32_t checksum(const Tables &tables, const void *data, int64_t bytes, uint32_t crc) {
  auto table = tables.at;
  const unsigned char *at = static_cast<const unsigned char *>(data);
  crc = ~crc;
  for (; bytes >= Tables::slices; bytes -= Tables::slices, at += Tables::slices) {
    uint32_t next = 0;
    for (int word = 0; word < Tables::slices / 4; ++word) {
      uint32_t bits;
      memcpy(&bits, at + 4 * word, 4);
      bits ^= word ? 0 : crc;
      for (int byte = 0; byte < 4; ++byte)
        next ^= table[Tables::slices - 1 - 4 * word - byte][bits >> 8 * byte & 255];
    }
    crc = next;
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
