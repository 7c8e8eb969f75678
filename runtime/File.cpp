// Paths, and writing by rename.
#include "File.h"
#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nnrt {

bool exists(const std::string &path) { return access(path.c_str(), F_OK) == 0; }

bool isFolder(const std::string &path) {
  struct stat facts;
  return stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

std::string joinPath(const std::string &dir, const std::string &name) {
  if (dir.empty() || (!name.empty() && name[0] == '/'))
    return name;
  return dir.back() == '/' ? dir + name : dir + "/" + name;
}

std::string fileName(const std::string &path) { return path.substr(path.rfind('/') + 1); }

bool endsWith(const std::string &text, const char *end) {
  size_t length = strlen(end);
  return text.size() >= length && !text.compare(text.size() - length, length, end);
}

std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

bool writeAll(int file, const Piece &piece) {
  const char *at = static_cast<const char *>(piece.data);
  for (int64_t left = piece.bytes; left > 0;) {
    ssize_t written = write(file, at, size_t(left));
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    at += written;
    left -= written;
  }
  return true;
}

/// Where a file is written: behind symbolic links, which stay.
static std::string targetOf(const std::string &path) {
  char *resolved = realpath(path.c_str(), nullptr);
  std::string target = resolved ? resolved : path;
  free(resolved);
  return target;
}

/// Devices, pipes and sockets take bytes and are not replaced.
static bool isStream(const std::string &path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

/// A name beside the file, no longer than names may be.
static std::string temporaryFor(const std::string &target) {
  std::string suffix = format(".%d.tmp", int(getpid()));
  size_t start = target.rfind('/') + 1, most = NAME_MAX - suffix.size(); // npos + 1 is 0
  return target.substr(0, start + std::min(target.size() - start, most)) + suffix;
}

Status writeFile(const std::string &path, const std::vector<Piece> &pieces, const char *option) {
  std::string target = targetOf(path);
  bool inPlace = isStream(target);
  std::string written = inPlace ? target : temporaryFor(target);
  int file = open(written.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0)
    return wrong("cannot write '%s' (%s): choose another place with %s", path.c_str(), strerror(errno), option);
  bool good = true;
  for (const Piece &piece : pieces)
    good = good && writeAll(file, piece);
  good = good && (inPlace || fsync(file) == 0);
  int error = errno;
  good = close(file) == 0 && good;
  if (good && !inPlace && rename(written.c_str(), target.c_str()) != 0) {
    good = false;
    error = errno;
  }
  if (!good) {
    if (!inPlace)
      unlink(written.c_str());
    return machine("writing '%s' failed (%s): nothing that was there before has changed", path.c_str(),
                   strerror(error));
  }
  if (!inPlace)
    flushFolder(folderOf(target));
  return {};
}

void flushFolder(const std::string &path) {
  int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) { // a file system that cannot do that has nothing to lose
    fsync(folder);
    close(folder);
  }
}

Status makeFolders(const std::string &path, const char *option) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    std::string folder = path.substr(0, end);
    if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
      return wrong("cannot make the folder '%s' (%s): choose another one with %s", folder.c_str(), strerror(errno),
                   option);
    if (end == std::string::npos)
      break;
  }
  return isFolder(path) ? Status() : wrong("'%s' is not a folder: %s takes one", path.c_str(), option);
}

bool isSameFile(const std::string &a, const std::string &b) {
  struct stat first, second;
  return !stat(a.c_str(), &first) && !stat(b.c_str(), &second) && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

Status checkWritable(const std::string &path, const char *option) {
  if (isStream(path) && access(path.c_str(), W_OK) == 0)
    return {};
  std::string folder = folderOf(targetOf(path));
  if (!isFolder(folder))
    return wrong("there is no folder '%s' for '%s': create it, or choose another place with %s", folder.c_str(),
                 path.c_str(), option);
  if (isFolder(path))
    return wrong("'%s' is a folder: %s takes the name of a file", path.c_str(), option);
  struct stat status;
  if (lstat(path.c_str(), &status) != 0 && errno == ENAMETOOLONG)
    return wrong("cannot write '%s' (%s): choose another name with %s", path.c_str(), strerror(errno), option);
  if (access(folder.c_str(), W_OK) != 0)
    return wrong("cannot write into the folder '%s' (%s): choose another place with %s", folder.c_str(),
                 strerror(errno), option);
  return {};
}

} // namespace nnrt
