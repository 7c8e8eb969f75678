// TFRecord framing and the few protobuf fields that scalars need (tensorflow/core/util/event.proto and
// framework/summary.proto).
#include "EventFile.h"
#include "Checksum.h"
#include "File.h"
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

namespace nnrt {

static const char prefix[] = "events.out.tfevents.";
static constexpr size_t mostPending = 1 << 16;

namespace {
enum Wire { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };
} // namespace

static void appendVarint(std::string &out, uint64_t value) {
  for (; value >= 128; value >>= 7)
    out += char((value & 127) | 128);
  out += char(value);
}

static void appendKey(std::string &out, int field, Wire wire) { appendVarint(out, uint64_t(field) << 3 | wire); }

template <typename Number>
static void appendRaw(std::string &out, Number value) {
  out.append(reinterpret_cast<const char *>(&value), sizeof value);
}

static void appendBytes(std::string &out, int field, const std::string &bytes) {
  appendKey(out, field, Bytes);
  appendVarint(out, bytes.size());
  out += bytes;
}

static uint32_t maskedChecksum(const void *data, size_t bytes) {
  uint32_t crc = crc32c(data, int64_t(bytes));
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

/// Seconds since 1970, later than those that name a file of the folder: TensorBoard reads files by name.
static long long laterThanAll(const std::string &folder) {
  long long latest = 0;
  if (DIR *entries = opendir(folder.c_str())) {
    while (const dirent *entry = readdir(entries))
      if (!strncmp(entry->d_name, prefix, strlen(prefix)))
        latest = std::max(latest, strtoll(entry->d_name + strlen(prefix), nullptr, 10));
    closedir(entries);
  }
  return std::max<long long>(latest + 1, time(nullptr));
}

EventFile::~EventFile() { close(); }

void EventFile::close() {
  if (file < 0)
    return;
  writeAll(file, {pending.data(), int64_t(pending.size())});
  ::close(file);
  pending.clear();
  summary.clear();
}

Status EventFile::open(const std::string &folder, int64_t step) {
  close();
  NNRT_TRY(makeFolders(folder, "--tensorboard"));
  path = joinPath(folder, format("%s%lld.nnc", prefix, laterThanAll(folder)));
  file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0)
    return wrong("cannot write '%s' (%s): choose another folder with --tensorboard", path.c_str(), strerror(errno));
  for (std::string *buffer : {&summary, &value, &event})
    buffer->reserve(4096);
  pending.reserve(mostPending + 4096);
  std::string content, start;
  appendBytes(content, 3, "brain.Event:2"); // file_version
  record(0, content);
  appendKey(start, 1, Varint); // SessionLog.status: START
  appendVarint(start, 1);
  content.clear();
  appendBytes(content, 7, start); // session_log
  record(step + 1, content);
  return flush();
}

void EventFile::record(int64_t step, const std::string &content) {
  event.clear();
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  appendKey(event, 1, Fixed64); // wall_time
  appendRaw(event, double(now.tv_sec) + 1e-9 * double(now.tv_nsec));
  appendKey(event, 2, Varint); // step
  appendVarint(event, uint64_t(step));
  event += content;
  uint64_t length = event.size();
  uint32_t ofLength = maskedChecksum(&length, sizeof length), ofEvent = maskedChecksum(event.data(), event.size());
  appendRaw(pending, length);
  appendRaw(pending, ofLength);
  pending += event;
  appendRaw(pending, ofEvent);
}

void EventFile::add(const std::string &tag, double number) {
  value.clear();
  appendBytes(value, 1, tag);
  appendKey(value, 2, Fixed32); // simple_value
  appendRaw(value, float(number));
  appendBytes(summary, 1, value);
}

Status EventFile::end(int64_t step) {
  value.clear();
  appendBytes(value, 5, summary);
  record(step, value);
  summary.clear();
  return pending.size() > mostPending ? flush() : Status();
}

Status EventFile::flush() {
  bool good = writeAll(file, {pending.data(), int64_t(pending.size())});
  pending.clear();
  return good ? Status() : machine("writing '%s' failed (%s)", path.c_str(), strerror(errno));
}

} // namespace nnrt
