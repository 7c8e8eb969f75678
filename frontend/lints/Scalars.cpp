//===- Scalars.cpp - Elementwise ops on numbers -------------------------------------------------------------------===//
#include "frontend/lints/Scalars.h"
#include "dialect/NN.h"
#include "llvm/ADT/StringMap.h"
#include <cmath>
#include <type_traits>

using namespace nn::frontend;

/// A function of one to three numbers, on all elements.
template <typename Function>
static ScalarFunction over(Function function) {
  return [function](const double *const *in, double *out, size_t n) {
    for (size_t i = 0; i < n; ++i)
      if constexpr (std::is_invocable_v<Function, double>)
        out[i] = function(in[0][i]);
      else if constexpr (std::is_invocable_v<Function, double, double>)
        out[i] = function(in[0][i], in[1][i]);
      else
        out[i] = function(in[0][i], in[1][i], in[2][i]);
  };
}

static const llvm::StringMap<ScalarFunction> &functions() {
  static const llvm::StringMap<ScalarFunction> table = {
      {"nn.neg", over([](double x) { return -x; })},
      {"nn.abs", over([](double x) { return std::fabs(x); })},
      {"nn.sign", over([](double x) { return double(x > 0) - double(x < 0); })},
      {"nn.exp", over([](double x) { return std::exp(x); })},
      {"nn.expm1", over([](double x) { return std::expm1(x); })},
      {"nn.log", over([](double x) { return std::log(x); })},
      {"nn.log1p", over([](double x) { return std::log1p(x); })},
      {"nn.sqrt", over([](double x) { return std::sqrt(x); })},
      {"nn.rsqrt", over([](double x) { return 1 / std::sqrt(x); })},
      {"nn.tanh", over([](double x) { return std::tanh(x); })},
      {"nn.sigmoid", over([](double x) { return 1 / (1 + std::exp(-x)); })},
      {"nn.sin", over([](double x) { return std::sin(x); })},
      {"nn.cos", over([](double x) { return std::cos(x); })},
      {"nn.erf", over([](double x) { return std::erf(x); })},
      {"nn.floor", over([](double x) { return std::floor(x); })},
      {"nn.ceil", over([](double x) { return std::ceil(x); })},
      {"nn.round", over([](double x) { return std::nearbyint(x); })},
      {"nn.stop_gradient", over([](double x) { return x; })},
      {"nn.add", over([](double x, double y) { return x + y; })},
      {"nn.sub", over([](double x, double y) { return x - y; })},
      {"nn.mul", over([](double x, double y) { return x * y; })},
      {"nn.div", over([](double x, double y) { return x / y; })},
      {"nn.pow", over([](double x, double y) { return std::pow(x, y); })},
      {"nn.max", over([](double x, double y) { return std::fmax(x, y); })},
      {"nn.min", over([](double x, double y) { return std::fmin(x, y); })},
      {"nn.mod", over([](double x, double y) { return x - y * std::floor(x / y); })},
      {"nn.and", over([](double x, double y) { return double(x != 0 && y != 0); })},
      {"nn.or", over([](double x, double y) { return double(x != 0 || y != 0); })},
      {"nn.select", over([](double x, double y, double z) { return x != 0 ? y : z; })},
      {"nn.compare", nullptr}, // by its predicate
      {"nn.cast", nullptr},    // by the type
  };
  return table;
}

bool nn::frontend::hasScalarFunction(llvm::StringRef name) { return functions().count(name); }

static const ScalarFunction &ofPredicate(nn::Predicate predicate) {
  static const ScalarFunction predicates[] = {
      over([](double x, double y) { return double(x == y); }), over([](double x, double y) { return double(x != y); }),
      over([](double x, double y) { return double(x < y); }),  over([](double x, double y) { return double(x <= y); }),
      over([](double x, double y) { return double(x > y); }),  over([](double x, double y) { return double(x >= y); })};
  return predicates[size_t(predicate)];
}

static const ScalarFunction &ofCastTo(mlir::Type type) {
  static const ScalarFunction toBoolean = over([](double x) { return double(x != 0); }),
                              toInteger = over([](double x) { return std::trunc(x); }),
                              toReal = over([](double x) { return x; });
  return type.isInteger(1) ? toBoolean : mlir::isa<mlir::FloatType>(type) ? toReal : toInteger;
}

const ScalarFunction *nn::frontend::scalarFunction(mlir::Operation *op) {
  if (auto compare = mlir::dyn_cast<nn::CompareOp>(op))
    return &ofPredicate(compare.getPredicate());
  if (auto cast = mlir::dyn_cast<nn::CastOp>(op))
    return &ofCastTo(cast.getY().getType().getElementType());
  auto it = functions().find(op->getName().getStringRef());
  return it == functions().end() ? nullptr : &it->second;
}
