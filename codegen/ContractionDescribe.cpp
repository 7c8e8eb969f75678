// From the ops to iteration spaces: the only part of the family that knows nn.contract and the three convolutions.
#include "codegen/ContractionProblem.h"
#include "dialect/Parts.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;
using namespace nn;

static RankedTensorType tensor(Value v) { return cast<RankedTensorType>(v.getType()); }

static ContractionProblem describeContract(ContractOp op) {
  ContractionProblem p;
  SmallVector<int64_t> extents = op.extents(), summed = op.summed();
  for (auto [label, extent] : llvm::enumerate(extents)) {
    IterationDim dim;
    dim.extent = extent;
    dim.reduction = llvm::is_contained(summed, int64_t(label));
    p.dims.push_back(dim);
  }
  auto place = [&](ArrayRef<int64_t> labels, Value v, int64_t IterationDim::*stride) {
    SmallVector<int64_t> strides = physicalStrides(tensor(v));
    for (auto [label, s] : llvm::zip(labels, strides))
      p.dims[label].*stride = s;
  };
  place(op.getLhs(), op.getA(), &IterationDim::lhs);
  place(op.getRhs(), op.getB(), &IterationDim::rhs);
  place(op.getOut(), op.getY(), &IterationDim::out);
  ArrayRef<int64_t> out = op.getOut();
  if (partsOf(op)) {
    p.partDim = out[1];
    p.result.push_back({0, {{unsigned(out[0]), 1}}});
    p.result.push_back({0, {{unsigned(out[2]), extents[out[3]]}, {unsigned(out[3]), 1}}});
    return p;
  }
  for (int64_t label : out)
    p.result.push_back({0, {{unsigned(label), 1}}});
  return p;
}

namespace {
/// The tensors of a convolution, whichever of them the op computes, and how to build its problem.
struct Convolution {
  RankedTensorType x, w, y;
  ArrayRef<int64_t> strides, low, dilation;
  int64_t groups;
  SmallVector<int64_t> sx = physicalStrides(x), sw = physicalStrides(w), sy = physicalStrides(y);
  ContractionProblem p = {};

  int64_t spatial() const { return x.getRank() - 2; }
  int64_t filters() const { return w.getDimSize(0) / groups; }
  int64_t channels() const { return w.getDimSize(1); }
  unsigned dim(int64_t extent, bool reduction, int64_t lhs, int64_t rhs, int64_t out) {
    p.dims.push_back({extent, reduction, lhs, rhs, out});
    return p.dims.size() - 1;
  }
  void result(std::initializer_list<ResultCoordinate::Term> terms, int64_t offset = 0) {
    p.result.push_back({offset, terms});
  }
};
} // namespace

template <typename Op>
static Convolution convolution(Op op, Value x, Value w, Value y) {
  return {tensor(x), tensor(w), tensor(y), op.getStrides(), op.getLow(), op.getDilation(), int64_t(op.getGroups())};
}

static ContractionProblem describeForward(Convolution c) {
  unsigned n = c.dim(c.x.getDimSize(0), false, c.sx[0], 0, c.sy[0]);
  unsigned group = c.dim(c.groups, false, c.channels() * c.sx[1], c.filters() * c.sw[0], c.filters() * c.sy[1]);
  unsigned filter = c.dim(c.filters(), false, 0, c.sw[0], c.sy[1]);
  c.dim(c.channels(), true, c.sx[1], c.sw[1], 0);
  c.result({{n, 1}});
  c.result({{group, c.filters()}, {filter, 1}});
  for (int64_t s = 0; s < c.spatial(); ++s) {
    unsigned at = c.dim(c.y.getDimSize(s + 2), false, c.strides[s] * c.sx[s + 2], 0, c.sy[s + 2]);
    unsigned tap = c.dim(c.w.getDimSize(s + 2), true, c.dilation[s] * c.sx[s + 2], c.sw[s + 2], 0);
    c.p.windows.push_back({at, tap, c.strides[s], c.dilation[s], -c.low[s], c.x.getDimSize(s + 2)});
    c.p.lhsOffset -= c.low[s] * c.sx[s + 2];
    c.result({{at, 1}});
  }
  return c.p;
}

