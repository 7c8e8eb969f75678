// The machine that the compiler runs on: its processor and features as LLVM names them, caches as the system reports
// them.
#include "llvm/TargetParser/Host.h"
#include "codegen/Targets.h"
#include "llvm/ADT/StringMap.h"
#include <algorithm>
#include <vector>
#if defined(__linux__)
#include <unistd.h>
#endif

static void readCaches(nn::TargetFacts &f) {
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  auto take = [](int name, int64_t &bytes) {
    if (long size = sysconf(name); size > 0)
      bytes = size;
  };
  take(_SC_LEVEL1_DCACHE_SIZE, f.l1Bytes);
  take(_SC_LEVEL2_CACHE_SIZE, f.l2Bytes);
  take(_SC_LEVEL3_CACHE_SIZE, f.l3Bytes);
#endif
}

nn::TargetFacts nn::hostFacts() {
  llvm::StringMap<bool> has = llvm::sys::getHostCPUFeatures();
  auto all = [&](std::initializer_list<const char *> names) {
    return std::all_of(names.begin(), names.end(), [&](const char *name) { return has.lookup(name); });
  };
  TargetFacts f;
  if (all({"avx512f", "avx512bw", "avx512dq", "avx512vl"})) {
    f = x86_64_v4Facts();
  } else if (all({"avx2", "fma"})) {
    f = x86_64_v3Facts();
  } else if (has.lookup("neon")) {
    f = aarch64Facts();
  }
  f.name = "host";
  f.triple.clear();
  f.cpu = llvm::sys::getHostCPUName().str();
  std::vector<std::string> features;
  for (const auto &feature : has)
    features.push_back((feature.getValue() ? "+" : "-") + feature.getKey().str());
  // The order of a hash table is no property of the machine.
  std::sort(features.begin(), features.end());
  if (f.vectorBits == 512)
    features.push_back("-prefer-256-bit");
  f.features.clear();
  for (const std::string &feature : features)
    f.features += (f.features.empty() ? "" : ",") + feature;
  readCaches(f);
  return f;
}
