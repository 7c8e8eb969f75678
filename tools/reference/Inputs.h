// Deterministic inputs for functions of an nn module, chosen by role and type, away from ties and from zero.
#ifndef NN_TOOLS_REFERENCE_INPUTS_H
#define NN_TOOLS_REFERENCE_INPUTS_H

#include "tools/reference/HostArray.h"

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace nn {

/// One array per argument of `function`. Floating-point elements are evenly spaced over a range, in random order, so
/// that neighbours differ by a range's width over the number of elements and no two arguments share a value; the range
/// is the argument's `nn.range` (array<f64: low, high>), else that of its role (positive for states and slots).
/// Integers are random in their range; seed, step, total and valid are plausible constants.
std::vector<HostArray> chooseInputs(mlir::func::FuncOp function, uint64_t seed);

} // namespace nn

#endif
