// Readers: right values from right files, a message from wrong ones, never a crash.
#include "runtime/Checkpoint.h"
#include "runtime/Checksum.h"
#include "runtime/Csv.h"
#include "runtime/Dataset.h"
#include "runtime/Gzip.h"
#include "runtime/Idx.h"
#include "runtime/Json.h"
#include "runtime/Safetensors.h"
#include "runtime/Text.h"
#include <cstring>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>
using namespace nnrt;

namespace {
using Reader =
    std::function<Status(const std::string &path, std::shared_ptr<Region> file, std::vector<NamedArray> &arrays)>;

/// Writes `bytes` to a file of this process and reads it back with `reader`.
Status readBytes(const Reader &reader, const std::string &bytes, std::vector<NamedArray> &arrays) {
  std::string path = testing::TempDir() + "nnrt-readers-" + std::to_string(getpid());
  std::ofstream(path, std::ios::binary) << bytes;
  std::shared_ptr<Region> file;
  Status status = Region::map(path, file);
  unlink(path.c_str());
  return status.failed() ? status : reader("FILE", std::move(file), arrays);
}

template <Status (*read)(const std::string &, std::shared_ptr<Region>, Array &)>
Status single(const std::string &path, std::shared_ptr<Region> file, std::vector<NamedArray> &arrays) {
  arrays.emplace_back();
  return read(path, std::move(file), arrays[0].array);
}
const Reader idx = single<readIdx>, npy = single<readNpy>, npz = readNpz;
const Reader safetensors = [](const std::string &path, std::shared_ptr<Region> file, std::vector<NamedArray> &arrays) {
  return readSafetensors(path, std::move(file), arrays);
};

std::string text(const Reader &reader, const std::string &bytes) {
  std::vector<NamedArray> arrays;
  return readBytes(reader, bytes, arrays).message();
}

std::string deflated(const std::string &bytes, int windowBits) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, windowBits, 9, Z_DEFAULT_STRATEGY);
  std::string out(bytes.size() + 200, 0);
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
  stream.avail_in = uInt(bytes.size());
  stream.next_out = reinterpret_cast<Bytef *>(out.data());
  stream.avail_out = uInt(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}
std::string gzipped(const std::string &bytes) { return deflated(bytes, 31); }

std::string little(uint64_t value, int width) {
  std::string out;
  for (int i = 0; i < width; ++i)
    out += i < 8 ? char(value >> (8 * i)) : char(0);
  return out;
}

const std::string idxBytes = std::string("\0\0\x08\x02\0\0\0\x02\0\0\0\x03", 12) + "abcdef";

std::string npyBytes(const std::string &descr, const std::string &shape, const std::string &values,
                     const char *fortran = "False") {
  std::string header = "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
  header.resize(117, ' ');
  header += '\n';
  return std::string("\x93NUMPY\1\0", 8) + little(header.size(), 2) + header + values;
}

std::string zipBytes(const std::string &name, const std::string &content, bool deflate) {
  std::string packed = deflate ? deflated(content, -15) : content;
  std::string facts = little(deflate ? 8 : 0, 2) + little(0, 4) +
                      little(nnrt::crc32(content.data(), int64_t(content.size())), 4) + little(packed.size(), 4) +
                      little(content.size(), 4) + little(name.size(), 2);
  std::string local = "PK\3\4" + little(20, 2) + little(0, 2) + facts + little(0, 2) + name + packed;
  std::string central = "PK\1\2" + little(20, 2) + little(20, 2) + little(0, 2) + facts + little(0, 2 + 2 + 2 + 2 + 4) +
                        little(0, 4) + name;
  return local + central + "PK\5\6" + little(0, 4) + little(1, 2) + little(1, 2) + little(central.size(), 4) +
         little(local.size(), 4) + little(0, 2);
}

std::string safetensorsBytes(const std::string &header, const std::string &values) {
  return little(header.size(), 8) + header + values;
}
const std::string safetensorsFile = safetensorsBytes(
    R"({"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[],"data_offsets":[8,9]} })",
    std::string("\0\0\x80\x3f\0\0\0\x40\x07", 9));

