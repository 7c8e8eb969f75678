// Checksums of bytes on disk.
#ifndef NNRT_CHECKSUM_H
#define NNRT_CHECKSUM_H
#include <cstdint>

namespace nnrt {

/// CRC-32 (ISO 3309, the one of gzip and PNG) of `bytes` bytes, going on from `crc`.
uint32_t crc32(const void *data, int64_t bytes, uint32_t crc = 0);
/// CRC-32C (Castagnoli, the one of iSCSI and TFRecord).
uint32_t crc32c(const void *data, int64_t bytes, uint32_t crc = 0);

} // namespace nnrt
#endif
