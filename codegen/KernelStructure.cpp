// Finds sections, items and in-place pairs of a kernel from what its stages read and cost.
#include "codegen/KernelStructure.h"
#include "codegen/Targets.h"
#include "dialect/NN.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nn;

/// A task should be worth about this many cycles: far above the cost of a barrier, small enough to share among threads.
static constexpr double kTaskCycles = 8000;

bool nn::sameDomain(RankedTensorType a, RankedTensorType b) {
  return a.getShape() == b.getShape() && physicalOrder(a) == physicalOrder(b);
}

KernelStructure::KernelStructure(Block &body, const Machine &machine) : body(body), machine(machine) {
  findStages();
  findSections();
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
          cost += p.cost * double(s.domain.getNumElements()) / double(extent) *
                  double(llvm::divideCeilSigned(extent, lanes));
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
