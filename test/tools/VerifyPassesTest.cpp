// Runs one pass under PassVerifier over e^x for x in [-20, 5]: "none" changes nothing, "rounds" computes the same by
// other roundings, "breaks" replaces what is smaller than 1e-6, a ten-millionth of the largest element. usage:
// verify-passes none|rounds|breaks. PassVerifier ends the program where the meaning changed.
#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "tools/Pipeline.h"
#include "tools/reference/SameMeaning.h"

using namespace mlir;
using namespace nn;

static constexpr char program[] = R"(
func.func @f(%x: tensor<256xf32> {nn.range = array<f64: -20.0, 5.0>})
    -> (tensor<256xf32> {nn.role = "output", nn.name = "y"}) {
  %y = nn.exp %x : tensor<256xf32> -> tensor<256xf32>
  return %y : tensor<256xf32>
})";

namespace {
struct Rewrite : PassWrapper<Rewrite, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Rewrite)
  explicit Rewrite(StringRef kind) : kind(kind) {}
  StringRef getArgument() const override { return "test-rewrite"; }
  void runOnOperation() override {
    if (kind != "none")
      getOperation().walk([&](ExpOp op) { rewrite(op); });
  }
  void rewrite(ExpOp op) {
    OpBuilder b(op);
    Location loc = op.getLoc();
    auto splat = [&](double v) { return ConstantOp::create(b, loc, op.getX().getType(), v); };
    Value y;
    if (kind == "rounds") {
      Value half = ExpOp::create(b, loc, MulOp::create(b, loc, op.getX(), splat(0.5)));
      y = MulOp::create(b, loc, half, half);
    } else {
      y = MaxOp::create(b, loc, ExpOp::create(b, loc, op.getX()), splat(1e-6));
    }
    op.replaceAllUsesWith(y);
    op.erase();
  }
  StringRef kind;
};
} // namespace

int main(int argc, char **argv) {
  DialectRegistry registry;
  registerDialects(registry);
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  auto module = parseSourceString<ModuleOp>(program, &context);
  PassVerifier verifier;
  PassManager passes(&context);
  passes.addPass(std::make_unique<Rewrite>(argc > 1 ? argv[1] : "none"));
  verifier.follow(passes);
  bool good = module && succeeded(passes.run(*module));
  llvm::outs() << (good ? "kept its meaning\n" : "failed\n");
  return !good;
}