/// Every cut-off and every file with one changed byte gives an array or a message.
void torture(const Reader &reader, const std::string &bytes, bool cutFails = true) {
  for (size_t length = 0; length < bytes.size(); ++length) {
    std::vector<NamedArray> arrays;
    Status status = readBytes(reader, bytes.substr(0, length), arrays);
    EXPECT_TRUE(status.failed() || !cutFails) << "cut at " << length;
  }
  for (size_t i = 0; i < bytes.size(); ++i)
    for (int change : {1, 0x80, 0xff}) {
      std::string wrong = bytes;
      wrong[i] = char(wrong[i] ^ change);
      std::vector<NamedArray> arrays;
      if (!readBytes(reader, wrong, arrays).failed())
        for (const NamedArray &named : arrays) { // what is accepted can be read to its end
          int64_t sum = 0;
          for (int64_t k = 0; k < named.array.bytes(); ++k)
            sum += named.array.data[k];
          EXPECT_LT(sum, INT64_MAX);
        }
    }
}
} // namespace

TEST(Idx, ReadsPlainAndGzippedBytes) {
  for (const std::string &bytes : {idxBytes, gzipped(idxBytes)}) {
    std::vector<NamedArray> arrays;
    ASSERT_EQ(readBytes(idx, bytes, arrays).message(), "");
    EXPECT_EQ(arrays[0].array.text(), "u8[2, 3]");
    EXPECT_EQ(std::string(arrays[0].array.data, 6), "abcdef");
  }
}

TEST(Idx, SwapsBigEndianValues) {
  std::vector<NamedArray> arrays;
  ASSERT_EQ(readBytes(idx, std::string("\0\0\x0d\1\0\0\0\1\x3f\x80\0\0", 12), arrays).message(), "");
  EXPECT_EQ(arrays[0].array.text(), "f32[1]");
  EXPECT_EQ(*reinterpret_cast<const float *>(arrays[0].array.data), 1.0f);
  arrays.clear();
  ASSERT_EQ(readBytes(idx, std::string("\0\0\x0b\1\0\0\0\1\xff\xfe", 10), arrays).message(), "");
  EXPECT_EQ(arrays[0].array.text(), "i32[1]");
  EXPECT_EQ(*reinterpret_cast<const int32_t *>(arrays[0].array.data), -2);
}

TEST(Idx, Messages) {
  EXPECT_EQ(text(idx, "hello world"), "FILE: is not an IDX file (its first bytes are 68 65 6c 6c)");
  EXPECT_EQ(text(idx, idxBytes.substr(0, 10)), "FILE: ends within its header: the file is cut off, fetch it again");
  EXPECT_EQ(text(idx, idxBytes.substr(0, 15)), "FILE: its header announces an array [2, 3], the file is too short for "
                                               "that: it is cut off or damaged, fetch it again");
  EXPECT_EQ(text(idx, idxBytes + "gh"), "FILE: holds 2 bytes more than its header announces");
  EXPECT_EQ(text(idx, gzipped(idxBytes).substr(0, 25)),
            "FILE: the compressed data ends too early: the file is cut off, fetch it again");
  EXPECT_EQ(text(idx, gzipped(idxBytes + "g")), "FILE: holds more bytes than its header announces");
  EXPECT_EQ(text(idx, gzipped(idxBytes.substr(0, 15))),
            "FILE: holds 3 bytes less than its header announces: the file is cut off, fetch it again");
  // A header that announces terabytes takes no memory.
  EXPECT_EQ(text(idx, gzipped(std::string("\0\0\x08\x02\x7f\xff\xff\xff\x7f\xff\xff\xff", 12))),
            "FILE: its header announces an array [2147483647, 2147483647], the file is too short for that: it is cut "
            "off or damaged, "
            "fetch it again");
}

TEST(Idx, SurvivesDamage) {
  torture(idx, idxBytes);
  torture(idx, gzipped(idxBytes));
}

TEST(Npy, ReadsTypesOfTheLanguage) {
  std::vector<NamedArray> arrays;
  ASSERT_EQ(readBytes(npy, npyBytes("<f4", "(1, 2)", std::string("\0\0\x80\x3f\0\0\0\x40", 8)), arrays).message(), "");
  EXPECT_EQ(arrays[0].array.text(), "f32[1, 2]");
  EXPECT_EQ(reinterpret_cast<const float *>(arrays[0].array.data)[1], 2.0f);
  arrays.clear();
  ASSERT_EQ(readBytes(npy, npyBytes(">i2", "(1,)", "\xff\xfe"), arrays).message(), "");
  EXPECT_EQ(arrays[0].array.text(), "i32[1]");
  EXPECT_EQ(*reinterpret_cast<const int32_t *>(arrays[0].array.data), -2);
  arrays.clear();
  ASSERT_EQ(readBytes(npy, npyBytes("<u2", "()", "\xfe\xff"), arrays).message(), "");
  EXPECT_EQ(*reinterpret_cast<const int32_t *>(arrays[0].array.data), 65534);
}