static ContractionProblem describeWeightGrad(Convolution c) {
  c.dim(c.x.getDimSize(0), true, c.sx[0], c.sy[0], 0);
  unsigned group = c.dim(c.groups, false, c.channels() * c.sx[1], c.filters() * c.sy[1], c.filters() * c.sw[0]);
  unsigned filter = c.dim(c.filters(), false, 0, c.sy[1], c.sw[0]);
  unsigned channel = c.dim(c.channels(), false, c.sx[1], 0, c.sw[1]);
  c.result({{group, c.filters()}, {filter, 1}});
  c.result({{channel, 1}});
  for (int64_t s = 0; s < c.spatial(); ++s) {
    unsigned at = c.dim(c.y.getDimSize(s + 2), true, c.strides[s] * c.sx[s + 2], c.sy[s + 2], 0);
    unsigned tap = c.dim(c.w.getDimSize(s + 2), false, c.dilation[s] * c.sx[s + 2], 0, c.sw[s + 2]);
    c.p.windows.push_back({at, tap, c.strides[s], c.dilation[s], -c.low[s], c.x.getDimSize(s + 2)});
    c.p.lhsOffset -= c.low[s] * c.sx[s + 2];
    c.result({{tap, 1}});
  }
  return c.p;
}

/// The part of the input gradient at positions q = stride * q' + phase: taps k = first + step * k' meet it, at output
/// positions q' + base - dilation / gcd(stride, dilation) * k'. None where no position has the phase.
static std::optional<ContractionProblem> describeInputGrad(Convolution c, ArrayRef<int64_t> phase) {
  unsigned n = c.dim(c.x.getDimSize(0), false, c.sy[0], 0, c.sx[0]);
  unsigned group = c.dim(c.groups, false, c.filters() * c.sy[1], c.filters() * c.sw[0], c.channels() * c.sx[1]);
  unsigned channel = c.dim(c.channels(), false, 0, c.sw[1], c.sx[1]);
  c.dim(c.filters(), true, c.sy[1], c.sw[0], 0);
  c.result({{n, 1}});
  c.result({{group, c.channels()}, {channel, 1}});
  bool empty = false;
  for (int64_t s = 0; s < c.spatial(); ++s) {
    int64_t stride = c.strides[s], dilation = c.dilation[s], common = std::gcd(stride, dilation),
            step = stride / common;
    int64_t positions = llvm::divideCeilSigned(c.x.getDimSize(s + 2) - phase[s], stride);
    if (positions <= 0)
      return std::nullopt;
    int64_t first = 0, reach = phase[s] + c.low[s];
    while (first < step && (reach - dilation * first) % stride != 0)
      ++first;
    int64_t taps = first == step ? 0 : llvm::divideCeilSigned(c.w.getDimSize(s + 2) - first, step);
    taps = std::max<int64_t>(taps, 0);
    empty |= taps == 0;
    int64_t base = taps ? (reach - dilation * first) / stride : 0, sy = c.sy[s + 2];
    unsigned at = c.dim(positions, false, sy, 0, stride * c.sx[s + 2]);
    unsigned tap = c.dim(taps, true, -dilation / common * sy, step * c.sw[s + 2], 0);
    c.p.windows.push_back({at, tap, 1, -dilation / common, base, c.y.getDimSize(s + 2)});
    c.p.lhsOffset += base * sy;
    c.p.rhsOffset += taps ? first * c.sw[s + 2] : 0;
    c.result({{at, stride}}, phase[s]);
  }
  if (empty)
    c.p.windows.clear();
  return c.p;
}

SmallVector<ContractionProblem> nn::describe(Operation *op) {
  SmallVector<ContractionProblem> problems;
  if (auto contract = dyn_cast<ContractOp>(op)) {
    problems.push_back(describeContract(contract));
  } else if (auto conv = dyn_cast<ConvOp>(op)) {
    problems.push_back(describeForward(convolution(conv, conv.getX(), conv.getW(), conv.getY())));
  } else if (auto grad = dyn_cast<ConvWeightGradOp>(op)) {
    problems.push_back(describeWeightGrad(convolution(grad, grad.getX(), grad.getY(), grad.getDy())));
  } else if (auto grad = dyn_cast<ConvInputGradOp>(op)) {
    Convolution c = convolution(grad, grad.getY(), grad.getW(), grad.getDy());
    int64_t phases = 1;
    for (int64_t stride : c.strides)
      phases *= stride;
    for (int64_t i = 0; i < phases; ++i) {
      SmallVector<int64_t> phase;
      for (int64_t rest = i, s = 0; s < c.spatial(); rest /= c.strides[s], ++s)
        phase.push_back(rest % c.strides[s]);
      if (auto problem = describeInputGrad(c, phase))
        problems.push_back(std::move(*problem));
    }
  }
  for (ContractionProblem &p : problems) {
    p.bits = tensor(op->getResult(0)).getElementTypeBitWidth();
    p.simplify();
  }
  return problems;
}
