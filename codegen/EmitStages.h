// Loops for the stages of a kernel without a contraction emitter of its own: maps, reductions, windows, moves, and
// whatever else has elements. The body of last resort for every kernel.
#ifndef NN_CODEGEN_EMITSTAGES_H
#define NN_CODEGEN_EMITSTAGES_H

#include "codegen/KernelFrame.h"

namespace nn {
class KernelStructure;

/// Fills the frame's function.
void emitStages(KernelFrame &frame, KernelStructure &structure);

} // namespace nn

#endif
