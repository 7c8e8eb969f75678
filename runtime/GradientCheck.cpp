// The entries check_gradient and check_loss, and how far their answers may lie apart.
#include "GradientCheck.h"
#include "Type.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace nnrt {

namespace {
/// One of the two entries, with the batch that it sees.
class Probe {
public:
  Probe(Instance &instance, const nnrt_entry &description, const Part &part, int64_t seed)
      : entry(instance, description), part(part), seed(seed), indices(description.batch), loss(entry.find(NNRT_LOSS)) {
    for (int64_t row = 0; row < description.batch; ++row)
      indices[row] = row % part.count;
  }
  Status bind(Instance &instance) { return Feeder::bind(instance, entry, *part.data, feeder); }

  /// The loss with the parameters of one layer moved, beyond the base; a null name moves none.
  Status run(const char *layer, double shift, double &result) {
    NNRT_TRY(feeder.fill(part, indices.data(), entry.batch()));
    entry.set(NNRT_SEED, seed);
    entry.set(NNRT_STEP, 0);
    for (const nnrt_tensor *tensor : entry.all(NNRT_SHIFT))
      entry.setScalar(*tensor, base + (layer && !strcmp(tensor->name, layer) ? shift : 0));
    entry.run();
    result = entry.scalar(*loss);
    return {};
  }

  Entry entry;
  double base = 0; ///< how far the parameters of all layers are moved

private:
  const Part &part;
  int64_t seed;
  std::vector<int64_t> indices;
  Feeder feeder;
  const nnrt_tensor *loss;
};
} // namespace

/// Errors above this are mistakes: differences in f64 agree to about 1e-9, and to about the shift where units of the
/// network switch within it.
static constexpr double tolerance = 1e-4;

static int64_t parametersOf(const nnrt_model &model, const std::string &layer) {
  int64_t count = 0;
  for (int64_t i = 0; i < model.n_owned; ++i) {
    const nnrt_tensor &tensor = model.owned[i];
    std::string path = tensor.name;
    if (tensor.role == NNRT_PARAM && (path == layer || path.substr(0, path.rfind('.')) == layer))
      count += elementsOf(tensor.shape, tensor.rank);
  }
  return count;
}

/// The difference quotient that is nearest to the slope: large shifts err by the loss's curvature, small ones by
/// rounding.
static Status difference(Probe &probe, const char *layer, double slope, double floor, double &quotient, double &error) {
  error = INFINITY;
  for (double shift : {1e-5, 1e-6, 1e-4, 1e-7}) {
    double above = 0, below = 0;
    NNRT_TRY(probe.run(layer, shift, above));
    NNRT_TRY(probe.run(layer, -shift, below));
    double found = (above - below) / (2 * shift);
    double apart = std::fabs(found - slope) / std::max({std::fabs(found), std::fabs(slope), floor});
    if (apart < error || !std::isfinite(apart)) {
      quotient = found;
      error = apart;
    }
    if (!(error > tolerance / 100))
      break;
  }
  return {};
}

/// Whether the loss bends where the parameters are, rather than being smooth there: layers that start at zero leave
/// units of the network at the very place where they switch.
static Status bends(Probe &probe, const char *layer, double floor, bool &result) {
  constexpr double shift = 1e-6;
  double at = 0, above = 0, below = 0;
  NNRT_TRY(probe.run(layer, 0, at));
  NNRT_TRY(probe.run(layer, shift, above));
  NNRT_TRY(probe.run(layer, -shift, below));
  double right = (above - at) / shift, left = (at - below) / shift;
  result = std::fabs(right - left) > tolerance * std::max({std::fabs(right), std::fabs(left), floor});
  return {};
}

namespace {
/// What is found of a layer.
struct Finding {
  const char *layer;
  double slope, quotient = 0, error = 0;
  bool beside = false; ///< at parameters a little moved, since the loss bends at those of the model
};
} // namespace

static Status examine(Probe &slopes, Probe &losses, double floor, Finding &finding) {
  NNRT_TRY(difference(losses, finding.layer, finding.slope, floor, finding.quotient, finding.error));
  if (finding.error <= tolerance)
    return {};
  NNRT_TRY(bends(losses, finding.layer, floor, finding.beside));
  if (!finding.beside)
    return {};
  slopes.base = losses.base = 1e-2;
  double loss = 0;
  NNRT_TRY(slopes.run(nullptr, 0, loss));
  for (const nnrt_tensor *tensor : slopes.entry.all(NNRT_SLOPE))
    if (!strcmp(tensor->name, finding.layer))
      finding.slope = slopes.entry.scalar(*tensor);
  NNRT_TRY(difference(losses, finding.layer, finding.slope, floor, finding.quotient, finding.error));
  slopes.base = losses.base = 0;
  return {};
}

Status checkGradients(Instance &instance, const Part &part, int64_t seed, bool quiet) {
  const nnrt_entry *gradient = instance.find("check_gradient"), *value = instance.find("check_loss");
  if (!gradient || !value)
    return wrong("--check: this program was compiled without it: compile it with nnc --with=check");
  Probe slopes(instance, *gradient, part, seed), losses(instance, *value, part, seed);
  NNRT_TRY(slopes.bind(instance));
  NNRT_TRY(losses.bind(instance));
  double loss = 0;
  NNRT_TRY(slopes.run(nullptr, 0, loss));
  if (!std::isfinite(loss))
    return wrong("--check: the loss of the first batch is %s in f64, too: there is nothing to compare",
                 std::isnan(loss) ? "NaN" : "infinite");
  std::vector<Finding> layers;
  size_t width = strlen("layer");
  for (const nnrt_tensor *tensor : slopes.entry.all(NNRT_SLOPE)) {
    layers.push_back({tensor->name, slopes.entry.scalar(*tensor)});
    width = std::max(width, strlen(tensor->name));
  }
  if (!quiet)
    printf("gradient check in f64: one batch of %lld records, loss %.9g\n  %-*s  parameters        gradient      "
           "difference   error\n",
           (long long)slopes.entry.batch(), loss, int(width), "layer");
  std::vector<std::string> bad;
  for (Finding &found : layers) {
    NNRT_TRY(examine(slopes, losses, 1e-5 * std::fabs(loss), found));
    bool differs = !(found.error <= tolerance);
    if (differs)
      bad.push_back(format("`%s`", found.layer));
    if (!quiet)
      printf("  %-*s  %10lld  %14.7g  %14.7g  %6.0e%s%s\n", int(width), found.layer,
             (long long)parametersOf(instance.model, found.layer), found.slope, found.quotient, found.error,
             differs ? "  differs" : "", found.beside ? "  beside a kink" : "");
  }
  if (!bad.empty())
    return wrong(
        "--check: the gradient of %s is not the derivative of the loss: look at `gradient` declarations and at "
        "functions that jump or stop gradients on the way from there to the loss",
        listText(bad).c_str());
  if (!quiet)
    printf("the gradients of all layers agree with differences of the loss\n");
  fflush(stdout);
  return {};
}

} // namespace nnrt
