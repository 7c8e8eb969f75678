// The stages of a kernel's body: which values are computed together and which wait in memory, and where lanes lie.
#include "codegen/ElementEmitter.h"
#include "codegen/KernelStructure.h"
#include "codegen/Targets.h"
#include "dialect/NN.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nn;

static int64_t elements(Value v) { return cast<RankedTensorType>(v.getType()).getNumElements(); }

/// Element computations of an op's result, reading each operand once per computation.
static int64_t work(Operation *op) {
  int64_t n = elements(op->getResult(0));
  if (auto cost = dyn_cast<CostOpInterface>(op))
    n = std::max(n, cost.flops());
  return n;
}

/// An element costs a loop.
static bool isCostly(Operation *op) { return work(op) > elements(op->getResult(0)); }

/// A costly value is materialised where its elements would be computed again and again: below a broadcast or another
/// loop, or by several stages.
void KernelStructure::findStages() {
  Operation *yield = body.getTerminator();
  auto addStage = [&](Value v) -> unsigned {
    auto type = cast<RankedTensorType>(v.getType());
    stages.emplace_back();
    stages.back().domain = type;
    stages.back().values.push_back(v);
    return stages.size() - 1;
  };
  // Results first: one stage per shape and layout.
  for (Value v : yield->getOperands()) {
    auto type = cast<RankedTensorType>(v.getType());
    auto it = llvm::find_if(stages, [&](const Stage &s) { return sameDomain(s.domain, type); });
    if (it == stages.end())
      addStage(v);
    else if (!llvm::is_contained(it->values, v))
      it->values.push_back(v);
  }
  DenseMap<Value, unsigned> root, seenBy;
  for (auto [i, stage] : llvm::enumerate(stages))
    for (Value v : stage.values)
      root[v] = i;
  DenseMap<std::pair<Value, unsigned>, bool> visited; // amplified?
  std::function<void(Value, unsigned, bool)> visit = [&](Value v, unsigned stage, bool amplified) {
    Operation *op = v.getDefiningOp();
    if (!op)
      return;
    if (isCostly(op)) {
      auto known = root.find(v);
      if (known != root.end()) {
        if (known->second != stage || amplified)
          materialised.insert(v);
        if (known->second != stage)
          return;
      } else {
        auto [it, first] = seenBy.try_emplace(v, stage);
        if (amplified || (!first && it->second != stage)) {
          materialised.insert(v);
          root[v] = addStage(v);
          return;
        }
      }
    }
    auto [it, first] = visited.try_emplace({v, stage}, amplified);
    if (!first && (it->second || !amplified))
      return;
    it->second = amplified;
    for (Value operand : op->getOperands())
      visit(operand, stage, amplified || work(op) > elements(operand));
  };
  for (unsigned i = 0; i < stages.size(); ++i) {
    SmallVector<Value> values = stages[i].values;
    for (Value v : values) {
      Operation *op = v.getDefiningOp();
      if (!op)
        continue;
      visited[{v, i}] = false;
      for (Value operand : op->getOperands())
        visit(operand, i, work(op) > elements(operand));
    }
  }
  // A materialised result that its own stage amplifies needs a stage of its own, before the others.
  for (unsigned i = 0, n = stages.size(); i < n; ++i) {
    if (stages[i].values.size() < 2)
      continue;
    SmallVector<Value> values = stages[i].values;
    for (Value v : values)
      if (materialised.contains(v) && stages[i].values.size() > 1) {
        llvm::erase(stages[i].values, v);
        addStage(v);
      }
  }
  // In order of definition of what they need.
  for (unsigned i = 0; i < stages.size(); ++i) {
    llvm::SetVector<unsigned> needs;
    for (const Read &read : readsOf(i))
      if (materialised.contains(read.tensor))
        needs.insert(stageOf(read.tensor));
    stages[i].needs.assign(needs.begin(), needs.end());
  }
  SmallVector<unsigned> order;
  SmallVector<bool> done(stages.size(), false);
  std::function<void(unsigned)> place = [&](unsigned i) {
    if (done[i])
      return;
    done[i] = true;
    for (unsigned need : stages[i].needs)
      place(need);
    order.push_back(i);
  };
  for (unsigned i = 0; i < stages.size(); ++i)
    place(i);
  SmallVector<unsigned> where(order.size());
  for (auto [to, from] : llvm::enumerate(order))
    where[from] = to;
  std::vector<Stage> sorted;
  std::map<unsigned, std::vector<Read>> sortedReads;
  for (unsigned from : order) {
    sortedReads[sorted.size()] = std::move(reads[from]);
    sorted.push_back(std::move(stages[from]));
    for (unsigned &need : sorted.back().needs)
      need = where[need];
  }
  stages = std::move(sorted);
  reads = std::move(sortedReads);
  for (Value v : materialised)
    if (!llvm::is_contained(yield->getOperands(), v)) {
      auto type = cast<RankedTensorType>(v.getType());
      workspaceOffset[v] = workspace;
      int64_t bytes = type.getNumElements() * ((memoryType(type.getElementType()).getIntOrFloatBitWidth() + 7) / 8);
      workspace += (bytes + 63) / 64 * 64;
    }
}

