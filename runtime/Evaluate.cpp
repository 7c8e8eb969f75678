// The evaluation loop: tallies to zero, batches added, results taken once.
#include "Evaluate.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace nnrt {

double valueOf(const Metrics &results, const char *name) {
  for (const auto &[metric, value] : results)
    if (metric == name)
      return value;
  return 0;
}

Status Evaluation::bind(Instance &instance, const Part &part, std::unique_ptr<Evaluation> &evaluation) {
  const nnrt_entry *evaluate = instance.find("evaluate"), *result = instance.find("result");
  if (!evaluate || !result)
    return wrong("the model %s was compiled without evaluation", instance.model.name);
  evaluation.reset(new Evaluation(instance, *evaluate, *result, part));
  return Feeder::bind(instance, evaluation->evaluate, *part.data, evaluation->feeder);
}

Status Evaluation::run(Metrics &metrics, const std::function<bool(int64_t)> &onBatch) {
  metrics.clear();
  const nnrt_model &model = instance.model;
  for (int64_t i = 0; i < model.n_owned; ++i)
    if (model.owned[i].role == NNRT_TALLY)
      memset(instance.at(model.owned[i]), 0, model.owned[i].bytes);
  int64_t batch = evaluate.batch();
  std::vector<int64_t> indices(batch);
  for (int64_t first = 0; first < part.count; first += batch) {
    int64_t rows = std::min(batch, part.count - first);
    for (int64_t row = 0; row < rows; ++row)
      indices[row] = first + row;
    NNRT_TRY(feeder.fill(part, indices.data(), rows));
    evaluate.set(NNRT_VALID, rows);
    evaluate.run();
    if (onBatch && !onBatch(first + rows))
      return {};
  }
  result.run();
  for (const nnrt_tensor *tensor : result.all(NNRT_METRIC))
    if (tensor->rank == 0)
      metrics.emplace_back(tensor->name, result.scalar(*tensor));
  if (double loss = valueOf(metrics, "loss"); !std::isfinite(loss) && !warned) {
    warned = true;
    fprintf(stderr,
            "the loss of the evaluation is %s: look for values in its data, or in the weights, that are not finite\n",
            std::isnan(loss) ? "NaN" : "infinite");
  }
  return {};
}

std::vector<Table> Evaluation::tables() const {
  std::vector<Table> tables;
  for (const nnrt_tensor *tensor : result.all(NNRT_METRIC))
    if (tensor->rank == 2) {
      auto *values = reinterpret_cast<const double *>(instance.at(*tensor));
      tables.push_back({tensor->name, tensor->shape[1], {values, values + tensor->shape[0] * tensor->shape[1]}});
    }
  return tables;
}

} // namespace nnrt
