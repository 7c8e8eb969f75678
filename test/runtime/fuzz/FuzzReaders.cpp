// One input of a reader's fuzzer; the environment variable NNC_FUZZ_READER names the reader.
#include "test/runtime/fuzz/Memory.h"
#include "test/runtime/fuzz/Readers.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <unistd.h>

using namespace nnrt;

void fuzz::fail(const char *what, const std::string &text) {
  fprintf(stderr, "%s: %s\n", what, text.c_str());
  abort();
}

bool fuzz::succeeded(const Status &status, const char *where) {
  if (!status.failed())
    return true;
  const std::string &text = status.message();
  if (text.size() < strlen(where) + 10 || text.find(where) == std::string::npos || text.back() == '\n' ||
      status.exitCode() != Wrong ||
      std::any_of(text.begin(), text.end(), [](char c) { return uint8_t(c) < 0x20 && c != '\n'; }))
    fail("not a message", text);
  return false;
}

void fuzz::readAll(const Array &array) {
  static volatile int64_t sum;
  for (int64_t i = 0, bytes = array.bytes(); i < bytes; ++i)
    sum = sum + array.data[i];
}

/// An integer of a record.
static int64_t idAt(const nnrt_field &field, const char *at) {
  int64_t wide = 0;
  int32_t narrow = 0;
  memcpy(&wide, at, field.type == NNRT_I64 ? 8 : 0);
  memcpy(&narrow, at, field.type == NNRT_I32 ? 4 : 0);
  return wide + narrow;
}

void fuzz::openAndCopy(const nnrt_source &source, SourceRole role, const DataPlace &place, const char *where) {
  std::unique_ptr<Dataset> data;
  if (!succeeded(openSource(source, role, place, data), where))
    return;
  if (data->count() < 1)
    fail("no records", source.kind);
  for (int64_t i = 0; i < data->count(); i = i < 16 || i + 1 == data->count() ? i + 1 : data->count() - 1) {
    if (!succeeded(data->prepare({i}), where))
      return;
    for (int64_t k = 0; k < data->fields(); ++k) {
      const nnrt_field &field = data->field(k);
      std::vector<char> record(size_t(data->recordBytes(k)));
      data->copy(k, i, record.data());
      for (size_t at = 0; field.limit > 0 && at < record.size(); at += size_t(factsOf(field.type).bytes))
        if (int64_t id = idAt(field, record.data() + at); id < 0 || id >= field.limit)
          fail("an id out of its range", source.kind);
    }
  }
}

std::string fuzz::emptyFolder() {
  namespace fs = std::filesystem;
  static const std::string path = "/dev/shm/nnrt-fuzz-" + std::to_string(getpid());
  static const bool made = (atexit([] { fs::remove_all(path); }), fs::create_directory(path));
  for (const fs::directory_entry &entry : fs::directory_iterator(path))
    fs::remove_all(entry.path());
  return made ? path : "";
}

static const fuzz::Reader &chosen() {
  static const fuzz::Reader reader = [] {
    const char *name = getenv("NNC_FUZZ_READER");
    std::vector<fuzz::Reader> all = fuzz::dataReaders(), more = fuzz::modelReaders();
    all.insert(all.end(), more.begin(), more.end());
    for (const fuzz::Reader &known : all)
      if (name && !strcmp(known.name, name))
        return known;
    fprintf(stderr, "NNC_FUZZ_READER is none of");
    for (const fuzz::Reader &known : all)
      fprintf(stderr, " %s", known.name);
    fprintf(stderr, "\n");
    exit(2);
  }();
  return reader;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // Inputs of a few kilobytes unfold to a few megabytes at most, in several copies.
  fuzz::startInput(int64_t(64) << 20);
  fuzz::Input input(data, size);
  chosen().read(input);
  return 0;
}
