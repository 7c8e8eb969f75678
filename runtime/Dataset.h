// Records to learn from: where they come from (files, the built-in digits), which of them train and which validate, and
// how a batch of them gets into an entry's arena.
#ifndef NNRT_DATASET_H
#define NNRT_DATASET_H
#include "Array.h"
#include "Entry.h"
#include <memory>

namespace nnrt {

/// Records with the fields that a source of the train block declares.
class Dataset {
public:
  explicit Dataset(const nnrt_source &source) : source(source) {}
  virtual ~Dataset() = default;
  int64_t count() const { return records; }
  int64_t fields() const { return source.n_fields; }
  const nnrt_field &field(int64_t i) const { return source.fields[i]; }
  /// The position of a field, or -1.
  int64_t find(const char *name) const;
  int64_t recordBytes(int64_t field) const;
  /// Writes one field of one record in the field's element type and shape.
  virtual void copy(int64_t field, int64_t record, char *out) = 0;
  /// Called before whole records are copied.
  virtual Status prepare(const std::vector<int64_t> &) { return {}; }
  /// Whether `prepare` takes time, because records are decoded.
  virtual bool decodes() const { return false; }
  /// How many of the records behind a record hold some of its content: windows of a text overlap.
  virtual int64_t reach() const { return 0; }
  /// Of a text: its different characters in order, as UTF-8.
  virtual std::string vocabulary() const { return ""; }

protected:
  const nnrt_source &source;
  int64_t records = 0;
};

/// Records whose fields are arrays in memory or in mapped files.
class ArrayDataset : public Dataset {
public:
  using Dataset::Dataset;
  /// Compares every array with its field, converts integers, checks ids; `names` are for messages, one per field.
  Status set(std::vector<Array> arrays, const std::vector<std::string> &names);
  void copy(int64_t field, int64_t record, char *out) override;

private:
  std::vector<Array> columns;
};

/// Compares an array with what the model declares (first extent free); converts integers and checks ids.
Status matchField(const std::string &what, const nnrt_field &field, Array &array);

/// Where the command line looks for data.
struct DataPlace {
  std::string folder;
  bool builtin = false;
  std::string vocabulary;            // where not empty, the characters that a text may have
  const nnrt_model *model = nullptr; // whose entries make generated records, with the block's seed
};

/// True where the built-in digits stand in for this source; generated records need no stand-in.
bool isBuiltin(const DataPlace &place, const nnrt_source &source);

/// Which part of the train block a source is: names it in messages, and draws its own built-in digits.
enum class SourceRole { Data, Validation, Test };

/// Opens a source that names files, or the built-in digits in its stead.
Status openSource(const nnrt_source &source, SourceRole role, const DataPlace &place,
                  std::unique_ptr<Dataset> &dataset);

/// Some records of a data set, numbered from 0.
struct Part {
  Dataset *data = nullptr;
  int64_t first = 0, count = 0;
  std::vector<uint32_t> picks; // where not empty, these records, else first .. first+count-1
  int64_t record(int64_t i) const { return picks.empty() ? first + i : picks[i]; }
};

/// Opened data of a train block.
struct TrainingData {
  std::unique_ptr<Dataset> data, other;
  Part training, validation; // validation.data is null where the block has none
};
Status openTraining(const nnrt_train &train, const DataPlace &place, TrainingData &data);

/// The named number that the source was declared with, or 0.
int64_t optionOf(const nnrt_source &source, const char *name);

/// Cuts a fraction off: the end of the file, or a draw that depends on the seed only; the rest stays in order. Records
/// that share content with the part are left out of the rest; where records overlap, runs of them are drawn. Of k
/// folds, every record is drawn for one.
void splitTail(Dataset &data, double fraction, Part &rest, Part &part);
void splitDraw(Dataset &data, double fraction, uint64_t seed, Part &rest, Part &part);
void splitFold(Dataset &data, int64_t folds, int64_t index, uint64_t seed, Part &rest, Part &part);
/// The same with as many records of each value of `field` in each part, but for one.
void splitClasses(Dataset &data, int64_t field, int64_t folds, int64_t index, uint64_t seed, Part &rest, Part &part);
/// As `kfold` does: with the block's seed, and in each part its share of the classes where the block stratifies.
void splitAsKfold(const nnrt_train &train, Dataset &data, int64_t folds, int64_t index, Part &rest, Part &part);
/// Into how many folds the data can be drawn.
int64_t mostFolds(const nnrt_train &train, const Dataset &data);

/// Copies batches of records into the arena, for one entry.
class Feeder {
public:
  /// Every record tensor of the entry must be a field of the data.
  static Status bind(Instance &instance, const Entry &entry, Dataset &data, Feeder &feeder);
  /// Fills the first `rows` rows of the entry's record tensors with these records of the part; the others become zero.
  Status fill(const Part &part, const int64_t *indices, int64_t rows);
  /// A feeder of the same records that fills a buffer instead of the arena.
  Feeder into(std::vector<char> &buffer) const;
  /// Copies what another feeder of the same records was filled with.
  void take(const Feeder &other);
  /// Calls `change(field, record in the arena)` for every field of a row.
  template <typename Change>
  void visit(int64_t row, Change change) {
    for (const Target &target : targets)
      change(target.field, target.at + row * target.rowBytes);
  }

private:
  struct Target {
    char *at;
    int64_t field, rowBytes, bytes;
  };
  std::vector<Target> targets;
};

} // namespace nnrt
#endif
