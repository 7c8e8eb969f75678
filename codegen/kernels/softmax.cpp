// softmax(x) and log_softmax(x) along the last axis, and their gradients.
#include "codegen/RowCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace nn;

namespace {

struct Softmax {
  static constexpr int64_t replaced = 0;
  static bool fits(const KernelCall &call) { return call.operands.size() == 1 && call.has({}); }
  static void emit(RowCode &code, const KernelCall &, Value row) {
    OpBuilder &b = code.b;
    Location loc = code.loc;
    Value largest = code.all(code.largestOf([&](Value column) { return code.operand(0, row, column); }));
    Value total = code.sum([&](Value column) {
      Value power = code.share(arith::SubFOp::create(b, loc, code.operand(0, row, column), largest));
      code.setResult(0, row, column, power);
      return power;
    });
    Value share = code.all(arith::DivFOp::create(b, loc, code.constant(1, 1), total));
    code.changeResult(0, row, [&](Value power, Value) { return arith::MulFOp::create(b, loc, power, share); });
  }
};

/// Of x, y and the gradient of y.
struct SoftmaxGradient {
  static constexpr int64_t replaced = 2;
  static bool fits(const KernelCall &call) { return call.operands.size() == 3 && call.has({}); }
  static void emit(RowCode &code, const KernelCall &, Value row) {
    OpBuilder &b = code.b;
    Location loc = code.loc;
    Value mean = code.all(code.sum([&](Value column) {
      return arith::MulFOp::create(b, loc, code.operand(1, row, column), code.operand(2, row, column));
    }));
    code.forEachVector([&](Value column, Value) {
      Value change = arith::SubFOp::create(b, loc, code.operand(2, row, column), mean);
      code.setResult(0, row, column, arith::MulFOp::create(b, loc, code.operand(1, row, column), change));
    });
  }
};

struct LogSoftmax {
  static constexpr int64_t replaced = 0;
  static bool fits(const KernelCall &call) { return call.operands.size() == 1 && call.has({}); }
  static void emit(RowCode &code, const KernelCall &, Value row) {
    OpBuilder &b = code.b;
    Location loc = code.loc;
    Value largest = code.all(code.largestOf([&](Value column) { return code.operand(0, row, column); }));
    auto shifted = [&](Value column) {
      return arith::SubFOp::create(b, loc, code.operand(0, row, column), largest).getResult();
    };
    Value logTotal = code.all(code.log(code.sum([&](Value column) { return code.share(shifted(column)); })));
    code.forEachVector([&](Value column, Value) {
      code.setResult(0, row, column, arith::SubFOp::create(b, loc, shifted(column), logTotal));
    });
  }
};

/// Of x, y and the gradient of y.
struct LogSoftmaxGradient {
  static constexpr int64_t replaced = 2;
  static bool fits(const KernelCall &call) { return call.operands.size() == 3 && call.has({}); }
  static void emit(RowCode &code, const KernelCall &, Value row) {
    OpBuilder &b = code.b;
    Location loc = code.loc;
    Value total = code.all(code.sum([&](Value column) { return code.operand(2, row, column); }));
    code.forEachVector([&](Value column, Value) {
      Value share = arith::MulFOp::create(b, loc, code.share(code.operand(1, row, column)), total);
      code.setResult(0, row, column, arith::SubFOp::create(b, loc, code.operand(2, row, column), share));
    });
  }
};

} // namespace

namespace nn::kernels {
void softmax(KernelRegistry &registry) {
  registry.add("softmax", std::make_unique<RowFunction<Softmax>>());
  registry.add("softmax_gradient", std::make_unique<RowFunction<SoftmaxGradient>>());
  registry.add("log_softmax", std::make_unique<RowFunction<LogSoftmax>>());
  registry.add("log_softmax_gradient", std::make_unique<RowFunction<LogSoftmaxGradient>>());
}
} // namespace nn::kernels
