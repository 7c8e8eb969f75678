// Kernels around one contraction or convolution: the micro-kernel family and the plan it follows.
//
// Layouts that serve it best (for the pass that chooses them; everything is correct in any layout):
//   - activations and their gradients, where the batch has at least as many rows as a vector has lanes: batch innermost
//     ([1, 2, ..., 0]; [1, 0] for matrices). Lanes are then rows of the batch, and weights are read where they lie.
//   - parameters, their gradients and slots: row-major (filters x channels x kernel; dense: as declared).
//   - products whose operands and result are all row-major are fast too: the product packs what it needs.
#ifndef NN_CODEGEN_CONTRACTION_H
#define NN_CODEGEN_CONTRACTION_H

#endif
