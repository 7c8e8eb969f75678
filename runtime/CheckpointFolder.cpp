// Names sort by step: checkpoint-000000000150.safetensors.
#include "CheckpointFolder.h"
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nnrt {

static constexpr size_t generations = 2;
static const char prefix[] = "checkpoint-", suffix[] = ".safetensors";

static bool isTemporary(const std::string &name) {
  return !name.compare(0, strlen(prefix), prefix) && endsWith(name, ".tmp");
}

static bool isCheckpoint(const std::string &name) {
  size_t digits = name.find_first_not_of("0123456789", strlen(prefix));
  return !name.compare(0, strlen(prefix), prefix) && digits != std::string::npos && digits > strlen(prefix) &&
         !name.compare(digits, std::string::npos, suffix);
}

CheckpointFolder::~CheckpointFolder() {
  if (lock >= 0)
    close(lock);
}

Status CheckpointFolder::open(const std::string &path) {
  folder = path;
  if (mkdir(path.c_str(), 0777) == 0)
    flushFolder(folderOf(path));
  else if (errno != EEXIST)
    return wrong("cannot make the folder '%s' (%s): choose another one with --checkpoint", path.c_str(),
                 strerror(errno));
  if (!isFolder(path))
    return wrong("'%s' is not a folder: --checkpoint takes one", path.c_str());
  std::string name = joinPath(path, "lock");
  lock = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock < 0)
    return wrong("cannot write into the folder '%s' (%s): choose another one with --checkpoint", path.c_str(),
                 strerror(errno));
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    char holder[32] = "";
    ssize_t length = pread(lock, holder, sizeof holder - 1, 0);
    int error = errno;
    close(lock);
    lock = -1;
    if (error != EWOULDBLOCK && length < 0)
      return machine("cannot lock the folder '%s' (%s)", path.c_str(), strerror(error));
    return wrong(
        "the folder '%s' belongs to a run that is going on (process %lld): wait for its end, or choose another "
        "folder with --checkpoint",
        path.c_str(), (long long)atoll(holder));
  }
  std::string holder = format("%lld\n", (long long)getpid());
  if (ftruncate(lock, 0) != 0 || pwrite(lock, holder.data(), holder.size(), 0) != ssize_t(holder.size()))
    return machine("cannot write '%s' (%s): no checkpoint would fit either", name.c_str(), strerror(errno));
  DIR *listing = opendir(path.c_str());
  if (!listing)
    return wrong("cannot read the folder '%s' (%s): choose another one with --checkpoint", path.c_str(),
                 strerror(errno));
  while (const dirent *entry = readdir(listing)) {
    if (isTemporary(entry->d_name))
      unlink(joinPath(path, entry->d_name).c_str());
    else if (isCheckpoint(entry->d_name))
      files.push_back(entry->d_name);
  }
  closedir(listing);
  std::sort(files.begin(), files.end());
  return {};
}

Status CheckpointFolder::newest(Checkpoint &checkpoint, std::string &notes) const {
  Status last;
  for (size_t i = files.size(); i-- > 0;) {
    Checkpoint read;
    last = readCheckpoint(joinPath(folder, files[i]), read);
    if (!last.failed()) {
      checkpoint = std::move(read);
      if (!notes.empty())
        notes += format("going on from '%s'\n", files[i].c_str());
      return {};
    }
    notes += last.message() + "\n";
  }
  return wrong("no checkpoint in '%s' is whole:\n%srestore one from elsewhere, or start a new run in another folder",
               folder.c_str(), notes.c_str());
}

Status CheckpointFolder::write(const nnrt_model &model, const std::string &vocabulary, const Snapshot &snapshot) {
  std::string name = format("%s%012lld%s", prefix, (long long)snapshot.state.step, suffix);
  NNRT_TRY(writeCheckpoint(joinPath(folder, name), model, vocabulary, snapshot));
  if (files.empty() || files.back() != name)
    files.push_back(name);
  while (files.size() > generations) {
    unlink(joinPath(folder, files.front()).c_str());
    files.erase(files.begin());
  }
  return {};
}

} // namespace nnrt
