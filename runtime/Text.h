// Texts as windows of characters: the file stays where it is mapped, and a record is decoded when it is asked for.
#ifndef NNRT_TEXT_H
#define NNRT_TEXT_H
#include "Dataset.h"

namespace nnrt {

/// A character of UTF-8 at `at`, which moves behind it; -1 where the bytes are not UTF-8 (a zero byte is no text).
int32_t decodeCharacter(const char *&at, const char *end);
void appendCharacter(std::string &out, int32_t character);

/// A number for characters, -1 where none was set: pages of 256 characters, as far as they are in use.
class CharacterTable {
public:
  int32_t get(int32_t character) const {
    size_t page = size_t(character >> 8);
    return page < pages.size() && !pages[page].empty() ? pages[page][character & 255] : -1;
  }
  void set(int32_t character, int32_t number);

private:
  std::vector<std::vector<int32_t>> pages;
};

/// The different characters of a text in order; a character's id is its place.
class Vocabulary {
public:
  explicit Vocabulary(const std::string &text = "");
  explicit Vocabulary(std::vector<int32_t> different);
  int64_t size() const { return int64_t(characters.size()); }
  /// The id of a character, or -1.
  int32_t id(int32_t character) const { return ids.get(character); }
  int32_t character(int64_t id) const { return characters[id]; }
  std::string text() const;

private:
  std::vector<int32_t> characters;
  CharacterTable ids;
};

/// A UTF-8 file whose characters are found by number.
class CharacterFile {
public:
  /// Reads it once: checks it, counts its characters, notes which there are.
  Status open(const std::string &path, const std::string &advice);
  /// Its different characters, as they first appear.
  const std::vector<int32_t> &different() const { return present; }
  int64_t count() const { return characters; }
  /// Where the character begins.
  const char *at(int64_t character) const;
  const char *end() const { return file->data() + file->size(); }
  /// "character 17 (line 2, column 3)", all counted from 1
  std::string place(int64_t character) const;

private:
  static constexpr int64_t every = 256; // the place of each of these characters is known
  std::shared_ptr<Region> file;
  int64_t characters = 0, start = 0; // of the first one, in bytes
  std::vector<int32_t> present;
  std::vector<int64_t> places; // empty where all characters are single bytes
};

/// Records `tokens` (a window of characters, as ids) and `next` (the same window, one character later).
class Text : public Dataset {
public:
  /// The vocabulary is the file's own where `vocabulary` is empty; otherwise the file may have no other characters.
  static Status open(const nnrt_source &source, const std::string &path, const std::string &vocabulary,
                     const std::string &advice, std::unique_ptr<Dataset> &dataset);
  void copy(int64_t field, int64_t record, char *out) override;
  int64_t reach() const override { return (window - 1) / stride; }
  std::string vocabulary() const override { return known.text(); }

private:
  explicit Text(const nnrt_source &source)
      : Dataset(source), window(optionOf(source, "window")), stride(optionOf(source, "stride")),
        streams(optionOf(source, "streams")) {}
  int64_t window, stride,
      streams; // streams: parts of the text whose windows take turns; 0: one window behind the other
  CharacterFile file;
  Vocabulary known;
};

/// The windows of a text given by hand, one behind the other, as an array i32[n, window]; a rest that fills no window
/// is left out.
Status readWindows(const std::string &path, int64_t window, const std::string &vocabulary, Array &array);

} // namespace nnrt
#endif
