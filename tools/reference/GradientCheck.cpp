// Central differences: (f(x + h) - f(x - h)) / 2h, element by element.
#include "tools/reference/GradientCheck.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "tools/reference/Inputs.h"
#include "tools/reference/Runner.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace mlir;
using namespace nn;

/// With f64 and smooth functions of values near 1, truncation (h^2) and rounding (1e-16 / h) both stay near 1e-10.
static constexpr double step = 1e-5;
/// Relative to the largest gradient of the argument.
static constexpr double tolerance = 1e-7;

/// The largest difference between `gradient` and central differences by argument `index`, over the largest gradient.
static double disagreement(const ReferenceRunner &runner, StringRef function, std::vector<HostArray> inputs,
                           int64_t index, const HostArray &gradient) {
  double worst = 0, largest = 1;
  for (int64_t i = 0; i < gradient.size(); ++i) {
    double x = inputs[index].at(i);
    auto valueAt = [&](double here) {
      inputs[index].set(i, here);
      return runner.run(function, inputs)[0].at(0);
    };
    double difference = (valueAt(x + step) - valueAt(x - step)) / (2 * step);
    inputs[index].set(i, x);
    double error = std::abs(difference - gradient.at(i));
    worst = std::isnan(error) ? HUGE_VAL : std::max(worst, error);
    largest = std::max(largest, std::abs(difference));
  }
  return worst / largest;
}

LogicalResult nn::checkGradients(ModuleOp module, const ReferenceRunner &runner, raw_ostream &out) {
  bool good = true, any = false;
  for (auto f : module.getOps<func::FuncOp>()) {
    auto wrt = f->getAttrOfType<DenseI64ArrayAttr>("nn.wrt");
    StringRef base = f.getName();
    if (!wrt || f.isPrivate() || !base.consume_back(".gradient"))
      continue;
    any = true;
    std::vector<HostArray> inputs = chooseInputs(f, 1), gradients = runner.run(f.getName(), inputs);
    double worst = 0;
    for (auto [index, gradient] : llvm::zip_equal(wrt.asArrayRef(), gradients))
      worst = std::max(worst, disagreement(runner, base, inputs, index, gradient));
    bool agrees = worst <= tolerance;
    out << (agrees ? "ok   " : "FAIL ") << base << " differs by " << llvm::format("%.1e", worst) << "\n";
    good &= agrees;
  }
  if (!any)
    out << "no function @f.gradient with `nn.wrt`\n";
  return success(good && any);
}
