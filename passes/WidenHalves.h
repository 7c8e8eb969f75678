// bf16 and f16 are types of storage: what is computed on them is computed in f32. Shared by the pass and the reference.
#ifndef NN_PASSES_WIDENHALVES_H
#define NN_PASSES_WIDENHALVES_H

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace nn {

/// Surrounds every op that computes with bf16 or f16 by casts, so that it computes in f32 and rounds its results once.
/// Afterwards such elements are moved and cast only.
void widenHalves(mlir::ModuleOp module);

} // namespace nn

#endif // NN_PASSES_WIDENHALVES_H
