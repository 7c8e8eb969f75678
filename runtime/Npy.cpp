// Reader and header writer of .npy files. The header is a Python dictionary literal; only what numpy.save writes is
// read.
#include "Npy.h"
#include <cstring>

namespace nnrt {

/// The text behind 'key': up to where a value can end, or empty.
static std::string valueOf(const std::string &header, const char *key) {
  size_t at = header.find(format("'%s':", key));
  if (at == std::string::npos)
    return "";
  at = header.find_first_not_of(' ', at + strlen(key) + 3);
  if (at == std::string::npos)
    return "";
  size_t end = header[at] == '(' ? header.find(')', at) : header.find_first_of(",}", at);
  return end == std::string::npos ? "" : header.substr(at, end - at);
}

static bool parseShape(const std::string &text, std::vector<int64_t> &shape) {
  if (text.empty() || text[0] != '(')
    return false;
  for (const char *at = text.c_str() + 1; *at;) {
    char *end;
    if (*at == ' ' || *at == ',') {
      ++at;
      continue;
    }
    if (*at < '0' || *at > '9' || shape.size() == 32)
      return false;
    shape.push_back(strtoll(at, &end, 10));
    at = end;
  }
  return true;
}

static bool parseDescriptor(const std::string &text, StoredType &stored) {
  // '<f4' with its quotes
  if (text.size() != 5 || text[0] != '\'' || text[4] != '\'' || !strchr("<>|=", text[1]) || !strchr("fiub", text[2]))
    return false;
  char kind = text[2];
  stored = {kind == 'b' ? '?' : kind, text[3] - '0', text[1] == '>'};
  return strchr("1248", text[3]) != nullptr;
}

Status readNpy(const std::string &what, const char *data, int64_t bytes, std::shared_ptr<Region> keep, Array &array) {
  if (bytes < 10 || memcmp(data, "\x93NUMPY", 6) != 0)
    return wrong("%s: is not a .npy file", what.c_str());
  int major = uint8_t(data[6]);
  auto byteAt = [&](int i) { return int64_t(uint8_t(data[i])); };
  int64_t start = major == 1 ? 10 : 12;
  int64_t length = bytes < start ? -1
                   : major == 1  ? byteAt(8) | byteAt(9) << 8
                                 : byteAt(8) | byteAt(9) << 8 | byteAt(10) << 16 | byteAt(11) << 24;
  if (length < 0 || length > bytes - start)
    return wrong("%s: ends within its header: the file is cut off", what.c_str());
  std::string header(data + start, size_t(length));
  StoredType stored;
  std::vector<int64_t> shape;
  std::string descriptor = valueOf(header, "descr");
  if (!parseDescriptor(descriptor, stored))
    return wrong("%s: elements of type %s are not supported: save the array as f32, f64, i32, i64 or u8", what.c_str(),
                 descriptor.empty() ? "(none given)" : shown(descriptor).c_str());
  if (!parseShape(valueOf(header, "shape"), shape))
    return wrong("%s: its header gives no shape: the file is damaged", what.c_str());
  if (valueOf(header, "fortran_order") == "True" && shape.size() > 1)
    return wrong("%s: the array is in column order: save numpy.ascontiguousarray(a)", what.c_str());
  int64_t needed = checkedBytes(shape, stored.bytes), available = bytes - start - length;
  if (needed < 0 || needed > available)
    return wrong("%s: its header announces an array %s, the file is too short for that: it is cut off or damaged",
                 what.c_str(), shapeText(shape).c_str());
  return importArray(what, stored, std::move(shape), data + start + length, std::move(keep), array);
}

Status readNpy(const std::string &path, std::shared_ptr<Region> file, Array &array) {
  const char *data = file->data();
  int64_t bytes = file->size();
  return readNpy(path, data, bytes, std::move(file), array);
}

std::string npyHeader(int32_t type, const std::vector<int64_t> &shape) {
  static const char *const names[] = {"<f4", "<f8", "<V2", "<f2", "<i4", "<i8", "|i1", "|u1", "|b1"};
  std::string text = format("{'descr': '%s', 'fortran_order': False, 'shape': (", names[type]);
  for (int64_t extent : shape)
    text += format("%lld, ", (long long)extent);
  if (shape.size() > 1)
    text.resize(text.size() - 2);
  text += "), }";
  while ((10 + text.size() + 1) % 64)
    text += ' ';
  text += '\n';
  std::string head("\x93NUMPY\x01\x00", 8);
  head += char(text.size() & 255);
  head += char(text.size() >> 8);
  return head + text;
}

Status takeArray(const std::string &path, const std::string &name, std::vector<NamedArray> &arrays, Array &array) {
  std::vector<std::string> names;
  for (NamedArray &candidate : arrays) {
    if (candidate.name == name) {
      array = std::move(candidate.array);
      return {};
    }
    if (names.size() < 10)
      names.push_back("'" + shown(candidate.name) + "'");
  }
  return wrong("%s: holds no array '%s'%s%s", path.c_str(), name.c_str(), names.empty() ? "" : ", it holds ",
               listText(names).c_str());
}

} // namespace nnrt
