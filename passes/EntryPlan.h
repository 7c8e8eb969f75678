// The memory of one entry: where in the arena every value of its launches lies, and where threads must wait.
#ifndef NN_PASSES_ENTRYPLAN_H
#define NN_PASSES_ENTRYPLAN_H

#include "passes/MemoryPlan.h"

#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/Value.h"

#include <limits>
#include <set>
#include <vector>

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace nn {
class KernelOp;
class LaunchOp;
class ScanOp;

constexpr int64_t kArenaAlignment = 64;

/// Of a tensor as it lies in memory.
int64_t bytesOf(mlir::Type type);

/// Where a value lies: so many bytes behind the begin of a buffer, which moves with every round of the loops around it.
struct Home {
  int buffer = kPersistent;
  int64_t offset = 0;
  llvm::SmallVector<int64_t, 2> strides; ///< per loop, outermost first

  static constexpr int kPersistent = -1; ///< the range of owned values, from the arena's begin
};

/// The plan of an entry whose launches are in order (Schedule.h).
class EntryPlan {
public:
  /// `persistent`: offsets of owned values by name; `base`: where the memory of one call begins.
  EntryPlan(mlir::func::FuncOp entry, mlir::SymbolTable &symbols, const llvm::StringMap<int64_t> &persistent,
            int64_t base);

  /// Writes offsets and barriers; returns the end of what the entry uses.
  int64_t run(const llvm::MapVector<mlir::Value, llvm::StringRef> &replaced);

  int64_t largestWorkspace = 0;
  /// What lies in memory of the gradients of these parameters: what the kernel that replaces one reads element by
  /// element, beside owned values. Where the kernel computes the gradient itself, nothing does.
  int64_t gradientBytes(const llvm::MapVector<mlir::Value, llvm::StringRef> &replaced,
                        const llvm::StringSet<> &parameters);

private:
  /// Memory of one or more values.
  struct Store {
    int64_t bytes;
    mlir::Block *owner;      ///< the block in whose order it lives
    mlir::Operation *writer; ///< the launch whose result alone it is; null where a loop or the caller uses it, too
    int64_t lower = std::numeric_limits<int64_t>::max(), upper = 0; ///< the spans in which it is in use
  };
  struct Spans {
    int64_t first, last;
  };
  struct Bytes;

  KernelOp kernelOf(LaunchOp launch);
  Home newHome(int64_t bytes, mlir::Block *owner, mlir::Operation *writer, size_t loops);
  void findHomes(mlir::Block &block, size_t loops);
  void findHomes(ScanOp scan, size_t loops);
  void enter(ScanOp scan, size_t loops);
  void findSpans(mlir::Block &block);
  void use(mlir::Value v, mlir::Operation *op);
  void findRanges();
  void shareInPlace();
  int64_t place();
  int64_t offsetOf(mlir::Value v) const;
  Bytes rangeOf(mlir::Value v, LaunchOp launch) const;
  void annotate();
  void setBarriers();

  mlir::func::FuncOp entry;
  mlir::SymbolTable &symbols;
  const llvm::StringMap<int64_t> &persistent;
  int64_t base;
  llvm::DenseMap<mlir::Value, Home> homes;
  std::vector<Store> stores;
  llvm::EquivalenceClasses<int> shared;            // stores that are one
  std::vector<int64_t> offsets;                    // of stores
  std::vector<LaunchOp> launches;                  // in program order, those in loops once
  std::vector<int64_t> workspaces;                 // per launch
  llvm::DenseMap<mlir::Operation *, Spans> spans;  // of launches and scans
  int64_t now = 0;                                 // the span at hand,
  std::set<std::pair<int, int64_t>> read, written; // and the stores and offsets used in it
};

} // namespace nn

#endif // NN_PASSES_ENTRYPLAN_H
