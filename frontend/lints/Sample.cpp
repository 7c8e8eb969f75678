//===- Sample.cpp - What values a network computes with: moves, reductions, loops ---------------------------------===//
#include "frontend/lints/Sample.h"
#include "dialect/NN.h"
#include "frontend/lints/Network.h"
#include "frontend/lints/Scalars.h"
#include "llvm/ADT/STLExtras.h"
#include <numeric>

using namespace nn::frontend;
using Axis = Sample::Axis;

//===--------------------------------------------------------------------------------------------------------------===//
// Moments and random numbers
//===--------------------------------------------------------------------------------------------------------------===//

double Sample::mean() const { return std::accumulate(elements.begin(), elements.end(), 0.0) / elements.size(); }
double Sample::meanSquare() const {
  return std::inner_product(elements.begin(), elements.end(), elements.begin(), 0.0) / elements.size();
}
double Sample::deviation() const { return std::sqrt(std::max(0.0, meanSquare() - mean() * mean())); }
bool Sample::isConstant() const { return same || llvm::all_equal(elements); }

uint64_t Dice::next() { // splitmix64 (Steele et al., 2014)
  uint64_t z = (state += 0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

/// The standard normal distribution cut into 1,024 parts of equal probability: a number of each, their variance 1.
static const std::array<double, 1024> &normalNumbers() {
  static const std::array<double, 1024> numbers = [] {
    std::array<double, 1024> numbers;
    double x = -3.3, squares = 0;
    for (size_t i = 0; i < numbers.size(); ++i) {
      for (int step = 0; step < 4; ++step) // Newton, from the number before
        x -= (0.5 * std::erfc(-x * std::sqrt(0.5)) - (i + 0.5) / numbers.size()) * 2.5066282746310002 *
             std::exp(x * x / 2);
      numbers[i] = x;
      squares += x * x;
    }
    for (double &number : numbers)
      number /= std::sqrt(squares / numbers.size());
    return numbers;
  }();
  return numbers;
}

double Dice::normal() { return normalNumbers()[below(normalNumbers().size())]; }

/// Numbers evenly spread over [0, 1), in random order.
Sample Sampler::draw(mlir::RankedTensorType type) {
  Sample result;
  result.axes.assign(type.getRank(), Axis::Place);
  if (!result.axes.empty())
    result.axes.back() = Axis::Unit;
  size_t n = result.elements.size();
  for (size_t i = 0; i < n; ++i) {
    result.elements[i] = (i + 0.5) / n;
    std::swap(result.elements[i], result.elements[dice.below(i + 1)]);
  }
  return result;
}

Sampler::SamplePtr Sampler::number(mlir::RankedTensorType type, double value) {
  auto result = std::make_shared<Sample>();
  result->axes.assign(type.getRank(), Axis::Place);
  result->elements.fill(value);
  result->same = true;
  return result;
}

Sampler::SamplePtr Sampler::input(mlir::RankedTensorType type, int64_t limit) {
  auto result = std::make_shared<Sample>(draw(type));
  if (type.getRank() > 3) { // an image
    result->axes.assign(type.getRank(), Axis::Place);
    result->axes[1] = Axis::Unit;
  }
  result->fixed = false;
  bool real = mlir::isa<mlir::FloatType>(type.getElementType());
  for (double &x : result->elements)
    x = real ? normalNumbers()[size_t(x * normalNumbers().size())] : std::floor(x * limit);
  return result;
}

Sampler::SamplePtr Sampler::parameter(mlir::RankedTensorType type, const Sample &initial) {
  auto result = std::make_shared<Sample>(initial);
  result->axes.assign(type.getRank(), Axis::Place);
  if (type.getRank() > 0)
    result->axes.back() = Axis::Unit;
  if (type.getRank() > 1)
    return result;
  // One number for each unit; those of parts side by side stay where they are.
  bool along = type.getRank() == 1 && initial.axes[0] == Axis::Place;
  for (unsigned unit = 0; unit < Sample::units; ++unit) {
    unsigned source = type.getRank() == 0 ? 0 : along ? unit * Sample::places / Sample::units : unit % Sample::places;
    for (unsigned place = 0; place < Sample::places; ++place)
      result->at(unit, place) = initial.at(type.getRank() ? unit : 0, source);
  }
  return result;
}

Sampler::SamplePtr Sampler::get(mlir::Value value) {
  SamplePtr &slot = samples[value];
  if (!slot) {
    auto unknown = std::make_shared<Sample>();
    unknown->elements.fill(0);
    unknown->axes.assign(mlir::cast<mlir::RankedTensorType>(value.getType()).getRank(), Axis::Place);
    unknown->known = false;
    slot = unknown;
  }
  return slot;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Ops
//===--------------------------------------------------------------------------------------------------------------===//

/// Whether nothing behind the op looks at the value.
static bool isDeadBehind(mlir::Operation &op, mlir::Value value) {
  mlir::Operation *source = value.getDefiningOp();
  return source && source->getBlock() == op.getBlock() && llvm::none_of(value.getUsers(), [&](mlir::Operation *user) {
           return user->getBlock() != op.getBlock() || op.isBeforeInBlock(user);
         });
}

void Sampler::run(mlir::Block &block, mlir::Operation *end) {
  for (mlir::Operation &op : block.without_terminator()) {
    if (&op == end)
      return;
    compute(op);
    for (mlir::Value operand : op.getOperands())
      if (isDeadBehind(op, operand) && !kept.contains(operand))
        samples.erase(operand);
  }
}

void Sampler::compute(mlir::Operation &op) {
  if (auto call = mlir::dyn_cast<nn::CallOp>(op)) {
    mlir::Block &body = module.lookupSymbol<mlir::func::FuncOp>(call.getCallee()).getBody().front();
    for (auto [argument, operand] : llvm::zip(body.getArguments(), call.getInputs()))
      set(argument, get(operand));
    run(body);
    for (auto [result, value] : llvm::zip(call.getResults(), body.getTerminator()->getOperands()))
      set(result, get(value));
    return;
  }
  if (mlir::isa<nn::ScanOp>(op))
    return scan(op);
  if (op.getNumResults() != 1)
    return;
  auto type = mlir::cast<mlir::RankedTensorType>(op.getResult(0).getType());
  std::optional<Sample> result;
  if (std::optional<double> splat = mlir::isa<nn::ConstantOp>(op) ? splatOf(op.getResult(0)) : std::nullopt)
    return set(op.getResult(0), number(type, *splat));
  if (auto constant = mlir::dyn_cast<nn::ConstantOp>(op)) {
    auto integers = mlir::dyn_cast<mlir::DenseIntElementsAttr>(constant.getValue());
    if (integers && integers.isSplat())
      return set(op.getResult(0), number(type, integers.getSplatValue<mlir::APInt>().getSExtValue()));
    return;
  }
  if (const ScalarFunction *function = scalarFunction(&op))
    result = elementwise(op, *function);
  else if (mlir::isa<nn::BroadcastOp, nn::ReshapeOp, nn::TransposeOp, nn::SliceOp, nn::PadOp, nn::GatherOp>(op))
    result = move(op);
  else if (mlir::isa<nn::ReductionOpInterface>(op))
    result = reduce(op);
  else if (mlir::isa<nn::WindowSumOp, nn::WindowMaxOp>(op))
    result = window(op);
  else if (mlir::isa<nn::ContractOp>(op))
    result = contract(op);
  else if (mlir::isa<nn::ConvOp>(op))
    result = convolution(op);
  else if (mlir::isa<nn::RandomUniformOp>(op))
    result = draw(type);
  else if (auto counting = mlir::dyn_cast<nn::IotaOp>(op))
    result = iota(type, counting.getAxis());
  else if (mlir::isa<nn::ConcatOp>(op))
    result = concat(op);
  if (!result)
    return; // get() says that nothing is known
  for (mlir::Value operand : op.getOperands()) {
    SamplePtr sample = get(operand);
    result->known &= sample->known;
    result->fixed &= sample->fixed;
  }
  set(op.getResult(0), std::make_shared<Sample>(std::move(*result)));
}

Sample Sampler::elementwise(mlir::Operation &op, const ScalarFunction &function) {
  llvm::SmallVector<SamplePtr, 3> in;
  for (mlir::Value operand : op.getOperands())
    in.push_back(get(operand));
  Sample result;
  result.axes = in.front()->axes;
  for (const SamplePtr &operand : in)
    for (auto [axis, other] : llvm::zip(result.axes, operand->axes))
      if (other == Axis::Unit)
        axis = other;
  const double *numbers[3] = {};
  for (auto [k, operand] : llvm::enumerate(in))
    numbers[k] = operand->elements.data();
  result.same = llvm::all_of(in, [](const SamplePtr &operand) { return operand->same; });
  size_t different = result.same ? 1 : result.elements.size();
  function(numbers, result.elements.data(), different);
  if (!mlir::isa<mlir::FloatType>(mlir::getElementTypeOrSelf(op.getResult(0).getType())))
    for (double &element : llvm::MutableArrayRef(result.elements.data(), different))
      element = std::floor(element);
  if (result.same)
    result.elements.fill(result.elements[0]);
  // Of ids that are compared with all classes one in `classes` is right: exactly that share here.
  auto compare = mlir::dyn_cast<nn::CompareOp>(op);
  if (compare && compare.getPredicate() == nn::Predicate::eq)
    for (mlir::Value operand : {compare.getA(), compare.getB()}) {
      while (mlir::isa_and_nonnull<nn::BroadcastOp, nn::ReshapeOp>(operand.getDefiningOp()))
        operand = operand.getDefiningOp()->getOperand(0);
      auto counting = operand.getDefiningOp<nn::IotaOp>();
      if (!counting)
        continue;
      int64_t classes = counting.getY().getType().getDimSize(counting.getAxis());
      result.elements.fill(0);
      result.same = false;
      for (size_t i = 0, n = std::max<size_t>(1, result.elements.size() / classes); i < n; ++i)
        result.elements[dice.below(result.elements.size())] = 1;
    }
  return result;
}

/// The axes of a reshaped tensor: where dimensions are merged or split, all that is made counts units if one did.
static llvm::SmallVector<Axis, 4> reshapedAxes(llvm::ArrayRef<int64_t> from, llvm::ArrayRef<int64_t> to,
                                               llvm::ArrayRef<Axis> axes) {
  llvm::SmallVector<Axis, 4> result(to.size(), Axis::Place);
  for (size_t i = 0, j = 0; i < from.size() && j < to.size();) {
    size_t first = i, start = j;
    int64_t left = from[i++], right = to[j++];
    while (left != right && (i < from.size() || j < to.size()))
      if ((left < right && i < from.size()) || j == to.size())
        left *= from[i++];
      else
        right *= to[j++];
    bool units = llvm::is_contained(axes.slice(first, i - first), Axis::Unit);
    std::fill(result.begin() + start, result.begin() + j, units ? Axis::Unit : Axis::Place);
  }
  return result;
}

/// The elements of a part that begins so many units, or places, further: other ones than those at the same position.
static Sample shifted(const Sample &x, uint64_t units, uint64_t places) {
  auto scatter = [](uint64_t offset, unsigned n) -> unsigned {
    return offset ? 1 + (offset * 0x9E3779B97F4A7C15 >> 40) % (n - 1) : 0;
  };
  units = scatter(units, Sample::units);
  places = scatter(places, Sample::places);
  Sample result = x;
  if (x.same || (!units && !places))
    return result;
  for (unsigned unit = 0; unit < Sample::units; ++unit)
    for (unsigned place = 0; place < Sample::places; ++place)
      result.at(unit, place) = x.at((unit + units) % Sample::units, (place + places) % Sample::places);
  return result;
}

Sample Sampler::move(mlir::Operation &op) {
  const Sample &x = *get(op.getOperand(0));
  auto from = mlir::cast<mlir::RankedTensorType>(op.getOperand(0).getType());
  auto to = mlir::cast<mlir::RankedTensorType>(op.getResult(0).getType());
  Sample result = x;
  if (auto broadcast = mlir::dyn_cast<nn::BroadcastOp>(op)) {
    result.axes.assign(to.getRank(), Axis::Place);
    for (auto [axis, dim] : llvm::zip(x.axes, broadcast.getDims()))
      result.axes[dim] = axis;
  } else if (mlir::isa<nn::ReshapeOp>(op)) {
    result.axes = reshapedAxes(from.getShape(), to.getShape(), x.axes);
  } else if (auto transpose = mlir::dyn_cast<nn::TransposeOp>(op)) {
    for (auto [axis, dim] : llvm::zip(result.axes, transpose.getPermutation()))
      axis = x.axes[dim];
  } else if (auto slice = mlir::dyn_cast<nn::SliceOp>(op)) {
    uint64_t places = 0;
    for (auto [i, offset] : llvm::enumerate(slice.getOffsets())) {
      if (x.axes[i] == Axis::Place) {
        places += offset;
        continue;
      }
      // Units keep their positions: a bias may be ones for one gate of four.
      double first = double(offset) / from.getDimSize(i), share = double(to.getDimSize(i)) / from.getDimSize(i);
      Sample whole = result;
      for (unsigned unit = 0; unit < Sample::units; ++unit) {
        unsigned source = (first + share * (unit + 0.5) / Sample::units) * Sample::units;
        for (unsigned place = 0; place < Sample::places; ++place)
          result.at(unit, place) = whole.at(source, place);
      }
    }
    result = shifted(result, 0, places);
  } else if (mlir::isa<nn::PadOp>(op)) {
    result.same = false;
    double kept = double(from.getNumElements()) / to.getNumElements();
    for (double &element : result.elements)
      if (dice.uniform() >= kept)
        element = 0;
  } else if (auto gather = mlir::dyn_cast<nn::GatherOp>(op)) {
    SamplePtr index = get(gather.getIndex());
    size_t axis = gather.getAxis();
    if (index->fixed && index->isConstant()) // an element at a step of a loop
      result = x.axes[axis] == Axis::Unit ? shifted(x, uint64_t(std::fabs(index->elements[0])), 0)
                                          : shifted(x, 0, uint64_t(std::fabs(index->elements[0])));
    result.axes.erase(result.axes.begin() + axis);
    result.axes.insert(result.axes.begin() + axis, index->axes.size(), Axis::Place);
  }
  return result;
}

Sample Sampler::iota(mlir::RankedTensorType type, int64_t axis) {
  Sample result;
  result.axes.assign(type.getRank(), Axis::Place);
  result.axes[axis] = Axis::Unit;
  for (unsigned unit = 0; unit < Sample::units; ++unit)
    for (unsigned place = 0; place < Sample::places; ++place)
      result.at(unit, place) = std::floor((unit + 0.5) / Sample::units * type.getDimSize(axis));
  return result;
}

Sample Sampler::concat(mlir::Operation &op) {
  auto concat = mlir::cast<nn::ConcatOp>(op);
  size_t axis = concat.getAxis();
  Sample result = *get(op.getOperand(0));
  result.same = false;
  bool units = result.axes[axis] == Axis::Unit;
  double total = concat.getY().getType().getDimSize(axis);
  for (unsigned unit = 0; unit < Sample::units; ++unit)
    for (unsigned place = 0; place < Sample::places; ++place) {
      double position = total * (units ? (unit + 0.5) / Sample::units : (place + 0.5) / Sample::places);
      for (mlir::Value part : concat.getParts()) {
        result.at(unit, place) = get(part)->at(unit, place);
        position -= mlir::cast<mlir::RankedTensorType>(part.getType()).getDimSize(axis);
        if (position < 0)
          break;
      }
    }
  return result;
}

void Sampler::scan(mlir::Operation &op) {
  auto scan = mlir::cast<nn::ScanOp>(op);
  for (auto [argument, init] : llvm::zip(scan.carriedArguments(), scan.getInits()))
    set(argument, get(init));
  for (auto [argument, value] : llvm::zip(scan.sharedArguments(), scan.getShared()))
    set(argument, get(value));
  auto stepType = mlir::cast<mlir::RankedTensorType>(scan.step().getType());
  for (int64_t step = 0, n = std::min<int64_t>(scan.getTrips(), 12); step < n; ++step) {
    set(scan.step(), number(stepType, step));
    for (auto [argument, sequence] : llvm::zip(scan.elementArguments(), scan.getSequences())) {
      auto element = std::make_shared<Sample>(shifted(*get(sequence), 0, step));
      element->axes.erase(element->axes.begin());
      set(argument, element);
    }
    run(scan.block());
    for (auto [argument, value] : llvm::zip(scan.carriedArguments(), scan.nextValues()))
      set(argument, get(value));
  }
  for (auto [stack, value] : llvm::zip(scan.stacks(), scan.emittedValues())) {
    auto sample = std::make_shared<Sample>(*get(value));
    sample->axes.insert(sample->axes.begin(), Axis::Place);
    set(stack, sample);
  }
  for (auto [result, value] : llvm::zip(scan.carriedOut(), scan.nextValues()))
    set(result, get(value));
}
