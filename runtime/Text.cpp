// Decoding of UTF-8, vocabularies, and windows.
#include "Text.h"
#include "Gzip.h"
#include <algorithm>
#include <cstring>

namespace nnrt {

//===-- Characters ------------------------------------------------------------------------------------------------===//

static constexpr int32_t characterLimit = 0x110000;

int32_t decodeCharacter(const char *&at, const char *end) {
  uint8_t first = uint8_t(*at);
  if (first < 0x80)
    return first ? uint8_t(*at++) : -1;
  int length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || end - at < length)
    return -1;
  int32_t value = first & (0x7f >> length);
  for (int i = 1; i < length; ++i) {
    if ((uint8_t(at[i]) & 0xc0) != 0x80)
      return -1;
    value = value << 6 | (at[i] & 0x3f);
  }
  static const int32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < smallest[length] || value >= characterLimit || (value >= 0xd800 && value < 0xe000))
    return -1;
  at += length;
  return value;
}

void appendCharacter(std::string &out, int32_t c) {
  if (c < 0x80)
    out += char(c);
  else if (c < 0x800)
    (out += char(0xc0 | c >> 6)) += char(0x80 | (c & 0x3f));
  else if (c < 0x10000)
    ((out += char(0xe0 | c >> 12)) += char(0x80 | (c >> 6 & 0x3f))) += char(0x80 | (c & 0x3f));
  else
    (((out += char(0xf0 | c >> 18)) += char(0x80 | (c >> 12 & 0x3f))) += char(0x80 | (c >> 6 & 0x3f))) +=
        char(0x80 | (c & 0x3f));
}

/// A character as a message shows it: 'é', or its number where it has no shape.
static std::string shown(int32_t character) {
  std::string text;
  appendCharacter(text, character);
  return nnrt::shown(text) == text ? "'" + text + "'" : format("U+%04X", unsigned(character));
}

void CharacterTable::set(int32_t character, int32_t number) {
  size_t page = size_t(character >> 8);
  if (page >= pages.size())
    pages.resize(page + 1);
  if (pages[page].empty())
    pages[page].assign(256, -1);
  pages[page][character & 255] = number;
}

static std::vector<int32_t> charactersOf(const std::string &text) {
  std::vector<int32_t> characters;
  for (const char *at = text.data(), *end = at + text.size(); at != end;) {
    int32_t character = decodeCharacter(at, end);
    if (character < 0)
      break;
    characters.push_back(character);
  }
  return characters;
}

Vocabulary::Vocabulary(const std::string &text) : Vocabulary(charactersOf(text)) {}

Vocabulary::Vocabulary(std::vector<int32_t> different) : characters(std::move(different)) {
  std::sort(characters.begin(), characters.end());
  for (size_t i = 0; i < characters.size(); ++i)
    ids.set(characters[i], int32_t(i));
}

std::string Vocabulary::text() const {
  std::string text;
  for (int32_t character : characters)
    appendCharacter(text, character);
  return text;
}

//===-- Files -----------------------------------------------------------------------------------------------------===//

Status CharacterFile::open(const std::string &path, const std::string &advice) {
  NNRT_TRY(Region::map(path, file, advice));
  NNRT_TRY(unpack(path, file));
  CharacterTable seen;
  if (file->size() >= 3 && !memcmp(file->data(), "\xef\xbb\xbf", 3)) // a byte order mark is no character
    start = 3;
  const char *begin = file->data();
  for (const char *at = begin + start; at != end(); ++characters) {
    if (characters % every == 0)
      places.push_back(at - begin);
    const char *here = at;
    int32_t character = decodeCharacter(at, end());
    if (character < 0)
      return wrong("%s: byte %lld (line %lld) is %s: save the file as UTF-8 text", path.c_str(),
                   (long long)(here - begin) + 1, (long long)std::count(begin, here, '\n') + 1,
                   *here ? "not UTF-8" : "zero");
    if (seen.get(character) < 0) {
      seen.set(character, 1);
      present.push_back(character);
    }
  }
  if (characters == file->size() - start)
    places.clear();
  return {};
}

