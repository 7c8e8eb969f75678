// Ranges by role, and draws from them.
#include "tools/reference/Inputs.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include <random>

using namespace mlir;
using namespace nn;

/// Low and high end of what an argument may hold.
static std::pair<double, double> rangeOf(func::FuncOp function, unsigned argument, Type element) {
  if (auto range = function.getArgAttrOfType<DenseF64ArrayAttr>(argument, "nn.range"))
    return {range[0], range[1]};
  if (auto value = function.getArgAttrOfType<FloatAttr>(argument, "nn.default"))
    return {value.getValueAsDouble(), value.getValueAsDouble()};
  auto role = function.getArgAttrOfType<StringAttr>(argument, "nn.role");
  StringRef name = role ? role.getValue() : "";
  if (name == "step")
    return {3, 3};
  if (name == "total")
    return {100, 100};
  if (name == "examples")
    return {1000, 1000};
  if (name == "seed")
    return {42, 42};
  if (name == "valid") {
    auto batch = function->getParentOfType<ModuleOp>()->getAttrOfType<IntegerAttr>("nn.batch");
    double rows = batch ? double(batch.getInt()) : 1;
    return {rows, rows};
  }
  if (name == "state" || name == "slot" || name == "carried" || name == "tally")
    return {0.1, 1.1};
  if (name == "param")
    return {-0.3, 0.3};
  if (isa<FloatType>(element))
    return {-1, 1};
  return {0, element.isInteger(1) ? 1 : element.isUnsignedInteger() ? 255 : 9};
}

std::vector<HostArray> nn::chooseInputs(func::FuncOp function, uint64_t seed) {
  std::vector<HostArray> inputs;
  for (auto [k, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto tensor = cast<RankedTensorType>(type);
    auto [low, high] = rangeOf(function, k, tensor.getElementType());
    HostArray array(RankedTensorType::get(tensor.getShape(), tensor.getElementType()));
    std::mt19937_64 random(seed * 1000003 + k);
    int64_t n = array.size();
    // Steps are shuffled by hand: the standard library's shuffle differs between implementations.
    std::vector<int64_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    for (int64_t i = n - 1; i > 0; --i)
      std::swap(order[i], order[random() % uint64_t(i + 1)]);
    double shift = 0.3 + 0.15 * double(k % 3); // never 1/2, which is the middle of a range
    for (int64_t i = 0; i < n; ++i) {
      if (isa<FloatType>(tensor.getElementType()))
        array.set(i, low + (high - low) * (double(order[i]) + shift) / double(n));
      else
        array.set(i, low + double(random() % uint64_t(high - low + 1)));
    }
    inputs.push_back(std::move(array));
  }
  return inputs;
}
