// The noisy module: every public function gets arguments full of random factors near 1, of which each use takes its own
// slice.
#include "tools/reference/Expectation.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/Inline.h"
#include "tools/reference/Inputs.h"
#include "tools/reference/UnrollScans.h"
#include <cmath>
#include <random>

using namespace mlir;
using namespace nn;

/// Noise is some roundings large: a factor near 1 is itself rounded. By chance it nearly cancels, where two numbers of
/// almost equal size are subtracted, in one run of ten; in all runs for one element in a million.
static constexpr double amplitude = 8;
static constexpr int runs = 4;

static RankedTensorType tensorType(Value v) { return cast<RankedTensorType>(v.getType()); }

/// Whether an op's results are elements of its operands, or exact.
static bool isExact(Operation *op) {
  auto cost = dyn_cast<CostOpInterface>(op);
  if (!cost || cost.flops() == 0)
    return true;
  if (auto cast = dyn_cast<CastOp>(op)) {
    auto from = dyn_cast<FloatType>(tensorType(cast.getX()).getElementType());
    auto to = dyn_cast<FloatType>(tensorType(cast.getY()).getElementType());
    return !from || !to || from.getFPMantissaWidth() <= to.getFPMantissaWidth();
  }
  return isa<NegOp, AbsOp, SignOp, FloorOp, CeilOp, RoundOp, StopGradientOp, MaxOp, MinOp, AndOp, OrOp, CompareOp,
             SelectOp, ReduceMaxOp, ReduceMinOp, ArgmaxOp, WindowMaxOp, WindowMaxPickOp, RandomUniformOp>(op);
}

namespace {

/// Adds noise to the functions of a module of its own.
class Noise {
public:
  explicit Noise(ModuleOp module) : module(module), symbols(module) {
    unrollScans(module);
    module.walk([&](Operation *op) {
      for (Value v : op->getResults())
        if (auto type = dyn_cast<RankedTensorType>(v.getType()))
          length = std::max(length, type.getNumElements() + spread);
    });
    for (auto f : module.getOps<func::FuncOp>())
      for (Type type : f.getArgumentTypes())
        length = std::max(length, cast<RankedTensorType>(type).getNumElements() + spread);
  }

  void run() {
    for (auto f : module.getOps<func::FuncOp>())
      if (!f.isPrivate())
        addTo(f);
    eraseUnusedFunctions(module);
  }

  /// How far from 1 the factors of an argument are at most, per added argument of a function.
  ArrayRef<double> argumentsOf(StringRef function) const { return added.find(function)->second; }

private:
  void addTo(func::FuncOp f) {
    Block &body = f.getBody().front();
    for (Operation &op : llvm::make_early_inc_range(body))
      if (auto call = dyn_cast<CallOp>(op))
        inlineCall(call);
    function = f;
    factors.clear();
    added[f.getName()] = {};
    for (Operation &op : llvm::make_early_inc_range(body.without_terminator()))
      if (!isExact(&op))
        shake(&op);
  }

  SmallVector<Value> inlineCall(CallOp call) {
    OpBuilder b(call);
    auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
    SmallVector<Value> results = inlineBody(b, callee.getBody().front(), call.getInputs(),
                                            [&](Operation *copied) -> std::optional<SmallVector<Value>> {
                                              if (auto inner = dyn_cast<CallOp>(copied))
                                                return inlineCall(inner);
                                              return std::nullopt;
                                            });
    call.replaceAllUsesWith(results);
    call.erase();
    return results;
  }

  void shake(Operation *op) {
    int64_t elements = std::max<int64_t>(1, tensorType(op->getResult(0)).getNumElements());
    double terms = std::max(1.0, double(cast<CostOpInterface>(op).flops()) / double(elements));
    double roundings = amplitude * std::sqrt(terms);
    OpBuilder before(op);
    for (OpOperand &operand : op->getOpOperands())
      if (isa<FloatType>(tensorType(operand.get()).getElementType()))
        operand.set(shaken(before, operand.get(), roundings));
    OpBuilder after(op->getBlock(), std::next(op->getIterator()));
    for (Value result : op->getResults())
      if (isa<FloatType>(tensorType(result).getElementType())) {
        Operation *first = &*after.getInsertionPoint();
        Value moved = shaken(after, result, roundings);
        result.replaceUsesWithIf(moved, [&](OpOperand &use) {
          return use.getOwner()->getBlock() != first->getBlock() || !use.getOwner()->isBeforeInBlock(first);
        });
      }
  }

