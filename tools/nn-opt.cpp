// nn-opt: runs passes over textual IR. All that is registered here can be named in a test's pipeline.
#include "dialect/NN.h"
#include "dialect/Target.h"
#include "passes/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

namespace {

/// The facts of a 16-lane machine without direct kernels, until code generation hands over its own.
class PlainTarget : public nn::Target {
public:
  int64_t lanes(int64_t bits) const override { return 512 / bits; }
  int64_t vectorRegisters() const override { return 32; }
  int64_t l1Bytes() const override { return 32 << 10; }
  int64_t l2Bytes() const override { return 1 << 20; }
  bool has(llvm::StringRef, mlir::TypeRange) const override { return false; }
  nn::KernelPlan plan(mlir::Operation *) const override { return {}; }
};

} // namespace

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<nn::NNDialect, mlir::func::FuncDialect, mlir::arith::ArithDialect>();
  PlainTarget target;
  nn::registerPasses(target);
  mlir::registerTransformsPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "nn optimizer\n", registry));
}
