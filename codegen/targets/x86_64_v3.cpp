// AVX2 and FMA: Haswell to Zen 3. Masked accesses exist for 32 and 64 bits; the masks live in vector registers.
#include "codegen/Targets.h"

nn::TargetFacts nn::x86_64_v3Facts() {
  TargetFacts f;
  f.name = "x86-64-v3";
  f.triple = "x86_64-unknown-linux-gnu";
  f.cpu = "x86-64-v3";
  f.features = "+avx2,+fma,+bmi2,+f16c";
  f.vectorBits = 256;
  f.vectorRegisters = 16;
  f.maskedBits = 32;
  return f;
}
