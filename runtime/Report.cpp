// metrics.json and confusion.csv.
#include "Report.h"
#include "Classes.h"
#include "Json.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>

namespace nnrt {

static Status writeText(const std::string &path, const std::string &text) {
  return writeFile(path, {{text.data(), int64_t(text.size())}}, "--report");
}

static int64_t idAt(const std::vector<char> &record, int32_t type) {
  int64_t id = 0;
  memcpy(&id, record.data(), record.size());
  int unused = type == NNRT_U8 ? 0 : 64 - 8 * int(record.size());
  return id << unused >> unused;
}

static Status writeConfusion(const std::string &path, Instance &instance, const nnrt_entry &description,
                             const Part &part) {
  const nnrt_train &train = *instance.model.train;
  Entry entry(instance, description);
  const nnrt_tensor *output = entry.find(NNRT_OUTPUT);
  int64_t classes = output ? classesOf(instance.model, *output) : 0,
          target = train.target ? part.data->find(train.target) : -1;
  if (!classes || target < 0)
    return {};
  Feeder feeder;
  NNRT_TRY(Feeder::bind(instance, entry, *part.data, feeder));
  std::vector<int64_t> counts(classes * classes), indices(entry.batch());
  std::vector<char> id(part.data->recordBytes(target));
  for (int64_t first = 0; first < part.count; first += entry.batch()) {
    int64_t rows = std::min(entry.batch(), part.count - first);
    for (int64_t row = 0; row < rows; ++row)
      indices[row] = first + row;
    NNRT_TRY(feeder.fill(part, indices.data(), rows));
    entry.run();
    const float *scores = reinterpret_cast<const float *>(instance.at(*output));
    for (int64_t row = 0; row < rows; ++row) {
      part.data->copy(target, part.record(first + row), id.data());
      if (int64_t truth = idAt(id, part.data->field(target).type);
          truth >= 0 && truth < classes) // a row that the loss ignores has an id outside
        ++counts[truth * classes + largest(scores + row * classes, classes)];
    }
  }
  std::string text = "target";
  for (int64_t c = 0; c < classes; ++c)
    text += "," + className(instance, c);
  for (int64_t t = 0; t < classes; ++t) {
    text += "\n" + className(instance, t);
    for (int64_t c = 0; c < classes; ++c)
      text += format(",%lld", (long long)counts[t * classes + c]);
  }
  return writeText(path, text + "\n");
}

Status writeReport(const std::string &folder, Instance &instance, const Part &part, const Metrics &metrics,
                   const std::vector<Table> &tables) {
  if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
    return wrong("cannot create the folder '%s' (%s): choose another with --report", folder.c_str(), strerror(errno));
  std::string text = format("{\"records\":%lld", (long long)part.count);
  for (const auto &metric : metrics) {
    text += ',';
    appendString(text, metric.first.c_str());
    text += ':';
    appendNumber(text, metric.second);
  }
  for (const Table &table : tables) {
    text += ',';
    appendTable(text, table);
  }
  NNRT_TRY(writeText(joinPath(folder, "metrics.json"), text + "}\n"));
  const nnrt_entry *predict = instance.find("predict_record");
  return predict ? writeConfusion(joinPath(folder, "confusion.csv"), instance, *predict, part) : Status();
}

} // namespace nnrt
