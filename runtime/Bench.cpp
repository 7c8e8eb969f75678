// `bench`: times steps on one fixed batch, commanded line by line on the standard input, so that another program can
// interleave the runs of several workers. Idle between commands.
#include "Json.h"
#include "Machine.h"
#include "Philox.h"
#include "Program.h"
#include "Step.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>

namespace nnrt {

namespace {
/// Records for models whose data the built-in digits cannot imitate: noise, bytes and ids, a function of the position.
class RandomRecords : public Dataset {
public:
  RandomRecords(const nnrt_source &source, int64_t count) : Dataset(source) { records = count; }
  void copy(int64_t i, int64_t record, char *out) override {
    RandomStream random(uint64_t(i), Draw::BenchBatch, uint64_t(record));
    fillRandom(field(i), random, elementsOf(field(i).shape, field(i).rank), out);
  }
  static void fillRandom(const nnrt_field &field, RandomStream &random, int64_t count, char *out) {
    int32_t bytes = factsOf(field.type).bytes;
    for (int64_t k = 0; k < count; ++k) {
      float x = random.roughNormal();
      double wide = x;
      uint16_t half = 0x3c00; // 1 in f16; bf16 takes the upper half of an f32
      if (field.type == NNRT_BF16)
        memcpy(&half, reinterpret_cast<char *>(&x) + 2, 2);
      int64_t id = random.below(field.limit > 0           ? uint32_t(std::min<int64_t>(field.limit, UINT32_MAX))
                                : field.type == NNRT_BOOL ? 2
                                                          : 256);
      const void *value = field.type == NNRT_F32   ? static_cast<const void *>(&x)
                          : field.type == NNRT_F64 ? static_cast<const void *>(&wide)
                          : bytes == 2             ? static_cast<const void *>(&half)
                                                   : &id;
      memcpy(out + k * bytes, value, bytes);
    }
  }
};

/// The memory of inputs that are the same before every call. An entry may reuse such memory; calls are alike, so that
/// what the first one leaves alone needs no copy again.
class FixedInputs {
public:
  void keep(char *at, int64_t bytes) { kept.push_back({at, std::vector<char>(at, at + bytes)}); }
  void putBack() {
    if (calls++ == 1)
      kept.erase(std::remove_if(kept.begin(), kept.end(),
                                [](const Kept &k) { return !memcmp(k.at, k.bytes.data(), k.bytes.size()); }),
                 kept.end());
    for (const Kept &k : kept)
      memcpy(k.at, k.bytes.data(), k.bytes.size());
  }

private:
  struct Kept {
    char *at;
    std::vector<char> bytes;
  };
  std::vector<Kept> kept;
  int64_t calls = 0;
};

/// What is timed, with what INFO tells about it.
struct Work {
  std::function<void()> once;
  std::function<std::string()> info; // JSON members, each with a leading comma
};
} // namespace

/// Training takes forward three times less what the first layer's input gradient would take, which nobody computes.
static int64_t flopsOf(const nnrt_model &model, int64_t batch, bool training) {
  int64_t first = 0;
  for (int64_t i = 0; i < model.n_layers && !first; ++i)
    first = model.layers[i].flops;
  return batch * (training ? 3 * model.flops - first : model.flops);
}

static void answerRun(const Work &work, int64_t samples, int64_t &group) {
  constexpr double shortest = 1e-4; // seconds of one sample: shorter iterations are timed in groups
  if (!group) {
    double begin = seconds();
    work.once();
    group = std::max<int64_t>(1, int64_t(shortest / std::max(seconds() - begin, 1e-9)) + 1);
  }
  std::string line = "{\"t\":[";
  for (int64_t left = samples; left > 0; left -= group) {
    double begin = seconds();
    for (int64_t i = 0; i < group; ++i)
      work.once();
    line += format("%s%.7g", left == samples ? "" : ",", (seconds() - begin) / double(group));
  }
  printf("%s]}\n", line.c_str());
}

/// The n of `RUN n`, 0 where it is something else.
static int64_t samplesOf(const char *command) {
  char *end = nullptr;
  int64_t samples = strncmp(command, "RUN ", 4) ? 0 : strtoll(command + 4, &end, 10);
  return end && !end[strspn(end, " \t\r\n")] ? samples : 0;
}

/// Runs once, announces itself, then obeys until QUIT or the end of the input.
static Status serve(const Work &work, double started) {
  double setUp = seconds();
  work.once();
  double first = seconds() - setUp;
  printf("{\"ready\":true,\"peer\":\"nnc\",\"setup_s\":%.6f,\"first_s\":%.6f}\n", setUp - started, first);
  fflush(stdout);
  char command[256];
  int64_t group = 0;
  while (fgets(command, sizeof command, stdin)) {
    if (!strncmp(command, "QUIT", 4))
      return {};
    if (!strncmp(command, "INFO", 4)) {
      printf("{\"rss_mib\":%.1f%s}\n", peakMemoryMiB(), work.info().c_str());
    } else if (int64_t samples = samplesOf(command); samples > 0) {
      answerRun(work, samples, group);
    } else {
      command[strcspn(command, "\n")] = 0;
      return usage("bench reads RUN n, INFO or QUIT on its standard input, not '%s'", command);
    }
    fflush(stdout);
  }
  return {};
}

/// The batch comes from --data, else from the digits where the model's fields allow it, else from noise.
static Status openBenchData(const Invocation &invocation, int64_t batch, TrainingData &data) {
  const nnrt_train &train = *invocation.model.train;
  if (invocation.options.has("--data"))
    return openTraining(train, invocation.dataPlace(), data);
  if (!openTraining(train, {"", true, "", &invocation.model}, data).failed())
    return {};
  data.data.reset(new RandomRecords(train.data, batch));
  data.training = {data.data.get(), 0, batch, {}};
  return {};
}

static Status benchTrain(const Invocation &invocation, Instance &instance, double started) {
  const Options &options = invocation.options;
  const nnrt_train *train;
  NNRT_TRY(invocation.trainBlock(train));
  const nnrt_entry *description;
  NNRT_TRY(invocation.need(instance, "train_step", description));
  TrainingData data;
  NNRT_TRY(openBenchData(invocation, description->batch, data));
  uint64_t seed = uint64_t(options.integer("--seed", train->seed));
  bool shuffle = options.has("--shuffle") ? options.text("--shuffle") == "yes" : train->shuffle != 0;
  Sampler sampler(data.training.count, description->batch, seed, shuffle, false);
  int64_t total = train->epochs ? sampler.stepsFor(train->epochs) : train->steps;
  TrainingStep::Settings settings{seed, total, options.has("--lr"), options.number("--lr", 0), false};
  std::unique_ptr<TrainingStep> step;
  NNRT_TRY(TrainingStep::bind(instance, data.training, sampler, settings, step));
  NNRT_TRY(step->load(0));
  FixedInputs inputs;
  for (const nnrt_tensor *record : Entry(instance, *description).all(NNRT_RECORD))
    inputs.keep(instance.at(*record), record->bytes);
  int64_t steps = 0;
  double firstLoss = 0, loss = 0;
  Work work;
  work.once = [&] {
    inputs.putBack();
    loss = step->run(std::min(steps, total - 1));
    if (steps++ == 0)
      firstLoss = loss;
  };
  work.info = [&] {
    std::string text = ",\"loss1\":";
    appendNumber(text, firstLoss);
    text += ",\"loss\":";
    appendNumber(text, loss);
    return text + format(",\"steps\":%lld,\"batch\":%lld,\"threads\":%d,\"flops\":%lld", (long long)steps,
                         (long long)description->batch, instance.team.size(),
                         (long long)flopsOf(instance.model, description->batch, true));
  };
  return serve(work, started);
}

static Status benchPredict(const Invocation &invocation, Instance &instance, double started) {
  const nnrt_entry *description;
  NNRT_TRY(invocation.need(instance, "predict", description));
  Entry entry(instance, *description);
  std::vector<const nnrt_tensor *> outputs = entry.all(NNRT_OUTPUT);
  FixedInputs inputs;
  uint64_t number = 0;
  for (const nnrt_tensor *input : entry.all(NNRT_INPUT)) {
    nnrt_field field{input->name, input->shape, input->rank, input->type, 0, 0, nullptr, 0, 0};
    if (!factsOf(input->type).floating)
      field.limit = 2; // ids of an unknown range: the two that every range has
    RandomStream random(++number, Draw::BenchBatch, 0);
    RandomRecords::fillRandom(field, random, elementsOf(input->shape, input->rank), instance.at(*input));
    inputs.keep(instance.at(*input), input->bytes);
  }
  Work work;
  work.once = [&] {
    inputs.putBack();
    entry.run();
  };
  work.info = [&] {
    double sum = 0;
    if (!outputs.empty() && outputs[0]->type == NNRT_F32)
      for (int64_t i = 0; i < outputs[0]->bytes / 4; ++i)
        sum += double(reinterpret_cast<const float *>(instance.at(*outputs[0]))[i]);
    std::string text = ",\"checksum\":";
    appendNumber(text, sum);
    return text + format(",\"batch\":%lld,\"threads\":%d,\"flops\":%lld", (long long)description->batch,
                         instance.team.size(), (long long)flopsOf(instance.model, description->batch, false));
  };
  return serve(work, started);
}

Status runBench(const Invocation &invocation) {
  double started = seconds();
  std::string what = invocation.options.text("--entry", "train");
  if (what != "train" && what != "predict")
    return usage("--entry takes train or predict, not '%s'", what.c_str());
  Instance instance(invocation.model);
  const nnrt_train *train = invocation.model.train;
  NNRT_TRY(invocation.start(instance, invocation.options.integer("--seed", train ? train->seed : 0)));
  return what == "train" ? benchTrain(invocation, instance, started) : benchPredict(invocation, instance, started);
}

} // namespace nnrt
