//===- EvaluationEntries.cpp - The entries that measure a model ---------------------------------------------------===//
//
// `evaluate` adds a batch to the tallies of the loss and the metrics, `result` makes numbers of the tallies. Rows of a
// partial batch that do not count are left out, so that results are exact over all examples.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/BuiltinFunctions.h"
#include "frontend/ModelCompiler.h"

using namespace nn::frontend;

/// The tally of mean k of a sum of means: `loss/sum`, then `loss/sum_2`.
static std::string tallyPath(const std::string &name, const char *part, size_t k) {
  return name + "/" + part + (k ? "_" + std::to_string(k + 1) : "");
}

/// Adds value·weight and weight of each mean to two tallies, so that means over unequal batches combine exactly. `rows`
/// weighs what is no mean.
static void tallyMean(Evaluator &evaluator, EntryBuilder &entry, const std::string &name, const Tensor &value,
                      const Tensor &rows) {
  Emitter &emitter = evaluator.emitter;
  auto scalar = mlir::RankedTensorType::get({}, emitter.builder.getF64Type());
  auto add = [&](const std::string &path, const Tensor &addend) {
    OwnedValue *tally = evaluator.owned.find(path);
    if (!tally)
      tally = &evaluator.owned.add({path, OwnedStmt::Role::Tally, scalar, Value::integer(0), {}, {}, {}, ""});
    entry.update(*tally, emitter.binary<nn::AddOp>(entry.owned(*tally), addend));
  };
  std::vector<MeanTerm> terms = value.means ? *value.means : std::vector<MeanTerm>{{value.value, {}}};
  for (auto [k, term] : llvm::enumerate(terms)) {
    Tensor mean, weight;
    mean.value = term.value;
    weight.value = term.divisor;
    if (!term.divisor)
      weight = emitter.cast(rows, scalar.getElementType());
    add(tallyPath(name, "sum", k), emitter.binary<nn::MulOp>(emitter.cast(mean, scalar.getElementType()), weight));
    add(tallyPath(name, "weight", k), weight);
  }
}

/// What a batch weighs: the number of its rows that count, or the sum of their weights.
Tensor ModelCompiler::weightOfRows(const Example &example) {
  EntryBuilder &entry = *evaluator.entry;
  if (example.weights.empty())
    return *entry.validRows;
  Emitter &emitter = evaluator.emitter;
  Tensor weights = emitter.cast(example.weights.front().second, emitter.builder.getF64Type());
  weights.batch = {0, 1};
  return emitter.reduce(Emitter::Reduction::Sum, withoutInvalidRows(evaluator, weights, 0), {0});
}

/// `predict`: the function that computes the outputs, where it takes batches of the same size; copied is quicker than
/// evaluated again.
void ModelCompiler::buildEvaluate(mlir::func::FuncOp predict) {
  EntryBuilder entry(evaluator.emitter, module, "evaluate");
  entry.observed = false;
  evaluator.entry = &entry;
  Named fields = records(entry);
  entry.validRows =
      entry.argument("valid", "valid", mlir::RankedTensorType::get({}, evaluator.emitter.builder.getI32Type()));
  std::optional<Example> example = exampleOf(fields);
  Named outputs;
  if (example && predict) {
    outputs = predicted;
    size_t next = 0;
    for (auto &[slot, tensor] : entry.copy(predict, evaluator.owned, [&](const EntryBuilder::Slot &slot) {
           return slot.role == "input" ? find(example->inputs, slot.name) : nullptr;
         })) {
      const OwnedValue *known = evaluator.owned.find(slot.name);
      if (slot.role == "output") {
        Tensor &output = outputs[next++].second;
        output = Emitter::like(output, tensor.value);
      } else if (known && slot.role == roleName(known->role))
        entry.update(*known, tensor);
    }
  } else if (example) {
    useEvaluated(entry);
    outputs = outputsOf(applyModel(entry, example->inputs));
  }
  if (!outputs.empty()) {
    entry.masked = true;
    Value loss = lossOf(outputs, *example, fields);
    if (loss.isTensor())
      tallyMean(evaluator, entry, "loss", loss.asTensor(), weightOfRows(*example));
    BatchValues values{fields, example->inputs, example->targets, outputs};
    for (const Metric &metric : metricsOf()) {
      bool counts = false;
      Value value = metricValue(metric, MetricPhase::Accumulate, values, counts);
      if (counts)
        countingMetrics.insert(metric.name);
      else if (value.isTensor() && value.asTensor().rank() == 0)
        tallyMean(evaluator, entry, metric.name, value.asTensor(), *entry.validRows);
      else if (!value.isError())
        evaluator.error(metric.expr->span, "a metric is one number, and this is " + evaluator.names.describe(value));
    }
    // The values end with the entry.
    for (const Named *list : {&values.records, &values.inputs, &values.targets, &values.outputs})
      for (const auto &[name, tensor] : *list)
        measuredTypes.emplace_back(tensor.type(), tensor.batch);
    measured = std::move(values);
  }
  entry.finish(evaluator.owned);
  evaluator.entry = nullptr;
}

