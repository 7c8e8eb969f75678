// Files as bytes in memory, and files written so that a reader sees the old one or the new one, never a half.
#ifndef NNRT_FILE_H
#define NNRT_FILE_H
#include "Message.h"
#include <cstdint>
#include <memory>

namespace nnrt {

/// Bytes that keep their address: a file mapped for reading, or zeroed memory of our own.
class Region {
public:
  Region(const Region &) = delete;
  Region &operator=(const Region &) = delete;
  ~Region();
  /// Maps a regular file. `advice` ends the message where the file is missing: what the user can do about it.
  static Status map(const std::string &path, std::shared_ptr<Region> &region, const std::string &advice = "");
  /// Zeroed memory whose pages are taken when first touched; exit status 3 where it is refused.
  static Status allocate(int64_t bytes, std::shared_ptr<Region> &region, const std::string &purpose);

  char *data() { return base; } // read-only memory where the region is a file
  const char *data() const { return base; }
  int64_t size() const { return bytes; }
  /// The first `count` bytes of a file need not stay in memory any more; who reads them again gets them again.
  void release(int64_t count) const;

private:
  Region(char *base, int64_t bytes, bool isFile) : base(base), bytes(bytes), isFile(isFile) {}
  char *base;
  int64_t bytes;
  bool isFile;
};

bool exists(const std::string &path);
bool isFolder(const std::string &path);
/// "dir/name", or `name` itself where it is absolute or `dir` is empty.
std::string joinPath(const std::string &dir, const std::string &name);
/// The name without its folders.
std::string fileName(const std::string &path);
bool endsWith(const std::string &text, const char *end);

/// A piece of a file to be written.
struct Piece {
  const void *data;
  int64_t bytes;
};
/// Writes to an open file; false, with errno, where not all of it could be written.
bool writeAll(int file, const Piece &piece);
/// Writes beside the file, flushes to the disk, renames over it, and flushes the folder. `option` is what the user
/// chose the place with. What a write that was cut off leaves behind is PATH.PROCESS.tmp.
Status writeFile(const std::string &path, const std::vector<Piece> &pieces, const char *option);
/// Makes the entries of a folder as lasting as the disk lets them be.
void flushFolder(const std::string &path);
/// The folder that a file lies in.
std::string folderOf(const std::string &path);
/// Makes a folder, and those that it lies in; one that is there already is as good.
Status makeFolders(const std::string &path, const char *option);
/// Whether both name one file that exists.
bool isSameFile(const std::string &a, const std::string &b);
/// Fails early where writeFile(path) could not succeed: no such folder, or no right to write there.
Status checkWritable(const std::string &path, const char *option);

} // namespace nnrt
#endif
