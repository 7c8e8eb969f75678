// NumPy's files: .npy (one array) and .npz (a zip archive of them, stored or deflated).
#ifndef NNRT_NPY_H
#define NNRT_NPY_H
#include "Array.h"

namespace nnrt {

struct NamedArray {
  std::string name;
  Array array;
};

/// Reads an array from `bytes` bytes at `data`, which `keep` holds.
Status readNpy(const std::string &what, const char *data, int64_t bytes, std::shared_ptr<Region> keep, Array &array);
Status readNpy(const std::string &path, std::shared_ptr<Region> file, Array &array);
/// All arrays of an archive; names are without ".npy".
Status readNpz(const std::string &path, const std::shared_ptr<Region> &file, std::vector<NamedArray> &arrays);

/// The header of a C-ordered little-endian .npy file.
std::string npyHeader(int32_t type, const std::vector<int64_t> &shape);

/// Moves the array of this name out of the list; the message names what the file holds instead.
Status takeArray(const std::string &path, const std::string &name, std::vector<NamedArray> &arrays, Array &array);

} // namespace nnrt
#endif
