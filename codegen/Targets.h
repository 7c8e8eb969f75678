// The machines that code is generated for: facts that plans and emitters ask for. One table per target in targets/;
// which kernels exist and how they run is decided elsewhere from these facts alone.
#ifndef NN_CODEGEN_TARGETS_H
#define NN_CODEGEN_TARGETS_H

#include "dialect/Target.h"
#include <algorithm>
#include <memory>
#include <optional>
#include <string>

namespace nn {

struct TargetFacts {
  std::string name;     ///< "x86-64-v4"
  std::string triple;   ///< empty: the compiler's own
  std::string cpu;      ///< LLVM's name of the processor to tune for
  std::string features; ///< LLVM's feature string: "+avx2,+fma"
  int64_t vectorBits = 128;
  int64_t vectorRegisters = 16;
  /// Loads and stores under a mask are cheap for elements of at least this many bits; 0: for none.
  int64_t maskedBits = 0;
  int64_t l1Bytes = 32 << 10;
  int64_t l2Bytes = 512 << 10;
  int64_t l3Bytes = 8 << 20;
  int64_t fmaPerCycle = 2; ///< vector FMAs that start per cycle
};

/// A target with its facts: what passes see of it is nn::Target.
class Machine : public Target {
public:
  explicit Machine(TargetFacts facts) : facts(std::move(facts)) {}
  const TargetFacts facts;

  int64_t lanes(int64_t bits) const override { return std::max<int64_t>(1, facts.vectorBits / bits); }
  int64_t vectorRegisters() const override { return facts.vectorRegisters; }
  int64_t l1Bytes() const override { return facts.l1Bytes; }
  int64_t l2Bytes() const override { return facts.l2Bytes; }
  bool has(mlir::Operation *function) const override;
  /// The context must have loaded arith, math, memref, scf and vector.
  KernelPlan plan(mlir::Operation *group) const override;
};

/// "host", "x86-64-v3", "x86-64-v4" or "aarch64"; null for other names.
std::unique_ptr<Machine> makeTarget(llvm::StringRef name);
/// The names that makeTarget knows, for messages.
llvm::ArrayRef<llvm::StringRef> targetNames();

// One per file of targets/.
TargetFacts x86_64_v3Facts();
TargetFacts x86_64_v4Facts();
TargetFacts aarch64Facts();
TargetFacts hostFacts();

} // namespace nn

#endif
