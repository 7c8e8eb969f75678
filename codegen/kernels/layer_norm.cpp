// layer_norm(x, weight, bias, epsilon) -> (y, average, factor) along the last axis, and the gradient of x.
#include "codegen/RowCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace nn;

namespace {

/// A vector of operand `k`, which has one row.
Value column(RowCode &code, unsigned k, Value at) { return code.load({code.places.operands[k], at}); }

Value perColumn(RowCode &code, Value sum) {
  return arith::DivFOp::create(code.b, code.loc, sum, code.constant(code.shape.columns, 1));
}

struct LayerNorm {
  static constexpr int64_t replaced = 0;
  static bool fits(const KernelCall &call) { return call.operands.size() == 3 && call.has({"epsilon"}); }
  static void emit(RowCode &code, const KernelCall &call, Value row) {
    OpBuilder &b = code.b;
    Location loc = code.loc;
    Value average = perColumn(code, code.sum([&](Value at) { return code.operand(0, row, at); }));
    Value averages = code.all(average);
    auto centred = [&](Value at) {
      return arith::SubFOp::create(b, loc, code.operand(0, row, at), averages).getResult();
    };
    Value variance = perColumn(code, code.sum([&](Value at) {
      Value distance = centred(at);
      return arith::MulFOp::create(b, loc, distance, distance);
    }));
    Value deviation =
        math::SqrtOp::create(b, loc, arith::AddFOp::create(b, loc, variance, code.constant(call.number("epsilon"), 1)));
    Value factor = arith::DivFOp::create(b, loc, code.constant(1, 1), deviation), factors = code.all(factor);
    for (auto [memory, value] : {std::pair{code.places.results[1], average}, {code.places.results[2], factor}})
      if (memory)
        code.storeScalar(value, {memory, row});
    if (!code.places.results[0])
      return;
    code.forEachVector([&](Value at, Value) {
      Value normal = arith::MulFOp::create(b, loc, centred(at), factors);
      Value scaled = arith::MulFOp::create(b, loc, column(code, 1, at), normal);
      code.setResult(0, row, at, arith::AddFOp::create(b, loc, scaled, column(code, 2, at)));
    });
  }
};

/// Of x, weight, average, factor and the gradient of y.
struct LayerNormSlope {
  static constexpr int64_t replaced = 4;
  static bool fits(const KernelCall &call) { return call.operands.size() == 5 && call.has({}); }
  static void emit(RowCode &code, const KernelCall &, Value row) {
    OpBuilder &b = code.b;
    Location loc = code.loc;
    Value averages = code.all(code.loadScalar({code.places.operands[2], row}));
    Value factors = code.all(code.loadScalar({code.places.operands[3], row}));
    auto slope = [&](Value at) {
      return arith::MulFOp::create(b, loc, code.operand(4, row, at), column(code, 1, at)).getResult();
    };
    auto normal = [&](Value at) {
      Value centred = arith::SubFOp::create(b, loc, code.operand(0, row, at), averages);
      return arith::MulFOp::create(b, loc, centred, factors).getResult();
    };
    RowCode::Values sums = code.sums(
        [&](Value at) {
          Value part = slope(at);
          return RowCode::Values{part, arith::MulFOp::create(b, loc, part, normal(at))};
        },
        2);
    Value mean = code.all(perColumn(code, sums[0])), share = code.all(perColumn(code, sums[1]));
    code.forEachVector([&](Value at, Value) {
      Value change = arith::SubFOp::create(b, loc, slope(at), mean);
      change = arith::SubFOp::create(b, loc, change, arith::MulFOp::create(b, loc, normal(at), share));
      code.setResult(0, row, at, arith::MulFOp::create(b, loc, factors, change));
    });
  }
};

} // namespace

namespace nn::kernels {
void layer_norm(KernelRegistry &registry) {
  registry.add("layer_norm", std::make_unique<RowFunction<LayerNorm>>());
  registry.add("layer_norm_slope", std::make_unique<RowFunction<LayerNormSlope>>());
}
} // namespace nn::kernels
