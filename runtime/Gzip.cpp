// zlib behind the interface of Gzip.h, or its absence.
#include "Gzip.h"
#include <algorithm>
#include <cstring>
#ifdef NNRT_ZLIB
#include "Machine.h"
#include <cstdio>
#include <unistd.h>
#include <zlib.h>
#endif

namespace nnrt {

#ifdef NNRT_ZLIB

struct Inflater::Stream {
  z_stream zlib{};
  std::shared_ptr<Region> file;
  const char *data = nullptr;
  int64_t bytes = 0, left = 0, unreleased = 0;
  bool open = false, ended = false, reported = false;
  double last = 0; // time of the last report
};

bool canInflate() { return true; }

Inflater::Inflater() : stream(new Stream) {}

Inflater::~Inflater() {
  if (stream->open)
    inflateEnd(&stream->zlib);
  if (stream->reported)
    fputs("\r\033[K", stderr);
}

/// On a terminal: what takes time, and how far it is.
void Inflater::report() {
  constexpr double every = 0.05;
  static const bool terminal = isatty(STDERR_FILENO);
  if (!terminal || seconds() < stream->last + every)
    return;
  stream->last = seconds();
  stream->reported = true;
  fprintf(stderr, "\r\033[Kunpacking %s: %.0f %%", what.c_str(),
          100 * double(stream->bytes - stream->left) / double(stream->bytes));
}

Status Inflater::open(std::string name, Form form, std::shared_ptr<Region> file, int64_t offset, int64_t bytes) {
  what = std::move(name);
  stream->data = file->data() + offset;
  stream->file = std::move(file);
  stream->bytes = stream->left = bytes;
  stream->last = seconds();
  if (inflateInit2(&stream->zlib, form == Gzip ? 15 + 16 : -15) != Z_OK)
    return machine("%s: no memory to inflate it", what.c_str());
  stream->open = true;
  return {};
}

Status Inflater::step(char *out, int64_t bytes, int64_t &made) {
  constexpr int64_t most = 1 << 20; // zlib counts in 32 bits, and what is behind us is released so often
  z_stream &zlib = stream->zlib;
  made = 0;
  while (made == 0 && !stream->ended) {
    uInt in = uInt(std::min(stream->left, most));
    zlib.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(stream->data));
    zlib.avail_in = in;
    zlib.next_out = reinterpret_cast<Bytef *>(out);
    zlib.avail_out = uInt(std::min(bytes, most));
    uInt room = zlib.avail_out;
    int result = inflate(&zlib, Z_NO_FLUSH);
    stream->data += in - zlib.avail_in;
    stream->left -= in - zlib.avail_in;
    stream->unreleased += in - zlib.avail_in;
    if (stream->unreleased >= most) {
      stream->file->release(stream->data - stream->file->data());
      stream->unreleased = 0;
    }
    report();
    made = room - zlib.avail_out;
    if (result == Z_STREAM_END) {
      // A gzip file may consist of several members, one behind the other.
      if (stream->left > 0 && uint8_t(*stream->data) == 0x1f && inflateReset(&zlib) == Z_OK)
        continue;
      stream->ended = true;
    } else if (result == Z_BUF_ERROR && stream->left == 0) {
      return wrong("%s: the compressed data ends too early: the file is cut off, fetch it again", what.c_str());
    } else if (result != Z_OK) {
      return wrong("%s: the compressed data is damaged (%s): fetch it again", what.c_str(),
                   zlib.msg ? zlib.msg : "bad stream");
    }
  }
  return {};
}

Status Inflater::read(char *out, int64_t bytes) {
  while (bytes > 0) {
    int64_t made;
    NNRT_TRY(step(out, bytes, made));
    if (made == 0)
      return wrong("%s: holds %lld bytes less than its header announces: the file is cut off, fetch it again",
                   what.c_str(), (long long)bytes);
    out += made;
    bytes -= made;
  }
  return {};
}

Status Inflater::finish() {
  char extra;
  int64_t made;
  NNRT_TRY(step(&extra, 1, made));
  return made ? wrong("%s: holds more bytes than its header announces", what.c_str()) : Status();
}

Status Inflater::count(int64_t &bytes) {
  std::vector<char> passed(1 << 16);
  int64_t made = 1;
  for (bytes = 0; made; bytes += made)
    NNRT_TRY(step(passed.data(), int64_t(passed.size()), made));
  return {};
}

#else

struct Inflater::Stream {};
bool canInflate() { return false; }
Inflater::Inflater() = default;
Inflater::~Inflater() = default;
Status Inflater::open(std::string name, Form form, std::shared_ptr<Region>, int64_t, int64_t) {
  return form == Gzip ? wrong("%s is compressed and this program was built without zlib: unpack it with 'gunzip -k %s'",
                              name.c_str(), name.c_str())
                      : wrong("%s is compressed and this program was built without zlib: save it with numpy.savez "
                              "instead of savez_compressed",
                              name.c_str());
}
Status Inflater::read(char *, int64_t) { return {}; }
Status Inflater::finish() { return {}; }
Status Inflater::count(int64_t &) { return {}; }

#endif

Status unpack(const std::string &path, std::shared_ptr<Region> &file) {
  if (!looksGzipped(*file))
    return {};
  Inflater inflater;
  NNRT_TRY(inflater.open(path, Inflater::Gzip, file, 0, file->size()));
  uint32_t bytes = 0; // the last four bytes tell the size, of a file that is one packed piece below 4 GiB
  if (file->size() >= 18)
    memcpy(&bytes, file->data() + file->size() - 4, 4);
  if (bytes / largestDeflateRatio > file->size())
    return wrong("%s: the compressed data is damaged (its end announces %u bytes): fetch it again", path.c_str(),
                 bytes);
  std::shared_ptr<Region> memory;
  NNRT_TRY(Region::allocate(bytes, memory, path));
  NNRT_TRY(inflater.read(memory->data(), bytes));
  int64_t more = 0;
  NNRT_TRY(inflater.count(more));
  if (more) {
    Inflater again;
    NNRT_TRY(again.open(path, Inflater::Gzip, file, 0, file->size()));
    NNRT_TRY(Region::allocate(bytes + more, memory, path));
    NNRT_TRY(again.read(memory->data(), bytes + more));
    NNRT_TRY(again.finish());
  }
  file = std::move(memory);
  return {};
}

} // namespace nnrt
