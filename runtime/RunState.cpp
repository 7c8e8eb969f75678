// One list of members serves both directions.
#include "RunState.h"
#include <cstdlib>
#include <cstring>

namespace nnrt {

namespace {
/// Writes each member it is shown.
struct Writer {
  Metadata metadata;
  void operator()(const char *key, const int64_t &value) { add(key, format("%lld", (long long)value)); }
  void operator()(const char *key, const bool &value) { add(key, value ? "1" : "0"); }
  void operator()(const char *key, const double &value) { add(key, format("%a", value)); }
  void operator()(const char *key, const Metrics &value) {
    std::string text;
    for (const auto &[name, number] : value)
      text += format("%a %s\n", number, name.c_str());
    add(key, text);
  }
  void add(const char *key, std::string text) { metadata.emplace_back(std::string("run.") + key, std::move(text)); }
};

/// Reads each member it is shown.
struct Reader {
  const Metadata &metadata;
  bool good = true;
  const std::string &text(const char *key) {
    static const std::string none;
    for (const auto &[name, value] : metadata)
      if (!name.compare(0, 4, "run.") && name.compare(4, std::string::npos, key) == 0)
        return value;
    good = false;
    return none;
  }
  void operator()(const char *key, int64_t &value) {
    const std::string &from = text(key);
    char *end;
    value = strtoll(from.c_str(), &end, 10);
    good &= !from.empty() && !*end;
  }
  void operator()(const char *key, bool &value) {
    int64_t number;
    (*this)(key, number);
    value = number == 1;
    good &= number == 0 || number == 1;
  }
  void operator()(const char *key, double &value) {
    const std::string &from = text(key);
    char *end;
    value = strtod(from.c_str(), &end);
    good &= !from.empty() && !*end;
  }
  void operator()(const char *key, Metrics &value) {
    value.clear();
    for (const char *at = text(key).c_str(); *at && good;) {
      char *end;
      double number = strtod(at, &end);
      const char *line = strchr(at, '\n');
      good &= line && end != at && *end == ' ';
      if (good)
        value.emplace_back(std::string(end + 1, size_t(line - end - 1)), number);
      at = line ? line + 1 : "";
    }
  }
};

template <typename State, typename Visitor>
void visit(State &state, Visitor &each) {
  each("step", state.step);
  each("validated", state.validated);
  each("finished", state.finished);
  each("seed", state.seed);
  each("total", state.total);
  each("epochs", state.epochs);
  each("length_given", state.lengthGiven);
  each("examples", state.examples);
  each("batch", state.batch);
  each("shuffle", state.shuffle);
  each("has_rate", state.hasRate);
  each("rate", state.rate);
  each("loss", state.loss);
  each("epoch_loss", state.epochLoss);
  each("epoch_steps", state.epochSteps);
  each("log_bytes", state.logBytes);
  each("validations", state.validations);
  each("validation", state.validation);
  each("stopping.best", state.stopping.best);
  each("stopping.last", state.stopping.last);
  each("stopping.best_epoch", state.stopping.bestEpoch);
  each("stopping.last_epoch", state.stopping.lastEpoch);
  each("stopping.worse", state.stopping.worse);
  each("stopping.ended", state.stopping.ended);
}
} // namespace

Metadata toMetadata(const RunState &state) {
  Writer writer;
  visit(state, writer);
  return std::move(writer.metadata);
}

bool fromMetadata(const Metadata &metadata, RunState &state) {
  Reader reader{metadata};
  visit(state, reader);
  // Products of these numbers must not overflow, whoever wrote the file.
  auto within = [](int64_t value, int64_t low, int64_t bits) { return value >= low && value <= int64_t(1) << bits; };
  return reader.good && within(state.step, 0, 40) && within(state.total, 0, 40) && within(state.epochs, 0, 30) &&
         within(state.batch, 1, 30) && within(state.examples, 1, 32) && within(state.epochSteps, 0, 40) &&
         within(state.logBytes, 0, 60) && within(state.validations, 0, 40) && within(state.stopping.bestEpoch, 0, 40) &&
         within(state.stopping.lastEpoch, 0, 40) && within(state.stopping.worse, 0, 40);
}

} // namespace nnrt
