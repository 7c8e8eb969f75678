// Comparison of results, and the instrumentation that runs it around every pass.
#include "tools/reference/SameMeaning.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "tools/reference/Inputs.h"
#include "tools/reference/Runner.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace mlir;
using namespace nn;

/// How far two results of equivalent programs may lie apart, relative to the largest element: sums in another order
/// over tensors of some thousands of elements.
static double tolerance(FloatType type) { return std::ldexp(64.0, -int(type.getFPMantissaWidth())); }

/// The first element in which a and b differ by more than rounding, or nothing.
static std::optional<int64_t> difference(const HostArray &a, const HostArray &b) {
  auto real = dyn_cast<FloatType>(a.type.getElementType());
  double largest = 0;
  for (int64_t i = 0; i < a.size(); ++i)
    if (std::isfinite(a.at(i)))
      largest = std::max(largest, std::abs(a.at(i)));
  double bound = real ? tolerance(real) * largest : 0;
  for (int64_t i = 0; i < a.size(); ++i) {
    double x = a.at(i), y = b.at(i);
    bool same = x == y || (std::isnan(x) && std::isnan(y)) || std::abs(x - y) <= bound;
    if (!same)
      return i;
  }
  return std::nullopt;
}

LogicalResult nn::verifySameMeaning(ModuleOp before, ModuleOp after, StringRef what) {
  constexpr auto effort = ReferenceRunner::Effort::FastRun;
  auto first = ReferenceRunner::create(before, effort), second = ReferenceRunner::create(after, effort);
  if (!first || !second)
    return failure();
  bool same = true;
  for (auto f : before.getOps<func::FuncOp>()) {
    if (f.isPrivate())
      continue;
    auto counterpart = second->functions().find(f.getName());
    if (counterpart == second->functions().end()) {
      llvm::errs() << what << ": function @" << f.getName() << " is gone\n";
      same = false;
      continue;
    }
    std::vector<HostArray> inputs = chooseInputs(f, 1);
    std::vector<HostArray> x = first->run(f.getName(), inputs), y = second->run(f.getName(), inputs);
    for (size_t k = 0; k < x.size(); ++k) {
      std::optional<int64_t> i = difference(x[k], y[k]);
      if (!i)
        continue;
      auto name = f.getResultAttrOfType<StringAttr>(k, "nn.name");
      llvm::errs() << what << ": result " << k << " of @" << f.getName()
                   << (name ? " (" + name.getValue() + ")" : Twine()) << " was " << llvm::format("%.17g", x[k].at(*i))
                   << " at element " << *i << " and is " << llvm::format("%.17g", y[k].at(*i)) << "\n";
      same = false;
    }
  }
  return success(same);
}

namespace {

class VerifyPasses : public PassInstrumentation {
public:
  void runBeforePass(Pass *, Operation *op) override {
    if (auto module = dyn_cast<ModuleOp>(op))
      before = canRun(module) ? module.clone() : ModuleOp();
  }
  void runAfterPass(Pass *pass, Operation *op) override {
    auto module = dyn_cast<ModuleOp>(op);
    if (!module || !before || running || !canRun(module))
      return;
    // The reference way runs passes itself.
    running = true;
    bool same = succeeded(verifySameMeaning(*before, module, pass->getArgument()));
    running = false;
    before = {};
    if (!same)
      std::exit(1);
  }

private:
  static bool canRun(ModuleOp module) {
    bool known = true;
    module.walk([&](Operation *op) {
      known &= isa<ModuleOp, func::FuncOp, func::ReturnOp>(op) ||
               (isa<NNDialect>(op->getDialect()) && !isa<ValueAndGradOp>(op));
    });
    return known;
  }

  OwningOpRef<ModuleOp> before;
  bool running = false;
};

} // namespace

void nn::verifyPasses(PassManager &passes) {
  passes.getContext()->loadAllAvailableDialects();
  passes.addInstrumentation(std::make_unique<VerifyPasses>());
}