/// Whether training looks at this result of a validation.
bool ModelCompiler::isFollowed(llvm::StringRef result) {
  if (train.stop && train.stop->result == result)
    return true;
  mlir::func::FuncOp step;
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (function.getName() == "train_step_log")
      step = function;
  for (unsigned i = 0; step && i < step.getNumArguments(); ++i)
    if (step.getArgAttrOfType<mlir::StringAttr>(i, "nn.role") == "validation" &&
        step.getArgAttrOfType<mlir::StringAttr>(i, "nn.name") == result)
      return true;
  return false;
}

void ModelCompiler::buildResult() {
  EntryBuilder entry(evaluator.emitter, module, "result");
  evaluator.entry = &entry;
  Emitter &emitter = evaluator.emitter;
  mlir::Type f64 = emitter.builder.getF64Type();
  auto mean = [&](const std::string &name) {
    std::optional<Tensor> total;
    for (size_t k = 0; const OwnedValue *sum = evaluator.owned.find(tallyPath(name, "sum", k)); ++k) {
      const OwnedValue *weight = evaluator.owned.find(tallyPath(name, "weight", k));
      Tensor quotient = emitter.quotient(entry.owned(*sum), entry.owned(*weight));
      total = total ? emitter.binary<nn::AddOp>(*total, quotient) : quotient;
    }
    if (total)
      entry.result("metric", name, *total);
  };
  mean("loss");
  // A metric's inputs do not exist here: zeros of their types stand for them, and must not reach the result.
  auto measuredType = measuredTypes.begin();
  for (Named *list : {&measured.records, &measured.inputs, &measured.targets, &measured.outputs})
    for (auto &[name, tensor] : *list) {
      tensor = entry.placeholder(measuredType->first);
      tensor.batch = measuredType->second;
      ++measuredType;
    }
  for (const Metric &metric : metricsOf()) {
    if (!countingMetrics.count(metric.name)) {
      mean(metric.name);
      continue;
    }
    bool counts = false;
    Value result = metricValue(metric, MetricPhase::Result, measured, counts);
    std::optional<Tensor> number = evaluator.toTensor(result, f64, metric.expr->span);
    if (number && (number->rank() == 0 || number->rank() == 2))
      entry.result("metric", metric.name, emitter.cast(*number, f64));
    else if (number)
      evaluator.error(metric.expr->span, "the metric `" + metric.name +
                                             "` is one number or a table of them, and this is " +
                                             evaluator.names.type(*number));
    if (number && number->rank() == 2 && isFollowed(metric.name))
      evaluator.error(metric.expr->span,
                      "the metric `" + metric.name + "` is a table, which neither `stop` nor a schedule can follow");
  }
  entry.finish({});
  if (entry.usesPlaceholder())
    evaluator
        .error(train.metrics->span, "the result of a metric is made of its tallies alone: the batches are gone by then")
        .hint("a mean of a loss, such as `mae(y, t)`, is an entry of its own beside a metric");
  evaluator.entry = nullptr;
}
