// Linux on x86-64 and AArch64.
#include "Machine.h"
#include <cstring>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace nnrt {

int onlineCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0)
    return 1;
  int count = CPU_COUNT(&set);
  return count > 0 ? count : 1;
}

double seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

double peakMemoryMiB() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024.0;
}

#if defined(__x86_64__)
// A feature as LLVM names it, where cpuid reports it, and which register state the system must save for it.
namespace {
enum State : uint8_t { NoState = 0, Avx = 0x06, Avx512 = 0xe6 };
enum Register : uint8_t { Eax, Ebx, Ecx, Edx };
struct CpuFeature {
  const char *name;
  uint32_t leaf;
  uint8_t subleaf;
  Register reg;
  uint8_t bit;
  State state;
};
} // namespace
static constexpr uint64_t amxState = 0x60000;
static const CpuFeature cpuFeatures[] = {
    {"cx8", 1, 0, Edx, 8, NoState},
    {"cmov", 1, 0, Edx, 15, NoState},
    {"mmx", 1, 0, Edx, 23, NoState},
    {"fxsr", 1, 0, Edx, 24, NoState},
    {"sse", 1, 0, Edx, 25, NoState},
    {"sse2", 1, 0, Edx, 26, NoState},
    {"sse3", 1, 0, Ecx, 0, NoState},
    {"pclmul", 1, 0, Ecx, 1, NoState},
    {"ssse3", 1, 0, Ecx, 9, NoState},
    {"fma", 1, 0, Ecx, 12, Avx},
    {"cx16", 1, 0, Ecx, 13, NoState},
    {"sse4.1", 1, 0, Ecx, 19, NoState},
    {"sse4.2", 1, 0, Ecx, 20, NoState},
    {"movbe", 1, 0, Ecx, 22, NoState},
    {"crc32", 1, 0, Ecx, 20, NoState},
    {"popcnt", 1, 0, Ecx, 23, NoState},
    {"xsave", 1, 0, Ecx, 26, NoState},
    {"avx", 1, 0, Ecx, 28, Avx},
    {"f16c", 1, 0, Ecx, 29, Avx},
    {"bmi", 7, 0, Ebx, 3, NoState},
    {"avx2", 7, 0, Ebx, 5, Avx},
    {"bmi2", 7, 0, Ebx, 8, NoState},
    {"avx512f", 7, 0, Ebx, 16, Avx512},
    {"avx512dq", 7, 0, Ebx, 17, Avx512},
    {"avx512ifma", 7, 0, Ebx, 21, Avx512},
    {"avx512cd", 7, 0, Ebx, 28, Avx512},
    {"avx512bw", 7, 0, Ebx, 30, Avx512},
    {"avx512vl", 7, 0, Ebx, 31, Avx512},
    {"avx512vbmi", 7, 0, Ecx, 1, Avx512},
    {"avx512vbmi2", 7, 0, Ecx, 6, Avx512},
    {"gfni", 7, 0, Ecx, 8, NoState},
    {"vaes", 7, 0, Ecx, 9, Avx},
    {"vpclmulqdq", 7, 0, Ecx, 10, Avx},
    {"avx512vnni", 7, 0, Ecx, 11, Avx512},
    {"avx512bitalg", 7, 0, Ecx, 12, Avx512},
    {"avx512vpopcntdq", 7, 0, Ecx, 14, Avx512},
    {"avx512fp16", 7, 0, Edx, 23, Avx512},
    {"amx-bf16", 7, 0, Edx, 22, NoState},
    {"amx-tile", 7, 0, Edx, 24, NoState},
    {"amx-int8", 7, 0, Edx, 25, NoState},
    {"avxvnni", 7, 1, Eax, 4, Avx},
    {"avx512bf16", 7, 1, Eax, 5, Avx512},
    {"lzcnt", 0x80000001, 0, Ecx, 5, NoState},
    {"sahf", 0x80000001, 0, Ecx, 0, NoState},
};

static bool cpuHas(const CpuFeature &feature) {
  uint32_t r[4] = {0, 0, 0, 0};
  if (!__get_cpuid_count(feature.leaf, feature.subleaf, &r[Eax], &r[Ebx], &r[Ecx], &r[Edx]))
    return false;
  if (!(r[feature.reg] >> feature.bit & 1))
    return false;
  uint64_t needed = feature.state | (!strncmp(feature.name, "amx", 3) ? amxState : 0);
  if (!needed)
    return true;
  uint32_t leaf1[4] = {0, 0, 0, 0};
  __get_cpuid(1, &leaf1[Eax], &leaf1[Ebx], &leaf1[Ecx], &leaf1[Edx]);
  if (!(leaf1[Ecx] >> 27 & 1)) // the system does not use xsave
    return false;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t(high) << 32 | low) & needed) == needed;
}

static bool cpuHas(const std::string &name) {
  for (const CpuFeature &feature : cpuFeatures)
    if (name == feature.name)
      return cpuHas(feature);
  return false;
}

FloatingPointMode::FloatingPointMode() : saved(_mm_getcsr()) { _mm_setcsr(0x1f80); }
FloatingPointMode::~FloatingPointMode() { _mm_setcsr(uint32_t(saved)); }

#elif defined(__aarch64__)
static bool cpuHas(const std::string &name) {
  static const struct {
    const char *name;
    int bit;
  } features[] = {{"fp-armv8", 0}, {"neon", 1}, {"aes", 3},      {"crc", 7},      {"lse", 8},
                  {"fullfp16", 9}, {"rdm", 12}, {"dotprod", 20}, {"fp16fml", 23}, {"sve", 22}};
  unsigned long have = getauxval(AT_HWCAP);
  for (auto &feature : features)
    if (name == feature.name)
      return have >> feature.bit & 1;
  return false;
}

FloatingPointMode::FloatingPointMode() {
  __asm__ volatile("mrs %0, fpcr" : "=r"(saved));
  __asm__ volatile("msr fpcr, %0" ::"r"(uint64_t(0)));
}
FloatingPointMode::~FloatingPointMode() { __asm__ volatile("msr fpcr, %0" ::"r"(saved)); }
#else
#error "the runtime knows x86-64 and AArch64"
#endif

Status checkCpu(const char *features, const char *target) {
  std::vector<std::string> missing;
  for (const char *at = features ? features : ""; *at;) {
    size_t length = strcspn(at, ",");
    std::string name(at, length);
    if (!name.empty() && !cpuHas(name))
      missing.push_back(name);
    at += length + (at[length] == ',');
  }
  if (missing.empty())
    return {};
  return machine(
      "this program was compiled for %s and this processor lacks %s: compile it with --target=host on this machine, or "
      "for an older target",
      target, listText(missing).c_str());
}

} // namespace nnrt
