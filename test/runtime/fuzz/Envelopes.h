// Files with checksums, lengths and offsets that are right, around contents that need not be.
#ifndef NNRT_TEST_FUZZ_ENVELOPES_H
#define NNRT_TEST_FUZZ_ENVELOPES_H
#include "runtime/Safetensors.h"
#include "test/runtime/fuzz/Input.h"

namespace nnrt::fuzz {

/// A number of `width` bytes, the lowest first.
std::string little(uint64_t value, int width);
/// As gzip packs it; in stored blocks, which is fast, or deflated.
std::string gzipped(const std::string &bytes, bool deflate);
/// The bytes as they are, or gzipped in one or in several members, as the first byte says.
std::string perhapsGzipped(Input &input);
/// A .npy file of a header (up to the first end of line) and values.
std::string npy(const std::string &headerAndValues);
/// An archive of members that the input lists.
std::string npz(Input &input);
/// A PNG of chunks whose lengths and checksums are put right where they stand.
std::string repairedPng(std::string bytes);
/// A PNG of a header and pixels.
std::string png(Input &input);

/// A safetensors file whose header is the text up to the first zero byte.
std::string safetensorsOfText(const std::string &headerAndValues);
/// A safetensors file whose tensors and metadata the input lists, with right offsets for the most part. `names` are
/// those that the reader looks for. Where `checkpoint`, it gets what a checkpoint has, and its checksums.
std::string safetensors(Input &input, const std::vector<std::string> &names, bool checkpoint);
/// The metadata of a checkpoint that is right.
const Metadata &checkpointMetadata();

} // namespace nnrt::fuzz
#endif
