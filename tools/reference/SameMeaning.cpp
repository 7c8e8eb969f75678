// Comparison of results, and the instrumentation that runs it after every pass.
#include "tools/reference/SameMeaning.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "tools/reference/Expectation.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace nn;

static constexpr auto effort = ReferenceRunner::Effort::FastRun;

LogicalResult nn::verifySameMeaning(const Expectation &expected, ModuleOp module, StringRef what) {
  auto runner = ReferenceRunner::create(module, effort);
  if (!runner)
    return failure();
  bool same = true;
  for (auto &[name, function] : expected.functions()) {
    if (!runner->functions().contains(name)) {
      llvm::errs() << what << ": function @" << name << " is gone\n";
      same = false;
      continue;
    }
    std::vector<HostArray> results = runner->run(name, function.inputs);
    Expectation::Difference d = expected.largestDifference(name, results);
    if (d.units <= largestUnits)
      continue;
    auto resultName = module.lookupSymbol<func::FuncOp>(name).getResultAttrOfType<StringAttr>(d.result, "nn.name");
    llvm::errs() << what << ": result " << d.result << " of @" << name
                 << (resultName ? " (" + resultName.getValue() + ")" : Twine()) << " was "
                 << llvm::format("%.17g", function.results[d.result].at(d.element)) << " at element " << d.element
                 << " and is " << llvm::format("%.17g", results[d.result].at(d.element)) << ", "
                 << llvm::format("%.3g", d.units) << " roundings apart\n";
    same = false;
  }
  return success(same);
}

class PassVerifier::AfterEachPass : public PassInstrumentation {
public:
  explicit AfterEachPass(PassVerifier &verifier) : verifier(verifier) {}

  void runBeforePass(Pass *pass, Operation *op) override {
    auto module = dyn_cast<ModuleOp>(op);
    if (!module || running)
      return;
    before.emplace(module);
    expect(module);
  }
  void runAfterPass(Pass *pass, Operation *op) override {
    auto module = dyn_cast<ModuleOp>(op);
    if (!module || running || !canRun(module) || *before == OperationFingerPrint(module))
      return;
    if (pass->getArgument() == "nn-round-products") // results are other ones from here on
      verifier.expected.reset();
    if (!verifier.expected)
      return expect(module);
    // The reference way runs passes itself.
    running = true;
    bool same = succeeded(verifySameMeaning(*verifier.expected, module, pass->getArgument()));
    running = false;
    if (!same)
      std::exit(1);
  }

private:
  void expect(ModuleOp module) {
    if (verifier.expected || !canRun(module))
      return;
    running = true;
    verifier.expected = Expectation::create(module, effort);
    running = false;
    if (!verifier.expected)
      std::exit(1);
  }

  static bool canRun(ModuleOp module) {
    bool known = true;
    module.walk([&](Operation *op) {
      known &= isa<ModuleOp, func::FuncOp, func::ReturnOp>(op) ||
               (isa<NNDialect>(op->getDialect()) && !isa<ValueAndGradOp>(op));
    });
    return known;
  }

  PassVerifier &verifier;
  std::optional<OperationFingerPrint> before;
  bool running = false;
};

PassVerifier::PassVerifier() = default;
PassVerifier::~PassVerifier() = default;

void PassVerifier::follow(PassManager &passes) {
  passes.getContext()->loadAllAvailableDialects();
  passes.addInstrumentation(std::make_unique<AfterEachPass>(*this));
}
