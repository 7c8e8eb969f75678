// Gzip, zip, PNG and safetensors, written by hand.
#include "test/runtime/fuzz/Envelopes.h"
#include "runtime/Checksum.h"
#include "runtime/RunState.h"
#include <cstring>
#include <zlib.h>

namespace nnrt::fuzz {

std::string little(uint64_t value, int width) {
  std::string out;
  for (int i = 0; i < width; ++i)
    out += i < 8 ? char(value >> (8 * i)) : char(0);
  return out;
}

static std::string big(uint32_t value) { return {char(value >> 24), char(value >> 16), char(value >> 8), char(value)}; }

static uint32_t checksum(const std::string &bytes) { return nnrt::crc32(bytes.data(), int64_t(bytes.size())); }

//===-- Deflate ---------------------------------------------------------------------------------------------------===//

/// A deflate stream that packs nothing.
static std::string stored(const std::string &bytes) {
  std::string out;
  size_t at = 0;
  do {
    size_t length = std::min<size_t>(bytes.size() - at, 65535);
    out += char(at + length == bytes.size());
    out += little(length, 2) + little(~length, 2) + bytes.substr(at, length);
    at += length;
  } while (at < bytes.size());
  return out;
}

static std::string deflated(const std::string &bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, -9, 1, Z_DEFAULT_STRATEGY);
  std::string out(bytes.size() + 100, 0);
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
  stream.avail_in = uInt(bytes.size());
  stream.next_out = reinterpret_cast<Bytef *>(out.data());
  stream.avail_out = uInt(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string gzipped(const std::string &bytes, bool deflate) {
  return std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10) + (deflate ? deflated(bytes) : stored(bytes)) +
         little(checksum(bytes), 4) + little(bytes.size(), 4);
}

std::string perhapsGzipped(Input &input) {
  switch (input.below(8)) {
  case 0:
  case 1:
  case 2:
    return gzipped(input.rest(), false);
  case 3:
    return gzipped(input.rest(), true);
  case 4: {
    std::string first = gzipped(input.shortText(), false);
    return first + gzipped(input.rest(), false);
  }
  default:
    return input.rest();
  }
}

//===-- NumPy -----------------------------------------------------------------------------------------------------===//

std::string npy(const std::string &bytes) {
  size_t end = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
  return std::string("\x93NUMPY\1\0", 8) + little(end, 2) + bytes;
}

std::string npz(Input &input) {
  std::string locals, directory;
  int count = 1 + input.below(3);
  for (int i = 0; i < count; ++i) {
    int how = input.below(16);
    bool deflate = how & 1, wide = how & 2, asItIs = how & 4, wrongName = how & 8;
    std::string name = input.shortText(8) + (wrongName ? "" : ".npy"), content = input.longText();
    if (!asItIs)
      content = npy(content);
    std::string packed = deflate ? deflated(content) : content;
    std::string facts = little(deflate ? 8 : 0, 2) + little(0, 4) + little(checksum(content), 4);
    std::string sizes = little(packed.size(), 4) + little(content.size(), 4), extra;
    if (wide) {
      sizes = little(0xffffffff, 4) + little(0xffffffff, 4);
      extra = little(1, 2) + little(16, 2) + little(content.size(), 8) + little(packed.size(), 8);
    }
    std::string lengths = little(name.size(), 2) + little(extra.size(), 2);
    directory += "PK\1\2" + little(20, 2) + little(20, 2) + little(0, 2) + facts + sizes + lengths + little(0, 10) +
                 little(locals.size(), 4) + name + extra;
    locals += "PK\3\4" + little(20, 2) + little(0, 2) + facts + sizes + lengths + name + extra + packed;
  }
  return locals + directory + "PK\5\6" + little(0, 4) + little(uint64_t(count), 2) + little(uint64_t(count), 2) +
         little(directory.size(), 4) + little(locals.size(), 4) + little(0, 2);
}

//===-- PNG -------------------------------------------------------------------------------------------------------===//

static std::string chunk(const std::string &kindAndData) {
  return big(uint32_t(kindAndData.size() - 4)) + kindAndData + big(checksum(kindAndData));
}

std::string repairedPng(std::string bytes) {
  for (size_t at = 8; at + 12 <= bytes.size();) {
    size_t length = 0, room = bytes.size() - at - 12;
    for (size_t i = 0; i < 4; ++i)
      length = length << 8 | uint8_t(bytes[at + i]);
    if (length > room) {
      length = room;
      bytes.replace(at, 4, big(uint32_t(length)));
    }
    bytes.replace(at + 8 + length, 4, big(checksum(bytes.substr(at + 4, length + 4))));
    at += 12 + length;
  }
  return bytes;
}

std::string png(Input &input) {
  std::string header = "IHDR" + big(input.byte()) + big(input.byte()) + input.text(5), palette = input.shortText(49),
              transparency = input.shortText(17), pixels = input.rest();
  std::string out = "\x89PNG\r\n\x1a\n" + chunk(header);
  if (!palette.empty())
    out += chunk("PLTE" + palette);
  if (!transparency.empty())
    out += chunk("tRNS" + transparency);
  auto sum = uint32_t(adler32(1, reinterpret_cast<const Bytef *>(pixels.data()), uInt(pixels.size())));
  return out + chunk("IDAT\x78\x01" + stored(pixels) + big(sum)) + chunk("IEND");
}

//===-- safetensors -----------------------------------------------------------------------------------------------===//

std::string safetensorsOfText(const std::string &bytes) {
  size_t end = std::min(bytes.find('\0'), bytes.size());
  std::string values = end < bytes.size() ? bytes.substr(end + 1) : "";
  return little(end, 8) + bytes.substr(0, end) + values;
}

static Metadata makeCheckpointMetadata() {
  RunState state;
  state.step = 12;
  state.total = 100;
  state.examples = 40;
  state.batch = 4;
  state.validation = {{"loss", 0.5}, {"accuracy", 0.75}};
  Metadata metadata{{"checkpoint", "1"}, {"model", "Small"}, {"precision", "f32"}, {"source", "model Small\n"}};
  Metadata run = toMetadata(state);
  metadata.insert(metadata.end(), run.begin(), run.end());
  return metadata;
}

const Metadata &checkpointMetadata() {
  static const Metadata shared = makeCheckpointMetadata();
  return shared;
}

std::string safetensors(Input &input, const std::vector<std::string> &names, bool checkpoint) {
  Metadata metadata = checkpoint ? checkpointMetadata() : Metadata{{"format", "pt"}};
  for (int i = input.below(4); i > 0; --i) { // of them some are replaced, some are new
    size_t place = input.byte();
    std::string value = input.shortText();
    if (place < metadata.size())
      metadata[place].second = value;
    else
      metadata.emplace_back(place % 2 ? "vocabulary" : input.shortText(16), value);
  }
  static const int64_t extents[] = {2, 3, 1, 0, 4, int64_t(1) << 40};
  std::vector<TensorOut> tensors;
  std::string values;
  int kept = input.below(4); // the first of the names have the tensors that are wanted, of f32[2, 3], f32[3] ...
  for (size_t i = 0; i < names.size() && kept; ++i)
    tensors.push_back({names[i], NNRT_F32, i % 2 ? std::vector<int64_t>{3} : std::vector<int64_t>{2, 3}, nullptr});
  for (int i = input.below(4); i > 0; --i) {
    int what = input.below(16);
    TensorOut tensor{size_t(what) < names.size() ? names[what] : input.shortText(32), input.below(9), {}, nullptr};
    for (int k = input.below(5); k > 0; --k)
      tensor.shape.push_back(extents[input.below(6)]);
    if (checkedBytes(tensor.shape, 8) < 0 || checkedBytes(tensor.shape, 8) > 4096)
      tensor.shape = {3};
    if (what % 2 && size_t(what / 2) < tensors.size())
      tensors[what / 2] = tensor;
    else
      tensors.push_back(tensor);
  }
  int64_t bytes = 0;
  for (const TensorOut &tensor : tensors)
    bytes += tensor.bytes();
  std::vector<int64_t> checksums(tensors.size() + 1);
  if (checkpoint)
    tensors.push_back({"checksums", NNRT_I64, {int64_t(checksums.size())}, checksums.data()});
  std::string header = safetensorsHeader(tensors, metadata);
  if (input.below(4) == 1) { // a header that is changed somewhere
    size_t at = 8 + (input.byte() | size_t(input.byte()) << 8) % (header.size() - 8);
    header[at] = char(input.byte());
  }
  values = input.rest();
  values.resize(size_t(bytes), '\x3f');
  if (!checkpoint)
    return header + values;
  checksums[0] = checksum(header);
  int64_t at = 0;
  for (size_t i = 0; i + 1 < tensors.size(); ++i) {
    checksums[i + 1] = nnrt::crc32(values.data() + at, tensors[i].bytes());
    at += tensors[i].bytes();
  }
  return header + values + std::string(reinterpret_cast<const char *>(checksums.data()), 8 * checksums.size());
}

} // namespace nnrt::fuzz
