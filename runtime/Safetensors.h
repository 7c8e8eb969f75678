// The safetensors format: 8 bytes of header length, a JSON header, raw little-endian values. Everything a header says
// is checked before it is believed.
#ifndef NNRT_SAFETENSORS_H
#define NNRT_SAFETENSORS_H
#include "Npy.h"
#include <utility>

namespace nnrt {

using Metadata = std::vector<std::pair<std::string, std::string>>;
/// The text of this key; empty where there is none.
const std::string &textOf(const Metadata &metadata, const char *key);

/// All arrays of a file, in the order of their values; they stay where they are mapped.
Status readSafetensors(const std::string &path, const std::shared_ptr<Region> &file, std::vector<NamedArray> &arrays,
                       Metadata *metadata = nullptr);

/// One tensor to be written; `data` must live until writeSafetensors returns.
struct TensorOut {
  std::string name;
  int32_t type;
  std::vector<int64_t> shape;
  const void *data;
  int64_t bytes() const { return elementsOf(shape.data(), shape.size()) * factsOf(type).bytes; }
};
/// The length of the header and the header, padded so that the values begin at a multiple of 8.
std::string safetensorsHeader(const std::vector<TensorOut> &tensors, const Metadata &metadata);
/// Writes atomically. The values lie in the order given, without gaps.
Status writeSafetensors(const std::string &path, const std::vector<TensorOut> &tensors, const Metadata &metadata);

} // namespace nnrt
#endif
