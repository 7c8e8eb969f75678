// Targets by name, and the plan of a kernel from its structure.
#include "codegen/Targets.h"
#include "codegen/Contraction.h"
#include "codegen/KernelFunctions.h"
#include "codegen/KernelStructure.h"
#include "codegen/Scatter.h"
#include "dialect/NN.h"

using namespace mlir;
using namespace nn;

static const std::pair<llvm::StringRef, TargetFacts (*)()> kTargets[] = {
    {"host", hostFacts}, {"x86-64-v3", x86_64_v3Facts}, {"x86-64-v4", x86_64_v4Facts}, {"aarch64", aarch64Facts}};

std::unique_ptr<Machine> nn::makeTarget(llvm::StringRef name) {
  for (auto [known, facts] : kTargets)
    if (known == name)
      return std::make_unique<Machine>(facts());
  return nullptr;
}

llvm::ArrayRef<llvm::StringRef> nn::targetNames() {
  static const auto names = llvm::map_to_vector(kTargets, [](const auto &target) { return target.first; });
  return names;
}

KernelPlan Machine::plan(Operation *group) const {
  Block &body = group->getRegion(0).front();
  if (auto contraction = ContractionKernel::match(body, *this))
    return contraction->plan();
  if (auto scatter = ScatterKernel::match(body, *this))
    return scatter->plan();
  if (auto function = KernelFunctionKernel::match(body, *this))
    return function->plan();
  return KernelStructure(body, *this).plan();
}