const char *CharacterFile::at(int64_t character) const {
  if (places.empty())
    return file->data() + start + character;
  const char *at = file->data() + places[character / every];
  for (int64_t left = character % every; left; --left)
    decodeCharacter(at, end());
  return at;
}

std::string CharacterFile::place(int64_t character) const {
  int64_t line = 1, column = 1;
  const char *at = file->data() + start;
  for (int64_t i = 0; i < character; ++i) {
    bool ends = decodeCharacter(at, end()) == '\n';
    line += ends;
    column = ends ? 1 : column + 1;
  }
  return format("character %lld (line %lld, column %lld)", (long long)character + 1, (long long)line,
                (long long)column);
}

/// The file may have characters of the vocabulary only: the first one that is none is named.
static Status checkKnown(const std::string &path, const CharacterFile &file, const Vocabulary &known) {
  auto stranger = std::find_if(file.different().begin(), file.different().end(),
                               [&](int32_t character) { return known.id(character) < 0; });
  if (stranger == file.different().end())
    return {};
  const char *at = file.at(0);
  int64_t position = 0;
  while (decodeCharacter(at, file.end()) != *stranger)
    ++position;
  return wrong("%s: %s is %s, which the text that the model learns from does not have: take it out, or train with it",
               path.c_str(), file.place(position).c_str(), shown(*stranger).c_str());
}

//===-- Windows ---------------------------------------------------------------------------------------------------===//

static void writeIds(const CharacterFile &file, const Vocabulary &known, int64_t first, int64_t count, char *out) {
  const char *at = file.at(first);
  for (int64_t i = 0; i < count; ++i) {
    int32_t id = known.id(decodeCharacter(at, file.end()));
    memcpy(out + i * 4, &id, 4);
  }
}

Status Text::open(const nnrt_source &source, const std::string &path, const std::string &vocabulary,
                  const std::string &advice, std::unique_ptr<Dataset> &dataset) {
  std::unique_ptr<Text> text(new Text(source));
  NNRT_TRY(text->file.open(path, advice));
  int64_t characters = text->file.count(), vocab = optionOf(source, "vocab");
  text->known = vocabulary.empty() ? Vocabulary(text->file.different()) : Vocabulary(vocabulary);
  if (text->known.size() != vocab)
    return wrong(
        "%s: holds %lld different characters, the model is made for %lld: write vocab: %lld in its train block",
        vocabulary.empty() ? path.c_str() : "the vocabulary of the weights", (long long)text->known.size(),
        (long long)vocab, (long long)text->known.size());
  if (!vocabulary.empty())
    NNRT_TRY(checkKnown(path, text->file, text->known));
  if (characters <= text->window)
    return wrong("%s: holds %lld characters, one window of %lld and the character behind it are %lld: give a longer "
                 "text, or a smaller window",
                 path.c_str(), (long long)characters, (long long)text->window, (long long)text->window + 1);
  text->records = (characters - 1 - text->window) / text->stride + 1;
  if (int64_t streams = text->streams) {
    if (text->records < streams)
      return wrong(
          "%s: holds %lld windows of %lld characters, too few for %lld streams: give a longer text, or a smaller "
          "window",
          path.c_str(), (long long)text->records, (long long)text->window, (long long)streams);
    text->records -= text->records % streams;
  }
  dataset = std::move(text);
  return {};
}

void Text::copy(int64_t field, int64_t record, char *out) {
  bool next = field == 1;
  if (streams)
    record = record % streams * (records / streams) + record / streams;
  writeIds(file, known, record * stride + next, window, out);
}

Status readWindows(const std::string &path, int64_t window, const std::string &vocabulary, Array &array) {
  CharacterFile file;
  NNRT_TRY(file.open(path, ""));
  Vocabulary known(vocabulary);
  NNRT_TRY(checkKnown(path, file, known));
  int64_t count = file.count() / window;
  if (!count)
    return wrong("%s: holds %lld characters, the model looks at %lld", path.c_str(), (long long)file.count(),
                 (long long)window);
  array.type = NNRT_I32;
  array.shape = {count, window};
  NNRT_TRY(Region::allocate(array.bytes(), array.keep, path));
  array.data = array.keep->data();
  writeIds(file, known, 0, count * window, array.keep->data());
  return {};
}

} // namespace nnrt
