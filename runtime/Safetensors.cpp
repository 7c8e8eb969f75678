// Reader (RapidJSON for the header) and writer of safetensors files.
#include "Safetensors.h"
#include "Json.h"
#include <algorithm>
#include <cstring>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h> // the event reader only: document.h of 1.1.0 is not valid C++ for today's compilers

namespace nnrt {

static constexpr int64_t longestHeader = 100000000; // the format's own bound

namespace {
struct Entry {
  NamedArray named;
  std::string type;
  int64_t begin = -1, end = -1;
};

/// Hears the events of a header. Answers false, which ends the parse, where it does not have the form that the format
/// asks for: {"__metadata__": {key: text ...}, name: {"dtype": text, "shape": [n ...], "data_offsets": [begin, end]}
/// ...}
class HeaderReader {
public:
  std::vector<Entry> entries;
  Metadata metadata;
  std::string name; // of the tensor that is being read

  bool Null() { return false; }
  bool Bool(bool) { return false; }
  bool Double(double) { return false; }
  bool RawNumber(const char *, rapidjson::SizeType, bool) { return false; }
  bool Int(int n) { return number(n); }
  bool Int64(int64_t n) { return number(n); }
  bool Uint(unsigned n) { return number(n); }
  bool Uint64(uint64_t n) { return n <= INT64_MAX && number(int64_t(n)); }
  bool StartObject() { return ++depth <= 2 && !inArray; }
  bool EndObject(rapidjson::SizeType) { return depth-- == 1 || inMetadata() || complete(); }
  bool StartArray() {
    return depth == 2 && !inMetadata() && !inArray && (inArray = key == "shape" || key == "data_offsets");
  }
  bool EndArray(rapidjson::SizeType) {
    inArray = false;
    return key == "shape" || offsets == 2;
  }
  bool Key(const char *text, rapidjson::SizeType length, bool) {
    if (depth == 2) {
      key.assign(text, length);
      return true;
    }
    name.assign(text, length);
    if (!inMetadata()) {
      entries.emplace_back();
      entries.back().named.name = name;
      offsets = 0;
    }
    return true;
  }
  bool String(const char *text, rapidjson::SizeType length, bool) {
    if (depth != 2 || inArray)
      return false;
    if (inMetadata())
      metadata.emplace_back(key, std::string(text, length));
    else if (key == "dtype")
      entries.back().type.assign(text, length);
    return inMetadata() || key == "dtype";
  }

private:
  bool inMetadata() const { return name == "__metadata__"; }
  bool complete() const { return !entries.back().type.empty() && offsets == 2; }
  bool number(int64_t n) {
    if (!inArray || n < 0)
      return false;
    Entry &entry = entries.back();
    if (key == "shape") {
      entry.named.array.shape.push_back(n);
      return entry.named.array.shape.size() <= 32;
    }
    (offsets == 0 ? entry.begin : entry.end) = n;
    return ++offsets <= 2;
  }
  std::string key;
  int depth = 0, offsets = 0;
  bool inArray = false;
};
} // namespace

const std::string &textOf(const Metadata &metadata, const char *key) {
  static const std::string none;
  for (const auto &[name, value] : metadata)
    if (name == key)
      return value;
  return none;
}

Status readSafetensors(const std::string &path, const std::shared_ptr<Region> &file, std::vector<NamedArray> &arrays,
                       Metadata *metadata) {
  const char *data = file->data();
  uint64_t length = 0;
  if (file->size() >= 8)
    memcpy(&length, data, 8);
  if (file->size() < 9 || length < 2 || length > uint64_t(longestHeader) || data[8] != '{')
    return wrong("%s: is not a safetensors file", path.c_str());
  if (length > uint64_t(file->size() - 8))
    return wrong("%s: ends within its header: the file is cut off", path.c_str());
  HeaderReader header;
  rapidjson::MemoryStream text(data + 8, length);
  rapidjson::Reader reader;
  // Iterative: a header of a million brackets must not exhaust the stack.
  rapidjson::ParseResult parsed = reader.Parse<rapidjson::kParseIterativeFlag>(text, header);
  if (parsed.Code() == rapidjson::kParseErrorTermination)
    return wrong("%s: its header describes '%s' in a form that is not safetensors'", path.c_str(),
                 shown(header.name).c_str());
  if (parsed.IsError())
    return wrong("%s: its header is not JSON (%s at byte %zu)", path.c_str(),
                 rapidjson::GetParseError_En(parsed.Code()), parsed.Offset() + 8);
  if (metadata)
    *metadata = std::move(header.metadata);
  int64_t start = 8 + int64_t(length), available = file->size() - start;
  std::vector<Entry> &entries = header.entries;
  for (Entry &entry : entries) {
    std::string name = shown(entry.named.name);
    Array &array = entry.named.array;
    array.type = typeOfSafetensors(entry.type.c_str());
    if (array.type < 0)
      return wrong("%s: '%s' has elements of type %s, which is not supported", path.c_str(), name.c_str(),
                   shown(entry.type).c_str());
    int64_t bytes = checkedBytes(array.shape, factsOf(array.type).bytes);
    if (bytes < 0 || entry.begin < 0 || entry.end < entry.begin || entry.end - entry.begin != bytes ||
        entry.end > available)
      return wrong("%s: '%s' %s lies at bytes %lld to %lld of %lld: the file is cut off or damaged", path.c_str(),
                   name.c_str(), shapeText(array.shape).c_str(), (long long)entry.begin, (long long)entry.end,
                   (long long)available);
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) { return a.begin < b.begin; });
  for (Entry &entry : entries) {
    Array &array = entry.named.array;
    array.data = data + start + entry.begin;
    array.keep = file;
    bool aligned = reinterpret_cast<uintptr_t>(array.data) % factsOf(array.type).bytes == 0;
    if (!aligned && array.bytes()) { // legal in the format: copy to where it is aligned
      NNRT_TRY(Region::allocate(array.bytes(), array.keep, path));
      memcpy(array.keep->data(), array.data, array.bytes());
      array.data = array.keep->data();
    }
    arrays.push_back(std::move(entry.named));
  }
  return {};
}