  /// x times numbers that differ from 1 by at most `roundings` times epsilon.
  Value shaken(OpBuilder &b, Value x, double roundings) {
    auto type = RankedTensorType::get(tensorType(x).getShape(), tensorType(x).getElementType());
    int64_t n = type.getNumElements(), offset = int64_t(7919 * ++uses % uint64_t(length - n + 1));
    auto flat = RankedTensorType::get({n}, type.getElementType());
    Value r = SliceOp::create(b, x.getLoc(), flat, factorsNear1(cast<FloatType>(type.getElementType()), roundings),
                              ArrayRef<int64_t>{offset}, ArrayRef<int64_t>{1});
    return MulOp::create(b, x.getLoc(), x, ReshapeOp::create(b, x.getLoc(), type, r));
  }

  /// The argument with such factors; `roundings` up to a power of 2, so that few are enough.
  Value factorsNear1(FloatType type, double roundings) {
    int power = int(std::ceil(std::log2(roundings)));
    Value &argument = factors[{type, power}];
    if (!argument) {
      (void)function.insertArgument(function.getNumArguments(), RankedTensorType::get({length}, type), {},
                                    function.getLoc());
      argument = function.getArguments().back();
      added[function.getName()].push_back(std::ldexp(1.0, power + 1 - int(type.getFPMantissaWidth())));
    }
    return argument;
  }

  ModuleOp module;
  SymbolTable symbols;
  static constexpr int64_t spread = 1 << 14; ///< of the slices' offsets
  int64_t length = spread;
  uint64_t uses = 0;
  func::FuncOp function;
  DenseMap<std::pair<Type, int>, Value> factors;
  llvm::StringMap<SmallVector<double>> added;
};

} // namespace

/// Widens units to how far `moved` is from the results.
static void widen(Expectation::Function &f, ArrayRef<HostArray> moved) {
  for (auto [result, other, units] : llvm::zip_equal(f.results, moved, f.units)) {
    bool real = isa<FloatType>(result.type.getElementType());
    for (int64_t i = 0; i < result.size(); ++i) {
      double apart = std::abs(other.at(i) - result.at(i));
      if (std::isfinite(result.at(i)) && apart != 0)
        units[i] = real && std::isfinite(apart) ? std::max(units[i], apart) : HUGE_VAL;
    }
  }
}

std::unique_ptr<Expectation> Expectation::create(ModuleOp module, ReferenceRunner::Effort effort) {
  auto exact = ReferenceRunner::create(module, effort);
  OwningOpRef<ModuleOp> copy = module.clone();
  Noise noise(*copy);
  noise.run();
  auto noisy = ReferenceRunner::create(*copy, effort);
  if (!exact || !noisy)
    return nullptr;
  auto expectation = std::make_unique<Expectation>();
  for (auto f : module.getOps<func::FuncOp>()) {
    if (f.isPrivate())
      continue;
    Function &function = expectation->expected[f.getName()];
    function.inputs = chooseInputs(f, 1);
    function.results = exact->run(f.getName(), function.inputs);
    for (const HostArray &result : function.results) {
      auto real = dyn_cast<FloatType>(result.type.getElementType());
      std::vector<double> &units = function.units.emplace_back(result.size(), 0.0);
      for (int64_t i = 0; real && i < result.size(); ++i)
        if (double y = std::abs(result.at(i)); std::isfinite(y))
          units[i] = std::ldexp(y, 1 - int(real.getFPMantissaWidth())) +
                     APFloat::getSmallestNormalized(real.getFloatSemantics()).convertToDouble();
    }
    std::vector<HostArray> inputs = function.inputs;
    ArrayRef<double> largest = noise.argumentsOf(f.getName());
    for (RankedTensorType type :
         ArrayRef(noisy->functions().find(f.getName())->second.inputs).take_back(largest.size()))
      inputs.emplace_back(type);
    std::mt19937_64 random(1);
    for (int run = 0; run < runs; ++run) {
      for (auto [factors, most] : llvm::zip_equal(MutableArrayRef(inputs).take_back(largest.size()), largest))
        for (int64_t i = 0; i < factors.size(); ++i)
          factors.set(i, 1 + most * (std::ldexp(double(random() >> 11), -52) - 1));
      widen(function, noisy->run(f.getName(), inputs));
    }
  }
  return expectation;
}

Expectation::Difference Expectation::largestDifference(llvm::StringRef name, llvm::ArrayRef<HostArray> results) const {
  const Function &f = expected.find(name)->second;
  Difference worst;
  for (auto [k, result] : llvm::enumerate(results))
    for (int64_t i = 0; i < result.size(); ++i) {
      double x = result.at(i), y = f.results[k].at(i), unit = f.units[k][i];
      if (x == y || (std::isnan(x) && std::isnan(y)) || std::isinf(unit))
        continue;
      double units = unit > 0 && std::isfinite(y) ? std::abs(x - y) / unit : HUGE_VAL;
      if (!(units <= worst.units)) // a NaN is the worst
        worst = {std::isnan(units) ? HUGE_VAL : units, k, i};
    }
  return worst;
}
