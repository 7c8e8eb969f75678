// What computing an element reads and costs: found by emitting it once into a scratch block. Plans and loop orders are
// chosen from this, so that neither knows the ops of the dialect.
#ifndef NN_CODEGEN_PROBE_H
#define NN_CODEGEN_PROBE_H

#include "codegen/IndexForms.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SetVector.h"
#include <vector>

namespace nn {
class Machine;

/// One read of a tensor in memory. Form leaf k < rank is coordinate k of the element that is computed.
struct Read {
  mlir::Value tensor;
  llvm::SmallVector<LinearForm> at;
};

struct Probe {
  std::vector<Read> reads;
  double cost = 0; ///< cycles, roughly, for one vector of lanes
  int64_t instructions = 0;
};

/// Probes the elements of `values` (tensors of one shape) at one point of their index space. Tensors in `memory` and
/// block arguments are read; with `lanes` > 1, lanes lie along `laneDim`.
Probe probe(llvm::ArrayRef<mlir::Value> values, const llvm::SetVector<mlir::Value> &memory, const Machine &machine,
            int64_t lanes = 1, int64_t laneDim = -1);

} // namespace nn

#endif
