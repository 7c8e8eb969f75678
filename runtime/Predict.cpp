// `predict`: files in; out come JSON lines, one per record, or a .npy file of the first output.
#include "Classes.h"
#include "GivenFile.h"
#include "Json.h"
#include "Program.h"
#include <algorithm>
#include <cstdio>

namespace nnrt {

/// A row of the output as nested lists; a scalar per record is just a number.
static void appendValues(std::string &out, const nnrt_tensor &tensor, const char *data, int32_t dimension,
                         int64_t &element) {
  if (dimension == tensor.rank) {
    appendElement(out, tensor.type, data, element++);
    return;
  }
  out += '[';
  for (int64_t i = 0; i < tensor.shape[dimension]; ++i) {
    if (i)
      out += ',';
    appendValues(out, tensor, data, dimension + 1, element);
  }
  out += ']';
}

namespace {
/// Collects what the records' outputs become.
class Writer {
public:
  /// `out`: a .npy file, a .jsonl file, or empty for JSON lines on the standard output.
  Writer(const Instance &instance, std::string out) : instance(instance), out(std::move(out)) {}
  void rows(const Entry &entry, const std::string *file, int64_t first, int64_t rows);
  Status finish();

private:
  std::string line(const std::vector<const nnrt_tensor *> &outputs, const std::string *file, int64_t record,
                   int64_t row) const;
  const Instance &instance;
  std::string out;
  std::string content; // of the file
  std::vector<int64_t> shape;
  int32_t type = NNRT_F32;
};
} // namespace

std::string Writer::line(const std::vector<const nnrt_tensor *> &outputs, const std::string *file, int64_t record,
                         int64_t row) const {
  std::string text = "{";
  if (file) {
    text += "\"file\":";
    appendString(text, file->c_str());
    text += ',';
  }
  text += format("\"record\":%lld", (long long)record);
  if (int64_t classes = classesOf(instance.model, *outputs[0])) {
    const float *scores = reinterpret_cast<const float *>(instance.at(*outputs[0])) + row * classes;
    int64_t best = largest(scores, classes);
    text += format(",\"class\":%lld", (long long)best);
    if (hasClassNames(instance)) {
      text += ",\"name\":";
      appendString(text, className(instance, best).c_str());
    }
  }
  if (std::string characters = charactersOf(instance, *outputs[0], row); !characters.empty()) {
    text += ",\"text\":";
    appendString(text, characters.c_str());
  }
  for (const nnrt_tensor *output : outputs) {
    text += ',';
    appendString(text, output->name);
    text += ':';
    int64_t element = row * elementsOf(output->shape + 1, output->rank - 1);
    appendValues(text, *output, instance.at(*output), 1, element);
  }
  return text + "}";
}

void Writer::rows(const Entry &entry, const std::string *file, int64_t first, int64_t rows) {
  std::vector<const nnrt_tensor *> outputs = entry.all(NNRT_OUTPUT);
  if (!endsWith(out, ".npy")) {
    for (int64_t row = 0; row < rows; ++row) {
      std::string text = line(outputs, file, first + row, row);
      if (out.empty())
        puts(text.c_str());
      else
        content += text + "\n";
    }
    return;
  }
  const nnrt_tensor &output = *outputs[0];
  if (shape.empty())
    shape.assign(output.shape, output.shape + output.rank), shape[0] = 0;
  type = output.type;
  shape[0] += rows;
  content.append(instance.at(output), size_t(rows * (output.bytes / output.shape[0])));
}

Status Writer::finish() {
  if (out.empty())
    return {};
  std::string header = endsWith(out, ".npy") ? npyHeader(type, shape) : "";
  return writeFile(out, {{header.data(), int64_t(header.size())}, {content.data(), int64_t(content.size())}}, "--out");
}

static Status outputFile(const Options &options, const char *verb, std::string &out) {
  out = options.text("--out");
  if (!out.empty() && !endsWith(out, ".npy") && !endsWith(out, ".jsonl"))
    return usage("--out of %s takes the name of a .npy file (the first output) or of a .jsonl file, not '%s'", verb,
                 out.c_str());
  return out.empty() ? Status() : checkWritable(out, "--out");
}

/// Records are read and printed one by one: every input and output must have a row for each.
static Status checkRows(const nnrt_entry &entry) {
  for (const nnrt_tensor *tensor = entry.tensors; tensor != entry.tensors + entry.n_tensors; ++tensor) {
    bool isInput = tensor->role == NNRT_INPUT || tensor->role == NNRT_RECORD;
    if ((!isInput && tensor->role != NNRT_OUTPUT) || (tensor->rank > 0 && tensor->shape[0] == entry.batch))
      continue;
    return wrong("the %s '%s' has %s for a batch of %lld records: %s", isInput ? "input" : "output", tensor->name,
                 tensor->rank ? format("%lld rows", (long long)tensor->shape[0]).c_str() : "one value",
                 (long long)entry.batch,
                 isInput ? "only a program that embeds the model as a library can give it"
                         : "what it says of each record is not known");
  }
  return {};
}

/// Runs one of `candidates` on every file, batch by batch.
static Status runOnFiles(const Options &options, Instance &instance, const std::vector<const nnrt_entry *> &candidates,
                         Writer &writer) {
  for (const nnrt_entry *candidate : candidates)
    if (candidate)
      NNRT_TRY(checkRows(*candidate));
  int64_t batches = 0;
  for (const std::string &path : options.arguments) {
    std::vector<NamedArray> arrays;
    NNRT_TRY(readGiven(path, instance, arrays));
    std::unique_ptr<GivenBatchSource> source;
    NNRT_TRY(GivenBatchSource::match(path, std::move(arrays), instance, candidates, source));
    Entry entry(instance, source->entry());
    entry.set(NNRT_SEED, options.integer("--seed", 0));
    for (int64_t first = 0; first < source->count(); first += entry.batch()) {
      int64_t rows = std::min(entry.batch(), source->count() - first);
      source->fill(first, rows);
      entry.set(NNRT_STEP, batches++); // draws of the batches differ
      entry.run();
      NNRT_TRY(entry.assertions());
      writer.rows(entry, options.arguments.size() > 1 ? &path : nullptr, first, rows);
    }
  }
  return writer.finish();
}

Status runPredict(const Invocation &invocation) {
  const Options &options = invocation.options;
  if (options.arguments.empty())
    return usage("predict takes at least one file: %s predict INPUT...", options.program.c_str());
  std::string out;
  NNRT_TRY(outputFile(options, "predict", out));
  Instance instance(invocation.model);
  NNRT_TRY(invocation.startTrained(instance));
  const nnrt_entry *direct;
  NNRT_TRY(invocation.need(instance, "predict", direct));
  Writer writer(instance, out);
  return runOnFiles(options, instance, {instance.find("predict_record"), direct}, writer);
}

Status runOwnEntry(const Invocation &invocation) {
  const Options &options = invocation.options;
  const char *name = options.entry.c_str();
  std::string out;
  NNRT_TRY(outputFile(options, name, out));
  Instance instance(invocation.model);
  const nnrt_entry &description = *instance.find(name);
  bool takes = std::any_of(description.tensors, description.tensors + description.n_tensors,
                           [](const nnrt_tensor &tensor) { return tensor.role == NNRT_INPUT; });
  if (takes && options.arguments.empty())
    return usage("%s takes at least one file: %s %s INPUT...", name, options.program.c_str(), name);
  NNRT_TRY(invocation.startTrained(instance));
  Writer writer(instance, out);
  if (takes)
    return runOnFiles(options, instance, {&description}, writer);
  Entry entry(instance, description);
  entry.set(NNRT_SEED, options.integer("--seed", 0));
  entry.set(NNRT_STEP, 0);
  entry.run();
  NNRT_TRY(entry.assertions());
  writer.rows(entry, nullptr, 0, entry.all(NNRT_OUTPUT)[0]->shape[0]);
  return writer.finish();
}

} // namespace nnrt
