// Readers of what belongs to a model: weights, checkpoints, files given by hand; and of logs, and writers of JSON.
#include "runtime/CheckpointFolder.h"
#include "runtime/GivenFile.h"
#include "runtime/Json.h"
#include "runtime/Plot.h"
#include "runtime/Transfer.h"
#include "runtime/Weights.h"
#include "test/runtime/fuzz/Envelopes.h"
#include "test/runtime/fuzz/Memory.h"
#include "test/runtime/fuzz/Readers.h"
#include <cstring>
#include <fstream>
#include <rapidjson/reader.h>

using namespace nnrt;
using namespace nnrt::fuzz;

namespace {
// A model whose tensors have the shapes that Envelopes.cpp gives them.
const int64_t matrix[] = {2, 3}, row[] = {3}, images[] = {2, 1, 2, 2}, square[] = {1, 2, 2}, tokens[] = {2, 4};
const nnrt_tensor owned[] = {{"a.weight", matrix, 0, 24, 0, 2, NNRT_F32, NNRT_PARAM, 0},
                             {"a.bias", row, 64, 12, 0, 1, NNRT_F32, NNRT_PARAM, 0},
                             {"b.mean", matrix, 128, 24, 0, 2, NNRT_F32, NNRT_STATE, 0},
                             {"a.weight/v", row, 192, 12, 0, 1, NNRT_F32, NNRT_SLOT, 0},
                             {"loss/sum", nullptr, 256, 8, 0, 0, NNRT_F64, NNRT_TALLY, 0}};
constexpr int64_t persistent = 320;
const nnrt_tensor record{"image", images, 320, 8, 0, 4, NNRT_U8, NNRT_RECORD, 0},
    input{"image", images, 384, 32, 0, 4, NNRT_F32, NNRT_INPUT, 0},
    characters{"tokens", tokens, 448, 32, 0, 2, NNRT_I32, NNRT_RECORD, 0};
const nnrt_entry entries[] = {{"predict", &input, nullptr, 1, 0, 2}, {"predict_record", &record, nullptr, 1, 0, 2}};
const nnrt_entry textEntry{"predict_record", &characters, nullptr, 1, 0, 2};
const nnrt_field imageField{"image", square, 3, NNRT_U8, 0, 0, nullptr, 0, 0};
const nnrt_option windowOption[] = {{"window", 4}};

/// The model, trained on images, or on a text.
nnrt_model modelOf(nnrt_train &train, bool ofText) {
  train = {};
  train.data.kind = ofText ? "text" : "images";
  train.data.fields = &imageField;
  train.data.n_fields = ofText ? 0 : 1;
  train.data.options = windowOption;
  train.data.n_options = ofText ? 1 : 0;
  nnrt_model model{};
  model.abi = NNRT_ABI_VERSION;
  model.name = "Small";
  model.source = "model Small\n";
  model.target = "any";
  model.cpu_features = "";
  model.precision = "f32";
  model.owned = owned;
  model.n_owned = 5;
  model.entries = ofText ? &textEntry : entries;
  model.n_entries = ofText ? 1 : 2;
  model.train = &train;
  model.persistent_bytes = persistent;
  model.arena_bytes = 512;
  return model;
}

/// The model, started once.
Instance &instance(bool ofText = false) {
  static nnrt_train trains[2];
  static const nnrt_model models[] = {modelOf(trains[0], false), modelOf(trains[1], true)};
  static Instance *started[2];
  Instance *&chosen = started[ofText];
  if (!chosen) {
    chosen = new Instance(models[ofText]);
    if (chosen->start(1).failed())
      fail("model", "does not start");
  }
  return *chosen;
}

const std::vector<std::string> names{"a.weight", "a.bias", "b.mean", "a.weight/v"};

/// A file with tensors, mostly well-formed.
std::string tensorsOf(Input &input, const std::vector<std::string> &wanted, bool checkpoint) {
  int how = input.below(8);
  return how == 0 ? input.rest() : how == 1 ? safetensorsOfText(input.rest()) : safetensors(input, wanted, checkpoint);
}

/// A file that does not fit changes nothing.
template <typename Load>
void loadInto(Instance &model, Load load) {
  memset(model.arena.data(), 0x11, persistent);
  std::vector<char> before(model.arena.data(), model.arena.data() + persistent);
  if (!succeeded(load()) && memcmp(before.data(), model.arena.data(), persistent) != 0)
    fail("weights", "a file that does not fit has changed the model");
}

void readWeights(Input &from) {
  putFile("FILE", tensorsOf(from, {names[0], names[1], names[2]}, from.below(4) == 0));
  loadInto(instance(), [] { return loadWeights("FILE", instance()); });
  std::string vocabulary;
  (void)succeeded(readVocabulary("FILE", vocabulary));
}

void readTransfer(Input &from) {
  static const char *const prefixes[] = {"", "a", "b", "x"}, *const except[] = {"b", "a.*", "?.bias"};
  nnrt_load load{};
  load.file = "FILE";
  load.from = prefixes[from.below(4)];
  load.into = prefixes[from.below(4)];
  load.except = except;
  load.n_except = from.below(4);
  load.by_order = from.below(2);
  putFile("FILE", tensorsOf(from, {names[0], names[1], names[2]}, false));
  loadInto(instance(), [&] { return transferWeights(load, instance()); });
}

std::string checkpointOf(Input &input) {
  std::vector<std::string> wanted = names;
  if (input.below(2))
    for (const std::string &name : names)
      wanted.push_back("best/" + name);
  std::string bytes = tensorsOf(input, wanted, true);
  if (input.below(8) == 1)
    bytes.resize(bytes.size() - std::min<size_t>(bytes.size(), input.byte()));
  return bytes;
}

/// What was read fits the model or says how it does not; its state is written as it was read.
void useCheckpoint(const Checkpoint &checkpoint) {
  const nnrt_model &model = instance().model;
  RunState again;
  Metadata written = toMetadata(checkpoint.state);
  if (!fromMetadata(written, again) || toMetadata(again) != written)
    fail("checkpoint", "its state is not what was read");
  (void)changedLines(checkpoint.text("source"), model.source, 20);
  if (!checkpoint.differences(model).empty())
    return;
  std::vector<char> memory(persistent);
  checkpoint.copyTo(model, "", memory.data());
  if (checkpoint.hasBest())
    checkpoint.copyTo(model, "best/", memory.data());
}

void readCheckpointFile(Input &from) {
  putFile("FILE", checkpointOf(from));
  Checkpoint checkpoint;
  if (succeeded(readCheckpoint("FILE", checkpoint)))
    useCheckpoint(checkpoint);
}

/// Names that are checkpoints, and others; the newest that is whole is found.
void readFolder(Input &from) {
  const std::string path = emptyFolder();
  for (int i = from.below(4); i > 0; --i) {
    static const char *const endings[] = {".safetensors", ".safetensors.7.tmp", ".safetensors2", ""};
    std::string name = "checkpoint-" + (from.below(4) ? std::to_string(from.byte()) : from.shortText(12)) +
                       endings[from.below(8) % 5 % 4];
    for (char &c : name)
      c = c == '/' || uint8_t(c) < 0x20 ? '_' : c;
    std::string own = from.longText();
    Input content(reinterpret_cast<const uint8_t *>(own.data()), own.size());
    std::ofstream(path + "/" + name, std::ios::binary) << checkpointOf(content);
  }
  CheckpointFolder folder;
  if (!succeeded(folder.open(path), "nnrt-fuzz") || !folder.holdsRun())
    return;
  Checkpoint checkpoint;
  std::string notes;
  if (succeeded(folder.newest(checkpoint, notes), "nnrt-fuzz"))
    useCheckpoint(checkpoint);
}

void readGivenFile(Input &from) {
  bool ofText = from.below(4) == 0;
  Instance &model = instance(ofText);
  model.vocabulary = ofText ? "\nabc" : "";
  switch (from.below(8)) {
  case 0:
    putFile("FILE", perhapsGzipped(from));
    break;
  case 1:
    putFile("FILE", npz(from));
    break;
  case 2:
    putFile("FILE", safetensors(from, {"image"}, false));
    break;
  case 3:
    putFile("FILE", png(from));
    break;
  case 4:
    putFile("FILE", npy(from.rest()));
    break;
  default:
    putFile("FILE", from.rest());
  }
  std::vector<NamedArray> arrays;
  std::unique_ptr<GivenBatchSource> source;
  if (!succeeded(readGiven("FILE", model, arrays)) ||
      !succeeded(GivenBatchSource::match("FILE", std::move(arrays), model,
                                         {model.find("predict_record"), model.find("predict")}, source)))
    return;
  for (int64_t first = 0; first < source->count(); first += 2)
    source->fill(first, std::min<int64_t>(2, source->count() - first));
}

/// No picture has a number that is none.
void readLogs(Input &from) {
  std::vector<std::string> files{"FILE.jsonl"};
  if (from.below(4) == 0) {
    files.push_back("FILE2.jsonl");
    putFile(files[1], from.longText());
  }
  putFile(files[0], from.rest());
  std::string svg;
  if (!succeeded(pictureOfLogs(files, svg)))
    return;
  std::string tags; // what stands between them are names of the log
  for (size_t at = 0; (at = svg.find('<', at)) != std::string::npos;)
    tags += svg.substr(at, svg.find('>', at) - at), ++at;
  if (tags.find("nan") != std::string::npos || tags.find("inf") != std::string::npos)
    fail("plot", svg);
}

struct Heard : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Heard> {
  std::string text;
  double number = 0;
  bool String(const char *at, rapidjson::SizeType length, bool) {
    text.assign(at, length);
    return true;
  }
  bool Double(double x) {
    number = x;
    return true;
  }
  bool Default() { return true; }
};

/// What is written as JSON is JSON, and the same text where that was UTF-8.
void writeJson(Input &from) {
  std::string text = from.rest(), out;
  text = text.c_str();
  appendString(out, text.c_str());
  rapidjson::Reader reader;
  rapidjson::StringStream stream(out.c_str());
  Heard heard;
  if (reader.Parse<rapidjson::kParseValidateEncodingFlag>(stream, heard).IsError())
    fail("json", out);
  if (heard.text != text && out.find("\\ufffd") == std::string::npos)
    fail("json is another text", out);
  double number = 0;
  memcpy(&number, text.data(), std::min<size_t>(8, text.size()));
  out.clear();
  appendNumber(out, number);
  rapidjson::StringStream numberStream(out.c_str());
  if (rapidjson::Reader().Parse(numberStream, heard).IsError())
    fail("json", out);
}
} // namespace

std::vector<Reader> fuzz::modelReaders() {
  return {{"weights", readWeights}, {"transfer", readTransfer}, {"checkpoint", readCheckpointFile},
          {"folder", readFolder},   {"given", readGivenFile},   {"log", readLogs},
          {"json", writeJson}};
}
