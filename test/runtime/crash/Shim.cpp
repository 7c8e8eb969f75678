// Preloaded into a program: numbers what it does to the files of a folder (CRASH_FOLDER). CRASH_AT=N kills the process
// in front of number N; CRASH_FULL=N lets writes from number N on find no space; CRASH_RECORD=FILE writes each one down
// as a line, and the bytes of a write behind it. CRASH_TERM=TEXT sends SIGTERM at each whose line begins so.
// CRASH_READONLY=1 lets nothing be made or opened for writing there.
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define NEXT(name) (reinterpret_cast<decltype(&name)>(dlsym(RTLD_NEXT, #name)))

static thread_local bool inside;

/// The path of an open file or folder if it is in the folder that is watched, relative to it ("." is the folder).
static const char *watched(const char *path, char *full) {
  const char *folder = getenv("CRASH_FOLDER");
  size_t length = folder ? strlen(folder) : 0;
  if (!length || !realpath(path, full) || strncmp(full, folder, length) != 0)
    return nullptr;
  return full[length] == '/' ? full + length + 1 : full[length] ? nullptr : ".";
}

static const char *watchedFile(int file, char *full) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  return watched(link, full);
}

/// Counts, dies or records. False where the disk is full.
static bool note(const char *line, const void *data, size_t bytes) {
  static int count;
  if (inside)
    return true;
  inside = true;
  int number = __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
  const char *at = getenv("CRASH_AT"), *record = getenv("CRASH_RECORD"), *term = getenv("CRASH_TERM");
  if (at && number == atoi(at))
    kill(getpid(), SIGKILL);
  if (term && !strncmp(line, term, strlen(term)))
    kill(getpid(), SIGTERM);
  if (record) {
    int out = NEXT(open)(record, O_WRONLY | O_CREAT | O_APPEND, 0666);
    char head[2 * PATH_MAX + 64];
    int length = snprintf(head, sizeof head, "%s %zu\n", line, bytes);
    if (NEXT(write)(out, head, size_t(length)) != length || (bytes && NEXT(write)(out, data, bytes) != ssize_t(bytes)))
      abort();
    NEXT(close)(out);
  }
  inside = false;
  const char *full = getenv("CRASH_FULL");
  return !full || number < atoi(full);
}

/// Whether the path may not be written; the answer is then EROFS.
static bool isReadOnly(const char *path) {
  char full[PATH_MAX], folder[PATH_MAX];
  if (!getenv("CRASH_READONLY"))
    return false;
  snprintf(folder, sizeof folder, "%s", path);
  char *slash = strrchr(folder, '/');
  if (slash)
    *slash = 0;
  if (!watched(path, full) && !(slash && watched(folder, full)))
    return false;
  errno = EROFS;
  return true;
}

extern "C" {
int access(const char *path, int mode) { return mode & W_OK && isReadOnly(path) ? -1 : NEXT(access)(path, mode); }

int mkdir(const char *path, mode_t mode) {
  return NEXT(access)(path, F_OK) != 0 && isReadOnly(path) ? -1 : NEXT(mkdir)(path, mode);
}

FILE *fopen(const char *path, const char *mode) {
  return strpbrk(mode, "wa+") && isReadOnly(path) ? nullptr : NEXT(fopen)(path, mode);
}

int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
  va_end(list);
  if (flags & (O_WRONLY | O_RDWR | O_CREAT) && isReadOnly(path))
    return -1;
  char full[PATH_MAX], line[PATH_MAX + 64];
  int existed = access(path, F_OK) == 0;
  int file = NEXT(open)(path, flags, mode);
  const char *name = file >= 0 && (flags & O_CREAT) ? watched(path, full) : nullptr;
  if (name) {
    snprintf(line, sizeof line, "%s %s", existed ? flags & O_TRUNC ? "truncate" : "open" : "create", name);
    note(line, nullptr, 0);
  }
  return file;
}

ssize_t write(int file, const void *data, size_t bytes) {
  char full[PATH_MAX], line[PATH_MAX + 64];
  const char *name = inside ? nullptr : watchedFile(file, full);
  if (name) {
    // In pieces, so that a kill finds half a file.
    bytes = bytes > 4096 ? 4096 : bytes;
    snprintf(line, sizeof line, "write %s", name);
    if (!note(line, data, bytes)) {
      errno = ENOSPC;
      return -1;
    }
  }
  return NEXT(write)(file, data, bytes);
}

int fsync(int file) {
  char full[PATH_MAX], line[PATH_MAX + 64];
  const char *name = watchedFile(file, full);
  if (name) {
    snprintf(line, sizeof line, "fsync %s", name);
    note(line, nullptr, 0);
  }
  return NEXT(fsync)(file);
}

int rename(const char *from, const char *to) {
  char full[PATH_MAX], line[2 * PATH_MAX + 64];
  const char *name = watched(from, full);
  if (name) {
    const char *slash = strrchr(to, '/');
    snprintf(line, sizeof line, "rename %s %s", name, slash ? slash + 1 : to);
    note(line, nullptr, 0);
  }
  return NEXT(rename)(from, to);
}

int unlink(const char *path) {
  char full[PATH_MAX], line[PATH_MAX + 64];
  const char *name = watched(path, full);
  if (name) {
    snprintf(line, sizeof line, "unlink %s", name);
    note(line, nullptr, 0);
  }
  return NEXT(unlink)(path);
}
}
