//===- SampleSums.cpp - What values a network computes with: sums, maxima, products -------------------------------===//
#include "dialect/NN.h"
#include "frontend/lints/Sample.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace nn::frontend;
using Axis = Sample::Axis;

/// A sample with units and places exchanged in `at`.
static double &along(Sample &x, Axis axis, unsigned line, unsigned position) {
  return axis == Axis::Place ? x.at(line, position) : x.at(position, line);
}
static double along(const Sample &x, Axis axis, unsigned line, unsigned position) {
  return axis == Axis::Place ? x.at(line, position) : x.at(position, line);
}
static unsigned lines(Axis axis) { return axis == Axis::Place ? Sample::units : Sample::places; }
static unsigned length(Axis axis) { return axis == Axis::Place ? Sample::places : Sample::units; }

/// Means along an axis of endless length, as far as the sample shows that they differ, and the deviation from them.
static double lineMeans(const Sample &x, Axis axis, llvm::SmallVectorImpl<double> &means) {
  unsigned n = lines(axis), m = length(axis);
  double total = 0, within = 0, between = 0;
  means.assign(n, 0);
  for (unsigned line = 0; line < n; ++line) {
    double squares = 0;
    for (unsigned i = 0; i < m; ++i) {
      double value = along(x, axis, line, i);
      means[line] += value / m;
      squares += value * value / m;
    }
    within += std::max(0.0, squares - means[line] * means[line]) * m / (m - 1) / n;
    total += means[line] / n;
  }
  for (double mean : means)
    between += (mean - total) * (mean - total) / n;
  double real = std::max(0.0, between - within / m);
  for (double &mean : means)
    mean = between > 0 ? total + (mean - total) * std::sqrt(real / between) : total;
  return std::sqrt(within);
}

//===--------------------------------------------------------------------------------------------------------------===//
// Reductions
//===--------------------------------------------------------------------------------------------------------------===//

/// Combines `count` elements along axes of one kind; `stays`: such an axis is left. `kind`: 0 sums, 1 maxima, 2 minima.
Sample Sampler::reduceOver(const Sample &x, Axis axis, int64_t count, bool stays, int kind) {
  Sample result = x;
  if (x.same) {
    result.elements.fill(kind ? x.elements[0] : x.elements[0] * count);
    return result;
  }
  unsigned n = lines(axis), m = length(axis);
  llvm::SmallVector<double> means;
  double deviation = lineMeans(x, axis, means);
  llvm::SmallVector<double> sorted(m);
  for (unsigned line = 0; line < n; ++line) {
    for (unsigned i = 0; i < m; ++i)
      sorted[i] = along(x, axis, line, i);
    std::sort(sorted.begin(), sorted.end());
    double average = std::accumulate(sorted.begin(), sorted.end(), 0.0) / m;
    auto draw = [&] {
      if (kind) { // the distribution of the largest of n is the n-th power
        unsigned place = std::min<unsigned>(m - 1, m * std::pow(dice.uniform(), 1.0 / count));
        return sorted[kind == 1 ? place : m - 1 - place];
      }
      if (count > 16) {
        // A mean lies as far off as that of these elements, or of others like them, less far by the root of more terms.
        double off = stays ? deviation / std::sqrt(double(count)) * dice.normal()
                           : (average - means[line]) * std::sqrt(double(m) / count);
        return count * std::clamp(means[line] + off, sorted.front(), sorted.back());
      }
      double sum = 0;
      for (int64_t k = 0; k < count; ++k)
        sum += sorted[dice.below(m)];
      return sum;
    };
    double one = draw();
    for (unsigned i = 0; i < m; ++i)
      along(result, axis, line, i) = stays ? draw() : one;
  }
  return result;
}

Sample Sampler::reduce(mlir::Operation &op) {
  Sample x = *get(op.getOperand(0));
  auto type = mlir::cast<mlir::RankedTensorType>(op.getOperand(0).getType());
  auto reduced = mlir::cast<nn::ReductionOpInterface>(op).reducedAxes();
  int kind = mlir::isa<nn::ReduceSumOp>(op) ? 0 : mlir::isa<nn::ReduceMaxOp>(op) ? 1 : 2;
  llvm::SmallVector<Axis, 4> left;
  for (auto [i, axis] : llvm::enumerate(x.axes))
    if (!llvm::is_contained(reduced, int64_t(i)))
      left.push_back(axis);
  for (Axis axis : {Axis::Place, Axis::Unit}) {
    int64_t count = 1;
    for (int64_t i : reduced)
      if (x.axes[i] == axis)
        count *= type.getDimSize(i);
    if (count > 1)
      x = reduceOver(x, axis, count, llvm::is_contained(left, axis), kind);
  }
  x.axes = left;
  return x;
}

