// `info`: what this program is, or what a weight file holds.
#include "Checkpoint.h"
#include "Program.h"
#include "Safetensors.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>

namespace nnrt {

static std::string tensorText(const nnrt_tensor &tensor) {
  return factsOf(tensor.type).name + shapeText(tensor.shape, tensor.rank);
}

static void describeModel(const nnrt_model &model) {
  printf("model       %s\nsource      %s\ncompiler    %s\ntarget      %s\nprecision   %s\nthreads     %s\n", model.name,
         model.source_hash, model.compiler, model.target, model.precision, model.threads ? "team" : "none");
  printf("\nbytes\n  parameters  %lld\n  gradients   %lld\n  optimizer   %lld\n  activations %lld\n  workspace   "
         "%lld\n  arena       %lld\n",
         (long long)model.parameter_bytes, (long long)model.gradient_bytes, (long long)model.optimizer_bytes,
         (long long)model.activation_bytes, (long long)model.workspace_bytes, (long long)model.arena_bytes);
  printf("\nentries\n");
  for (int64_t i = 0; i < model.n_entries; ++i) {
    const nnrt_entry &entry = model.entries[i];
    std::string in, out;
    for (int64_t k = 0; k < entry.n_tensors; ++k) {
      const nnrt_tensor &tensor = entry.tensors[k];
      if (tensor.role == NNRT_RECORD || tensor.role == NNRT_INPUT)
        in += format("%s%s: %s", in.empty() ? "" : ", ", tensor.name, tensorText(tensor).c_str());
      if (tensor.role == NNRT_OUTPUT || tensor.role == NNRT_METRIC)
        out += format("%s%s: %s", out.empty() ? "" : ", ", tensor.name, tensorText(tensor).c_str());
    }
    printf("  %-15s (%s)%s%s  %lld launches\n", entry.name, in.c_str(), out.empty() ? "" : " -> ", out.c_str(),
           (long long)entry.n_launches);
  }
  printf("\nowned\n");
  for (int64_t i = 0; i < model.n_owned; ++i) {
    static const char *const roles[] = {"param", "state", "slot", "carry", "tally"};
    static_assert(NNRT_PARAM == 0 && sizeof roles == (NNRT_TALLY + 1) * sizeof *roles, "a word for each role");
    printf("  %-6s %s %s\n", roles[model.owned[i].role], model.owned[i].name, tensorText(model.owned[i]).c_str());
  }
}

/// Where a reader looks for this key: which model, how far it was trained, by what it was made; then the rest of the
/// run, then what else the file holds.
static constexpr const char *first[] = {"model",    "run.step",       "run.total", "run.epochs", "run.finished",
                                        "run.loss", "run.validation", "precision", "compiler",   "source_hash"};
static constexpr size_t places = std::size(first) + 2;

static size_t placeOf(const std::string &key) {
  size_t place = size_t(std::find(std::begin(first), std::end(first), key) - std::begin(first));
  return place < std::size(first) || !key.compare(0, 4, "run.") ? place : places - 1;
}

/// What is stored of a run: its numbers as decimals, its lines behind one another.
static std::string runText(const std::string &value) {
  std::string text;
  for (size_t i = 0; i < value.size();) {
    if (!value.compare(i, 2, "0x")) {
      char *end;
      text += format("%.9g", strtod(value.c_str() + i, &end));
      i = size_t(end - value.c_str());
    } else if (char c = value[i++]; c != '\n') {
      text += c;
    } else if (i < value.size()) {
      text += "  ";
    }
  }
  return text;
}

static void describe(const std::string &key, const std::string &value) {
  constexpr size_t most = 100;
  std::string text = key.compare(0, 4, "run.") ? value : runText(value);
  std::string length = text.size() > most ? format(" (%zu bytes)", text.size()) : "";
  printf("%-12s %s%s\n", shown(key).c_str(), shown(text, most).c_str(), length.c_str());
}

/// A program's text, line by line as it is, but for what a terminal would obey.
static void printSource(const std::string &source) {
  for (size_t at = 0; at < source.size();) {
    size_t end = std::min(source.find_first_of("\t\n", at), source.size());
    printf("%s%c", shown(source.substr(at, end - at), SIZE_MAX).c_str(), end < source.size() ? source[end] : '\n');
    at = end + 1;
  }
}

static Status describeFile(const std::string &path) {
  std::shared_ptr<Region> file;
  NNRT_TRY(Region::map(path, file));
  std::vector<NamedArray> arrays;
  Metadata metadata;
  NNRT_TRY(readSafetensors(path, file, arrays, &metadata));
  for (size_t place = 0; place < places; ++place)
    for (const auto &[key, value] : metadata)
      if (key != "source" && placeOf(key) == place)
        describe(key, value);
  int64_t elements = 0, bytes = 0;
  for (const NamedArray &named : arrays) {
    printf("  %s %s\n", shown(named.name).c_str(), named.array.text().c_str());
    elements += named.array.elements();
    bytes += named.array.bytes();
  }
  printf("%zu tensors, %lld elements, %lld bytes\n", arrays.size(), (long long)elements, (long long)bytes);
  for (const auto &[key, value] : metadata)
    if (key == "source" && !value.empty()) {
      printf("\n");
      printSource(value);
    }
  // A checkpoint says whether it is whole.
  Checkpoint checkpoint;
  bool isCheckpoint =
      std::any_of(arrays.begin(), arrays.end(), [](const NamedArray &a) { return a.name == "checksums"; });
  return isCheckpoint ? readCheckpoint(path, checkpoint) : Status();
}

Status runInfo(const Invocation &invocation) {
  const std::vector<std::string> &files = invocation.options.arguments;
  if (files.size() > 1)
    return usage("info takes one file, not %zu", files.size());
  if (!files.empty())
    return describeFile(files[0]);
  describeModel(invocation.model);
  return {};
}

} // namespace nnrt
