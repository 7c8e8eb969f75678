// Data sets over arrays, their split, and the copying of batches.
#include "Dataset.h"
#include "Philox.h"
#include "Sampler.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

namespace nnrt {

int64_t Dataset::find(const char *name) const {
  for (int64_t i = 0; i < source.n_fields; ++i)
    if (!strcmp(source.fields[i].name, name))
      return i;
  return -1;
}

int64_t Dataset::recordBytes(int64_t i) const {
  return elementsOf(field(i).shape, field(i).rank) * factsOf(field(i).type).bytes;
}

static std::string fieldText(const nnrt_field &field) {
  std::string text = format("%s[n", factsOf(field.type).name);
  for (int32_t i = 0; i < field.rank; ++i)
    text += format(", %lld", (long long)field.shape[i]);
  return text + "]";
}

Status matchField(const std::string &what, const nnrt_field &field, Array &array) {
  bool shapeFits =
      !array.shape.empty() && sameUpToUnits(array.shape.data() + 1, array.shape.size() - 1, field.shape, field.rank);
  bool integers = !factsOf(array.type).floating && !factsOf(field.type).floating && array.type != NNRT_BOOL &&
                  field.type != NNRT_BOOL;
  if (!shapeFits || (array.type != field.type && !integers))
    return wrong("%s: holds %s, the model's field '%s' is %s", what.c_str(), array.text().c_str(), field.name,
                 fieldText(field).c_str());
  if (integers) {
    NNRT_TRY(checkIds(what, field, array));
    NNRT_TRY(convertIntegers(what, field.type, array));
  }
  return field.type == NNRT_BOOL ? checkBooleans(what, array) : Status();
}

Status ArrayDataset::set(std::vector<Array> arrays, const std::vector<std::string> &names) {
  columns = std::move(arrays);
  for (size_t i = 0; i < columns.size(); ++i) {
    NNRT_TRY(matchField(names[i], field(i), columns[i]));
    if (i && columns[i].shape[0] != columns[0].shape[0])
      return wrong("%s holds %lld records and %s holds %lld: they must belong together", names[0].c_str(),
                   (long long)columns[0].shape[0], names[i].c_str(), (long long)columns[i].shape[0]);
  }
  records = columns.empty() ? 0 : columns[0].shape[0];
  return records ? Status() : wrong("%s: holds no records", names.empty() ? "the data" : names[0].c_str());
}

void ArrayDataset::copy(int64_t i, int64_t record, char *out) {
  int64_t bytes = recordBytes(i);
  memcpy(out, columns[i].data + record * bytes, bytes);
}

static int64_t portion(int64_t count, double fraction) { return int64_t(std::floor(count * fraction + 0.5)); }

int64_t optionOf(const nnrt_source &source, const char *name) {
  for (int64_t i = 0; i < source.n_options; ++i)
    if (!strcmp(source.options[i].name, name))
      return source.options[i].value;
  return 0;
}

void splitTail(Dataset &data, double fraction, Part &rest, Part &part) {
  int64_t size = portion(data.count(), fraction), head = data.count() - size;
  rest = {&data, 0, size ? std::max<int64_t>(0, head - data.reach()) : head, {}};
  part = {&data, head, size, {}};
}

/// What is drawn in one piece: a record, or where records overlap a run of them.
static int64_t runOf(const Dataset &data) { return data.reach() ? 8 * (data.reach() + 1) : 1; }
static int64_t runsOf(const Dataset &data) { return (data.count() + runOf(data) - 1) / runOf(data); }

/// Cuts off the runs number `begin` to `end` of a random order.
static void splitRuns(Dataset &data, int64_t begin, int64_t end, uint64_t seed, Part &rest, Part &part) {
  int64_t count = data.count(), reach = data.reach(), run = runOf(data);
  Permutation order(runsOf(data), seed, uint32_t(Draw::ValidationSplit), 0);
  std::vector<bool> drawn(count), near(count);
  for (int64_t i = begin; i < end; ++i)
    for (int64_t first = order(i) * run, k = first; k < std::min(first + run, count); ++k)
      drawn[k] = true;
  for (int64_t i = 0; i < count && reach; ++i)
    for (int64_t k = std::max<int64_t>(0, i - reach); drawn[i] && k <= std::min(i + reach, count - 1); ++k)
      near[k] = true;
  rest = part = {&data, 0, 0, {}};
  for (int64_t i = 0; i < count; ++i)
    if (drawn[i] || !near[i])
      (drawn[i] ? part : rest).picks.push_back(uint32_t(i));
  rest.count = int64_t(rest.picks.size());
  part.count = int64_t(part.picks.size());
}

void splitDraw(Dataset &data, double fraction, uint64_t seed, Part &rest, Part &part) {
  splitRuns(data, 0, portion(runsOf(data), fraction), seed, rest, part);
}

void splitFold(Dataset &data, int64_t folds, int64_t index, uint64_t seed, Part &rest, Part &part) {
  int64_t runs = runsOf(data);
  splitRuns(data, runs * index / folds, runs * (index + 1) / folds, seed, rest, part);
}

void splitClasses(Dataset &data, int64_t field, int64_t folds, int64_t index, uint64_t seed, Part &rest, Part &part) {
  Permutation order(data.count(), seed, uint32_t(Draw::ValidationSplit), 0);
  std::map<std::string, std::vector<int64_t>> classes;
  std::string value(data.recordBytes(field), 0);
  for (int64_t i = 0; i < data.count(); ++i) {
    data.copy(field, order(i), value.data());
    classes[value].push_back(order(i));
  }
  // Dealt out class by class: neither the parts nor a class in them differ by more than one record.
  std::vector<bool> drawn(data.count());
  int64_t place = 0;
  for (const auto &[label, records] : classes)
    for (int64_t record : records)
      drawn[record] = place++ % folds == index;
  rest = part = {&data, 0, 0, {}};
  for (int64_t i = 0; i < data.count(); ++i)
    (drawn[i] ? part : rest).picks.push_back(uint32_t(i));
  rest.count = int64_t(rest.picks.size());
  part.count = int64_t(part.picks.size());
}

/// The field (from 1) whose classes each fold has its share of, or 0.
static int64_t stratified(const nnrt_train &train) {
  const nnrt_source &validation = train.validation;
  return validation.kind && !strcmp(validation.kind, "kfold") ? optionOf(validation, "stratify") : 0;
}

void splitAsKfold(const nnrt_train &train, Dataset &data, int64_t folds, int64_t index, Part &rest, Part &part) {
  if (int64_t field = stratified(train))
    splitClasses(data, field - 1, folds, index, uint64_t(train.seed), rest, part);
  else
    splitFold(data, folds, index, uint64_t(train.seed), rest, part);
}

int64_t mostFolds(const nnrt_train &train, const Dataset &data) {
  return stratified(train) ? data.count() : runsOf(data);
}

/// The part as the program writes it.
static std::string partText(const nnrt_source &part) {
  if (!strcmp(part.kind, "kfold"))
    return format("kfold(%lld, index: %lld)", (long long)optionOf(part, "folds"), (long long)optionOf(part, "index"));
  return format(strcmp(part.kind, "tail") ? "%g" : "tail(%g)", part.value);
}

Status openTraining(const nnrt_train &train, const DataPlace &place, TrainingData &opened) {
  NNRT_TRY(openSource(train.data, SourceRole::Data, place, opened.data));
  opened.training = {opened.data.get(), 0, opened.data->count(), {}};
  const nnrt_source &validation = train.validation;
  if (!validation.kind)
    return {};
  if (!strcmp(validation.kind, "tail")) {
    splitTail(*opened.data, validation.value, opened.training, opened.validation);
  } else if (!strcmp(validation.kind, "fraction")) {
    splitDraw(*opened.data, validation.value, uint64_t(train.seed), opened.training, opened.validation);
  } else if (!strcmp(validation.kind, "kfold")) {
    splitAsKfold(train, *opened.data, optionOf(validation, "folds"), optionOf(validation, "index"), opened.training,
                 opened.validation);
  } else {
    DataPlace second = place;
    second.vocabulary = opened.data->vocabulary();
    NNRT_TRY(openSource(validation, SourceRole::Validation, second, opened.other));
    opened.validation = {opened.other.get(), 0, opened.other->count(), {}};
    return {};
  }
  if (!opened.training.count || !opened.validation.count)
    return wrong("validation = %s of %lld records leaves nothing to %s", partText(validation).c_str(),
                 (long long)opened.data->count(), opened.training.count ? "validate" : "train on");
  return {};
}

Status Feeder::bind(Instance &instance, const Entry &entry, Dataset &data, Feeder &feeder) {
  for (const nnrt_tensor *tensor : entry.all(NNRT_RECORD)) {
    int64_t field = data.find(tensor->name);
    int64_t rowBytes = tensor->bytes / entry.batch();
    if (field < 0)
      return wrong("the data has no field '%s', which the model reads", tensor->name);
    if (data.recordBytes(field) != rowBytes || data.field(field).type != tensor->type)
      return wrong("the field '%s' of the data is %s, the model reads it as %s%s", tensor->name,
                   fieldText(data.field(field)).c_str(), factsOf(tensor->type).name,
                   shapeText(tensor->shape, tensor->rank).c_str());
    feeder.targets.push_back({instance.at(*tensor), field, rowBytes, tensor->bytes});
  }
  return {};
}

Status Feeder::fill(const Part &part, const int64_t *indices, int64_t rows) {
  std::vector<int64_t> records;
  for (int64_t row = 0; row < rows && part.data->decodes(); ++row)
    records.push_back(part.record(indices[row]));
  NNRT_TRY(part.data->prepare(records));
  for (const Target &target : targets) {
    for (int64_t row = 0; row < rows; ++row)
      part.data->copy(target.field, part.record(indices[row]), target.at + row * target.rowBytes);
    memset(target.at + rows * target.rowBytes, 0, target.bytes - rows * target.rowBytes);
  }
  return {};
}

Feeder Feeder::into(std::vector<char> &buffer) const {
  Feeder other = *this;
  int64_t bytes = 0;
  for (const Target &target : targets)
    bytes += target.bytes;
  buffer.resize(bytes);
  char *at = buffer.data();
  for (Target &target : other.targets) {
    target.at = at;
    at += target.bytes;
  }
  return other;
}

void Feeder::take(const Feeder &other) {
  for (size_t i = 0; i < targets.size(); ++i)
    memcpy(targets[i].at, other.targets[i].at, targets[i].bytes);
}

} // namespace nnrt
