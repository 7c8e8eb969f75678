// Finds stages, sections, items and in-place pairs of a kernel's body from what its elements read and cost.
#include "codegen/KernelStructure.h"
#include "codegen/ElementEmitter.h"
#include "codegen/Targets.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nn;

/// A task should be worth about this many cycles: far above the cost of a barrier, small enough to share among threads.
static constexpr double kTaskCycles = 8000;

static int64_t elements(Value v) { return cast<RankedTensorType>(v.getType()).getNumElements(); }

static bool sameDomain(RankedTensorType a, RankedTensorType b) {
  return a.getShape() == b.getShape() && physicalOrder(a) == physicalOrder(b);
}

/// Element computations of an op's result, reading each operand once per computation.
static int64_t work(Operation *op) {
  int64_t n = elements(op->getResult(0));
  if (auto cost = dyn_cast<CostOpInterface>(op))
    n = std::max(n, cost.flops());
  return n;
}

/// An element costs a loop.
static bool isCostly(Operation *op) { return work(op) > elements(op->getResult(0)); }

KernelStructure::KernelStructure(Block &body, const Machine &machine) : body(body), machine(machine) {
  findStages();
  findSections();
}

// ---- stages

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
    double vectors = double((extent + lanes - 1) / lanes);
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

// ---- sections

void KernelStructure::findSections() {
  for (Stage &stage : stages)
    chooseLanes(stage);
  // Stages connected by values in memory run in one section.
  SmallVector<unsigned> group(stages.size());
  for (unsigned i = 0; i < stages.size(); ++i) {
    group[i] = i;
    for (unsigned need : stages[i].needs) {
      unsigned from = group[need], to = group[i];
      for (unsigned &g : group)
        if (g == from)
          g = to;
    }
  }
  llvm::SetVector<unsigned> groups(group.begin(), group.end());
  for (unsigned g : groups) {
    Section section;
    for (unsigned i = 0; i < stages.size(); ++i)
      if (group[i] == g)
        section.stages.push_back(i);
    if (section.stages.size() == 1)
      cutByLeadingDimensions(section);
    else
      cutIntoRows(section);
    items += section.items;
    sections.push_back(std::move(section));
  }
}

/// Items are points of the leading physical dimensions, as many of these as it takes to make tasks small.
void KernelStructure::cutByLeadingDimensions(Section &section) {
  Stage &stage = stages[section.stages[0]];
  double wanted = stage.cost / kTaskCycles;
  SmallVector<int64_t> order = physicalOrder(stage.domain);
  for (int64_t d : order) {
    if (double(section.items) >= wanted || d == stage.laneDim)
      break;
    ++section.leading;
    section.items *=
        d == stage.tileDim ? llvm::divideCeil(stage.domain.getDimSize(d), stage.lanes) : stage.domain.getDimSize(d);
  }
  // Lanes innermost and still too few items: cut the lane dimension too.
  bool last = section.leading == stage.domain.getRank() - 1 && order.back() == stage.laneDim;
  if (last && double(section.items) < wanted) {
    int64_t extent = stage.domain.getDimSize(stage.laneDim), unit = stage.lanes * 4;
    int64_t pieces = int64_t(wanted / double(section.items)) + 1;
    int64_t segment = (extent / pieces + unit - 1) / unit * unit;
    if (segment > 0 && segment < extent) {
      section.segment = segment;
      section.items *= (extent + segment - 1) / segment;
    }
  }
}

/// Row r of every stage reads only row r of the others.
bool KernelStructure::rowsFrom(Section &section, int64_t dim) {
  unsigned last = section.stages.back();
  int64_t extent = stages[last].domain.getDimSize(dim);
  DenseMap<unsigned, int64_t> row;
  row[last] = dim;
  for (unsigned stage : llvm::reverse(section.stages)) {
    if (!row.count(stage))
      return false;
    for (const Read &read : readsOf(stage)) {
      if (!materialised.contains(read.tensor))
        continue;
      LinearForm leaf;
      leaf.terms.push_back({unsigned(row[stage]), 1});
      auto at = llvm::find(read.at, leaf);
      if (at == read.at.end())
        return false;
      int64_t d = at - read.at.begin();
      unsigned from = stageOf(read.tensor);
      if (stages[from].domain.getDimSize(d) != extent)
        return false;
      auto [it, first] = row.try_emplace(from, d);
      if (!first && it->second != d)
        return false;
    }
  }
  section.rowDim.clear();
  for (unsigned stage : section.stages)
    section.rowDim.push_back(row[stage]);
  return true;
}

