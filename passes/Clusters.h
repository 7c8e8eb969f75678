// Which ops become one kernel: clusters of a function's ops that grow by merging. Owns what a kernel may consist of;
// must not know how kernels are generated, and changes no IR.
#ifndef NN_PASSES_CLUSTERS_H
#define NN_PASSES_CLUSTERS_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#include <vector>

namespace nn {

/// What an op is to grouping.
enum class OpKind {
  Map,       ///< one element of the result from the elements at the same place: elementwise ops, random numbers
  Move,      ///< addressing only: recomputed by every kernel that reads it
  View,      ///< its operand's memory: nothing is computed
  Reduction, ///< reduce_*, argmax
  Product,   ///< contractions, convolutions, windows: at most one to a kernel
  Call,      ///< a kernel function with a direct implementation: alone in its kernel
  Scatter,   ///< a sum at indices: alone in its kernel
  Loop,      ///< a scan: no kernel, but its body's
};

OpKind kindOf(mlir::Operation *op);

/// Whether the op only says where elements come from, or is a constant.
bool computesNothing(mlir::Operation *op);

/// Whether the op is a product of two tensors: one of those that have tiles.
bool isProduct(mlir::Operation *op);

/// The clusters of one block. A cluster is one of
///   map        Maps over one shape, any number of results
///   reduction  Reductions of one shape over the same axes; Maps over the full shape in front of them, whose values
///              stay inside; Maps over the reduced shape behind them
///   product    one Product whose operands come from outside, and Maps over its result's shape, or over that of its
///   parts
///              where it is needed in parts; where an observer reads the result, it alone: so entries that observe a
///              gradient and entries that return it share kernels
///   call       one Call, one Scatter or one Loop
///   small      Maps and Reductions of any shapes that together are less work than a launch is worth
/// or a Move that must exist in memory (alone). Moves and Views belong to no cluster: whoever reads them computes them.
class Clusters {
public:
  /// `materialised`: the Moves that need a cluster of their own. `observers`: ops on which nothing else depends and
  /// that must not change how the others are grouped.
  Clusters(mlir::Block &block, const llvm::DenseSet<mlir::Operation *> &materialised,
           const llvm::DenseSet<mlir::Operation *> &observers);

  /// Merges as far as kernels allow.
  void grow();

  /// The clusters in an order in which each comes after what it reads; ops in the block's order.
  std::vector<std::vector<mlir::Operation *>> inOrder() const;

  /// A value that goes from one cluster to another through memory, and the rule that keeps the two apart.
  struct Cut {
    mlir::Operation *producer, *consumer;
    llvm::StringRef why;
  };
  /// One per pair of clusters.
  std::vector<Cut> cuts() const;

  /// The ops in clusters (or the block's terminator) that read a value, directly or through Moves and Views.
  struct Reader {
    mlir::Operation *op;
    bool direct;
  };
  const llvm::SmallVector<Reader> &readers(mlir::Value v) const;

private:
  struct Cluster {
    std::vector<int> ops;               // indices into `ops`, sorted
    llvm::SetVector<int> before, after; // clusters it reads from, and that read from it
    llvm::DenseSet<int> apart;          // clusters it exchanges values with through Moves or Views
    bool alive = true;
  };

  void connect(bool withObservers);
  void mergeAll();
  bool isObserver(int cluster) const;
  bool tryMerge(int a, int b, bool small = false);
  bool isSmall(llvm::ArrayRef<int> members) const;
  bool isKernel(llvm::ArrayRef<int> members) const;
  bool isReductionKernel(llvm::ArrayRef<int> members) const;
  bool wouldCycle(int a, int b) const;
  bool reaches(int from, int to) const;
  bool belongsBehind(int cluster, int consumer) const;
  void mergeConsumers(int cluster);
  void mergeProducers(int op);
  void mergeSiblings();
  bool isReadyWith(int a, int b) const;
  bool isObserved(mlir::Operation *op) const;
  llvm::StringRef whyApart(int producer, int consumer) const;
  void mergeSmall();
  bool isMap(int cluster) const;

  mlir::Block &block;
  const llvm::DenseSet<mlir::Operation *> &observers;
  bool growsObservers = false;
  std::vector<mlir::Operation *> ops; // in clusters, in the block's order
  llvm::DenseMap<mlir::Operation *, int> index;
  std::vector<int> clusterOf; // of each op
  std::vector<Cluster> clusters;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Reader>> readersOf;
};

} // namespace nn

#endif // NN_PASSES_CLUSTERS_H
