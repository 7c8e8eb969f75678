// Zip archives as numpy.savez and numpy.savez_compressed write them, with and without the 64-bit extension. The central
// directory at the end is read; every offset and size in it is checked against the file.
#include "Checksum.h"
#include "Gzip.h"
#include "Npy.h"
#include <cstring>

namespace nnrt {

namespace {
struct Member {
  std::string name;
  int method = 0;
  uint32_t checksum = 0;
  int64_t packed = 0, size = 0, header = 0; // header: offset of the local header
};

class Archive {
public:
  Archive(const std::string &path, const Region &file) : path(path), data(file.data()), bytes(file.size()) {}
  Status members(std::vector<Member> &list) const;
  /// Where the member's packed bytes begin.
  Status locate(const Member &member, int64_t &offset) const;

private:
  uint64_t number(int64_t at, int width) const {
    uint64_t value = 0;
    for (int i = 0; i < width; ++i)
      value |= uint64_t(uint8_t(data[at + i])) << (8 * i);
    return value;
  }
  bool inside(uint64_t at, uint64_t length) const { return at <= uint64_t(bytes) && length <= uint64_t(bytes) - at; }
  Status damaged(const char *where) const {
    return wrong("%s: the archive is damaged or cut off (%s)", path.c_str(), where);
  }
  void readExtra(int64_t at, int64_t end, Member &member) const;

  const std::string &path;
  const char *data;
  int64_t bytes;
};
} // namespace

/// The 64-bit extension gives, in this order, each number whose 32-bit field is all ones.
void Archive::readExtra(int64_t at, int64_t end, Member &member) const {
  while (at + 4 <= end) {
    int64_t id = int64_t(number(at, 2)), length = int64_t(number(at + 2, 2)), value = at + 4;
    at = value + length;
    if (id != 1 || at > end)
      continue;
    for (int64_t *field : {&member.size, &member.packed, &member.header})
      if (*field == 0xffffffff && value + 8 <= at) {
        *field = int64_t(number(value, 8));
        value += 8;
      }
  }
}

Status Archive::members(std::vector<Member> &list) const {
  int64_t end = -1; // of central directory record: the last 22 bytes and a comment of at most 65535
  for (int64_t at = bytes - 22; at >= 0 && at >= bytes - 22 - 65535 && end < 0; --at)
    if (number(at, 4) == 0x06054b50)
      end = at;
  if (end < 0)
    return wrong("%s: is not an .npz archive, or it is cut off", path.c_str());
  uint64_t count = number(end + 10, 2), at = number(end + 16, 4);
  if (end >= 20 && number(end - 20, 4) == 0x07064b50) {
    uint64_t wide = number(end - 12, 8);
    if (!inside(wide, 56) || number(int64_t(wide), 4) != 0x06064b50)
      return damaged("64-bit directory");
    count = number(int64_t(wide) + 32, 8);
    at = number(int64_t(wide) + 48, 8);
  }
  for (uint64_t i = 0; i < count; ++i) {
    if (!inside(at, 46) || number(int64_t(at), 4) != 0x02014b50)
      return damaged("directory");
    int64_t entry = int64_t(at);
    uint64_t name = number(entry + 28, 2), extra = number(entry + 30, 2), comment = number(entry + 32, 2);
    if (!inside(at, 46 + name + extra + comment))
      return damaged("directory");
    Member member;
    member.name.assign(data + entry + 46, name);
    member.method = int(number(entry + 10, 2));
    if (number(entry + 8, 2) & 1)
      return wrong("%s: '%s' is encrypted", path.c_str(), shown(member.name).c_str());
    member.checksum = uint32_t(number(entry + 16, 4));
    member.packed = int64_t(number(entry + 20, 4));
    member.size = int64_t(number(entry + 24, 4));
    member.header = int64_t(number(entry + 42, 4));
    readExtra(entry + 46 + int64_t(name), entry + 46 + int64_t(name + extra), member);
    list.push_back(std::move(member));
    at += 46 + name + extra + comment;
  }
  return {};
}

Status Archive::locate(const Member &member, int64_t &offset) const {
  if (!inside(uint64_t(member.header), 30) || number(member.header, 4) != 0x04034b50)
    return damaged(shown(member.name).c_str());
  offset = member.header + 30 + int64_t(number(member.header + 26, 2)) + int64_t(number(member.header + 28, 2));
  bool packedFits = member.packed >= 0 && inside(uint64_t(offset), uint64_t(member.packed));
  bool sizeFits = member.size >= 0 &&
                  (member.method ? member.size / largestDeflateRatio <= member.packed : member.size == member.packed);
  return packedFits && sizeFits ? Status() : damaged(shown(member.name).c_str());
}

Status readNpz(const std::string &path, const std::shared_ptr<Region> &file, std::vector<NamedArray> &arrays) {
  Archive archive(path, *file);
  std::vector<Member> members;
  NNRT_TRY(archive.members(members));
  int64_t left = file->size(); // members that lay upon each other could unfold to any size
  for (const Member &member : members) {
    if (!endsWith(member.name, ".npy"))
      continue;
    NamedArray named;
    named.name = member.name.substr(0, member.name.size() - 4);
    std::string what = format("%s, array '%s'", path.c_str(), shown(named.name).c_str());
    int64_t offset = 0;
    NNRT_TRY(archive.locate(member, offset));
    left -= member.packed;
    if (left < 0)
      return wrong("%s: its bytes belong to another array, too: the archive is damaged", what.c_str());
    const char *data = file->data() + offset;
    std::shared_ptr<Region> keep = file;
    if (member.method == 8) {
      Inflater inflater;
      NNRT_TRY(inflater.open(what, Inflater::Raw, file, offset, member.packed));
      NNRT_TRY(Region::allocate(member.size, keep, what));
      NNRT_TRY(inflater.read(keep->data(), member.size));
      NNRT_TRY(inflater.finish());
      data = keep->data();
    } else if (member.method != 0) {
      return wrong("%s: is packed with method %d: save it with numpy.savez or numpy.savez_compressed", what.c_str(),
                   member.method);
    }
    if (crc32(data, member.size) != member.checksum)
      return wrong("%s: its checksum is wrong: the archive is damaged, fetch it again", what.c_str());
    NNRT_TRY(readNpy(what, data, member.size, std::move(keep), named.array));
    arrays.push_back(std::move(named));
  }
  return {};
}

} // namespace nnrt
