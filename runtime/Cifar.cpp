// Batches of CIFAR-10.
#include "Cifar.h"
#include <cstring>

namespace nnrt {

Status Cifar::add(const std::string &path, const std::string &advice) {
  std::shared_ptr<Region> bytes;
  NNRT_TRY(Region::map(path, bytes, advice));
  int64_t count = bytes->size() / recordSize;
  if (!count || bytes->size() % recordSize)
    return wrong("%s: holds %lld bytes, which is no multiple of %lld (a label and 3 x 32 x 32 pixels): it is cut off, "
                 "or it is not the binary version of CIFAR-10",
                 path.c_str(), (long long)bytes->size(), (long long)recordSize);
  int64_t limit = field(1).limit > 0 ? field(1).limit : 10;
  for (int64_t i = 0; i < count; ++i)
    if (uint8_t label = uint8_t(bytes->data()[i * recordSize]); label >= limit)
      return wrong("%s: record %lld holds the label %d, the model takes 0 to %lld: correct the data, or the model's "
                   "number of classes",
                   path.c_str(), (long long)i, int(label), (long long)(limit - 1));
  files.push_back({std::move(bytes), records});
  records += count;
  return {};
}

Status Cifar::open(const nnrt_source &source, SourceRole role, const DataPlace &place, const std::string &advice,
                   std::unique_ptr<Dataset> &dataset) {
  std::unique_ptr<Cifar> opened(new Cifar(source));
  for (int64_t i = 0; i < source.n_files; ++i) {
    std::string path = joinPath(place.folder, source.files[i]);
    if (!isFolder(path)) {
      NNRT_TRY(opened->add(path, advice));
      continue;
    }
    if (role != SourceRole::Data)
      NNRT_TRY(opened->add(joinPath(path, "test_batch.bin"), advice));
    for (int batch = 1; batch <= 5 && role == SourceRole::Data; ++batch)
      NNRT_TRY(opened->add(joinPath(path, format("data_batch_%d.bin", batch)), advice));
  }
  dataset = std::move(opened);
  return {};
}

void Cifar::copy(int64_t i, int64_t record, char *out) {
  size_t file = files.size() - 1;
  while (files[file].first > record)
    --file;
  const char *at = files[file].bytes->data() + (record - files[file].first) * recordSize;
  int32_t label = uint8_t(*at);
  if (i == 0)
    memcpy(out, at + 1, recordSize - 1);
  else
    memcpy(out, &label, sizeof label);
}

} // namespace nnrt
