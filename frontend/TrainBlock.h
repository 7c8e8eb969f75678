//===- TrainBlock.h - What a train block says ---------------------------------------------------------------------===//
//
// Reads the entries of a `train` block that are known when compiling, and leaves those that belong into the graph
// (input, target, loss, metrics, optimizer) as expressions. `toAttribute` is what the generated program's description
// is made of.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_TRAINBLOCK_H
#define NN_FRONTEND_TRAINBLOCK_H

#include "frontend/Augment.h"
#include "frontend/DataSource.h"
#include "frontend/Load.h"

namespace nn::frontend {

/// `stop = early_stopping(validation.loss, patience: 5)`
struct EarlyStopping {
  std::string result;   ///< of the validation
  int64_t patience = 1; ///< validations without a better result
  double minDelta = 0;
  std::optional<bool> rising; ///< `mode`, where it is given
  bool restoreBest = true;
  Span span;
};

bool readStop(Evaluator &evaluator, const Expr &expr, EarlyStopping &stop);
/// The dictionary of `stop`: metric, patience, min_delta, rising, restore_best.
mlir::DictionaryAttr toAttribute(const EarlyStopping &stop, mlir::MLIRContext *context);

struct TrainBlock {
  const TrainDecl *decl = nullptr;
  DataSource data, validation, test;
  std::vector<Augment> augment;
  int64_t batch = 0, predictBatch = 0, epochs = 0, steps = 0, seed = 0;
  bool shuffle = true, dropLast = false;
  std::vector<std::string> classes;
  int64_t accumulate = 1; ///< batches of a step
  const Expr *input = nullptr, *target = nullptr, *loss = nullptr, *metrics = nullptr, *optimizer = nullptr;
  const Expr *sampleWeight = nullptr, *regularize = nullptr, *constraint = nullptr;
  std::vector<std::pair<std::string, Span>> freeze; ///< globs
  std::optional<WeightSource> load;
  std::optional<EarlyStopping> stop;
  std::string checkpoint; ///< folder; empty: none
  std::optional<double> clipNorm, clipValue;
  bool clipKeras = false;
  std::string precision = "f32"; ///< of the operands of products
  std::string targetField;       ///< the record field that is the target, where it is one
};

/// Reads only `batch` and `predict_batch`, which everything else depends on.
bool readBatch(Evaluator &evaluator, const TrainDecl &decl, TrainBlock &block);
/// Reads the rest. `inputs` are the model's inputs: an IDX source without declared fields holds records of the first
/// one's shape. False after an error that leaves nothing to go on with.
bool readTrainBlock(Evaluator &evaluator, TrainBlock &block,
                    llvm::ArrayRef<std::pair<std::string, mlir::RankedTensorType>> inputs);

/// The dictionary `nn.train`: data, validation, test (or absent), epochs, steps, seed, shuffle, drop_last, classes,
/// target, augment, load, stop.
mlir::DictionaryAttr toAttribute(const TrainBlock &block, const std::map<std::string, IdRange> &ranges,
                                 mlir::MLIRContext *context);

} // namespace nn::frontend

#endif // NN_FRONTEND_TRAINBLOCK_H
