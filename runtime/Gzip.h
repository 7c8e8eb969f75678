// Deflate as a stream: gzip files and members of zip archives. Without zlib (build switch NNRT_ZLIB) everything here
// fails with a message that says how to unpack by hand.
#ifndef NNRT_GZIP_H
#define NNRT_GZIP_H
#include "File.h"
#include <memory>

namespace nnrt {

class Inflater {
public:
  enum Form { Gzip, Raw };
  Inflater();
  ~Inflater();
  Inflater(const Inflater &) = delete;
  Inflater &operator=(const Inflater &) = delete;
  /// Reads `bytes` bytes of the file from `offset` on; what has been read is released. `what` names it for messages.
  Status open(std::string what, Form form, std::shared_ptr<Region> file, int64_t offset, int64_t bytes);
  /// Fills `out` completely; a stream that is damaged or ends before is an error.
  Status read(char *out, int64_t bytes);
  /// The stream must end here, and its checksum must be right.
  Status finish();
  /// Reads to the end, whose checksum must be right, and counts the bytes.
  Status count(int64_t &bytes);

private:
  struct Stream;
  Status step(char *out, int64_t bytes, int64_t &made);
  void report();
  std::unique_ptr<Stream> stream;
  std::string what;
};

/// The bytes of a file as they are: one packed by gzip is inflated into memory, another stays mapped.
Status unpack(const std::string &path, std::shared_ptr<Region> &file);

/// No deflate stream grows by more than this factor: a header that announces more lies.
constexpr int64_t largestDeflateRatio = 1032;

/// True where this build can inflate.
bool canInflate();
inline bool looksGzipped(const Region &region) {
  return region.size() >= 2 && uint8_t(region.data()[0]) == 0x1f && uint8_t(region.data()[1]) == 0x8b;
}

} // namespace nnrt
#endif
