// Writing, checking and comparing checkpoints.
#include "Checkpoint.h"
#include "Checksum.h"
#include <cstdlib>
#include <cstring>

namespace nnrt {

static const char checksumsName[] = "checksums", bestPrefix[] = "best/";

bool isCheckpointed(const nnrt_tensor &tensor) { return tensor.role != NNRT_TALLY; }

static std::vector<int64_t> shapeOf(const nnrt_tensor &tensor) { return {tensor.shape, tensor.shape + tensor.rank}; }

Status writeCheckpoint(const std::string &path, const nnrt_model &model, const std::string &vocabulary,
                       const Snapshot &snapshot) {
  std::vector<TensorOut> tensors;
  auto add = [&](const char *prefix, const char *owned) {
    for (int64_t i = 0; i < model.n_owned && owned; ++i)
      if (const nnrt_tensor &tensor = model.owned[i]; isCheckpointed(tensor))
        tensors.push_back({std::string(prefix) + tensor.name, tensor.type, shapeOf(tensor), owned + tensor.offset});
  };
  add("", snapshot.owned);
  add(bestPrefix, snapshot.best);
  Metadata metadata{{"checkpoint", format("%d", checkpointVersion)},
                    {"model", model.name},
                    {"precision", model.precision},
                    {"compiler", model.compiler},
                    {"source_hash", model.source_hash},
                    {"source", model.source}};
  if (!vocabulary.empty())
    metadata.emplace_back("vocabulary", vocabulary);
  Metadata run = toMetadata(snapshot.state);
  metadata.insert(metadata.end(), run.begin(), run.end());
  // The first checksum is that of the length and the header, which names the checksums and does not hold them.
  std::vector<int64_t> checksums(tensors.size() + 1);
  tensors.push_back({checksumsName, NNRT_I64, {int64_t(checksums.size())}, checksums.data()});
  std::string header = safetensorsHeader(tensors, metadata);
  checksums[0] = crc32(header.data(), int64_t(header.size()));
  std::vector<Piece> pieces{{header.data(), int64_t(header.size())}};
  for (const TensorOut &tensor : tensors) {
    pieces.push_back({tensor.data, tensor.bytes()});
    if (tensor.data != checksums.data())
      checksums[pieces.size() - 1] = crc32(tensor.data, tensor.bytes());
  }
  return writeFile(path, pieces, "--checkpoint");
}

Status readCheckpoint(const std::string &path, Checkpoint &checkpoint) {
  std::shared_ptr<Region> file;
  NNRT_TRY(Region::map(path, file));
  NNRT_TRY(readSafetensors(path, file, checkpoint.arrays, &checkpoint.metadata));
  const std::string &version = checkpoint.text("checkpoint");
  int number = atoi(version.c_str());
  if (number > checkpointVersion)
    return wrong("%s: is a checkpoint of format %d, and this program reads formats up to %d: use a program made by a "
                 "newer nnc",
                 path.c_str(), number, checkpointVersion);
  if (number < 1 || version != format("%d", number))
    return wrong("%s: is not a checkpoint", path.c_str());
  if (checkpoint.arrays.empty() || checkpoint.arrays.back().name != checksumsName)
    return wrong("%s: its checksums are missing: the file is damaged", path.c_str());
  NamedArray checksums = std::move(checkpoint.arrays.back());
  checkpoint.arrays.pop_back();
  const Array &array = checksums.array;
  const char *end = array.data + array.bytes();
  bool fits = array.type == NNRT_I64 && array.shape == std::vector<int64_t>{int64_t(checkpoint.arrays.size()) + 1};
  uint64_t header;
  memcpy(&header, file->data(), 8); // readSafetensors has checked it
  int64_t start = 8 + int64_t(header), values = array.bytes();
  for (const NamedArray &named : checkpoint.arrays)
    values += named.array.bytes();
  if (!fits || start + values != file->size() || (array.keep == file && end != file->data() + file->size()))
    return wrong("%s: its size is not what its header says: the file is damaged", path.c_str());
  auto expected = [&](size_t i) {
    int64_t value;
    memcpy(&value, array.data + 8 * i, 8);
    return value;
  };
  if (expected(0) != int64_t(crc32(file->data(), start)))
    return wrong("%s: the checksum of its header is wrong: the file is damaged", path.c_str());
  for (size_t i = 0; i < checkpoint.arrays.size(); ++i) {
    const NamedArray &named = checkpoint.arrays[i];
    if (expected(i + 1) != int64_t(crc32(named.array.data, named.array.bytes())))
      return wrong("%s: the checksum of '%s' is wrong: the file is damaged", path.c_str(), shown(named.name).c_str());
  }
  if (!fromMetadata(checkpoint.metadata, checkpoint.state))
    return wrong("%s: does not say where its run stands: the file is damaged", path.c_str());
  return {};
}

static const NamedArray *find(const Checkpoint &checkpoint, const std::string &name) {
  for (const NamedArray &named : checkpoint.arrays)
    if (named.name == name)
      return &named;
  return nullptr;
}

bool Checkpoint::hasBest() const {
  for (const NamedArray &named : arrays)
    if (!named.name.compare(0, strlen(bestPrefix), bestPrefix))
      return true;
  return false;
}

std::string Checkpoint::differences(const nnrt_model &model) const {
  std::string text;
  if (this->text("precision") != model.precision)
    text += format("\n  the precision was %s and is %s", shown(this->text("precision")).c_str(), model.precision);
  size_t known = 0;
  for (const char *prefix : {"", bestPrefix})
    for (int64_t i = 0; i < model.n_owned && (!*prefix || hasBest()); ++i) {
      const nnrt_tensor &tensor = model.owned[i];
      if (!isCheckpointed(tensor))
        continue;
      std::string name = prefix + std::string(tensor.name);
      std::string wanted = factsOf(tensor.type).name + shapeText(tensor.shape, tensor.rank);
      const NamedArray *named = find(*this, name);
      known += named != nullptr;
      if (!named)
        text += format("\n  '%s' %s is missing", name.c_str(), wanted.c_str());
      else if (named->array.type != tensor.type || named->array.shape != shapeOf(tensor))
        text += format("\n  '%s' was %s and is %s", name.c_str(), named->array.text().c_str(), wanted.c_str());
    }
  if (known == arrays.size())
    return text;
  for (const NamedArray &named : arrays) {
    bool owned = false;
    for (int64_t i = 0; i < model.n_owned; ++i)
      owned |= isCheckpointed(model.owned[i]) &&
               (named.name == model.owned[i].name || named.name == bestPrefix + std::string(model.owned[i].name));
    if (!owned)
      text += format("\n  '%s' %s is not in the model", shown(named.name).c_str(), named.array.text().c_str());
  }
  return text;
}

void Checkpoint::copyTo(const nnrt_model &model, const std::string &prefix, char *owned) const {
  for (int64_t i = 0; i < model.n_owned; ++i)
    if (isCheckpointed(model.owned[i]))
      if (const NamedArray *named = find(*this, prefix + model.owned[i].name))
        memcpy(owned + model.owned[i].offset, named->array.data, size_t(model.owned[i].bytes));
}

static std::vector<std::string> linesOf(const std::string &text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::string changedLines(const std::string &before, const std::string &after, int most) {
  if (before.empty() || after.empty())
    return ""; // not known
  std::vector<std::string> old = linesOf(before), now = linesOf(after);
  // The longest common subsequence behind every pair of lines.
  size_t width = now.size() + 1;
  if (old.size() > (size_t(1) << 24) / width) // a table of 64 MiB at most
    return "  in too many lines to compare them\n";
  std::vector<int32_t> common((old.size() + 1) * width, 0);
  for (size_t i = old.size(); i-- > 0;)
    for (size_t j = now.size(); j-- > 0;)
      common[i * width + j] = old[i] == now[j] ? common[(i + 1) * width + j + 1] + 1
                                               : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
  std::string text;
  int count = 0, hidden = 0;
  auto show = [&](char sign, const std::string &line) {
    if (++count <= most)
      text += format("  %c %s\n", sign, shown(line).c_str());
    else
      ++hidden;
  };
  for (size_t i = 0, j = 0; i < old.size() || j < now.size();) {
    if (i < old.size() && j < now.size() && old[i] == now[j])
      ++i, ++j;
    else if (i < old.size() && (j == now.size() || common[(i + 1) * width + j] >= common[i * width + j + 1]))
      show('-', old[i++]);
    else
      show('+', now[j++]);
  }
  if (hidden)
    text += format("  and %d lines more\n", hidden);
  return text;
}

} // namespace nnrt