std::string safetensorsHeader(const std::vector<TensorOut> &tensors, const Metadata &metadata) {
  std::string header = "{\"__metadata__\":{";
  for (size_t i = 0; i < metadata.size(); ++i) {
    if (i)
      header += ',';
    appendString(header, metadata[i].first.c_str());
    header += ':';
    appendString(header, metadata[i].second.c_str());
  }
  header += '}';
  int64_t offset = 0;
  for (const TensorOut &tensor : tensors) {
    header += ',';
    appendString(header, tensor.name.c_str());
    header += format(":{\"dtype\":\"%s\",\"shape\":[", factsOf(tensor.type).safetensors);
    for (size_t i = 0; i < tensor.shape.size(); ++i)
      header += format(i ? ",%lld" : "%lld", (long long)tensor.shape[i]);
    int64_t end = offset + tensor.bytes();
    header += format("],\"data_offsets\":[%lld,%lld]}", (long long)offset, (long long)end);
    offset = end;
  }
  header += '}';
  while (header.size() % 8)
    header += ' ';
  uint64_t length = header.size();
  return std::string(reinterpret_cast<const char *>(&length), 8) + header;
}

Status writeSafetensors(const std::string &path, const std::vector<TensorOut> &tensors, const Metadata &metadata) {
  std::string header = safetensorsHeader(tensors, metadata);
  std::vector<Piece> pieces{{header.data(), int64_t(header.size())}};
  for (const TensorOut &tensor : tensors)
    pieces.push_back({tensor.data, tensor.bytes()});
  return writeFile(path, pieces, "--out");
}

} // namespace nnrt
