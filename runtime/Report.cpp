// Which files a report has, and what goes through the data for them.
#include "Report.h"
#include "Classes.h"
#include "Confusion.h"
#include "Json.h"
#include "Worst.h"
#include <algorithm>
#include <numeric>

namespace nnrt {

namespace {
class Report {
public:
  Report(std::string folder, Instance &instance, const Part &part, std::vector<std::string> &written)
      : folder(std::move(folder)), instance(instance), part(part), written(written) {}
  Status writeMetrics(const Metrics &metrics, const std::vector<Table> &tables);
  Status writePredictions(Progress &progress);

private:
  Status write(const char *name, const std::string &text);
  Status predict(const nnrt_entry &description, Confusion &confusion, LargestLosses &losses, bool &ranked);

  std::string folder;
  Instance &instance;
  const Part &part;
  std::vector<std::string> &written;
};
} // namespace

Status Report::write(const char *name, const std::string &text) {
  written.emplace_back(name);
  return writeFile(joinPath(folder, name), {{text.data(), int64_t(text.size())}}, "--report");
}

Status Report::writeMetrics(const Metrics &metrics, const std::vector<Table> &tables) {
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
  return write("metrics.json", text + "}\n");
}

/// Whether the output has a score for each class of each id of the field: f32[batch, ..., n] for ids [...].
static bool ranks(const nnrt_tensor &output, const nnrt_field &field) {
  return output.type == NNRT_F32 && output.rank == field.rank + 2 && !factsOf(field.type).floating &&
         field.type != NNRT_BOOL && std::equal(field.shape, field.shape + field.rank, output.shape + 1);
}

/// What the model says of every record: which class, and how large the loss is likely to be. `ranked` where it ranks
/// classes; otherwise nothing is done.
Status Report::predict(const nnrt_entry &description, Confusion &confusion, LargestLosses &losses, bool &ranked) {
  const nnrt_train &train = *instance.model.train;
  Entry entry(instance, description);
  const nnrt_tensor *output = entry.find(NNRT_OUTPUT);
  int64_t target = train.target ? part.data->find(train.target) : -1;
  ranked = output && target >= 0 && ranks(*output, part.data->field(target));
  if (!ranked)
    return {};
  for (int64_t c = 0; c < classesOf(instance.model, *output); ++c)
    confusion.names.push_back(className(instance, c));
  confusion.counts.resize(confusion.names.size() * confusion.names.size());
  int32_t type = part.data->field(target).type;
  int64_t classes = output->shape[output->rank - 1], positions = elementsOf(output->shape + 1, output->rank - 2);
  Feeder feeder;
  NNRT_TRY(Feeder::bind(instance, entry, *part.data, feeder));
  std::vector<int64_t> indices(entry.batch());
  std::vector<char> ids(part.data->recordBytes(target));
  for (int64_t first = 0; first < part.count; first += entry.batch()) {
    int64_t rows = std::min(entry.batch(), part.count - first);
    std::iota(indices.begin(), indices.end(), first);
    NNRT_TRY(feeder.fill(part, indices.data(), rows));
    entry.run();
    const float *scores = reinterpret_cast<const float *>(instance.at(*output));
    std::vector<CrossEntropy> foretold(rows);
    for (int64_t row = 0; row < rows; ++row) {
      part.data->copy(target, part.record(first + row), ids.data());
      for (int64_t i = 0; i < positions; ++i) {
        const float *ranking = scores + (row * positions + i) * classes;
        int64_t truth = int64_t(elementAt(type, ids.data(), i));
        if (truth < 0 || truth >= classes) // the loss ignores it
          continue;
        foretold[row].add(ranking, classes, truth);
        if (confusion.classes())
          ++confusion.counts[truth * classes + largest(ranking, classes)];
      }
    }
    NNRT_TRY(losses.consider(first, foretold)); // runs another entry: the scores are gone
  }
  return {};
}

Status Report::writePredictions(Progress &progress) {
  const nnrt_entry *description = instance.find("predict_record");
  if (!description)
    return {};
  Confusion confusion;
  LargestLosses losses(instance, part, progress);
  NNRT_TRY(losses.bind());
  bool ranked;
  NNRT_TRY(predict(*description, confusion, losses, ranked));
  if (confusion.classes()) {
    NNRT_TRY(write("confusion.csv", csvOf(confusion)));
    NNRT_TRY(write("confusion.svg", svgOf(confusion)));
  }
  for (int64_t i = 0; i < part.count && !ranked; ++i) { // what the loss makes of the outputs is not known
    NNRT_TRY(losses.measure(i));
    progress.validating(i + 1, part.count);
  }
  std::vector<Measured> measured;
  NNRT_TRY(losses.take(measured));
  std::vector<Example> worst;
  NNRT_TRY(describeWorst(instance, part, measured, worst));
  NNRT_TRY(write("worst.csv", csvOf(worst)));
  std::string pictures = svgOf(instance, *part.data, worst);
  return pictures.empty() ? Status() : write("worst.svg", pictures);
}

Status writeReport(const std::string &folder, Instance &instance, const Part &part, const Metrics &metrics,
                   const std::vector<Table> &tables, Progress &progress, std::vector<std::string> &written) {
  NNRT_TRY(makeFolders(folder, "--report"));
  Report report(folder, instance, part, written);
  NNRT_TRY(report.writeMetrics(metrics, tables));
  return report.writePredictions(progress);
}

} // namespace nnrt
