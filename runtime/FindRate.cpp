// `find-lr`: a range test (Smith, 2017). The learning rate rises from step to step; where the loss falls fastest is a
// good rate, where it turns up is too much.
#include "Chart.h"
#include "Program.h"
#include "Sampler.h"
#include "Step.h"
#include "Transfer.h"
#include "Weights.h"
#include <algorithm>
#include <cmath>

namespace nnrt {

namespace {
struct Measured {
  double rate, loss, smooth;
};
constexpr int64_t fewest = 8; ///< points of a curve
} // namespace

/// The rate at which the smoothed loss falls fastest per factor of the rate, in front of its minimum; 0 where it
/// never falls.
static double steepest(const std::vector<Measured> &run) {
  size_t lowest = 0;
  for (size_t i = 1; i < run.size(); ++i)
    if (run[i].smooth < run[lowest].smooth)
      lowest = i;
  double best = 0, rate = 0;
  constexpr size_t reach = 3; // points on either side of a slope
  for (size_t i = reach; i + reach < run.size() && i <= lowest; ++i) {
    double slope =
        (run[i - reach].smooth - run[i + reach].smooth) / std::log(run[i + reach].rate / run[i - reach].rate);
    if (slope > best)
      best = slope, rate = run[i].rate;
  }
  return rate;
}

static Chart chartOf(const std::vector<Measured> &run) {
  Chart chart{
      "loss while the learning rate rises", "learning rate", true, {{"smoothed", {}, 0, false}, {"loss", {}, 0, true}}};
  for (const Measured &m : run) {
    chart.curves[0].points.emplace_back(m.rate, m.smooth);
    chart.curves[1].points.emplace_back(m.rate, m.loss);
  }
  return chart;
}

Status runFindRate(const Invocation &invocation) {
  const Options &options = invocation.options;
  const nnrt_train *train;
  NNRT_TRY(invocation.trainBlock(train));
  int64_t steps = options.integer("--steps", 100), seed = options.integer("--seed", train->seed);
  double from = options.number("--from", 1e-6), to = options.number("--to", 10);
  if (!(from > 0) || !(to > from))
    return usage("find-lr goes from a rate above 0 to a larger one, not from %g to %g", from, to);
  if (steps < fewest)
    return usage("--steps: a curve of the loss takes at least %lld steps, not %lld", (long long)fewest,
                 (long long)steps);
  std::string out = options.text("-o");
  if (!out.empty())
    NNRT_TRY(checkWritable(out, "-o"));
  TrainingData data;
  DataPlace place = invocation.dataPlace();
  if (options.has("--weights"))
    NNRT_TRY(readVocabulary(options.text("--weights"), place.vocabulary));
  NNRT_TRY(openTraining(*train, place, data));
  Instance instance(invocation.model);
  NNRT_TRY(invocation.start(instance, seed));
  if (train->load && !options.has("--weights"))
    NNRT_TRY(transferWeights(*train->load, instance));
  const nnrt_entry *description;
  NNRT_TRY(invocation.need(instance, "train_step", description));
  NNRT_TRY(checkBatch(*train, data.training.count, description->batch));
  Sampler sampler(data.training.count, description->batch, uint64_t(seed), train->shuffle != 0, train->drop_last != 0);
  std::unique_ptr<TrainingStep> step;
  NNRT_TRY(TrainingStep::bind(instance, data.training, sampler, {uint64_t(seed), steps, true, from, false}, step));
  std::vector<Measured> run;
  double mean = 0, weight = 0, lowest = INFINITY;
  for (int64_t i = 0; i < steps; ++i) {
    double rate = std::exp(std::log(from) + (std::log(to) - std::log(from)) * double(i) / double(steps - 1));
    step->setRate(rate);
    NNRT_TRY(step->load(i));
    double loss = step->run(i);
    NNRT_TRY(step->assertions());
    if (!std::isfinite(loss))
      break;
    mean = 0.9 * mean + 0.1 * loss;
    weight = 0.9 * weight + 0.1;
    run.push_back({rate, loss, mean / weight});
    lowest = std::min(lowest, run.back().smooth);
    if (i > 10 && run.back().smooth > 4 * std::fabs(lowest))
      break; // it only grows from here
  }
  if (int64_t(run.size()) < fewest)
    return wrong("find-lr: the loss became infinite or NaN at a rate of %g already: begin lower, with --from",
                 run.empty() ? from : run.back().rate);
  Chart chart = chartOf(run);
  printf("%s", textOf(chart, 60, 12).c_str());
  double rate = steepest(run);
  if (rate > 0) // a whole run stands less than a few steps do
    printf("the loss falls fastest at about %.2g; a tenth of that is a good begin: --lr %.1g\n", rate, rate / 10);
  else
    printf("the loss does not fall between %.2g and %.2g: look at other rates (--from, --to) or at the data\n", from,
           run.back().rate);
  if (out.empty())
    return {};
  std::string text = svgOf({chart});
  NNRT_TRY(writeFile(out, {{text.data(), int64_t(text.size())}}, "-o"));
  printf("wrote %s\n", out.c_str());
  return {};
}

} // namespace nnrt
