// Reader of IDX files; trusts nothing in the header.
#include "Idx.h"
#include "Gzip.h"

namespace nnrt {

static bool idxType(uint8_t code, StoredType &stored) {
  switch (code) {
  case 0x08:
    stored = {'u', 1, true};
    return true;
  case 0x09:
    stored = {'i', 1, true};
    return true;
  case 0x0b:
    stored = {'i', 2, true};
    return true;
  case 0x0c:
    stored = {'i', 4, true};
    return true;
  case 0x0d:
    stored = {'f', 4, true};
    return true;
  case 0x0e:
    stored = {'f', 8, true};
    return true;
  default:
    return false;
  }
}

bool looksLikeIdx(const Region &file) {
  StoredType stored;
  const char *data = file.data();
  return looksGzipped(file) || (file.size() >= 4 && data[0] == 0 && data[1] == 0 && idxType(uint8_t(data[2]), stored));
}

Status readIdx(const std::string &path, std::shared_ptr<Region> file, Array &array) {
  bool compressed = looksGzipped(*file);
  Inflater inflater;
  if (compressed)
    NNRT_TRY(inflater.open(path, Inflater::Gzip, file, 0, file->size()));
  int64_t at = 0;
  auto take = [&](uint8_t *out, int64_t bytes) -> Status {
    if (compressed)
      return inflater.read(reinterpret_cast<char *>(out), bytes);
    if (file->size() - at < bytes)
      return wrong("%s: ends within its header: the file is cut off, fetch it again", path.c_str());
    for (int64_t i = 0; i < bytes; ++i)
      out[i] = uint8_t(file->data()[at + i]);
    at += bytes;
    return {};
  };
  uint8_t head[4];
  NNRT_TRY(take(head, 4));
  StoredType stored;
  if (head[0] || head[1] || !idxType(head[2], stored))
    return wrong("%s: is not an IDX file (its first bytes are %02x %02x %02x %02x)", path.c_str(), head[0], head[1],
                 head[2], head[3]);
  std::vector<int64_t> shape(head[3]);
  for (int64_t &extent : shape) {
    uint8_t b[4];
    NNRT_TRY(take(b, 4));
    extent = int64_t(b[0]) << 24 | b[1] << 16 | b[2] << 8 | b[3];
  }
  int64_t bytes = checkedBytes(shape, stored.bytes);
  int64_t most = compressed ? file->size() * largestDeflateRatio : file->size() - at;
  if (bytes < 0 || bytes > most)
    return wrong("%s: its header announces an array %s, the file is too short for that: it is cut off or damaged, "
                 "fetch it again",
                 path.c_str(), shapeText(shape).c_str());
  if (!compressed) {
    if (bytes != file->size() - at)
      return wrong("%s: holds %lld bytes more than its header announces", path.c_str(),
                   (long long)(file->size() - at - bytes));
    const char *data = file->data() + at;
    return importArray(path, stored, std::move(shape), data, std::move(file), array);
  }
  std::shared_ptr<Region> memory;
  NNRT_TRY(Region::allocate(bytes, memory, path));
  NNRT_TRY(inflater.read(memory->data(), bytes));
  NNRT_TRY(inflater.finish());
  const char *data = memory->data();
  return importArray(path, stored, std::move(shape), data, std::move(memory), array);
}

} // namespace nnrt