unsigned KernelStructure::stageOf(Value v) {
  return llvm::find_if(stages, [&](const Stage &s) { return llvm::is_contained(s.values, v); }) - stages.begin();
}

ArrayRef<Read> KernelStructure::readsOf(unsigned stage) {
  auto [it, isNew] = reads.try_emplace(stage);
  if (isNew)
    it->second = probe(stages[stage].values, materialised, machine).reads;
  return it->second;
}

std::optional<TileRead> nn::tileRead(const Read &read, RankedTensorType domain, int64_t laneDim) {
  LinearForm place;
  for (auto [form, stride] : llvm::zip(read.at, physicalStrides(cast<RankedTensorType>(read.tensor.getType()))))
    place = place + form * stride;
  TileRead result{0, -1};
  for (auto [leaf, factor] : place.terms) {
    if (leaf >= domain.getRank())
      return std::nullopt;
    if (int64_t(leaf) == laneDim)
      result.lane = factor;
    else if (factor == 1)
      result.tileDim = leaf;
  }
  return result.lane > 1 && result.tileDim >= 0 ? std::optional(result) : std::nullopt;
}

/// The dimension of the tiles, if every strided read of the stage agrees on one; lowers the probe's cost accordingly.
static int64_t findTileDim(const Stage &stage, Probe &p, int64_t lanes, int64_t laneDim) {
  if (lanes < 4)
    return -1;
  int64_t dim = -1, reads = 0;
  for (const Read &read : p.reads)
    if (auto tile = tileRead(read, stage.domain, laneDim)) {
      if (dim >= 0 && dim != tile->tileDim)
        return -1;
      dim = tile->tileDim;
      ++reads;
    }
  // Short dimensions fill too little of a tile.
  if (dim < 0 || 2 * stage.domain.getDimSize(dim) < lanes || 2 * stage.domain.getDimSize(laneDim) < lanes)
    return -1;
  p.cost -= double(reads) * (2.0 * double(lanes) - double(llvm::Log2_64(lanes)) - 1);
  return dim;
}

/// Lanes along the dimension that makes a vector cheapest per element, or none (reductions then put lanes inside).
void KernelStructure::chooseLanes(Stage &stage) {
  auto perElement = [&](const Probe &p, int64_t lanes, int64_t extent) {
    double vectors = double(llvm::divideCeilSigned(extent, lanes));
    return p.cost * vectors / double(extent);
  };
  Probe scalar = probe(stage.values, materialised, machine);
  double best = perElement(scalar, 1, 1) + 0.5;
  stage.instructions = scalar.instructions;
  SmallVector<int64_t> order = physicalOrder(stage.domain);
  int64_t bits = 8;
  auto widen = [&](Value v) {
    auto type = cast<RankedTensorType>(v.getType());
    if (type.getNumElements() > 1 && !type.getElementType().isInteger(1))
      bits = std::max<int64_t>(bits, type.getElementTypeBitWidth());
  };
  for (Operation &op : body)
    llvm::for_each(op.getResults(), widen);
  llvm::for_each(body.getArguments(), widen);
  int64_t lanes = machine.lanes(std::max<int64_t>(bits, 32));
  for (int64_t d : llvm::reverse(order)) {
    int64_t extent = stage.domain.getDimSize(d);
    if (extent == 1)
      continue;
    Probe p = probe(stage.values, materialised, machine, lanes, d);
    bool contiguous = physicalStrides(stage.domain)[d] == 1;
    p.cost += stage.values.size() * (contiguous ? 1.0 : 2.0 * lanes);
    int64_t tileDim = contiguous ? findTileDim(stage, p, lanes, d) : -1;
    double cost = perElement(p, lanes, extent);
    if (cost < best) {
      best = cost;
      stage.laneDim = d;
      stage.tileDim = tileDim;
      stage.lanes = lanes;
      stage.instructions = p.instructions;
    }
  }
  stage.cost = best * double(stage.domain.getNumElements());
}
