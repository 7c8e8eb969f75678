//===- Lints.h - What the compiler warns of -----------------------------------------------------------------------===//
//
// Each lint looks at a checked model that has no errors and gives warnings by name. To add one: its name in
// `warningNames` (Diagnostics.h), a function here and in the table of Lints.cpp, its section in docs/lints.md, whose
// programs are its tests. Lints that read the text alone are beside the parser and NameCheck.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_LINTS_LINTS_H
#define NN_FRONTEND_LINTS_LINTS_H

#include "frontend/lints/Network.h"

namespace nn::frontend {

// Structure.cpp
void lintSkippedPixels(Network &network);
void lintReceptiveField(Network &network);
void lintUnusedParameters(Network &network);
void lintLastDropout(Network &network);
// Linear.cpp
void lintLinearLayers(Network &network);
void lintBiasBeforeNorm(Network &network);
// Outputs.cpp
void lintOutputs(Network &network);
// Data.cpp
void lintData(Network &network);
void lintBatchOfOne(Network &network);
// Start.cpp
void lintStart(Network &network);

/// One update of a parameter as a function: arguments are the weight, its slots, the gradient, step and total; results
/// their next values and the rate.
struct UpdateFunction {
  mlir::func::FuncOp function;
  std::vector<EntryBuilder::Slot> arguments, results;
  Span span; ///< of the optimizer
};
void lintLearningRate(Evaluator &evaluator, const UpdateFunction &update);

/// A number as messages write it, to three digits.
std::string rounded(double value);

/// Runs the lints of a model.
void runLints(Network &network);

} // namespace nn::frontend

#endif // NN_FRONTEND_LINTS_LINTS_H