/// Windows over positions pick other places, windows over channels other units.
Sample Sampler::window(mlir::Operation &op) {
  const Sample &x = *get(op.getOperand(0));
  auto extents = op.getAttrOfType<mlir::DenseI64ArrayAttr>("window").asArrayRef();
  Sample result = x;
  result.same = false;
  bool sums = mlir::isa<nn::WindowSumOp>(op);
  size_t lead = x.axes.size() - extents.size();
  for (unsigned unit = 0; unit < Sample::units; ++unit)
    for (unsigned place = 0; place < Sample::places; ++place) {
      double value = x.at(unit, place);
      for (auto [i, extent] : llvm::enumerate(extents)) {
        bool units = x.axes[lead + i] == Axis::Unit;
        double combined = value;
        for (int64_t k = 1; k < std::min<int64_t>(extent, 64); ++k) {
          double other = units ? x.at(dice.below(Sample::units), place) : x.at(unit, dice.below(Sample::places));
          if (sums && i > 0) // one row of the window is like the others
            other *= extents[0];
          combined = sums ? combined + other : std::max(combined, other);
          if (!sums)
            for (size_t rows = 0; rows < i; ++rows)
              for (int64_t r = 1; r < std::min<int64_t>(extents[rows], 8); ++r)
                combined = std::max(combined, x.at(unit, dice.below(Sample::places)));
        }
        value = combined;
      }
      result.at(unit, place) = value;
    }
  return result;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Products
//===--------------------------------------------------------------------------------------------------------------===//

/// Rows of a random orthogonal matrix, of length √units: they have the moments of normal weights without their chance.
static const std::array<std::array<double, Sample::units>, Sample::units> &weightRows() {
  static const auto rows = [] {
    std::array<std::array<double, Sample::units>, Sample::units> rows;
    Dice dice(3);
    for (unsigned i = 0; i < Sample::units; ++i) {
      for (double &x : rows[i])
        x = dice.normal();
      for (unsigned other = 0; other < i; ++other) { // Gram, Schmidt
        double share = std::inner_product(rows[i].begin(), rows[i].end(), rows[other].begin(), 0.0) / Sample::units;
        for (unsigned k = 0; k < Sample::units; ++k)
          rows[i][k] -= share * rows[other][k];
      }
      double square = std::inner_product(rows[i].begin(), rows[i].end(), rows[i].begin(), 0.0);
      for (double &x : rows[i])
        x *= std::sqrt(Sample::units / square);
    }
    return rows;
  }();
  return rows;
}

/// Σ w·x over `terms` units: with weights of the units that were drawn, scaled to the exact mean square.
Sample Sampler::project(const Sample &x, const Sample &weight, double terms, mlir::Operation &op) {
  Sample result = x;
  result.same = false;
  Dice drawn(weights.try_emplace(&op, 1000 + weights.size()).first->second);
  double mean = weight.mean(), deviation = weight.deviation();
  if (std::fabs(mean) < 0.1 * deviation)
    mean = 0;        // chance
  Sample turned = x; // each product has signs and an order of its own
  std::array<unsigned, Sample::units> order;
  for (unsigned unit = 0; unit < Sample::units; ++unit) {
    double sign = drawn.below(2) ? 1 : -1;
    for (unsigned place = 0; place < Sample::places; ++place)
      turned.at(unit, place) *= sign;
    order[unit] = unit;
    std::swap(order[unit], order[drawn.below(unit + 1)]);
  }
  double sum = 0, squares = 0;
  for (unsigned unit = 0; unit < Sample::units; ++unit) {
    const std::array<double, Sample::units> &row = weightRows()[order[unit]];
    std::array<double, Sample::places> y{};
    for (unsigned k = 0; k < Sample::units; ++k)
      for (unsigned place = 0; place < Sample::places; ++place)
        y[place] += row[k] * turned.at(k, place);
    for (unsigned place = 0; place < Sample::places; ++place) {
      result.at(unit, place) = y[place];
      sum += y[place];
      squares += y[place] * y[place];
    }
  }
  double average = sum / result.elements.size(), spread = squares / result.elements.size() - average * average;
  double scale = spread > 0 ? deviation * std::sqrt(terms * x.meanSquare() / spread) : 0;
  for (double &y : result.elements)
    y = (y - average) * scale;
  if (mean == 0)
    return result;
  llvm::SmallVector<double> means;
  double within = lineMeans(x, Axis::Unit, means);
  for (unsigned place = 0; place < Sample::places; ++place) {
    double shared = terms * mean * means[place] + std::sqrt(terms) * mean * within * dice.normal();
    for (unsigned unit = 0; unit < Sample::units; ++unit)
      result.at(unit, place) += shared;
  }
  return result;
}

/// Σ a·b over `terms` elements of two tensors that both vary.
Sample Sampler::multiply(const Sample &a, const Sample &b, double terms, Axis summed) {
  Sample result = a;
  result.same = false;
  if (summed == Axis::Place) {
    llvm::SmallVector<double> first, second;
    double da = lineMeans(a, summed, first), db = lineMeans(b, summed, second);
    for (unsigned unit = 0; unit < Sample::units; ++unit)
      for (unsigned place = 0; place < Sample::places; ++place) {
        double x = first[unit], y = second[unit];
        double variance = (x * x + da * da) * (y * y + db * db) - x * x * y * y;
        result.at(unit, place) = terms * x * y + std::sqrt(terms * std::max(0.0, variance)) * dice.normal();
      }
    return result;
  }
  for (unsigned unit = 0; unit < Sample::units; ++unit)
    for (unsigned place = 0; place < Sample::places; ++place) {
      double y = 0;
      for (unsigned k = 0; k < Sample::units; ++k)
        y += a.at(k, place) * b.at(k, (place * 7 + unit * 3 + 1) % Sample::places);
      result.at(unit, place) = y / Sample::units;
    }
  double mean = result.mean();
  for (double &y : result.elements)
    y = terms * mean + std::sqrt(terms * Sample::units) * (y - mean);
  return result;
}

Sample Sampler::contract(mlir::Operation &op) {
  auto contract = mlir::cast<nn::ContractOp>(op);
  const Sample &a = *get(contract.getA()), &b = *get(contract.getB());
  llvm::SmallVector<int64_t> extents = contract.extents(), summed = contract.summed();
  double terms = 1;
  for (int64_t label : summed)
    terms *= extents[label];
  auto axisOf = [&](int64_t label) -> std::pair<std::optional<Axis>, std::optional<Axis>> {
    std::pair<std::optional<Axis>, std::optional<Axis>> result;
    for (auto [axis, known] : llvm::zip(a.axes, contract.getLhs()))
      if (known == label)
        result.first = axis;
    for (auto [axis, known] : llvm::zip(b.axes, contract.getRhs()))
      if (known == label)
        result.second = axis;
    return result;
  };
  Sample result;
  bool both = a.fixed == b.fixed;
  if (both)
    result = multiply(a, b, terms, summed.empty() ? Axis::Unit : axisOf(summed.front()).first.value_or(Axis::Unit));
  else
    result = project(a.fixed ? b : a, a.fixed ? a : b, terms, op);
  if (a.fixed && b.fixed && !independent)
    result.known = false;
  result.axes.clear();
  for (int64_t label : contract.getOut()) {
    auto [first, second] = axisOf(label);
    std::optional<Axis> axis = a.fixed && !both ? second : first; // what the activations count
    result.axes.push_back(axis ? *axis : both ? second.value_or(Axis::Unit) : Axis::Unit);
  }
  return result;
}

Sample Sampler::convolution(mlir::Operation &op) {
  auto conv = mlir::cast<nn::ConvOp>(op);
  const Sample &x = *get(conv.getX()), &weight = *get(conv.getW());
  auto in = conv.getX().getType().getShape(), kernel = conv.getW().getType().getShape();
  double terms = kernel[1], taps = 1;
  for (size_t i = 2; i < kernel.size(); ++i) { // those that lie inside, on average
    int64_t positions = conv.getY().getType().getDimSize(i), stride = conv.getStrides()[i - 2];
    int64_t every = std::max<int64_t>(1, kernel[i] / 1024), looked = 0; // some of very many
    double inside = 0;
    for (int64_t k = 0; k < kernel[i]; k += every, ++looked) {
      int64_t before = conv.getLow()[i - 2] - k * conv.getDilation()[i - 2]; // where position 0 lies ahead of the input
      int64_t first = std::max<int64_t>(0, llvm::divideCeilSigned(before, stride));
      int64_t last = std::min(positions - 1, llvm::divideFloorSigned(before + in[i] - 1, stride));
      inside += double(std::max<int64_t>(0, last - first + 1));
    }
    taps *= inside / double(looked) * double(kernel[i]) / double(positions);
  }
  terms *= taps;
  Sample result;
  if (kernel[1] >= 8 || conv.getGroups() == 1) {
    result = project(x, weight, terms, op);
  } else { // each filter sees few channels
    result = x;
    result.same = false;
    double mean = weight.mean(), deviation = weight.deviation();
    unsigned picks = std::clamp<unsigned>(std::lround(terms), 1, 64);
    for (unsigned unit = 0; unit < Sample::units; ++unit) {
      llvm::SmallVector<double> row;
      for (unsigned k = 0; k < picks; ++k)
        row.push_back(mean * std::sqrt(terms / picks) + deviation * dice.normal());
      for (unsigned place = 0; place < Sample::places; ++place) {
        double y = 0;
        for (unsigned k = 0; k < picks; ++k)
          y += row[k] * x.at(unit, (place + k * 5) % Sample::places);
        result.at(unit, place) = y * std::sqrt(terms / picks);
      }
    }
  }
  result.axes.assign(kernel.size(), Axis::Place);
  result.axes[1] = Axis::Unit;
  return result;
}
