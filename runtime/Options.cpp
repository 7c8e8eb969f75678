// The tables, and what is derived from them.
#include "Options.h"
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace nnrt {

namespace {
enum class Kind { Flag, Text, Count, Natural, Number, YesNo, Cadence };

struct VerbFacts {
  Verb verb;
  const char *name, *operands, *help;
};

struct OptionFacts {
  const char *name, *value;
  Kind kind;
  uint32_t verbs;
  const char *group, *help;
};
} // namespace

static const VerbFacts verbs[] = {
    {Train, "train", "", "train the model and write its weights"},
    {Eval, "eval", "", "loss and metrics on the test data, one per line"},
    {Predict, "predict", " INPUT...", "run the model on files: IDX, .npy, .npz or .safetensors"},
    {Gradients, "gradients", "", "loss and all gradients for one batch, as safetensors"},
    {Summary, "summary", "", "layer by layer: output shape, parameters, FLOPs, bytes"},
    {Info, "info", " [FILE]", "what this program is, or what a weight file holds"},
    {FindRate, "find-lr", "", "search for a learning rate: the loss while the rate rises from step to step"},
    {Kfold, "kfold", "", "cross-validation: train once per part of the data and validate on it"},
    {Plot, "plot", " RUN.jsonl...", "learning curves of logs as a picture"},
    {Bench, "bench", "", "time steps on one fixed batch; commands RUN n, INFO, QUIT on the standard input"},
};

static constexpr uint32_t running = Train | Eval | Predict | Gradients | Bench | OwnEntry | FindRate | Kfold;
static const char *const groups[] = {"Data", "Weights", "Training", "Output", "Machine"};
static const OptionFacts optionTable[] = {
    {"--data", "DIR|builtin", Kind::Text, Train | Eval | Bench | FindRate | Kfold, "Data",
     "folder of the data files (default: the working directory); builtin: generated digits"},
    {"--data", "FILE|DIR|builtin", Kind::Text, Gradients, "Data",
     "a .safetensors or .npz file with one batch by name; or a data folder, whose first batch is taken"},
    {"--shuffle", "yes|no", Kind::YesNo, Train | Bench | Kfold, "Data",
     "no: take the records in the order of the file"},
    {"--overlap", "yes|no", Kind::YesNo, Train | Kfold, "Data", "no: make no batch while the step before runs"},
    {"--weights", "FILE", Kind::Text, Train | FindRate | Kfold, "Weights",
     "start from these weights (default: the initialisers)"},
    {"--weights", "FILE", Kind::Text, Eval | Predict | OwnEntry, "Weights",
     "use these weights (default: PROGRAM.safetensors)"},
    {"--weights", "FILE", Kind::Text, Gradients | Bench, "Weights", "use these weights (default: the initialisers)"},
    {"--out", "FILE", Kind::Text, Train, "Output", "where to write the weights (default: PROGRAM.safetensors)"},
    {"--out", "FILE", Kind::Text, Predict | OwnEntry, "Output",
     "a .jsonl file takes the JSON lines, a .npy file the first output"},
    {"--out", "FILE", Kind::Text, Gradients, "Output", "where to write loss, d/PARAMETER and d/INPUT"},
    {"--report", "DIR", Kind::Text, Eval, "Output",
     "also write metrics, confusion matrix and the worst examples into this folder"},
    {"--folds", "K", Kind::Count, Kfold, "Training", "how many parts (default: those of validation = kfold(K, ...))"},
    {"--epochs", "N", Kind::Count, Train | Kfold, "Training", "how often each record is seen"},
    {"--steps", "N", Kind::Count, Train | Kfold, "Training", "how many batches are taken, instead of --epochs"},
    {"--steps", "N", Kind::Count, FindRate, "Training", "how many batches are taken (default: 100)"},
    {"--from", "X", Kind::Number, FindRate, "Training", "the first learning rate (default: 1e-6)"},
    {"--to", "X", Kind::Number, FindRate, "Training", "the last one (default: 10)"},
    {"-o", "FILE.svg", Kind::Text, FindRate | Plot, "Output", "where to write the picture"},
    {"--lr", "X", Kind::Number, Train | Bench | Kfold, "Training", "learning rate in place of the program's"},
    {"--seed", "N", Kind::Natural, Train | Gradients | Bench | FindRate | Kfold, "Training",
     "seed of initialisers, order and dropout"},
    {"--seed", "N", Kind::Natural, OwnEntry, "Output", "seed of what the entry draws"},
    {"--entry", "train|predict", Kind::Text, Bench, "Training", "what to time (default: train)"},
    {"--checkpoint", "DIR", Kind::Text, Train, "Training", "keep the run in this folder, so that it can go on"},
    {"--checkpoint-every", "N|Ns", Kind::Cadence, Train, "Training",
     "steps or seconds between checkpoints (default: 60s)"},
    {"--resume", nullptr, Kind::Flag, Train, "Training", "go on with the run in the folder, if it holds one"},
    {"--check", nullptr, Kind::Flag, Train, "Training",
     "first compare all gradients with differences of the loss, in f64 (nnc --with=check)"},
    {"--log", "FILE.jsonl", Kind::Text, Train | Kfold, "Output", "one JSON line per step and per validation"},
    {"--tensorboard", "DIR", Kind::Text, Train, "Output", "losses, rates and metrics as files that TensorBoard reads"},
    {"--tensorboard", "DIR", Kind::Text, Kfold, "Output", "the same as files that TensorBoard reads, a run per fold"},
    {"--quiet", nullptr, Kind::Flag, Train | Eval | Kfold, "Output", "only the results"},
    {"--threads", "N", Kind::Count, running, "Machine",
     "threads (default: NNC_NUM_THREADS, else the CPUs of this process)"},
};

static const VerbFacts *findVerb(const char *name) {
  for (const VerbFacts &facts : verbs)
    if (!strcmp(facts.name, name))
      return &facts;
  return nullptr;
}

static const OptionFacts *findOption(uint32_t mask, const std::string &name) {
  for (const OptionFacts &facts : optionTable)
    if (facts.verbs & mask && name == facts.name)
      return &facts;
  return nullptr;
}

static const char *operandsOf(const std::pair<std::string, bool> &entry) { return entry.second ? " INPUT..." : ""; }

static std::string overallHelp(const std::string &program, const std::vector<std::pair<std::string, bool>> &entries) {
  std::string text = format("usage: %s VERB [OPTION...]\n\nVerbs:\n", program.c_str());
  for (const VerbFacts &facts : verbs)
    text += format("  %-22s %s\n", (std::string(facts.name) + facts.operands).c_str(), facts.help);
  for (const auto &entry : entries)
    text += format("  %-22s %s\n", (entry.first + operandsOf(entry)).c_str(), "an entry of the model");
  text += format("\n'%s VERB --help' lists the options of a verb.\n"
                 "Exit status: 0 done, 1 the model or the data is wrong, 2 wrong usage, 3 the machine lacks something, "
                 "130 or 143 interrupted.\n",
                 program.c_str());
  return text;
}

static std::string verbHelp(const std::string &program, const VerbFacts &verb) {
  std::string text = format("usage: %s %s%s [OPTION...]\n\n%s\n", program.c_str(), verb.name, verb.operands, verb.help);
  for (const char *group : groups) {
    bool first = true;
    for (const OptionFacts &facts : optionTable) {
      if (!(facts.verbs & verb.verb) || strcmp(facts.group, group) != 0)
        continue;
      if (first)
        text += format("\n%s:\n", group);
      first = false;
      std::string name = facts.name;
      if (facts.value)
        name += std::string(" ") + facts.value;
      text += format("  %-26s %s\n", name.c_str(), facts.help);
    }
  }
  return text + "\n  --help                     this text\n";
}

const std::string *Options::find(const char *option) const {
  for (const auto &pair : values)
    if (pair.first == option)
      return &pair.second;
  return nullptr;
}

std::string Options::text(const char *option, const std::string &fallback) const {
  const std::string *value = find(option);
  return value ? *value : fallback;
}

int64_t Options::integer(const char *option, int64_t fallback) const {
  const std::string *value = find(option);
  return value ? strtoll(value->c_str(), nullptr, 10) : fallback;
}

double Options::number(const char *option, double fallback) const {
  const std::string *value = find(option);
  return value ? strtod(value->c_str(), nullptr) : fallback;
}

static Status checkValue(const OptionFacts &facts, const std::string &value) {
  char *end = nullptr;
  errno = 0;
  switch (facts.kind) {
  case Kind::Count:
  case Kind::Natural: {
    long long least = facts.kind == Kind::Count, n = strtoll(value.c_str(), &end, 10);
    if (value.empty() || *end || n < least || errno)
      return usage("%s takes a whole number from %lld, not '%s'", facts.name, least, value.c_str());
    return {};
  }
  case Kind::Number: {
    double x = strtod(value.c_str(), &end);
    if (value.empty() || *end || !std::isfinite(x))
      return usage("%s takes a number, not '%s'", facts.name, value.c_str());
    return {};
  }
  case Kind::Cadence: {
    double x = strtod(value.c_str(), &end);
    bool isSeconds = *end == 's' && !end[1], isSteps = !*end && x == std::floor(x) && x < 1e15;
    if (value.empty() || !std::isfinite(x) || x <= 0 || !(isSeconds || isSteps))
      return usage("%s takes a number of steps, or of seconds as in 30s, not '%s'", facts.name, value.c_str());
    return {};
  }
  case Kind::YesNo:
    return value == "yes" || value == "no" ? Status()
                                           : usage("%s takes yes or no, not '%s'", facts.name, value.c_str());
  case Kind::Text:
    return value.empty() ? usage("%s takes %s, not an empty text", facts.name, facts.value) : Status();
  case Kind::Flag:
    return {};
  }
  return {};
}

Status Options::take(const char *name, const std::string &value, bool given) {
  const OptionFacts &facts = *findOption(verb, name);
  if (!facts.value && given)
    return usage("%s takes no value", name);
  NNRT_TRY(checkValue(facts, value));
  if (has(name))
    return usage("%s is given twice", name);
  values.emplace_back(name, value);
  return {};
}

static Status unknownOption(const Options &options, const VerbFacts &verb, const std::string &name) {
  std::vector<const char *> names{"--help"};
  for (const OptionFacts &facts : optionTable)
    if (facts.verbs & verb.verb)
      names.push_back(facts.name);
  for (const VerbFacts &other : verbs)
    if (findOption(other.verb, name))
      return usage("%s has no option '%s', which is one of %s: see '%s %s --help'", verb.name, name.c_str(), other.name,
                   options.program.c_str(), verb.name);
  if (const char *meant = nearest(name, names))
    return usage("%s has no option '%s': did you mean '%s'?", verb.name, name.c_str(), meant);
  return usage("%s has no option '%s': see '%s %s --help'", verb.name, name.c_str(), options.program.c_str(),
               verb.name);
}

Status Options::parse(int argc, char **argv, const std::vector<std::pair<std::string, bool>> &entries, Options &options,
                      std::string &help) {
  const char *slash = argc ? strrchr(argv[0], '/') : nullptr;
  options.program = slash ? slash + 1 : argc ? argv[0] : "program";
  if (argc < 2) {
    std::vector<std::string> names;
    for (const VerbFacts &facts : verbs)
      names.push_back(facts.name);
    return usage("say what to do: %s ('%s --help' explains)", listText(names, "or").c_str(), options.program.c_str());
  }
  if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
    help = overallHelp(options.program, entries);
    return {};
  }
  const VerbFacts *verb = findVerb(argv[1]);
  VerbFacts own{OwnEntry, "", "", "an entry of the model: JSON lines, one per row, or a .npy file of the first output"};
  for (const auto &entry : entries)
    if (entry.first == argv[1]) {
      own.name = entry.first.c_str();
      own.operands = operandsOf(entry);
      options.entry = entry.first;
      verb = &own;
    }
  if (!verb) {
    std::vector<const char *> names;
    for (const VerbFacts &facts : verbs)
      names.push_back(facts.name);
    for (const auto &entry : entries)
      names.push_back(entry.first.c_str());
    if (const char *meant = nearest(argv[1], names))
      return usage("there is no verb '%s': did you mean '%s'?", argv[1], meant);
    return usage("there is no verb '%s': see '%s --help'", argv[1], options.program.c_str());
  }
  options.verb = verb->verb;
  bool onlyArguments = false;
  for (int i = 2; i < argc; ++i) {
    std::string word = argv[i];
    if (onlyArguments || word.size() < 2 || word[0] != '-') {
      options.arguments.push_back(word);
      continue;
    }
    if (word == "--") {
      onlyArguments = true;
      continue;
    }
    if (word == "--help" || word == "-h") {
      help = verbHelp(options.program, *verb);
      return {};
    }
    size_t equal = word.find('=');
    std::string name = word.substr(0, equal);
    const OptionFacts *facts = findOption(verb->verb, name);
    if (!facts)
      return unknownOption(options, *verb, name);
    bool given = equal != std::string::npos;
    std::string value = given ? word.substr(equal + 1) : "";
    if (facts->value && !given) {
      if (i + 1 == argc)
        return usage("%s takes a value: %s %s", name.c_str(), name.c_str(), facts->value);
      value = argv[++i];
    }
    NNRT_TRY(options.take(facts->name, value, given));
  }
  if (!*verb->operands && !options.arguments.empty())
    return usage("%s takes no argument '%s'", verb->name, options.arguments[0].c_str());
  return {};
}

} // namespace nnrt
