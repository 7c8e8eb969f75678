// The order of an entry's launches, and which of them write owned values where these lie. Owns the rule that a value's
// readers come before its replacement; must not know of offsets.
#ifndef NN_PASSES_SCHEDULE_H
#define NN_PASSES_SCHEDULE_H

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include "mlir/IR/Value.h"

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace nn {
class KernelOp;
class LaunchOp;
class ScanOp;

/// Whether a role ("param", "state", "slot", "carried", "tally") names a value that outlives the entry.
bool isOwnedRole(llvm::StringRef role);
/// The `nn.role` and `nn.name` of an argument or result of an entry; empty where it has none.
llvm::StringRef roleOf(mlir::func::FuncOp entry, unsigned index, bool isResult);
llvm::StringRef nameOf(mlir::func::FuncOp entry, unsigned index, bool isResult);

/// Makes a launch in front of an op that copies a value into one of a type.
using CopyBuilder = llvm::function_ref<LaunchOp(mlir::Operation *before, mlir::Value, mlir::Type)>;

/// Orders the launches of `entry` and makes every result a value that a launch writes (or an argument that stays, or a
/// scan's result): results that cannot be written in place get a launch that copies. Returns the launch results that
/// replace owned values, with the names of these. In scans, what a step emits is a launch's result of its own or the
/// old or new value of a carried one; a carried value's first value and every next one are launch results of their own.
llvm::MapVector<mlir::Value, llvm::StringRef>
scheduleEntry(mlir::func::FuncOp entry, llvm::function_ref<KernelOp(LaunchOp)> kernelOf, CopyBuilder copy);

/// Whether a scan's carried value k is emitted, before a step or after it: then every step leaves it where it is.
bool isStackedCarry(ScanOp scan, unsigned k);

} // namespace nn

#endif // NN_PASSES_SCHEDULE_H