TEST(Npy, Messages) {
  EXPECT_EQ(text(npy, "hello world"), "FILE: is not a .npy file");
  EXPECT_EQ(text(npy, npyBytes("<c8", "(1,)", "12345678")),
            "FILE: elements of type '<c8' are not supported: save the array as f32, f64, i32, i64 or u8");
  EXPECT_EQ(text(npy, npyBytes("<f4", "(1, 2)", "12345678", "True")),
            "FILE: the array is in column order: save numpy.ascontiguousarray(a)");
  EXPECT_EQ(text(npy, npyBytes("<f4", "(3,)", "12345678")),
            "FILE: its header announces an array [3], the file is too short for that: it is cut off or damaged");
  EXPECT_EQ(text(npy, npyBytes("<f4", "(-3,)", "12345678")), "FILE: its header gives no shape: the file is damaged");
  EXPECT_EQ(text(npy, npyBytes("<u8", "(1,)", "\xff\xff\xff\xff\xff\xff\xff\xff")),
            "FILE: the value 18446744073709551615 at position 0 does not fit in i64");
}

TEST(Npy, HeaderRoundTrip) {
  for (const std::vector<int64_t> &shape : {std::vector<int64_t>{}, {3}, {2, 3}}) {
    std::vector<NamedArray> arrays;
    ASSERT_EQ(readBytes(npy, npyHeader(NNRT_U8, shape) + "abcdef", arrays).message(), "");
    EXPECT_EQ(arrays[0].array.shape, shape);
    EXPECT_EQ(npyHeader(NNRT_U8, shape).size() % 64, 0u);
  }
}

TEST(Npy, SurvivesDamage) { torture(npy, npyBytes("<f4", "(1, 2)", "12345678")); }

TEST(Npz, ReadsStoredAndDeflatedMembers) {
  for (bool deflate : {false, true}) {
    std::vector<NamedArray> arrays;
    std::string bytes = zipBytes("a.npy", npyBytes("|u1", "(4,)", "wxyz"), deflate);
    ASSERT_EQ(readBytes(npz, bytes, arrays).message(), "");
    ASSERT_EQ(arrays.size(), 1u);
    EXPECT_EQ(arrays[0].name, "a");
    EXPECT_EQ(std::string(arrays[0].array.data, 4), "wxyz");
  }
}

TEST(Npz, Messages) {
  std::string bytes = zipBytes("a.npy", npyBytes("|u1", "(4,)", "wxyz"), true);
  EXPECT_EQ(text(npz, bytes.substr(0, 100)), "FILE: is not an .npz archive, or it is cut off");
  std::string other = bytes;
  other[8] = other[other.find("PK\1\2") + 10] = 12;
  EXPECT_EQ(text(npz, other),
            "FILE, array 'a': is packed with method 12: save it with numpy.savez or numpy.savez_compressed");
  std::string elsewhere = bytes;
  elsewhere[elsewhere.find("PK\1\2") + 43] = 100;
  EXPECT_EQ(text(npz, elsewhere), "FILE: the archive is damaged or cut off (a.npy)");
  bytes = zipBytes("a.npy", npyBytes("|u1", "(4,)", "wxyz"), false);
  bytes[bytes.find("wxyz")] = 'v';
  EXPECT_EQ(text(npz, bytes), "FILE, array 'a': its checksum is wrong: the archive is damaged, fetch it again");
  bytes = zipBytes("a.npy", npyBytes("|u1", "(400,)", std::string(400, 'w')), false);
  size_t directory = bytes.find("PK\1\2"), end = bytes.find("PK\5\6");
  std::string twice = bytes.substr(0, end) + bytes.substr(directory);
  size_t last = twice.rfind("PK\5\6");
  twice[last + 8] = twice[last + 10] = 2;
  EXPECT_EQ(text(npz, twice), "FILE, array 'a': its bytes belong to another array, too: the archive is damaged");
}

TEST(Npz, SurvivesDamage) {
  torture(npz, zipBytes("a.npy", npyBytes("|u1", "(4,)", "wxyz"), false));
  torture(npz, zipBytes("a.npy", npyBytes("|u1", "(4,)", "wxyz"), true));
}

