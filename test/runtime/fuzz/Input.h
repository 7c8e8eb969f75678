// An input taken apart: numbers and texts from its front. What is asked for behind its end is zero or empty.
#ifndef NNRT_TEST_FUZZ_INPUT_H
#define NNRT_TEST_FUZZ_INPUT_H
#include <algorithm>
#include <cstdint>
#include <string>

namespace nnrt::fuzz {

class Input {
public:
  Input(const uint8_t *data, size_t size) : at(reinterpret_cast<const char *>(data)), left(size) {}
  bool empty() const { return !left; }
  uint8_t byte() {
    if (!left)
      return 0;
    --left;
    return uint8_t(*at++);
  }
  /// 0 .. count-1
  int below(int count) { return byte() % count; }
  std::string text(size_t length) {
    length = std::min(length, left);
    std::string taken(at, length);
    at += length;
    left -= length;
    return taken;
  }
  /// A text behind its length in one byte, or in two.
  std::string shortText(int most = 256) { return text(size_t(below(most))); }
  std::string longText() {
    size_t low = byte();
    return text(low | size_t(byte()) << 8);
  }
  std::string rest() { return text(left); }

private:
  const char *at;
  size_t left;
};

} // namespace nnrt::fuzz
#endif
