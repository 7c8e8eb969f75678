// `eval`: loss and metrics of the test data; --report adds files.
#include "Evaluate.h"
#include "Machine.h"
#include "Program.h"
#include "Progress.h"
#include "Report.h"
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace nnrt {

/// The test data; a model without `test` is evaluated on its validation data.
static Status openTest(const Invocation &invocation, const nnrt_train &train, const std::string &vocabulary,
                       TrainingData &data, Part &part, const char *&name) {
  DataPlace place = invocation.dataPlace();
  place.vocabulary = vocabulary;
  if (train.test.kind) {
    NNRT_TRY(openSource(train.test, SourceRole::Test, place, data.other));
    part = {data.other.get(), 0, data.other->count(), {}};
    name = "test";
    return {};
  }
  if (!train.validation.kind)
    return wrong("the train block of %s has neither `test` nor `validation` data: add a line such as test = idx(...)",
                 invocation.model.name);
  NNRT_TRY(openTraining(train, place, data));
  part = data.validation;
  name = "validation";
  return {};
}

Status runEval(const Invocation &invocation) {
  const Options &options = invocation.options;
  const nnrt_train *train;
  NNRT_TRY(invocation.trainBlock(train));
  Instance instance(invocation.model);
  NNRT_TRY(invocation.startTrained(instance));
  TrainingData data;
  Part part;
  const char *name = nullptr;
  NNRT_TRY(openTest(invocation, *train, instance.vocabulary, data, part, name));
  bool quiet = options.has("--quiet");
  if (!quiet) {
    if (isBuiltin(invocation.dataPlace(), train->test.kind ? train->test : train->data))
      printf("data: built-in digits (generated, not from files)\n");
    printf("%s: %lld %s records\n", invocation.model.name, (long long)part.count, name);
  }
  std::unique_ptr<Evaluation> evaluation;
  NNRT_TRY(Evaluation::bind(instance, part, evaluation));
  Progress progress(quiet, 0, 0, 0);
  Metrics metrics;
  NNRT_TRY(evaluation->run(metrics, [&](int64_t done) {
    progress.validating(done, part.count);
    return true;
  }));
  progress.clear();
  printf("%s\n", metricsText(metrics, "", "\n", 9).c_str());
  for (const Table &table : evaluation->tables())
    printf("%s\n", tableText(instance, table).c_str());
  if (!options.has("--report"))
    return {};
  std::string folder = options.text("--report");
  std::vector<std::string> written;
  NNRT_TRY(writeReport(folder, instance, part, metrics, evaluation->tables(), progress, written));
  if (!quiet)
    printf("wrote %s into '%s'\n", listText(written, "and").c_str(), folder.c_str());
  return {};
}

} // namespace nnrt
