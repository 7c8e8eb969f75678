//===- Data.cpp - Lints on what a model takes and what the data holds ---------------------------------------------===//
#include "frontend/lints/Lints.h"

using namespace nn::frontend;
using llvm::Twine;

/// How many classes a field of ids has, where the source says so.
static std::optional<int64_t> classesOf(const TrainBlock &train, llvm::StringRef field) {
  const DataSource &data = train.data;
  if (data.kind == "cifar10" && field == "label")
    return 10;
  if (data.kind == "images" && field == "label" && !train.classes.empty())
    return train.classes.size();
  if (data.kind == "text")
    return data.option("vocab");
  return std::nullopt;
}

/// How many records there are to train on, where the source says so.
static std::optional<int64_t> recordsOf(const TrainBlock &train) {
  std::optional<int64_t> records;
  if (train.data.kind == "cifar10" && train.data.files.size() == 1)
    records = 50000;
  if (train.data.kind == "generate")
    records = train.data.option("records");
  if (!records)
    return records;
  const DataSource &held = train.validation;
  if (held.kind == "fraction" || held.kind == "tail")
    *records -= int64_t(held.fraction * *records);
  else if (held.kind == "kfold")
    *records -= *records / std::max<int64_t>(held.option("folds").value_or(*records), 1);
  return records;
}

void nn::frontend::lintData(Network &network) {
  const TrainBlock *train = network.train;
  if (!train)
    return;
  Evaluator &evaluator = network.evaluator;
  for (const auto &[field, range] : evaluator.recordRanges)
    if (std::optional<int64_t> known = classesOf(*train, field); known && *known != range.limit)
      evaluator.diagnostics
          .warning(train->loss->span, "class-count",
                   "the model tells " + Twine(range.limit) + " classes apart, and `" + field + "` has " + Twine(*known))
          .hint("the last layer has one unit for each class: " + Twine(*known));
  std::optional<int64_t> records = recordsOf(*train);
  const Expr *batch = train->decl->find("batch");
  if (!records || train->batch <= *records || !batch)
    return;
  std::string text = ("a batch of " + Twine(train->batch) + " is more than the " + Twine(*records) +
                      " records that there are to train on")
                         .str();
  if (train->dropLast)
    evaluator.error(batch->span, text).hint("`last_batch = drop` leaves nothing of it");
  else
    evaluator.diagnostics.warning(batch->span, "batch-exceeds-data", text)
        .hint("a batch then holds records twice: choose a smaller one");
}

void nn::frontend::lintBatchOfOne(Network &network) {
  if (!network.train || network.train->batch != 1)
    return;
  // Results are the loss and then the state that changed.
  for (const auto &[slot, value] : llvm::zip(network.results, network.flat.terminator()->getOperands())) {
    if (slot.role != "state" || !network.dependsOnInput(value))
      continue;
    const OwnedValue &state = *network.evaluator.owned.find(slot.name);
    if (!state.span)
      continue;
    network.evaluator.diagnostics
        .warning(state.span, "batch-norm-of-one",
                 "`" + state.owner + "` takes its statistics from batches of one record")
        .hint("they say little about the data: choose a larger batch, or GroupNorm or LayerNorm");
    return;
  }
}
