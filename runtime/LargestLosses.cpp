// Foretells, compares, measures.
#include "LargestLosses.h"
#include "Classes.h"
#include <algorithm>
#include <cmath>
#include <cstring>

namespace nnrt {

/// So many of the foretold are measured: those that differ by roundings only change places.
static constexpr size_t mostLikely = 4 * LargestLosses::count;

/// What the rounding of an evaluation in f32 may add to a loss of scores up to `largest`.
static double rounding(double loss, double largest) { return 1e-4 * loss + 1e-6 * std::max(1.0, largest); }

void CrossEntropy::add(const float *scores, int64_t classes, int64_t target) {
  double mean = 0, most = double(scores[nnrt::largest(scores, classes)]), powers = 0;
  bool logs = areProbabilities(scores, classes);
  for (int64_t c = 0; c < classes; ++c) {
    mean += logs ? std::log(double(scores[c])) : double(scores[c]);
    powers += std::exp(double(scores[c]) - most);
    largest = std::max(largest, std::fabs(double(scores[c])));
  }
  double total = logs ? 0 : most + std::log(powers);
  sum += total - (logs ? std::log(double(scores[target])) : double(scores[target]));
  spread += total - mean / double(classes);
  ++positions;
}

double CrossEntropy::mean(double smoothing) const {
  return (smoothing > 0 ? sum + smoothing * (spread - sum) : sum) / double(positions);
}

Status LargestLosses::bind() {
  picked.data = part.data;
  return Evaluation::bind(instance, picked, evaluation);
}

/// Whether anything counted in the evaluation that was just run.
static bool counted(const Instance &instance) {
  bool any = false, known = false;
  for (int64_t i = 0; i < instance.model.n_owned; ++i) {
    const nnrt_tensor &tensor = instance.model.owned[i];
    if (tensor.role != NNRT_TALLY || strncmp(tensor.name, "loss/weight", strlen("loss/weight")) != 0)
      continue;
    known = true;
    any |= elementAt(tensor.type, instance.at(tensor), 0) != 0;
  }
  return any || !known;
}

Status LargestLosses::evaluate(int64_t first, int64_t rows, double &loss, bool &counts) {
  picked.count = rows;
  picked.picks.resize(size_t(rows));
  for (int64_t row = 0; row < rows; ++row)
    picked.picks[size_t(row)] = uint32_t(part.record(first + row));
  Metrics metrics;
  NNRT_TRY(evaluation->run(metrics));
  loss = valueOf(metrics, "loss");
  counts = counted(instance);
  return {};
}

static bool isWorse(const Measured &a, const Measured &b) {
  double x = std::isnan(a.loss) ? INFINITY : a.loss, y = std::isnan(b.loss) ? INFINITY : b.loss;
  return x != y ? x > y : a.record < b.record;
}

Status LargestLosses::measure(int64_t i) {
  double loss;
  bool counts;
  NNRT_TRY(evaluate(i, 1, loss, counts));
  if (!counts)
    return {};
  measured.push_back({part.record(i), loss});
  std::push_heap(measured.begin(), measured.end(), isWorse);
  if (measured.size() > count) {
    std::pop_heap(measured.begin(), measured.end(), isWorse);
    measured.pop_back();
  }
  return {};
}

/// Of the record that tells most of it; batches that it is wrong for will show that.
Status LargestLosses::findSmoothing(int64_t first, const std::vector<CrossEntropy> &foretold) {
  int64_t best = -1;
  double most = 0;
  for (size_t row = 0; row < foretold.size(); ++row) {
    const CrossEntropy &one = foretold[row];
    double difference = one.positions ? std::fabs(one.mean(1) - one.mean(0)) : 0;
    if (std::isfinite(difference) && difference > most)
      most = difference, best = int64_t(row);
  }
  if (best < 0)
    return {};
  double loss, plain = foretold[size_t(best)].mean(0);
  bool counts;
  NNRT_TRY(evaluate(first + best, 1, loss, counts));
  double share = (loss - plain) / (foretold[size_t(best)].mean(1) - plain);
  smoothing = share > 1e-4 && share < 1 ? share : 0;
  return {};
}

Status LargestLosses::consider(int64_t first, const std::vector<CrossEntropy> &foretold) {
  CrossEntropy all;
  for (const CrossEntropy &one : foretold) {
    all.sum += one.sum;
    all.spread += one.spread;
    all.positions += one.positions;
    all.largest = std::max(all.largest, one.largest);
  }
  if (smoothing < 0)
    NNRT_TRY(findSmoothing(first, foretold));
  double loss, expected = all.positions ? all.mean(smoothing) : 0;
  bool counts;
  NNRT_TRY(evaluate(first, int64_t(foretold.size()), loss, counts));
  bool holds = all.positions ? counts && std::fabs(loss - expected) <= rounding(expected, all.largest) : !counts;
  for (size_t row = 0; row < foretold.size(); ++row) {
    int64_t i = first + int64_t(row);
    if (!holds) {
      NNRT_TRY(measure(i));
    } else if (foretold[row].positions) {
      likeliest.push({foretold[row].mean(smoothing), i});
      if (likeliest.size() > mostLikely)
        likeliest.pop();
    }
    progress.validating(i + 1, part.count);
  }
  return {};
}

Status LargestLosses::take(std::vector<Measured> &worst) {
  for (; !likeliest.empty(); likeliest.pop())
    NNRT_TRY(measure(likeliest.top().i));
  progress.clear();
  worst = std::move(measured);
  std::sort(worst.begin(), worst.end(), isWorse);
  return {};
}

} // namespace nnrt
