// Scans as one copy of their body per step.
#ifndef NN_TOOLS_REFERENCE_UNROLLSCANS_H
#define NN_TOOLS_REFERENCE_UNROLLSCANS_H

namespace mlir {
class Operation;
}

namespace nn {

/// Replaces every nn.scan inside `root`. Elements that a body takes at its own step become slices.
void unrollScans(mlir::Operation *root);

} // namespace nn

#endif
