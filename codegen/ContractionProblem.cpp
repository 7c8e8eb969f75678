// Simplification of contraction problems and the arithmetic of their windows.
#include "codegen/ContractionProblem.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace nn;
using llvm::divideCeilSigned;
using llvm::divideFloorSigned;

int64_t ContractionProblem::points() const {
  int64_t n = 1;
  for (const IterationDim &d : dims)
    n *= d.extent;
  return n;
}

const Window *ContractionProblem::windowAt(unsigned dim) const {
  auto it = llvm::find_if(windows, [&](const Window &w) { return w.position == dim || w.tap == dim; });
  return it == windows.end() ? nullptr : it;
}

Interval nn::interior(const ContractionProblem &problem, const Window &w) {
  int64_t positions = problem.dims[w.position].extent;
  int64_t reach = w.tapScale * (problem.dims[w.tap].extent - 1);
  int64_t lo = divideCeilSigned(-(w.offset + std::min<int64_t>(0, reach)), w.positionScale);
  int64_t hi = divideFloorSigned(w.extent - 1 - w.offset - std::max<int64_t>(0, reach), w.positionScale) + 1;
  lo = std::clamp<int64_t>(lo, 0, positions);
  return {lo, std::clamp<int64_t>(hi, lo, positions)};
}

Interval nn::tapsInside(const ContractionProblem &problem, const Window &w, int64_t position) {
  int64_t taps = problem.dims[w.tap].extent, at = w.positionScale * position + w.offset, lo, hi;
  if (w.tapScale > 0) {
    lo = divideCeilSigned(-at, w.tapScale);
    hi = divideCeilSigned(w.extent - at, w.tapScale);
  } else {
    lo = divideFloorSigned(at - w.extent, -w.tapScale) + 1;
    hi = divideFloorSigned(at, -w.tapScale) + 1;
  }
  lo = std::clamp<int64_t>(lo, 0, taps);
  return {lo, std::clamp<int64_t>(hi, lo, taps)};
}

/// Drops dimension `dim`, which has one index: coordinates and strides lose nothing.
static void dropDim(ContractionProblem &p, unsigned dim) {
  p.dims.erase(p.dims.begin() + dim);
  for (Window &w : p.windows) {
    w.position -= w.position > dim;
    w.tap -= w.tap > dim;
  }
  if (p.partDim && *p.partDim > dim)
    --*p.partDim;
  for (ResultCoordinate &c : p.result) {
    llvm::erase_if(c.terms, [&](const auto &t) { return t.dim == dim; });
    for (auto &t : c.terms)
      t.dim -= t.dim > dim;
  }
}

/// A run of this many elements is long enough for lanes; longer ones leave nothing to step over.
static constexpr int64_t kLongRun = 64;

/// Joins two reductions that are one in memory: the outer one's strides continue the inner one's in both operands.
static bool joinReductions(ContractionProblem &p) {
  for (unsigned o = 0; o < p.dims.size(); ++o)
    for (unsigned i = 0; i < p.dims.size(); ++i) {
      IterationDim &outer = p.dims[o], &inner = p.dims[i];
      if (o == i || !outer.reduction || !inner.reduction || p.windowAt(o) || p.windowAt(i) ||
          outer.lhs != inner.lhs * inner.extent || outer.rhs != inner.rhs * inner.extent ||
          (inner.lhs == 1 && inner.rhs == 1 && inner.extent >= kLongRun))
        continue;
      inner.extent *= outer.extent;
      dropDim(p, o);
      return true;
    }
  return false;
}

/// Joins two dimensions of the result that are one in memory, such as batch and time of x[batch, time, n] @ w. The
/// fastest one of the result stays alone: lanes run along it.
static bool joinParallel(ContractionProblem &p) {
  for (unsigned o = 0; o < p.dims.size(); ++o)
    for (unsigned i = 0; i < p.dims.size(); ++i) {
      IterationDim &outer = p.dims[o], &inner = p.dims[i];
      if (o == i || o == p.partDim || i == p.partDim || outer.reduction || inner.reduction || p.windowAt(o) ||
          p.windowAt(i) || inner.out == 1 || outer.lhs != inner.lhs * inner.extent ||
          outer.rhs != inner.rhs * inner.extent || outer.out != inner.out * inner.extent)
        continue;
      for (ResultCoordinate &c : p.result)
        for (auto &t : c.terms)
          if (t.dim == i && t.modulus == 0) {
            t.modulus = inner.extent / t.divisor;
          } else if (t.dim == o) {
            t.dim = i;
            t.divisor *= inner.extent;
          }
      inner.extent *= outer.extent;
      dropDim(p, o);
      return true;
    }
  return false;
}

bool ContractionProblem::isJoined(unsigned dim) const {
  return llvm::any_of(result, [&](const ResultCoordinate &c) {
    return llvm::any_of(c.terms, [&](const auto &t) { return t.dim == dim && !t.isWhole(); });
  });
}

void ContractionProblem::simplify() {
  llvm::erase_if(windows, [&](const Window &w) {
    Interval inside = interior(*this, w);
    return inside.lo == 0 && inside.hi == dims[w.position].extent;
  });
  for (unsigned d = dims.size(); d-- > 0;)
    if (dims[d].extent == 1 && !windowAt(d))
      dropDim(*this, d);
  while (joinReductions(*this) || joinParallel(*this))
    ;
}
