// Readers of records: through the source of a train block, as a program opens it.
#include "runtime/Gzip.h"
#include "runtime/Idx.h"
#include "runtime/Picture.h"
#include "runtime/Text.h"
#include "test/runtime/fuzz/Envelopes.h"
#include "test/runtime/fuzz/Memory.h"
#include "test/runtime/fuzz/Readers.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace nnrt;
using namespace nnrt::fuzz;

namespace {
const int64_t square[] = {1, 2, 2}, pair[] = {2}, cifar[] = {3, 32, 32}, window[] = {4};
const nnrt_field image{"image", square, 3, NNRT_U8, 0, 0, nullptr, 0, 0},
    label{"label", nullptr, 0, NNRT_I32, 3, 0, nullptr, 0, 0}, x{"x", pair, 1, NNRT_F32, 0, 0, nullptr, 0, 0};
const char *const sole[] = {"FILE"};

nnrt_source sourceOf(const char *kind, const nnrt_field *fields, int64_t count) {
  nnrt_source source{};
  source.kind = kind;
  source.files = sole;
  source.n_files = 1;
  source.fields = fields;
  source.n_fields = count;
  return source;
}

std::shared_ptr<Region> fileOf(const std::string &bytes) {
  putFile("FILE", bytes);
  std::shared_ptr<Region> file;
  if (Region::map("FILE", file).failed())
    fail("no file", "FILE");
  return file;
}

void readIdxFile(Input &input) {
  Array array;
  nnrt_source source = sourceOf("idx", input.below(2) ? &image : &label, 1);
  if (succeeded(readIdx("FILE", fileOf(perhapsGzipped(input)), array)))
    readAll(array);
  openAndCopy(source);
}

void readNpyFile(Input &input) {
  Array array;
  int how = input.below(4);
  const nnrt_field *fields[] = {&image, &label, &x};
  nnrt_source source = sourceOf("npy", fields[input.below(3)], 1);
  std::string bytes = input.rest();
  if (succeeded(readNpy("FILE", fileOf(how ? npy(bytes) : bytes), array)))
    readAll(array);
  openAndCopy(source);
}

void readNpzFile(Input &input) {
  const nnrt_field fields[] = {image, label};
  std::vector<NamedArray> arrays;
  if (succeeded(readNpz("FILE", fileOf(input.below(4) ? npz(input) : input.rest()), arrays)))
    for (const NamedArray &named : arrays)
      readAll(named.array);
  openAndCopy(sourceOf("npz", fields, 2));
}

void readSafetensorsFile(Input &input) {
  const nnrt_field fields[] = {x, label};
  std::vector<NamedArray> arrays;
  int how = input.below(4);
  std::string bytes = how == 0   ? input.rest()
                      : how == 1 ? safetensors(input, {"x", "label"}, false)
                                 : safetensorsOfText(input.rest());
  if (succeeded(readSafetensors("FILE", fileOf(bytes), arrays)))
    for (const NamedArray &named : arrays)
      readAll(named.array);
  openAndCopy(sourceOf("safetensors", fields, 2));
}

/// What is packed right comes out as it was.
void readGzip(Input &input) {
  int how = input.below(4);
  std::string bytes = input.rest();
  size_t half = how == 3 ? bytes.size() / 2 : 0; // two packed files that were joined
  std::string first = half ? gzipped(bytes.substr(0, half), false) : "";
  std::shared_ptr<Region> file = fileOf(how == 0 ? bytes : first + gzipped(bytes.substr(half), how == 1));
  bool good = succeeded(unpack("FILE", file));
  if (how && (!good || std::string(file->data() ? file->data() : "", size_t(file->size())) != bytes))
    fail("gzip", "other bytes came out");
}

void readCsvFile(Input &input) {
  static const char *const two[] = {"a", "b \"c\""}, *const range[] = {"a", "d"};
  static const int64_t many[] = {3};
  const nnrt_field fields[] = {
      {"x", pair, 1, NNRT_F32, 0, 0, two, 2, 0},           {"label", nullptr, 0, NNRT_I32, 3, 0, nullptr, 0, 0},
      {"n", nullptr, 0, NNRT_I64, 0, 0, nullptr, 0, 0},    {"yes", nullptr, 0, NNRT_BOOL, 0, 0, nullptr, 0, 0},
      {"small", nullptr, 0, NNRT_U8, 0, 0, nullptr, 0, 0}, {"wide", many, 1, NNRT_F64, 0, 0, range, 2, 1}};
  int first = input.below(6), count = 1 + input.below(6 - first);
  putFile("FILE", perhapsGzipped(input));
  openAndCopy(sourceOf("csv", fields + first, count));
}

void readTextFile(Input &input) {
  nnrt_option options[] = {{"window", 4}, {"stride", 1 + input.below(4)}, {"vocab", 0}};
  bool given = input.below(4) == 0;
  std::string vocabulary = given ? input.shortText(16) : "";
  putFile("FILE", perhapsGzipped(input));
  CharacterFile file;
  if (!succeeded(file.open("FILE", "")))
    return;
  const std::vector<int32_t> &present = file.different();
  for (int64_t i = 0; i < file.count(); ++i) {
    const char *at = file.at(i);
    if (int32_t character = decodeCharacter(at, file.end());
        std::find(present.begin(), present.end(), character) == present.end())
      fail("text", "a character that is not there");
  }
  Vocabulary known = given ? Vocabulary(vocabulary) : Vocabulary(present);
  options[2].value = known.size();
  const nnrt_field fields[] = {{"tokens", window, 1, NNRT_I32, std::max<int64_t>(1, known.size()), 0, nullptr, 0, 0},
                               {"next", window, 1, NNRT_I32, std::max<int64_t>(1, known.size()), 0, nullptr, 0, 0}};
  nnrt_source source = sourceOf("text", fields, 2);
  source.options = options;
  source.n_options = 3;
  DataPlace place;
  place.vocabulary = vocabulary;
  openAndCopy(source, SourceRole::Data, place);
  Array array;
  if (succeeded(readWindows("FILE", 4, vocabulary.empty() ? known.text() : vocabulary, array)))
    readAll(array);
}

/// Records of one colour, and how many bytes are missing or more.
void readCifar(Input &input) {
  const nnrt_field fields[] = {{"image", cifar, 3, NNRT_U8, 0, 0, nullptr, 0, 0}, label};
  int surplus = input.below(4) ? 0 : input.byte();
  std::string bytes;
  while (!input.empty() && bytes.size() < 40000) {
    bytes += char(input.byte());
    bytes.append(3072, char(input.byte()));
  }
  bytes.append(size_t(surplus), 'x');
  putFile("FILE", bytes);
  openAndCopy(sourceOf("cifar10", fields, 2));
}

std::string pictureOf(Input &input) {
  switch (input.below(4)) {
  case 0:
    return png(input);
  case 1:
    return repairedPng(input.rest());
  default:
    return input.rest();
  }
}

void readPictureFile(Input &input) {
  static const int64_t sizes[] = {1, 2, 3, 8, 17};
  int64_t channels = input.below(2) ? 3 : 1, height = sizes[input.below(5)], width = sizes[input.below(5)];
  putFile("FILE", pictureOf(input));
  std::vector<uint8_t> pixels(size_t(channels * height * width));
  (void)succeeded(readPicture("FILE", channels, height, width, pixels.data()));
}

/// A name that a file or folder can have.
std::string nameOf(Input &input, const char *end) {
  static const char *const known[] = {"cat", "dog", "eel", ""};
  int which = input.below(8);
  std::string name = (which < 4 ? known[which] : input.shortText(16)) + std::string(end);
  for (char &c : name)
    c = c == '/' || uint8_t(c) < 0x20 ? '_' : c;
  return name.empty() || name == "." || name == ".." ? "none" : name;
}

void readImages(Input &input) {
  namespace fs = std::filesystem;
  const std::string root = emptyFolder();
  setenv("NNC_PICTURE_BYTES", input.below(2) ? "12" : "1000000", 1);
  const nnrt_field fields[] = {{"image", square, 3, NNRT_U8, 0, 0, nullptr, 0, 0},
                               {"label", nullptr, 0, NNRT_I32, 2, 0, nullptr, 0, 0}};
  DataPlace place;
  if (input.below(4) == 0)
    place.vocabulary = input.shortText(32);
  for (int i = input.below(4); i > 0; --i) {
    std::string folder = root + "/" + nameOf(input, "");
    std::error_code ignored;
    fs::create_directory(folder, ignored);
    for (int k = input.below(3); k > 0; --k) {
      std::string name = folder + "/" + nameOf(input, input.below(4) ? ".png" : ".JPG");
      std::string content = input.longText();
      Input own(reinterpret_cast<const uint8_t *>(content.data()), content.size());
      std::ofstream(name, std::ios::binary) << pictureOf(own);
    }
  }
  nnrt_source source = sourceOf("images", fields, 2);
  const char *files[] = {root.c_str()};
  source.files = files;
  openAndCopy(source, SourceRole::Data, place, "nnrt-fuzz");
}
} // namespace

std::vector<Reader> fuzz::dataReaders() {
  return {
      {"idx", readIdxFile},         {"npy", readNpyFile},  {"npz", readNpzFile},   {"safetensors", readSafetensorsFile},
      {"gzip", readGzip},           {"csv", readCsvFile},  {"text", readTextFile}, {"cifar", readCifar},
      {"picture", readPictureFile}, {"images", readImages}};
}
