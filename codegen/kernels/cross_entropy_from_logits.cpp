// cross_entropy_from_logits(logits, label, smoothing), one loss per row, and its gradient. A label that is no class
// picks nothing, as in the function's body.
#include "codegen/RowCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace nn;

namespace {

/// Constants and values that the loss and its gradient share, for one row.
struct Row {
  Row(RowCode &code, const KernelCall &call, Value row)
      : code(code), b(code.b), loc(code.loc), row(row), smoothing(call.number("smoothing")) {
    Value label = arith::IndexCastOp::create(b, loc, b.getIndexType(), code.loadScalar({code.places.operands[1], row}));
    Value classes = code.index(code.shape.columns), zero = code.index(0);
    isClass = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, label, classes);
    column = arith::SelectOp::create(b, loc, isClass, label, zero);
    largest = code.largestOf([&](Value column) { return code.operand(0, row, column); });
    largestInAll = code.all(largest);
  }

  Value shifted(Value column) { return arith::SubFOp::create(b, loc, code.operand(0, row, column), largestInAll); }
  /// `value` where the label is a class, else 0.
  Value ifClass(Value value) { return arith::SelectOp::create(b, loc, isClass, value, code.constant(0, 1)); }

  RowCode &code;
  OpBuilder &b;
  Location loc;
  Value row, isClass, column, largest, largestInAll;
  double smoothing;
};

bool takesLabels(const KernelCall &call, size_t operands) {
  return call.operands.size() == operands && call.has({"smoothing"}) && call.operands[1].getElementType().isInteger(32);
}

struct Loss {
  static constexpr int64_t replaced = -1;
  static bool fits(const KernelCall &call) { return takesLabels(call, 2); }
  static void emit(RowCode &code, const KernelCall &call, Value at) {
    Row row(code, call, at);
    OpBuilder &b = code.b;
    Location loc = code.loc;
    Value loss = code.log(code.sum([&](Value column) { return code.share(row.shifted(column)); }));
    Value logit = code.loadScalar(code.at(code.places.operands[0], at, row.column));
    Value picked = row.ifClass(arith::SubFOp::create(b, loc, logit, row.largest));
    auto subtract = [&](double share, Value value) {
      loss = arith::SubFOp::create(b, loc, loss, arith::MulFOp::create(b, loc, code.constant(share, 1), value));
    };
    subtract(1 - row.smoothing, picked);
    if (row.smoothing != 0)
      subtract(row.smoothing / code.shape.columns, code.sum([&](Value column) { return row.shifted(column); }));
    code.storeScalar(loss, {code.places.results[0], at});
  }
};

/// Of logits, labels, the loss and the gradient of the loss.
struct LossGradient {
  static constexpr int64_t replaced = 0;
  static bool fits(const KernelCall &call) { return takesLabels(call, 4); }
  static void emit(RowCode &code, const KernelCall &call, Value at) {
    Row row(code, call, at);
    OpBuilder &b = code.b;
    Location loc = code.loc;
    Value total = code.sum([&](Value column) {
      Value power = code.share(row.shifted(column));
      code.setResult(0, at, column, power);
      return power;
    });
    Value slope = code.loadScalar({code.places.operands[3], at});
    Value share = code.all(arith::DivFOp::create(b, loc, code.constant(1, 1), total)), slopes = code.all(slope);
    Value spread = code.constant(row.smoothing / code.shape.columns);
    code.changeResult(0, at, [&](Value power, Value) -> Value {
      Value change = arith::MulFOp::create(b, loc, power, share);
      if (row.smoothing != 0)
        change = arith::SubFOp::create(b, loc, change, spread);
      return arith::MulFOp::create(b, loc, change, slopes);
    });
    Spot label = code.at(code.places.results[0], at, row.column);
    Value hit = row.ifClass(arith::MulFOp::create(b, loc, code.constant(1 - row.smoothing, 1), slope));
    code.storeScalar(arith::SubFOp::create(b, loc, code.loadScalar(label), hit), label);
  }
};

} // namespace

namespace nn::kernels {
void cross_entropy_from_logits(KernelRegistry &registry) {
  registry.add("cross_entropy_from_logits", std::make_unique<RowFunction<Loss>>());
  registry.add("cross_entropy_from_logits_gradient", std::make_unique<RowFunction<LossGradient>>());
}
} // namespace nn::kernels
