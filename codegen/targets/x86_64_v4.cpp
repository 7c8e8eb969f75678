// AVX-512 (F, BW, CD, DQ, VL): Skylake-SP and later Xeons, Zen 4 and later. Masks are registers and cost nothing.
#include "codegen/Targets.h"

nn::TargetFacts nn::x86_64_v4Facts() {
  TargetFacts f;
  f.name = "x86-64-v4";
  f.triple = "x86_64-unknown-linux-gnu";
  f.cpu = "x86-64-v4";
  f.features = "+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl,+avx2,+fma,+bmi2,+f16c,-prefer-256-bit,+evex512";
  f.vectorBits = 512;
  f.vectorRegisters = 32;
  f.maskedBits = 8;
  f.l2Bytes = 1 << 20;
  return f;
}
