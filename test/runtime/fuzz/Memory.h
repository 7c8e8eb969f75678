// The files and the memory that the readers get while they are fuzzed.
#ifndef NNRT_TEST_FUZZ_MEMORY_H
#define NNRT_TEST_FUZZ_MEMORY_H
#include "runtime/File.h"

namespace nnrt::fuzz {

/// Forgets the files of the input before; all that Region::allocate gives from now on may be so many bytes.
void startInput(int64_t mostMemory);
/// Lets Region::map find a file; other paths are read from the disk.
void putFile(const std::string &path, std::string bytes);

} // namespace nnrt::fuzz
#endif
