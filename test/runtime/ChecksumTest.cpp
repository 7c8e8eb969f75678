// The checksum against the standard's check value, and in pieces.
#include "runtime/Checksum.h"
#include <gtest/gtest.h>

using nnrt::crc32;
using nnrt::crc32c;

TEST(Checksum, CheckValue) {
  EXPECT_EQ(crc32("123456789", 9), 0xCBF43926u);
  EXPECT_EQ(crc32("", 0), 0u);
  EXPECT_EQ(crc32c("123456789", 9), 0xE3069283u);
}

TEST(Checksum, Pieces) {
  const char text[] = "a text of some length, longer than one round of eight bytes";
  int64_t length = sizeof text - 1;
  for (int64_t cut = 0; cut <= length; ++cut)
    EXPECT_EQ(crc32(text + cut, length - cut, crc32(text, cut)), crc32(text, length));
}
