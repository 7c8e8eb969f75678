// Files given by hand (predict, gradients): what they hold, and which entry takes it. One whose element type is the
// record's goes through the program's `input` expression first, one of the model input's type goes straight in; where
// both types are the same, it is a record.
#ifndef NNRT_GIVENFILE_H
#define NNRT_GIVENFILE_H
#include "Entry.h"
#include "Npy.h"
#include <memory>

namespace nnrt {

/// Reads IDX, .npy (one array without a name), .npz or .safetensors (arrays by name), told apart by their first bytes;
/// what is none of these is a text where the model's data is one.
Status readGiven(const std::string &path, const Instance &instance, std::vector<NamedArray> &arrays);

/// A file matched with an entry: every record and input tensor of it has its array.
class GivenBatchSource {
public:
  /// Tries the entries in this order (a null one is absent). A sole array need not carry the name.
  static Status match(const std::string &path, std::vector<NamedArray> arrays, Instance &instance,
                      const std::vector<const nnrt_entry *> &candidates, std::unique_ptr<GivenBatchSource> &source);
  int64_t count() const { return records; }
  const nnrt_entry &entry() const { return *chosen; }
  /// Copies `rows` records from `first` on into the entry's tensors; the rest of the batch becomes zero.
  void fill(int64_t first, int64_t rows);

private:
  struct Column {
    const nnrt_tensor *tensor;
    Array array;
  };
  explicit GivenBatchSource(Instance &instance) : instance(instance) {}
  Instance &instance;
  const nnrt_entry *chosen = nullptr;
  std::vector<Column> columns;
  int64_t records = 0;
};

} // namespace nnrt
#endif