TEST(Safetensors, ReadsNamesTypesAndMetadata) {
  std::string path = testing::TempDir() + "nnrt-st-" + std::to_string(getpid());
  std::ofstream(path, std::ios::binary) << safetensorsFile;
  std::shared_ptr<Region> file;
  ASSERT_FALSE(Region::map(path, file).failed());
  unlink(path.c_str());
  std::vector<NamedArray> arrays;
  Metadata metadata;
  ASSERT_EQ(readSafetensors(path, file, arrays, &metadata).message(), "");
  ASSERT_EQ(arrays.size(), 2u);
  EXPECT_EQ(arrays[0].name + " " + arrays[0].array.text(), "a f32[2]");
  float values[2];
  memcpy(values, arrays[0].array.data, 8);
  EXPECT_EQ(values[1], 2.0f);
  EXPECT_EQ(arrays[1].name + " " + arrays[1].array.text(), "b u8[]");
  EXPECT_EQ(metadata, (Metadata{{"k", "v"}}));
}

TEST(Safetensors, RoundTripIsExactAndAligned) {
  std::string path = testing::TempDir() + "nnrt-st-out-" + std::to_string(getpid());
  float a[] = {1, -2, 3};
  double b = 0.1;
  ASSERT_EQ(
      writeSafetensors(path, {{"x/\"y\"", NNRT_F32, {3, 1}, a}, {"b", NNRT_F64, {}, &b}}, {{"k", "line\n"}}).message(),
      "");
  std::shared_ptr<Region> file;
  ASSERT_FALSE(Region::map(path, file).failed());
  uint64_t header;
  memcpy(&header, file->data(), 8);
  EXPECT_EQ(header % 8, 0u);
  std::vector<NamedArray> arrays;
  Metadata metadata;
  ASSERT_EQ(readSafetensors(path, file, arrays, &metadata).message(), "");
  unlink(path.c_str());
  EXPECT_EQ(arrays[0].name, "x/\"y\"");
  EXPECT_EQ(memcmp(arrays[0].array.data, a, sizeof a), 0);
  EXPECT_EQ(*reinterpret_cast<const double *>(arrays[1].array.data), 0.1);
  EXPECT_EQ(metadata[0].second, "line\n");
}

TEST(Safetensors, Messages) {
  EXPECT_EQ(text(safetensors, "hello"), "FILE: is not a safetensors file");
  EXPECT_EQ(text(safetensors, little(7, 8)), "FILE: is not a safetensors file");
  EXPECT_EQ(text(safetensors, safetensorsFile.substr(0, 60)), "FILE: ends within its header: the file is cut off");
  EXPECT_EQ(text(safetensors, safetensorsFile.substr(0, safetensorsFile.size() - 3)),
            "FILE: 'a' [2] lies at bytes 0 to 8 of 6: the file is cut off or damaged");
  EXPECT_EQ(text(safetensors, safetensorsBytes("{\"a\":5}", "")),
            "FILE: its header describes 'a' in a form that is not safetensors'");
  EXPECT_EQ(text(safetensors, safetensorsBytes(R"({"a":{"dtype":"Q7","shape":[],"data_offsets":[0,1]}})", "x")),
            "FILE: 'a' has elements of type Q7, which is not supported");
  EXPECT_EQ(text(safetensors, safetensorsBytes("{\"a\":}", "")),
            "FILE: its header is not JSON (Invalid value. at byte 13)");
  // Offsets that overflow, and a million brackets.
  EXPECT_NE(text(safetensors,
                 safetensorsBytes(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}})",
                                  "12345678")),
            "");
  EXPECT_NE(text(safetensors, safetensorsBytes("{\"a\":" + std::string(1000000, '[') + "}", "")), "");
}

