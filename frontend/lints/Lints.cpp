//===- Lints.cpp - The table of lints -----------------------------------------------------------------------------===//
#include "frontend/lints/Lints.h"

using namespace nn::frontend;

void nn::frontend::runLints(Network &network) {
  using Lint = void (*)(Network &);
  static constexpr Lint lints[] = {lintSkippedPixels, lintReceptiveField, lintUnusedParameters, lintLastDropout,
                                   lintLinearLayers,  lintBiasBeforeNorm, lintOutputs,          lintData,
                                   lintBatchOfOne,    lintStart};
  for (Lint lint : lints)
    lint(network);
}
