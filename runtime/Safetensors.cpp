// Reader (RapidJSON for the header) and writer of safetensors files.
#include "Safetensors.h"
#include "Json.h"
#include <algorithm>
#include <cstring>
// A wrong access is a mistake of ours, not of the file: every value's kind is asked before it is read.
#define RAPIDJSON_ASSERT(condition) ((void)(condition))
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

namespace nnrt {

static constexpr int64_t longestHeader = 100000000; // the format's own bound

namespace {
struct Entry {
  NamedArray named;
  int64_t begin = 0, end = 0;
};
} // namespace

/// Reads one value of the header's dictionary; false where it does not have the form that the format asks for.
static bool readEntry(const rapidjson::Value &value, Entry &entry) {
  if (!value.IsObject())
    return false;
  auto type = value.FindMember("dtype"), shape = value.FindMember("shape"), offsets = value.FindMember("data_offsets");
  auto none = value.MemberEnd();
  if (type == none || shape == none || offsets == none || !type->value.IsString() || !shape->value.IsArray() || !offsets->value.IsArray())
    return false;
  Array &array = entry.named.array;
  array.type = typeOfSafetensors(type->value.GetString());
  for (const auto &extent : shape->value.GetArray()) {
    if (!extent.IsInt64() || extent.GetInt64() < 0 || array.shape.size() == 32)
      return false;
    array.shape.push_back(extent.GetInt64());
  }
  const auto &pair = offsets->value;
  if (pair.Size() != 2 || !pair[0].IsInt64() || !pair[1].IsInt64())
    return false;
  entry.begin = pair[0].GetInt64();
  entry.end = pair[1].GetInt64();
  return true;
}

Status readSafetensors(const std::string &path, std::shared_ptr<Region> file, std::vector<NamedArray> &arrays, Metadata *metadata) {
  const char *data = file->data();
  uint64_t length = 0;
  if (file->size() >= 8)
    memcpy(&length, data, 8);
  if (file->size() < 8 || length < 2 || length > uint64_t(longestHeader) || data[8] != '{')
    return wrong("%s: is not a safetensors file", path.c_str());
  if (length > uint64_t(file->size() - 8))
    return wrong("%s: ends within its header: the file is cut off", path.c_str());
  rapidjson::Document header;
  // Iterative: a header of a million brackets must not exhaust the stack.
  header.Parse<rapidjson::kParseIterativeFlag>(data + 8, length);
  if (header.HasParseError() || !header.IsObject())
    return wrong("%s: its header is not JSON (%s at byte %zu)", path.c_str(),
                 header.HasParseError() ? rapidjson::GetParseError_En(header.GetParseError()) : "no object", header.GetErrorOffset() + 8);
  int64_t start = 8 + int64_t(length), available = file->size() - start;
  std::vector<Entry> entries;
  for (const auto &member : header.GetObject()) {
    std::string name = member.name.GetString();
    if (name == "__metadata__") {
      if (metadata && member.value.IsObject())
        for (const auto &pair : member.value.GetObject())
          if (pair.value.IsString())
            metadata->emplace_back(pair.name.GetString(), pair.value.GetString());
      continue;
    }
    Entry entry;
    entry.named.name = name;
    if (!readEntry(member.value, entry))
      return wrong("%s: its header describes '%s' in a form that is not safetensors'", path.c_str(), name.c_str());
    Array &array = entry.named.array;
    if (array.type < 0)
      return wrong("%s: '%s' has elements of type %s, which is not supported", path.c_str(), name.c_str(), member.value["dtype"].GetString());
    int64_t bytes = checkedBytes(array.shape, factsOf(array.type).bytes);
    if (bytes < 0 || entry.begin < 0 || entry.end < entry.begin || entry.end - entry.begin != bytes || entry.end > available)
      return wrong("%s: '%s' %s lies at bytes %lld to %lld of %lld: the file is cut off or damaged", path.c_str(), name.c_str(),
                   shapeText(array.shape).c_str(), (long long)entry.begin, (long long)entry.end, (long long)available);
    entries.push_back(std::move(entry));
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) { return a.begin < b.begin; });
  for (Entry &entry : entries) {
    Array &array = entry.named.array;
    array.data = data + start + entry.begin;
    array.keep = file;
    if (reinterpret_cast<uintptr_t>(array.data) % factsOf(array.type).bytes) { // legal in the format: copy to where it is aligned
      NNRT_TRY(Region::allocate(array.bytes(), array.keep, path));
      memcpy(array.keep->data(), array.data, array.bytes());
      array.data = array.keep->data();
    }
    arrays.push_back(std::move(entry.named));
  }
  return {};
}

Status writeSafetensors(const std::string &path, const std::vector<TensorOut> &tensors, const Metadata &metadata) {
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
  std::vector<Piece> pieces(2);
  for (const TensorOut &tensor : tensors) {
    int64_t bytes = elementsOf(tensor.shape.data(), tensor.shape.size()) * factsOf(tensor.type).bytes;
    header += ',';
    appendString(header, tensor.name.c_str());
    header += format(":{\"dtype\":\"%s\",\"shape\":[", factsOf(tensor.type).safetensors);
    for (size_t i = 0; i < tensor.shape.size(); ++i)
      header += format(i ? ",%lld" : "%lld", (long long)tensor.shape[i]);
    header += format("],\"data_offsets\":[%lld,%lld]}", (long long)offset, (long long)(offset + bytes));
    pieces.push_back({tensor.data, bytes});
    offset += bytes;
  }
  header += '}';
  while (header.size() % 8)
    header += ' ';
  uint64_t length = header.size();
  pieces[0] = {&length, 8};
  pieces[1] = {header.data(), int64_t(header.size())};
  return writeFile(path, pieces);
}

} // namespace nnrt
