// Runs a reader on mutations of seeds without libFuzzer. usage: fuzz-readers [--runs=N] [--seed=N] FILE...
// An input that aborts is printed first, as a Python literal would be.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static std::string current;

static void showCurrent(int signal) {
  printf("\nb'");
  for (char c : current)
    printf("\\x%02x", uint8_t(c));
  printf("'\n");
  fflush(stdout);
  std::signal(signal, SIG_DFL);
  raise(signal);
}

/// One change of a text: bytes are changed, taken out, put in, doubled, or taken from another one.
static void change(std::string &text, const std::string &other, std::mt19937_64 &random) {
  static const unsigned char special[] = {0, 1, 2, 0x7f, 0x80, 0xff, '"', '\n', ',', '{', '}', '[', '(', '9', '-', ' '};
  auto any = [&](size_t n) { return n ? size_t(random() % n) : 0; };
  size_t at = any(text.size() + 1), length = std::min(1 + any(8), text.size() - at);
  switch (any(7)) {
  case 0:
    if (length)
      text[at] = char(text[at] ^ 1 << any(8));
    break;
  case 1:
    if (length)
      text[at] = char(special[any(sizeof special)]);
    break;
  case 2:
    text.erase(at, length);
    break;
  case 3:
    text.insert(at, 1 + any(4), char(random()));
    break;
  case 4:
    text.insert(at, text.substr(at, length));
    break;
  case 5: {
    size_t from = any(other.size() + 1);
    text.replace(at, length, other.substr(from, 1 + any(16)));
    break;
  }
  default:
    for (size_t i = at; i < at + length; ++i)
      text[i] = char(random());
  }
}

int main(int argc, char **argv) {
  uint64_t runs = 0;
  std::mt19937_64 random(1);
  std::vector<std::string> pool;
  for (int i = 1; i < argc; ++i) {
    if (!strncmp(argv[i], "--runs=", 7)) {
      runs = strtoull(argv[i] + 7, nullptr, 10);
    } else if (!strncmp(argv[i], "--seed=", 7)) {
      random.seed(strtoull(argv[i] + 7, nullptr, 10));
    } else {
      std::ifstream file(argv[i], std::ios::binary);
      pool.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  for (int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE})
    std::signal(signal, showCurrent);
  auto run = [&](const std::string &text) {
    current = text;
    std::vector<uint8_t> bytes(text.begin(), text.end()); // of exactly this size
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  };
  size_t seeds = pool.size();
  for (size_t i = 0; i < seeds; ++i)
    run(pool[i]);
  for (uint64_t i = 0; i < runs && seeds; ++i) {
    std::string text = pool[random() % pool.size()];
    for (uint64_t k = 1 + random() % 5; k; --k)
      change(text, pool[random() % pool.size()], random);
    text.resize(std::min<size_t>(text.size(), 4096));
    run(text);
    if (random() % 8 == 0) { // mutations of mutations, too
      if (pool.size() < seeds + 200)
        pool.push_back(text);
      else
        pool[seeds + random() % 200] = text;
    }
  }
  printf("%zu seeds, %llu mutations\n", seeds, static_cast<unsigned long long>(runs));
  return seeds == 0;
}
