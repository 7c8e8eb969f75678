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

/// Whether a role ("param", "state", "slot", "tally") names a value that outlives the entry.
bool isOwnedRole(llvm::StringRef role);
/// The `nn.role` and `nn.name` of an argument or result of an entry; empty where it has none.
llvm::StringRef roleOf(mlir::func::FuncOp entry, unsigned index, bool isResult);
llvm::StringRef nameOf(mlir::func::FuncOp entry, unsigned index, bool isResult);

/// Orders the launches of `entry` and makes every result a value that a launch writes (or an argument that stays):
/// results that cannot be written in place get a launch that copies, through `copy`. Returns the launch results that
/// replace owned values, with the names of these.
llvm::MapVector<mlir::Value, llvm::StringRef> scheduleEntry(mlir::func::FuncOp entry,
                                                            llvm::function_ref<KernelOp(LaunchOp)> kernelOf,
                                                            llvm::function_ref<LaunchOp(mlir::Value, mlir::Type)> copy);

} // namespace nn

#endif // NN_PASSES_SCHEDULE_H