bool KernelStructure::cutIntoRows(Section &section) {
  Stage &last = stages[section.stages.back()];
  SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(0, last.domain.getRank()));
  llvm::sort(dims, [&](int64_t a, int64_t b) {
    return std::pair(-last.domain.getDimSize(a), a) < std::pair(-last.domain.getDimSize(b), b);
  });
  for (int64_t dim : dims) {
    int64_t extent = last.domain.getDimSize(dim);
    if (extent == 1 || !rowsFrom(section, dim))
      continue;
    // Lanes along the rows where that is cheaper over all stages than lanes inside a row.
    auto total = [&](int64_t lanes) {
      double cost = 0;
      for (auto [stage, d] : llvm::zip(section.stages, section.rowDim)) {
        const Stage &s = stages[stage];
        if (lanes == 1) {
          cost +=
              s.laneDim == d ? probe(s.values, materialised, machine).cost * double(s.domain.getNumElements()) : s.cost;
        } else {
          Probe p = probe(s.values, materialised, machine, lanes, d);
          p.cost += s.values.size() * (physicalStrides(s.domain)[d] == 1 ? 1.0 : 2.0 * lanes);
          cost += p.cost * double(s.domain.getNumElements()) / double(extent) * double((extent + lanes - 1) / lanes);
        }
      }
      return cost;
    };
    int64_t lanes = 1;
    for (unsigned stage : section.stages)
      lanes = std::max(lanes, stages[stage].lanes);
    if (lanes == 1)
      lanes = machine.lanes(64);
    section.rowLanes = total(lanes) < total(1) ? lanes : 1;
    section.items = (extent + section.rowLanes - 1) / section.rowLanes;
    for (auto [stage, d] : llvm::zip(section.stages, section.rowDim))
      if (section.rowLanes == 1 && stages[stage].laneDim == d)
        stages[stage].laneDim = -1, stages[stage].lanes = 1;
    for (unsigned stage : section.stages)
      stages[stage].tileDim = -1;
    return true;
  }
  return false;
}

// ---- the plan

KernelPlan KernelStructure::plan() {
  KernelPlan plan;
  double cost = 0;
  for (const Stage &stage : stages)
    cost += stage.cost;
  int64_t wanted = std::max<int64_t>(1, int64_t(cost / kTaskCycles));
  int64_t perTask = std::max<int64_t>(1, items / wanted);
  plan.tasks = std::max<int64_t>(1, (items + perTask - 1) / perTask);
  plan.workspace = workspace;
  findInPlace(plan);
  return plan;
}

/// A result may take an operand's place where both lie alike, every task touches only its own rows of the operand, and
/// the stage that writes reads exactly the element it is about to write, after everyone else is done with it.
void KernelStructure::findInPlace(KernelPlan &plan) {
  auto results = body.getTerminator()->getOperands();
  DenseMap<Value, bool> taken;
  for (auto [r, result] : llvm::enumerate(results)) {
    unsigned writer = stageOf(result);
    auto type = cast<RankedTensorType>(result.getType());
    const Section &section =
        *llvm::find_if(sections, [&](const Section &s) { return llvm::is_contained(s.stages, writer); });
    if (llvm::count(results, result) > 1)
      continue;
    for (BlockArgument argument : body.getArguments()) {
      auto argumentType = cast<RankedTensorType>(argument.getType());
      if (taken.lookup(argument) || argumentType.getElementType() != type.getElementType() ||
          !sameDomain(argumentType, type))
        continue;
      bool fits = true;
      for (unsigned stage = 0; stage < stages.size() && fits; ++stage)
        for (const Read &read : readsOf(stage)) {
          if (read.tensor != argument)
            continue;
          bool exact = stage == writer;
          for (auto [k, form] : llvm::enumerate(read.at)) {
            LinearForm leaf;
            leaf.terms.push_back({unsigned(k), 1});
            exact &= form == leaf;
          }
          auto place = llvm::find(section.stages, stage);
          bool earlier = place != section.stages.end() && stage < writer;
          if (earlier && section.items > 1) {
            // Rows of this task only.
            LinearForm row;
            row.terms.push_back({unsigned(section.rowDim[place - section.stages.begin()]), 1});
            int64_t d = section.rowDim[llvm::find(section.stages, writer) - section.stages.begin()];
            earlier = read.at[d] == row;
          }
          fits &= exact || earlier;
        }
      if (fits && llvm::any_of(readsOf(writer), [&](const Read &read) { return read.tensor == argument; })) {
        plan.inplace.push_back({argument.getArgNumber(), int64_t(r)});
        taken[argument] = true;
        break;
      }
    }
  }
}
