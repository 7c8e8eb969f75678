// The binary version of CIFAR-10: files of records, one byte of label and 3 x 32 x 32 bytes of image each.
#ifndef NNRT_CIFAR_H
#define NNRT_CIFAR_H
#include "Dataset.h"

namespace nnrt {

/// Fields `image` (u8[3, 32, 32]) and `label` (i32). The files stay mapped; a folder stands for the batches in it:
/// those to train on for the block's `data`, the one to test on otherwise.
class Cifar : public Dataset {
public:
  static Status open(const nnrt_source &source, SourceRole role, const DataPlace &place, const std::string &advice,
                     std::unique_ptr<Dataset> &dataset);
  void copy(int64_t field, int64_t record, char *out) override;

private:
  static constexpr int64_t recordSize = 1 + 3 * 32 * 32;
  explicit Cifar(const nnrt_source &source) : Dataset(source) {}
  Status add(const std::string &path, const std::string &advice);
  struct File {
    std::shared_ptr<Region> bytes;
    int64_t first; // of its records
  };
  std::vector<File> files;
};

} // namespace nnrt
#endif