TEST(Json, TextThatIsNotUtf8IsReplaced) {
  // A half of a UTF-16 pair, forms that are too long, a character beyond the last.
  for (const char *wrong :
       {"\xed\xb6\xb6", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xc0\x80", "\xff"}) {
    std::string out, expected;
    appendString(out, wrong);
    for (size_t i = 0; i < strlen(wrong); ++i)
      expected += "\\ufffd";
    EXPECT_EQ(out, '"' + expected + '"');
  }
  std::string out;
  appendString(out, "a\"\\\n\xc3\xa9\xed\x9f\xbf\xf4\x8f\xbf\xbf");
  EXPECT_EQ(out, "\"a\\\"\\\\\\u000a\xc3\xa9\xed\x9f\xbf\xf4\x8f\xbf\xbf\"");
  out.clear();
  appendString(out, "\x1b\x7f\xc2\x9b\xc2\xa0\xc2"); // nothing that a terminal obeys
  EXPECT_EQ(out, "\"\\u001b\\u007f\\u009b\xc2\xa0\\ufffd\"");
}

TEST(Safetensors, SurvivesDamage) { torture(safetensors, safetensorsFile); }

// A table read as `x: f32[batch, 2]` of the columns a and "b c", and `n: i64[batch]`.
const Reader csv = [](const std::string &path, std::shared_ptr<Region> file, std::vector<NamedArray> &arrays) {
  static const char *const columns[] = {"a", "b \"c\""};
  static const int64_t pair[] = {2};
  nnrt_field fields[] = {{"x", pair, 1, NNRT_F32, 0, 0, columns, 2, 0},
                         {"n", nullptr, 0, NNRT_I64, 0, 0, nullptr, 0, 0}};
  nnrt_source source{};
  source.fields = fields;
  source.n_fields = 2;
  std::vector<Array> read(2);
  std::vector<std::string> names;
  Status status = readCsv(path, std::move(file), source, read, names);
  for (size_t i = 0; i < 2 && !status.failed(); ++i)
    arrays.push_back({fields[i].name, read[i]});
  return status;
};

TEST(Csv, NumbersAreReadExactly) {
  std::vector<NamedArray> arrays;
  std::string table = "n,\"b \"\"c\"\"\",a\n-9223372036854775808,1e-45,0.1\r\n\n+5,16777217,\"-3\"";
  ASSERT_EQ(readBytes(csv, table, arrays).message(), "");
  ASSERT_EQ(arrays[0].array.text(), "f32[2, 2]");
  const float *x = reinterpret_cast<const float *>(arrays[0].array.data);
  EXPECT_EQ(std::vector<float>(x, x + 4), (std::vector<float>{0.1f, 1e-45f, -3, 16777216}));
  const int64_t *n = reinterpret_cast<const int64_t *>(arrays[1].array.data);
  EXPECT_EQ(std::vector<int64_t>(n, n + 2), (std::vector<int64_t>{INT64_MIN, 5}));
  EXPECT_EQ(text(csv, gzipped(table)), "");
  arrays.clear(); // packed files that were joined are one
  ASSERT_EQ(readBytes(csv, gzipped("n,a,\"b \"\"c\"\"\"\n1,2,3\n4,5,6\n") + gzipped("7,8,9\n"), arrays).message(), "");
  EXPECT_EQ(arrays[0].array.text(), "f32[3, 2]");
}

TEST(Message, TextsOfFilesStayOnTheirLine) {
  EXPECT_EQ(shown("caf\xc3\xa9 \x1b[2J\n\xff\x7f"), "caf\xc3\xa9 \\x1b[2J\\x0a\\xff\\x7f");
  EXPECT_EQ(shown(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(shown("\xc2\x9b\xc2\xa0\xe2\x80\xae\xe2\x80\xb0"), "\\xc2\\x9b\xc2\xa0\\xe2\\x80\\xae\xe2\x80\xb0");
  EXPECT_EQ(shown(std::string(5000, 'x'), SIZE_MAX), std::string(5000, 'x'));
  EXPECT_EQ(shown(std::string(100, 'x')), std::string(100, 'x'));
  EXPECT_EQ(shown(std::string(101, 'x')), std::string(97, 'x') + "...");
  EXPECT_EQ(shown(std::string(96, 'x') + "\xc3\xa9\xc3\xa9\xc3\xa9"), std::string(96, 'x') + "...");
  EXPECT_EQ(text(safetensors, safetensorsBytes("{\"a\\nb\":5}", "")),
            "FILE: its header describes 'a\\x0ab' in a form that is not safetensors'");
  EXPECT_EQ(text(csv, "\"two\nlines\"\n1\n"), "FILE: has no column 'a': its columns are two\\x0alines");
}

TEST(Csv, SurvivesDamage) { torture(csv, "n,\"b \"\"c\"\"\",a\r\n1,\"2\",3\r\n4,5.5,\"6\"\n", /*cutFails=*/false); }

const Reader characters = [](const std::string &path, std::shared_ptr<Region> file, std::vector<NamedArray> &) {
  std::string copy = testing::TempDir() + "nnrt-characters-" + std::to_string(getpid());
  std::ofstream(copy, std::ios::binary).write(file->data(), file->size());
  CharacterFile opened;
  Status status = opened.open(copy, "");
  const std::vector<int32_t> &present = opened.different();
  unlink(copy.c_str());
  for (int64_t i = 0; i < opened.count() && !status.failed(); ++i) {
    const char *at = opened.at(i);
    EXPECT_EQ(std::count(present.begin(), present.end(), decodeCharacter(at, opened.end())), 1) << path;
  }
  return status;
};

TEST(Text, EveryCharacterIsFoundByNumber) {
  std::string all;
  std::vector<int32_t> expected;
  for (int32_t c = 1; c < 0x110000; c += c < 0x900 ? 1 : 977) {
    if (c >= 0xd800 && c < 0xe000)
      continue;
    appendCharacter(all, c);
    expected.push_back(c);
  }
  EXPECT_EQ(text(characters, all), "");
  EXPECT_EQ(Vocabulary(all).size(), int64_t(expected.size()));
  Vocabulary few(all.substr(0, 127 + 2 * 100)); // 127 characters of one byte, 100 of two
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ(few.id(expected[i]), i < 227 ? int32_t(i) : -1) << i;
}

TEST(Text, SurvivesDamage) { torture(characters, "a\xc3\xa9\xe2\x82\xac\xf0\x9d\x9b\xbc\n", /*cutFails=*/false); }

TEST(Checkpoint, NumbersThatWouldOverflowAreRefused) {
  RunState state, read;
  state.examples = state.batch = 1;
  EXPECT_TRUE(fromMetadata(toMetadata(state), read));
  for (int64_t RunState::*number : {&RunState::step, &RunState::total, &RunState::epochs, &RunState::batch,
                                    &RunState::examples, &RunState::logBytes, &RunState::epochSteps})
    for (int64_t wrong : {INT64_MIN, int64_t(-1), INT64_MAX}) {
      RunState other = state;
      other.*number = wrong;
      EXPECT_FALSE(fromMetadata(toMetadata(other), read)) << wrong;
    }
}

TEST(Checkpoint, ProgramsOfManyLinesAreNotCompared) {
  EXPECT_EQ(changedLines("a\nb\n", "a\nc\n", 9), "  - b\n  + c\n");
  EXPECT_EQ(changedLines(std::string(4000, '\n'), std::string(5000, '\n'), 9), "  in too many lines to compare them\n");
}

TEST(Array, BooleansAreBytesOfZeroAndOne) {
  Array array;
  uint8_t truths[] = {0, 1, 1, 0, 1, 2};
  int64_t shape[] = {2};
  nnrt_field field{"mask", shape, 1, NNRT_BOOL, 0, 0};
  array.type = NNRT_BOOL;
  array.shape = {3, 2};
  array.data = reinterpret_cast<char *>(truths);
  EXPECT_EQ(matchField("mask.npy", field, array).message(),
            "mask.npy: record 2 holds the byte 2, and a bool is 0 or 1: write the array again as bool, or as u8");
  truths[5] = 1;
  EXPECT_EQ(matchField("mask.npy", field, array).message(), "");
}

TEST(Array, IdsAreCheckedWithRecordAndValue) {
  Array array;
  uint8_t ids[] = {1, 2, 3, 10};
  array.type = NNRT_U8;
  array.shape = {2, 2};
  array.data = reinterpret_cast<char *>(ids);
  auto field = [](int64_t limit, int64_t ignored) { return nnrt_field{"label", nullptr, 0, NNRT_I32, limit, ignored}; };
  EXPECT_EQ(checkIds("labels", field(11, 0), array).message(), "");
  EXPECT_EQ(checkIds("labels", field(10, 10), array).message(), "");
  EXPECT_EQ(checkIds("labels", field(10, 0), array).message(),
            "labels: record 1 holds 10, the model takes 0 to 9: correct the data, or the model's number of classes");
  EXPECT_EQ(convertIntegers("labels", NNRT_I32, array).message(), "");
  EXPECT_EQ(reinterpret_cast<const int32_t *>(array.data)[3], 10);
  EXPECT_EQ(convertIntegers("labels", NNRT_I8, array).message(), "");
  int32_t big[] = {300};
  array.type = NNRT_I32;
  array.shape = {1};
  array.data = reinterpret_cast<char *>(big);
  EXPECT_EQ(convertIntegers("labels", NNRT_U8, array).message(),
            "labels: the value 300 at position 0 does not fit in u8");
}
