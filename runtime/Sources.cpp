// From a source of the train block to an opened data set: finds its files, lets the reader of the format read them.
#include "Cifar.h"
#include "Csv.h"
#include "Dataset.h"
#include "Digits.h"
#include "Generate.h"
#include "Gzip.h"
#include "Idx.h"
#include "Images.h"
#include "Npy.h"
#include "Safetensors.h"
#include "Text.h"
#include <cstring>

namespace nnrt {

/// The file itself, or the same one packed or unpacked: `gunzip` must not make data unfindable.
static std::string findFile(const std::string &path) {
  bool packed = endsWith(path, ".gz");
  std::string twin = packed ? path.substr(0, path.size() - 3) : path + ".gz";
  if (packed && !canInflate() && exists(twin))
    return twin;
  return !exists(path) && exists(twin) ? twin : path;
}

bool isBuiltin(const DataPlace &place, const nnrt_source &source) {
  return place.builtin && source.kind && strcmp(source.kind, "generate") != 0;
}

Status openSource(const nnrt_source &source, SourceRole role, const DataPlace &place,
                  std::unique_ptr<Dataset> &dataset) {
  if (!strcmp(source.kind, "generate"))
    return generateRecords(source, role, *place.model, dataset);
  if (isBuiltin(place, source))
    return Digits::open(source, role, dataset);
  std::string advice = place.folder.empty() ? "name the folder of the data with --data DIR (or --data builtin)"
                                            : format("--data names the folder '%s'", place.folder.c_str());
  if (!place.folder.empty() && !isFolder(place.folder))
    return wrong("--data: there is no folder '%s'", place.folder.c_str());
  auto kind = [&](const char *name) { return !strcmp(source.kind, name); };
  if (kind("images"))
    return openImages(source, place, advice, dataset);
  if (kind("cifar10"))
    return Cifar::open(source, role, place, advice, dataset);
  if (kind("text"))
    return Text::open(source, findFile(joinPath(place.folder, source.files[0])), place.vocabulary, advice, dataset);
  bool single = kind("idx") || kind("npy");
  if (!single && !kind("npz") && !kind("safetensors") && !kind("csv"))
    return wrong("data of the kind '%s' cannot be read by this program: the kinds are idx, npy, npz, safetensors, csv, "
                 "cifar10, images, text and generate",
                 source.kind);
  std::vector<Array> arrays(source.n_fields);
  std::vector<std::string> names;
  std::unique_ptr<ArrayDataset> opened(new ArrayDataset(source));
  if (single) {
    for (int64_t i = 0; i < source.n_fields; ++i) {
      std::string path = findFile(joinPath(place.folder, source.files[i]));
      std::shared_ptr<Region> file;
      NNRT_TRY(Region::map(path, file, advice));
      NNRT_TRY(kind("idx") ? readIdx(path, std::move(file), arrays[i]) : readNpy(path, std::move(file), arrays[i]));
      names.push_back(path);
    }
  } else if (kind("csv")) {
    std::string path = findFile(joinPath(place.folder, source.files[0]));
    std::shared_ptr<Region> file;
    NNRT_TRY(Region::map(path, file, advice));
    NNRT_TRY(readCsv(path, std::move(file), source, arrays, names));
  } else {
    std::string path = joinPath(place.folder, source.files[0]);
    std::shared_ptr<Region> file;
    NNRT_TRY(Region::map(path, file, advice));
    std::vector<NamedArray> found;
    NNRT_TRY(kind("npz") ? readNpz(path, file, found) : readSafetensors(path, file, found));
    for (int64_t i = 0; i < source.n_fields; ++i) {
      NNRT_TRY(takeArray(path, source.fields[i].name, found, arrays[i]));
      names.push_back(format("%s, array '%s'", path.c_str(), source.fields[i].name));
    }
  }
  NNRT_TRY(opened->set(std::move(arrays), names));
  dataset = std::move(opened);
  return {};
}

} // namespace nnrt
