// A scan that emits and carries something else than it did.
#ifndef NN_PASSES_REBUILDSCAN_H
#define NN_PASSES_REBUILDSCAN_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/BitVector.h"

#include "mlir/IR/Value.h"

namespace mlir {
class RewriterBase;
class RewritePatternSet;
} // namespace mlir

namespace nn {
class ScanOp;

/// Makes a scan of `scan`'s body that emits `emitted`, values of that body, and carries what `carried` names; no value
/// that it yields may depend on another carried value. `scan` is left without body, for the caller to replace.
ScanOp rebuildScan(mlir::RewriterBase &rewriter, ScanOp scan, llvm::ArrayRef<mlir::Value> emitted,
                   const llvm::BitVector &carried);

/// Rewrites that make scans smaller: elements at a step instead of indices, constants in the body instead of operands,
/// nothing that is not used.
void populateScanPatterns(mlir::RewritePatternSet &patterns);

} // namespace nn

#endif // NN_PASSES_REBUILDSCAN_H
