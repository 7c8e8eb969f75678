// Loss and metrics over all records of a part, exact: the last batch is padded and the padding does not count.
#ifndef NNRT_EVALUATE_H
#define NNRT_EVALUATE_H
#include "Dataset.h"
#include "Table.h"
#include <functional>
#include <memory>
#include <utility>

namespace nnrt {

using Metrics = std::vector<std::pair<std::string, double>>; // "loss" first

/// The result of this name, 0 where there is none.
double valueOf(const Metrics &results, const char *name);

class Evaluation {
public:
  static Status bind(Instance &instance, const Part &part, std::unique_ptr<Evaluation> &evaluation);
  /// `onBatch` hears how many records are done; where it answers false the evaluation ends and the result is empty.
  Status run(Metrics &metrics, const std::function<bool(int64_t)> &onBatch = nullptr);
  /// The metrics of the last run that are tables.
  std::vector<Table> tables() const;

private:
  Evaluation(Instance &instance, const nnrt_entry &evaluate, const nnrt_entry &result, const Part &part)
      : instance(instance), evaluate(instance, evaluate), result(instance, result), part(part) {}
  Instance &instance;
  Entry evaluate, result;
  Feeder feeder;
  const Part &part;
  bool warned = false; // that its loss is not finite
};

} // namespace nnrt
#endif
