// What reads files that nobody has checked: one function per format. Each puts a file in its place, reads it, and
// aborts where what comes out is neither whole nor one message.
#ifndef NNRT_TEST_FUZZ_READERS_H
#define NNRT_TEST_FUZZ_READERS_H
#include "runtime/Dataset.h"
#include "test/runtime/fuzz/Input.h"
#include <vector>

namespace nnrt::fuzz {

struct Reader {
  const char *name;
  void (*read)(Input &input);
};
/// Arrays, tables, texts, pictures (DataReaders.cpp).
std::vector<Reader> dataReaders();
/// Weights, checkpoints, files given by hand, logs (ModelReaders.cpp).
std::vector<Reader> modelReaders();

[[noreturn]] void fail(const char *what, const std::string &text);
/// Aborts where a failure has no message that begins with `where`; true where there is none.
bool succeeded(const Status &status, const char *where = "FILE");
/// Reads every value of an array.
void readAll(const Array &array);
/// Opens the source and copies records out of it; ids must be in their range.
void openAndCopy(const nnrt_source &source, SourceRole role = SourceRole::Data, const DataPlace &place = {},
                 const char *where = "FILE");
/// A folder of this process, without what it held.
std::string emptyFolder();

} // namespace nnrt::fuzz
#endif
