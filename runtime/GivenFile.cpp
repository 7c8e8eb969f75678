// Reading by first bytes, and the rule of records and inputs.
#include "GivenFile.h"
#include "Dataset.h"
#include "Gzip.h"
#include "Idx.h"
#include "Picture.h"
#include "Safetensors.h"
#include "Text.h"
#include <algorithm>
#include <cstring>

namespace nnrt {

/// A picture is one record of a model whose data are pictures: bytes, channels x height x width.
static Status readGivenPicture(const std::string &path, const nnrt_model &model, std::vector<NamedArray> &arrays) {
  if (!nnrt_decode_picture)
    return wrong(
        "%s: is a PNG or JPEG picture, which this program does not read: compile it with nnc --with=images, or "
        "save the pixels as a .npy file",
        path.c_str());
  const nnrt_field *field = model.train && model.train->data.n_fields ? model.train->data.fields : nullptr;
  if (!field || field->rank != 3 || field->type != NNRT_U8 || (field->shape[0] != 1 && field->shape[0] != 3))
    return wrong("%s: is a picture, and this model's data are none (u8, channels x height x width, with one channel or "
                 "three): save what the model takes as a .npy file",
                 path.c_str());
  const nnrt_field &image = *field;
  arrays.emplace_back();
  Array &array = arrays[0].array;
  arrays[0].name = image.name;
  array.type = image.type;
  array.shape = {1, image.shape[0], image.shape[1], image.shape[2]};
  NNRT_TRY(Region::allocate(array.bytes(), array.keep, path));
  array.data = array.keep->data();
  return readPicture(path, image.shape[0], image.shape[1], image.shape[2],
                     reinterpret_cast<uint8_t *>(array.keep->data()));
}

Status readGiven(const std::string &path, const Instance &instance, std::vector<NamedArray> &arrays) {
  std::shared_ptr<Region> file;
  NNRT_TRY(Region::map(path, file));
  auto startsWith = [&](const char *bytes, int64_t n) { return file->size() >= n && !memcmp(file->data(), bytes, n); };
  if (startsWith("PK\x03\x04", 4) || startsWith("PK\x05\x06", 4))
    return readNpz(path, file, arrays);
  if (looksLikePicture(*file))
    return readGivenPicture(path, instance.model, arrays);
  arrays.emplace_back();
  if (startsWith("\x93NUMPY", 6))
    return readNpy(path, std::move(file), arrays[0].array);
  const nnrt_train *train = instance.model.train;
  bool isText = train && !strcmp(train->data.kind, "text") && !endsWith(path, ".safetensors");
  if (looksLikeIdx(*file) && !(isText && looksGzipped(*file)))
    return readIdx(path, std::move(file), arrays[0].array);
  arrays.clear();
  if (isText) {
    if (instance.vocabulary.empty())
      return wrong("%s: a text is read with the vocabulary that weights hold: name them with --weights FILE",
                   path.c_str());
    arrays.emplace_back();
    arrays[0].name = "tokens";
    return readWindows(path, optionOf(train->data, "window"), instance.vocabulary, arrays[0].array);
  }
  if (file->size() >= 9 && file->data()[8] == '{')
    return readSafetensors(path, file, arrays);
  return wrong(
      "%s: is none of IDX, .npy, .npz and .safetensors: save the input as one of these (numpy.save writes .npy)",
      path.c_str());
}

static std::vector<const nnrt_tensor *> takenBy(const nnrt_entry &entry) {
  std::vector<const nnrt_tensor *> tensors;
  for (int64_t i = 0; i < entry.n_tensors; ++i)
    if (entry.tensors[i].role == NNRT_RECORD || entry.tensors[i].role == NNRT_INPUT)
      tensors.push_back(&entry.tensors[i]);
  return tensors;
}

static std::string takenText(const nnrt_entry &entry) {
  std::vector<std::string> items;
  for (const nnrt_tensor *tensor : takenBy(entry)) {
    std::string text = format("'%s' %s[n", tensor->name, factsOf(tensor->type).name);
    for (int32_t i = 1; i < tensor->rank; ++i)
      text += format(", %lld", (long long)tensor->shape[i]);
    items.push_back(text + "]");
  }
  return listText(items);
}

static std::string heldText(const std::vector<NamedArray> &arrays) {
  std::vector<std::string> items;
  items.reserve(arrays.size());
  for (const NamedArray &named : arrays)
    items.push_back(named.name.empty() ? named.array.text()
                                       : format("'%s' %s", shown(named.name).c_str(), named.array.text().c_str()));
  return items.empty() ? "nothing" : listText(items);
}

static const Array *arrayFor(const nnrt_tensor &tensor, const std::vector<NamedArray> &arrays, size_t wanted) {
  for (const NamedArray &named : arrays)
    if (named.name == tensor.name)
      return &named.array;
  return wanted == 1 && arrays.size() == 1 ? &arrays[0].array : nullptr;
}

/// Equal types, or two that hold ids.
static bool typesMeet(int32_t have, int32_t want) {
  return have == want || ((have == NNRT_I32 || have == NNRT_I64) && (want == NNRT_I32 || want == NNRT_I64));
}

/// The tensor as a field of records, with what the data source knows about the range of its ids.
static nnrt_field fieldOf(const nnrt_model &model, const nnrt_tensor &tensor) {
  nnrt_field field{tensor.name, tensor.shape + 1, tensor.rank - 1, tensor.type, 0, 0, nullptr, 0, 0};
  for (int64_t i = 0; model.train && i < model.train->data.n_fields; ++i)
    if (const nnrt_field &known = model.train->data.fields[i]; !strcmp(known.name, tensor.name)) {
      field.limit = known.limit;
      field.ignored = known.ignored;
    }
  return field;
}

Status GivenBatchSource::match(const std::string &path, std::vector<NamedArray> arrays, Instance &instance,
                               const std::vector<const nnrt_entry *> &candidates,
                               std::unique_ptr<GivenBatchSource> &source) {
  source.reset(new GivenBatchSource(instance));
  std::vector<std::string> taken;
  for (const nnrt_entry *candidate : candidates) {
    if (!candidate)
      continue;
    taken.push_back(takenText(*candidate));
    std::vector<const nnrt_tensor *> tensors = takenBy(*candidate);
    bool fits = std::all_of(tensors.begin(), tensors.end(), [&](const nnrt_tensor *tensor) {
      const Array *array = arrayFor(*tensor, arrays, tensors.size());
      return array && typesMeet(array->type, tensor->type);
    });
    if (!fits || source->chosen)
      continue;
    source->chosen = candidate;
    for (const nnrt_tensor *tensor : tensors)
      source->columns.push_back({tensor, *arrayFor(*tensor, arrays, tensors.size())});
  }
  taken.erase(std::unique(taken.begin(), taken.end()), taken.end());
  if (!source->chosen)
    return wrong("%s: holds %s, the model takes %s", path.c_str(), heldText(arrays).c_str(),
                 listText(taken, "or").c_str());
  for (Column &column : source->columns) {
    const nnrt_tensor &tensor = *column.tensor;
    std::vector<int64_t> &shape = column.array.shape;
    bool sole =
        !shape.empty() && shape[0] != 1 && sameUpToUnits(shape.data(), shape.size(), tensor.shape + 1, tensor.rank - 1);
    if (sole) // one record without a batch
      shape.insert(shape.begin(), 1);
    NNRT_TRY(matchField(path, fieldOf(instance.model, tensor), column.array));
    if (column.array.shape[0] != source->columns[0].array.shape[0])
      return wrong("%s: holds %lld records of '%s' and %lld of '%s': they must belong together", path.c_str(),
                   (long long)source->columns[0].array.shape[0], source->columns[0].tensor->name,
                   (long long)column.array.shape[0], tensor.name);
  }
  source->records = source->columns.empty() ? 0 : source->columns[0].array.shape[0];
  return source->records ? Status() : wrong("%s: holds no records", path.c_str());
}

void GivenBatchSource::fill(int64_t first, int64_t rows) {
  for (const Column &column : columns) {
    int64_t rowBytes = column.tensor->bytes / chosen->batch, used = rows * rowBytes;
    char *at = instance.at(*column.tensor);
    memcpy(at, column.array.data + first * rowBytes, used);
    memset(at + used, 0, column.tensor->bytes - used);
  }
}

} // namespace nnrt
