// Mapping of files and zeroed memory. A file of its own so that tests can put other memory in its place.
#include "File.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nnrt {

Region::~Region() {
  if (bytes)
    munmap(base, bytes);
}

void Region::release(int64_t count) const {
  int64_t page = sysconf(_SC_PAGESIZE);
  if (isFile && count >= page)
    madvise(base, size_t(count / page * page), MADV_DONTNEED);
}

static std::string because(const std::string &advice) { return advice.empty() ? "" : ": " + advice; }

Status Region::map(const std::string &path, std::shared_ptr<Region> &region, const std::string &advice) {
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return errno == ENOENT ? wrong("there is no file '%s'%s", path.c_str(), because(advice).c_str())
                           : wrong("cannot open '%s' (%s)%s", path.c_str(), strerror(errno), because(advice).c_str());
  struct stat facts;
  if (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    close(file);
    return wrong("'%s' is not a regular file%s", path.c_str(), because(advice).c_str());
  }
  if (facts.st_size == 0) {
    close(file);
    region.reset(new Region(nullptr, 0, true));
    return {};
  }
  void *memory = mmap(nullptr, facts.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  int error = errno;
  close(file);
  if (memory == MAP_FAILED)
    return machine("cannot map '%s' (%lld bytes) into memory: %s", path.c_str(), (long long)facts.st_size,
                   strerror(error));
  region.reset(new Region(static_cast<char *>(memory), facts.st_size, true));
  return {};
}

Status Region::allocate(int64_t bytes, std::shared_ptr<Region> &region, const std::string &purpose) {
  void *memory = bytes
                     ? mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                     : nullptr;
  if (memory == MAP_FAILED)
    return machine("%s needs %lld bytes of memory and the system gives none (%s)", purpose.c_str(), (long long)bytes,
                   strerror(errno));
  region.reset(new Region(static_cast<char *>(memory), bytes, false));
  return {};
}

} // namespace nnrt
