// Armv8-A with Advanced SIMD. It has no masked accesses: edges run in narrower pieces.
#include "codegen/Targets.h"

nn::TargetFacts nn::aarch64Facts() {
  TargetFacts f;
  f.name = "aarch64";
  f.triple = "aarch64-unknown-linux-gnu";
  f.cpu = "generic";
  f.features = "+neon";
  f.vectorBits = 128;
  f.vectorRegisters = 32;
  f.maskedBits = 0;
  return f;
}
