//===- Scalars.cpp - Elementwise ops on numbers -------------------------------------------------------------------===//
#include "frontend/lints/Scalars.h"
#include "dialect/NN.h"
#include "llvm/ADT/StringMap.h"
#include <cmath>

using namespace nn::frontend;

static const llvm::StringMap<ScalarFunction> &functions() {
  static const llvm::StringMap<ScalarFunction> table = {
      {"nn.neg", [](const double *x) { return -x[0]; }},
      {"nn.abs", [](const double *x) { return std::fabs(x[0]); }},
      {"nn.sign", [](const double *x) { return double(x[0] > 0) - double(x[0] < 0); }},
      {"nn.exp", [](const double *x) { return std::exp(x[0]); }},
      {"nn.expm1", [](const double *x) { return std::expm1(x[0]); }},
      {"nn.log", [](const double *x) { return std::log(x[0]); }},
      {"nn.log1p", [](const double *x) { return std::log1p(x[0]); }},
      {"nn.sqrt", [](const double *x) { return std::sqrt(x[0]); }},
      {"nn.rsqrt", [](const double *x) { return 1 / std::sqrt(x[0]); }},
      {"nn.tanh", [](const double *x) { return std::tanh(x[0]); }},
      {"nn.sigmoid", [](const double *x) { return 1 / (1 + std::exp(-x[0])); }},
      {"nn.sin", [](const double *x) { return std::sin(x[0]); }},
      {"nn.cos", [](const double *x) { return std::cos(x[0]); }},
      {"nn.erf", [](const double *x) { return std::erf(x[0]); }},
      {"nn.floor", [](const double *x) { return std::floor(x[0]); }},
      {"nn.ceil", [](const double *x) { return std::ceil(x[0]); }},
      {"nn.round", [](const double *x) { return std::nearbyint(x[0]); }},
      {"nn.stop_gradient", [](const double *x) { return x[0]; }},
      {"nn.add", [](const double *x) { return x[0] + x[1]; }},
      {"nn.sub", [](const double *x) { return x[0] - x[1]; }},
      {"nn.mul", [](const double *x) { return x[0] * x[1]; }},
      {"nn.div", [](const double *x) { return x[0] / x[1]; }},
      {"nn.pow", [](const double *x) { return std::pow(x[0], x[1]); }},
      {"nn.max", [](const double *x) { return std::fmax(x[0], x[1]); }},
      {"nn.min", [](const double *x) { return std::fmin(x[0], x[1]); }},
      {"nn.mod", [](const double *x) { return x[0] - x[1] * std::floor(x[0] / x[1]); }},
      {"nn.and", [](const double *x) { return double(x[0] != 0 && x[1] != 0); }},
      {"nn.or", [](const double *x) { return double(x[0] != 0 || x[1] != 0); }},
      {"nn.select", [](const double *x) { return x[0] != 0 ? x[1] : x[2]; }},
      {"nn.compare", nullptr}, // by its predicate
      {"nn.cast", nullptr},    // by the type
  };
  return table;
}

bool nn::frontend::hasScalarFunction(llvm::StringRef name) { return functions().count(name); }

ScalarFunction nn::frontend::scalarFunction(mlir::Operation *op) {
  if (auto compare = mlir::dyn_cast<nn::CompareOp>(op)) {
    static constexpr ScalarFunction predicates[] = {
        [](const double *x) { return double(x[0] == x[1]); }, [](const double *x) { return double(x[0] != x[1]); },
        [](const double *x) { return double(x[0] < x[1]); },  [](const double *x) { return double(x[0] <= x[1]); },
        [](const double *x) { return double(x[0] > x[1]); },  [](const double *x) { return double(x[0] >= x[1]); }};
    return predicates[size_t(compare.getPredicate())];
  }
  if (auto cast = mlir::dyn_cast<nn::CastOp>(op)) {
    mlir::Type to = cast.getY().getType().getElementType();
    if (to.isInteger(1))
      return [](const double *x) { return double(x[0] != 0); };
    if (!mlir::isa<mlir::FloatType>(to))
      return [](const double *x) { return std::trunc(x[0]); };
    return [](const double *x) { return x[0]; };
  }
  return functions().lookup(op->getName().getStringRef());
}
