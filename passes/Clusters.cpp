// Growth by greedy merging: epilogues of products and reductions first (from the last one, so that a sum of two
// products goes to the later), then chains of maps, prologues of reductions, and at last siblings. Every merge keeps
// the clusters acyclic.
#include "passes/Clusters.h"

#include "dialect/Parts.h"

using namespace mlir;

namespace nn {

Clusters::Clusters(Block &block, const DenseSet<Operation *> &materialised, const DenseSet<Operation *> &observers)
    : block(block), observers(observers) {
  for (Operation &op : block.without_terminator()) {
    OpKind kind = kindOf(&op);
    if ((kind == OpKind::Move || kind == OpKind::View) && !materialised.contains(&op))
      continue;
    index[&op] = ops.size();
    ops.push_back(&op);
  }
  clusters.resize(ops.size());
  clusterOf.resize(ops.size());
  for (auto [i, op] : llvm::enumerate(ops)) {
    clusterOf[i] = i;
    clusters[i].ops.push_back(i);
  }
}

/// Notes who reads what, and between which clusters values go; without observers, as if these were not there.
void Clusters::connect(bool withObservers) {
  readersOf.clear();
  for (Cluster &cluster : clusters) {
    cluster.before.clear();
    cluster.after.clear();
    cluster.apart.clear();
  }
  auto note = [&](Operation *reader, Value v, bool direct) {
    auto &list = readersOf[v];
    if (!llvm::any_of(list, [&](const Reader &r) { return r.op == reader && r.direct == direct; }))
      list.push_back({reader, direct});
  };
  // The readers of its parts read a product element by element.
  auto leadsToParts = [](Operation &move) {
    auto view = dyn_cast<ReshapeOp>(move);
    if (auto slice = dyn_cast<SliceOp>(move))
      view = slice.getX().getDefiningOp<ReshapeOp>();
    auto product = view ? view.getX().getDefiningOp<ContractOp>() : ContractOp();
    return product && partsOf(product);
  };
  // From the last op: the readers of a Move or View are those of its operand.
  for (Operation &op : llvm::reverse(block)) {
    if (!withObservers && observers.contains(&op))
      continue;
    for (Value v : op.getOperands()) {
      if (op.hasTrait<OpTrait::IsTerminator>()) {
        if (withObservers || !observers.contains(v.getDefiningOp()))
          note(&op, v, true);
      } else if (index.count(&op)) {
        note(&op, v, true);
      } else {
        for (const Reader &reader : SmallVector<Reader>(readersOf[op.getResult(0)]))
          note(reader.op, v, reader.direct && leadsToParts(op));
      }
    }
  }
  for (auto [i, op] : llvm::enumerate(ops))
    for (Value result : op->getResults())
      for (const Reader &reader : readers(result)) {
        auto it = index.find(reader.op);
        int from = clusterOf[i], to = it == index.end() ? from : clusterOf[it->second];
        if (from == to)
          continue;
        clusters[from].after.insert(to);
        clusters[to].before.insert(from);
        if (!reader.direct) {
          clusters[from].apart.insert(to);
          clusters[to].apart.insert(from);
        }
      }
}

bool Clusters::isObserver(int cluster) const { return observers.contains(ops[clusters[cluster].ops.front()]); }

const SmallVector<Clusters::Reader> &Clusters::readers(Value v) const {
  static const SmallVector<Reader> none;
  auto it = readersOf.find(v);
  return it == readersOf.end() ? none : it->second;
}

bool Clusters::reaches(int from, int to) const {
  SmallVector<int> stack(clusters[from].after.begin(), clusters[from].after.end());
  llvm::erase(stack, to);
  DenseSet<int> seen(stack.begin(), stack.end());
  while (!stack.empty()) {
    int at = stack.pop_back_val();
    for (int next : clusters[at].after) {
      if (next == to)
        return true;
      if (seen.insert(next).second)
        stack.push_back(next);
    }
  }
  return false;
}

/// Whether a third cluster lies between the two.
bool Clusters::wouldCycle(int a, int b) const { return reaches(a, b) || reaches(b, a); }

bool Clusters::tryMerge(int a, int b, bool small) {
  if (isObserver(a) != growsObservers || isObserver(b) != growsObservers)
    return false;
  std::vector<int> members;
  std::merge(clusters[a].ops.begin(), clusters[a].ops.end(), clusters[b].ops.begin(), clusters[b].ops.end(),
             std::back_inserter(members));
  bool fits = small ? isSmall(members) : !clusters[a].apart.contains(b) && isKernel(members);
  if (!fits || wouldCycle(a, b))
    return false;
  for (int i : clusters[b].ops)
    clusterOf[i] = a;
  clusters[a].ops = std::move(members);
  clusters[b].alive = false;
  clusters[b].ops.clear();
  for (int next : clusters[b].after) {
    clusters[next].before.remove(b);
    if (next != a) {
      clusters[a].after.insert(next);
      clusters[next].before.insert(a);
    }
  }
  for (int previous : clusters[b].before) {
    clusters[previous].after.remove(b);
    if (previous != a) {
      clusters[a].before.insert(previous);
      clusters[previous].after.insert(a);
    }
  }
  clusters[a].after.remove(b);
  clusters[a].before.remove(b);
  for (int other : clusters[b].apart) {
    clusters[a].apart.insert(other);
    clusters[other].apart.insert(a);
  }
  return true;
}

/// Whether `consumer` is better computed by what reads it: `cluster` keeps its own results in memory for others anyway,
/// and would have to keep the consumer's as well.
bool Clusters::belongsBehind(int cluster, int consumer) const {
  if (clusters[consumer].after.size() != 1 || clusters[consumer].after.contains(cluster))
    return false;
  auto leaves = [&](int i) {
    return llvm::any_of(readers(ops[i]->getResult(0)), [&](const Reader &reader) { return !index.count(reader.op); });
  };
  if (llvm::any_of(clusters[consumer].ops, leaves))
    return false;
  int next = clusters[consumer].after.front();
  std::vector<int> members;
  llvm::append_range(members, clusters[consumer].ops);
  llvm::append_range(members, clusters[next].ops);
  llvm::sort(members);
  if (clusters[consumer].apart.contains(next) || !isKernel(members))
    return false;
  // Does every value that the consumer reads from the cluster have another reader?
  for (int i : clusters[cluster].ops) {
    auto readsInConsumer = [&](const Reader &reader) {
      auto it = index.find(reader.op);
      return it != index.end() && clusterOf[it->second] == consumer;
    };
    const auto &all = readers(ops[i]->getResult(0));
    auto elsewhere = [&](const Reader &reader) {
      auto it = index.find(reader.op);
      return it == index.end() || (clusterOf[it->second] != consumer && clusterOf[it->second] != cluster);
    };
    if (llvm::any_of(all, readsInConsumer) && llvm::none_of(all, elsewhere))
      return false;
  }
  return true;
}

/// Takes in what reads from the cluster, and then what reads that, as long as something fits.
void Clusters::mergeConsumers(int cluster) {
  for (bool changed = true; changed;) {
    changed = false;
    SmallVector<int> next(clusters[cluster].after.begin(), clusters[cluster].after.end());
    llvm::sort(next, [&](int a, int b) { return clusters[a].ops.front() < clusters[b].ops.front(); });
    for (int consumer : next)
      if (clusters[consumer].alive && isMap(consumer) && !belongsBehind(cluster, consumer))
        changed |= tryMerge(cluster, consumer);
  }
}

/// Maps that read a common value and reductions of a common value over the same axes; scalars all together.
void Clusters::mergeSiblings() {
  auto merge = [&](ArrayRef<int> candidates) {
    for (size_t i = 0; i < candidates.size(); ++i)
      for (size_t j = i + 1; j < candidates.size(); ++j) {
        int a = clusterOf[candidates[i]], b = clusterOf[candidates[j]];
        if (a != b)
          tryMerge(a, b);
      }
  };
  llvm::MapVector<Value, SmallVector<int>> maps, reductions;
  SmallVector<int> scalars;
  for (auto [i, op] : llvm::enumerate(ops)) {
    OpKind kind = kindOf(op);
    bool alone = kind == OpKind::Map && isMap(clusterOf[i]);
    if (alone && cast<RankedTensorType>(op->getResult(0).getType()).getRank() == 0)
      scalars.push_back(i);
    for (Value operand : op->getOperands()) {
      if (alone)
        maps[operand].push_back(i);
      if (kind == OpKind::Reduction || (kind == OpKind::Map && !alone))
        reductions[operand].push_back(i);
    }
  }
  for (auto &[operand, candidates] : reductions)
    merge(candidates);
  for (auto &[operand, candidates] : maps)
    merge(candidates);
  merge(scalars);
}

/// Takes in the maps that the cluster reads: chains, prologues of reductions, what is beside an epilogue.
void Clusters::mergeProducers(int op) {
  for (bool changed = true; changed;) {
    changed = false;
    int cluster = clusterOf[op];
    SmallVector<int> previous(clusters[cluster].before.begin(), clusters[cluster].before.end());
    llvm::sort(previous, [&](int a, int b) { return clusters[a].ops.back() > clusters[b].ops.back(); });
    for (int producer : previous)
      if (clusters[producer].alive && isMap(producer))
        changed |= tryMerge(clusterOf[op], producer);
  }
}

/// Observers come last, so that all else is grouped (and rounded) as it is without them.
void Clusters::grow() {
  connect(/*withObservers=*/false);
  mergeAll();
  connect(/*withObservers=*/true);
  growsObservers = true;
  mergeAll();
}

void Clusters::mergeAll() {
  auto epilogues = [&](OpKind kind) {
    for (int i = int(ops.size()) - 1; i >= 0; --i)
      if (kindOf(ops[i]) == kind)
        mergeConsumers(clusterOf[i]);
  };
  epilogues(OpKind::Product);
  epilogues(OpKind::Reduction);
  for (int i = int(ops.size()) - 1; i >= 0; --i)
    mergeProducers(i);
  // Chains of maps that were better behind a product than beside it are complete now.
  epilogues(OpKind::Product);
  epilogues(OpKind::Reduction);
  mergeSiblings();
  mergeSmall();
}

/// Whether what else `b` reads is there when `a` runs, so that others do not wait longer for `a` when the two are one.
bool Clusters::isReadyWith(int a, int b) const {
  if (clusters[a].after.size() == 1)
    return true;
  return llvm::all_of(clusters[b].before, [&](int source) {
    return source == a || clusters[source].before.empty() || clusters[source].after.contains(a) || reaches(source, a);
  });
}

/// Small clusters join what they exchange values with; of those whose values only leave the function, all join.
void Clusters::mergeSmall() {
  for (size_t i = 0; i < ops.size(); ++i)
    for (bool changed = isSmall(clusters[clusterOf[i]].ops); changed;) {
      changed = false;
      SmallVector<int> next(clusters[clusterOf[i]].after.begin(), clusters[clusterOf[i]].after.end());
      llvm::sort(next, [&](int a, int b) { return clusters[a].ops.front() < clusters[b].ops.front(); });
      for (int consumer : next)
        if (clusters[consumer].alive && isReadyWith(clusterOf[i], consumer))
          changed |= tryMerge(clusterOf[i], consumer, /*small=*/true);
    }
  int last = -1;
  for (size_t i = 0; i < ops.size(); ++i) {
    int cluster = clusterOf[i];
    if (cluster == last || !clusters[cluster].after.empty() || !isSmall(clusters[cluster].ops))
      continue;
    if (last < 0 || !tryMerge(last, cluster, /*small=*/true))
      last = cluster;
  }
}

/// First come, first served: a cluster is placed as soon as what it reads is, in the order in which clusters become
/// ready, so that values are read while they are in the caches and die early. What reads no other cluster waits for its
/// first reader.
std::vector<std::vector<Operation *>> Clusters::inOrder() const {
  std::vector<int> missing(clusters.size(), 0);
  std::vector<bool> placed(clusters.size(), false);
  std::vector<std::vector<Operation *>> result;
  std::vector<int> queue;
  auto place = [&](int c) {
    placed[c] = true;
    std::vector<Operation *> members;
    for (int i : clusters[c].ops)
      members.push_back(ops[i]);
    result.push_back(std::move(members));
  };
  auto inProgramOrder = [&](std::vector<int> &list) {
    llvm::sort(list, [&](int a, int b) { return clusters[a].ops.back() < clusters[b].ops.back(); });
  };
  std::vector<int> alone;
  for (size_t c = 0; c < clusters.size(); ++c) {
    if (!clusters[c].alive)
      continue;
    for (int source : clusters[c].before)
      missing[c] += !clusters[source].before.empty();
    if (clusters[c].before.empty() && clusters[c].after.empty())
      alone.push_back(c);
    else if (!clusters[c].before.empty() && missing[c] == 0)
      queue.push_back(c);
  }
  inProgramOrder(queue);
  for (size_t i = 0; i < queue.size(); ++i) {
    int c = queue[i];
    std::vector<int> sources, next;
    for (int source : clusters[c].before)
      if (!placed[source])
        sources.push_back(source);
    inProgramOrder(sources);
    llvm::for_each(sources, place);
    place(c);
    for (int reader : clusters[c].after)
      if (--missing[reader] == 0)
        next.push_back(reader);
    inProgramOrder(next);
    llvm::append_range(queue, next);
  }
  inProgramOrder(alone);
  llvm::for_each(alone, place);
  return result;
}

} // namespace nn
