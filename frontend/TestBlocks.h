//===- TestBlocks.h - Tests that stand in .nn files ---------------------------------------------------------------===//
#ifndef NN_FRONTEND_TESTBLOCKS_H
#define NN_FRONTEND_TESTBLOCKS_H

#include "frontend/Evaluator.h"
#include "frontend/Frontend.h"

namespace nn::frontend {

/// Builds an entry function for each test block of the user's file, and says what its results are. Layers of a test
/// have the parameters that they start with, drawn with seed 0.
void buildTests(Evaluator &evaluator, std::vector<TestCase> &tests);

} // namespace nn::frontend

#endif // NN_FRONTEND_TESTBLOCKS_H
