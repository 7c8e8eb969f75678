// In the place of runtime/Region.cpp: files in memory, each of exactly its size in a piece of its own of the heap,
// where sanitizers see every byte read beside it, and memory that is refused where an input of this size must not need
// it.
#include "test/runtime/fuzz/Memory.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>

using namespace nnrt;

static std::map<std::string, std::string> &files() {
  static std::map<std::string, std::string> shared;
  return shared;
}
static int64_t taken, limit;

void fuzz::putFile(const std::string &path, std::string bytes) { files()[path] = std::move(bytes); }

void fuzz::startInput(int64_t mostMemory) {
  files().clear();
  taken = 0;
  limit = mostMemory;
}

Region::~Region() { free(base); }

void Region::release(int64_t) const {}

Status Region::allocate(int64_t bytes, std::shared_ptr<Region> &region, const std::string &purpose) {
  taken += bytes;
  if (bytes < 0 || taken > limit) {
    printf("%s asks for %lld bytes, %lld in all\n", purpose.c_str(), (long long)bytes, (long long)taken);
    abort();
  }
  region.reset(new Region(static_cast<char *>(bytes ? calloc(size_t(bytes), 1) : nullptr), bytes, false));
  return {};
}

Status Region::map(const std::string &path, std::shared_ptr<Region> &region, const std::string &advice) {
  std::string bytes;
  if (auto known = files().find(path); known != files().end()) {
    bytes = known->second;
  } else {
    std::ifstream file(path, std::ios::binary);
    if (!file)
      return wrong("there is no file '%s'%s", path.c_str(), advice.empty() ? "" : (": " + advice).c_str());
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  char *memory = nullptr;
  if (!bytes.empty()) {
    memory = static_cast<char *>(malloc(bytes.size()));
    memcpy(memory, bytes.data(), bytes.size());
  }
  region.reset(new Region(memory, int64_t(bytes.size()), true));
  return {};
}
