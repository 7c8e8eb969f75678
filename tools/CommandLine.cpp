// nnc's options, verbs and usage messages. LLVM's own options, which its library registers by the hundred, are taken
// off the list, so that --help, suggestions and errors speak of nnc's alone.
#include "tools/CommandLine.h"
#include "codegen/Targets.h"
#include "tools/Build.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using nn::Stage;

namespace {
cl::OptionCategory category("nnc options");

/// Registered when constructed: after LLVM's own options are gone, some of which have the same names.
struct Options {
  cl::list<std::string> words{cl::Positional, cl::desc("[run|check|summary|test] MODEL.nn"), cl::cat(category)};
  cl::opt<std::string> output{"o", cl::desc("write to FILE"), cl::value_desc("FILE"), cl::cat(category)};
  cl::list<std::string> defines{"D", cl::Prefix, cl::desc("set a constant of the source"), cl::value_desc("name=value"),
                                cl::cat(category)};
  cl::opt<std::string> model{"model", cl::desc("build this model instead of the last train block's"),
                             cl::value_desc("NAME"), cl::cat(category)};
  cl::opt<std::string> train{"train", cl::desc("build the train block of this name instead of the last one"),
                             cl::value_desc("NAME"), cl::cat(category)};
  cl::list<std::string> includes{"I", cl::Prefix, cl::desc("look for imports in DIR"), cl::value_desc("DIR"),
                                 cl::cat(category)};
  cl::opt<std::string> stdlibDir{"stdlib", cl::desc("take library files from DIR"), cl::value_desc("DIR"),
                                 cl::cat(category)};
  cl::opt<std::string> target{"target", cl::desc("machine to compile for: host, x86-64-v3, x86-64-v4, aarch64"),
                              cl::value_desc("NAME"), cl::init("host"), cl::cat(category)};
  cl::opt<char> level{"O",           cl::Prefix,       cl::desc("optimization level, 0 to 3"), cl::value_desc("N"),
                      cl::init('2'), cl::cat(category)};
  cl::opt<std::string> emit{
      "emit", cl::desc("write this stage instead of a program: ast, nn, train, linalg, fused, loops, llvm, asm, obj"),
      cl::value_desc("STAGE"), cl::init("program"), cl::cat(category)};
  cl::opt<std::string> from{"from", cl::desc("the input is MLIR of this stage: nn, train, fused, loops"),
                            cl::value_desc("STAGE"), cl::cat(category)};
  cl::opt<std::string> dumpDir{"dump-ir", cl::desc("write what each pass changed into DIR"), cl::value_desc("DIR"),
                               cl::cat(category)};
  cl::opt<bool> explain{"explain", cl::desc("say what the compiler decided"), cl::cat(category)};
  cl::opt<bool> timed{"time", cl::desc("print how long each stage took"), cl::cat(category)};
  cl::opt<bool> verifyEach{"verify-each", cl::desc("check after every pass that the IR is valid"), cl::cat(category)};
  cl::opt<bool> verifyPasses{"verify-passes",
                             cl::desc("check after every pass that the program is valid and computes what it did"),
                             cl::cat(category)};
  cl::opt<bool> strictFp{"strict-fp", cl::desc("no algorithm that rounds otherwise than the sums as written"),
                         cl::cat(category)};
  cl::opt<std::string> threads{"threads", cl::desc("team (default) or none"), cl::value_desc("KIND"), cl::init("team"),
                               cl::cat(category)};
  cl::list<std::string> with{"with", cl::CommaSeparated, cl::desc("build in more: check, images"),
                             cl::value_desc("WHAT"), cl::cat(category)};
  cl::opt<std::string> maxArena{"max-arena", cl::desc("fail if the program needs more memory than SIZE (64M, 2G)"),
                                cl::value_desc("SIZE"), cl::cat(category)};
  cl::opt<std::string> layer{"layer", cl::desc("with check: a layer or function, applied to inputs of the given types"),
                             cl::value_desc("LAYER"), cl::cat(category)};
  cl::list<std::string> shapes{"input", cl::desc("with --layer: the type of an input, such as 'f32[8, 3, 32, 32]'"),
                               cl::value_desc("TYPE"), cl::cat(category)};
  cl::opt<std::string> show{"show", cl::desc("print the library's source of NAME"), cl::value_desc("NAME"),
                            cl::cat(category)};

  bool fill(nn::CommandLine &result);
};

constexpr char overview[] = "nnc: compiles .nn text to a native program that trains the network\n\n"
                            "  nnc MODEL.nn -o PROGRAM          compile\n"
                            "  nnc run MODEL.nn train ...       compile to a cache and run\n"
                            "  nnc check MODEL.nn               errors and warnings only\n"
                            "  nnc summary MODEL.nn             layers, shapes, parameters, cost\n"
                            "  nnc test FILE.nn                 run the file's test blocks\n";

bool usageError(const Twine &message, const Twine &hint = "") {
  errs() << "nnc: " << message << "\n";
  if (std::string text = hint.str(); !text.empty())
    errs() << "  hint: " << text << "\n";
  return false;
}

void removeOptionsOfLlvm() {
  SmallVector<cl::Option *> options;
  for (auto &[name, option] : cl::getRegisteredOptions())
    if (name != "help" && name != "version")
      options.push_back(option);
  for (cl::Option *option : options)
    option->removeArgument();
}

std::string nearest(StringRef word, ArrayRef<StringRef> choices) {
  const StringRef *best =
      min_element(choices, [&](StringRef a, StringRef b) { return word.edit_distance(a) < word.edit_distance(b); });
  return best != choices.end() && word.edit_distance(*best) <= 2 ? ("did you mean `" + *best + "`?").str() : "";
}

bool findStageOption(StringRef option, StringRef value, ArrayRef<StringRef> allowed, Stage &result) {
  if (is_contained(allowed, value)) {
    result = *nn::findStage(value);
    return true;
  }
  return usageError("--" + option + "=" + value + ": there is no such stage; stages are " + join(allowed, ", "),
                    nearest(value, allowed));
}

bool parseSize(StringRef text, int64_t &bytes) {
  int64_t unit = 1;
  if (text.consume_back("K"))
    unit = 1 << 10;
  else if (text.consume_back("M"))
    unit = 1 << 20;
  else if (text.consume_back("G"))
    unit = 1 << 30;
  if (text.getAsInteger(10, bytes) || bytes <= 0)
    return false;
  bytes *= unit;
  return true;
}

bool Options::fill(nn::CommandLine &result) {
  if (!findStageOption("emit", emit,
                       {"ast", "nn", "train", "linalg", "fused", "loops", "llvm", "asm", "obj", "program"},
                       result.emit))
    return false;
  if (!from.empty()) {
    Stage stage = Stage::Nn;
    if (!findStageOption("from", from, {"nn", "train", "fused", "loops"}, stage))
      return false;
    result.from = stage;
  }
  if (level < '0' || level > '3')
    return usageError(Twine("-O") + StringRef(&level.getValue(), 1) + ": levels are -O0 to -O3");
  if (!is_contained(nn::targetNames(), StringRef(target)))
    return usageError("--target=" + target + ": there is no such target; targets are " + join(nn::targetNames(), ", "),
                      nearest(target, nn::targetNames()));
  if (threads != "team" && threads != "none")
    return usageError("--threads=" + threads + ": either team or none");
  for (StringRef what : with) {
    if (what != "check" && what != "images")
      return usageError("--with=" + what + ": what can be built in is check, images",
                        nearest(what, {"check", "images"}));
    (what == "check" ? result.withCheck : result.withImages) = true;
  }
  if (!maxArena.empty() && !parseSize(maxArena, result.maxArena))
    return usageError("--max-arena=" + maxArena + ": a size is a number of bytes, or one with K, M or G");
  for (StringRef define : defines) {
    auto [name, value] = define.split('=');
    if (name.empty() || !define.contains('='))
      return usageError("-D" + define + ": write -D name=value");
    for (const auto &[other, known] : result.defines)
      if (other == name && known != value)
        return usageError("-D " + name + " is given twice, as " + known + " and as " + value);
    result.defines.emplace_back(name.str(), value.str());
  }
  result.level = level - '0';
  result.output = output;
  result.target = target;
  result.model = model;
  result.train = train;
  result.stdlibDir = stdlibDir;
  result.includeDirs.assign(includes.begin(), includes.end());
  result.dumpDir = dumpDir;
  result.explain = explain;
  result.time = timed;
  result.verifyEach = verifyEach;
  result.verifyPasses = verifyPasses;
  result.strictFp = strictFp;
  result.threads = threads == "team";
  result.show = show;
  if (!show.empty()) {
    result.verb = nn::CommandLine::Verb::Show;
    return true;
  }
  result.layer = layer;
  result.shapes.assign(shapes.begin(), shapes.end());
  if (!layer.empty() && result.verb != nn::CommandLine::Verb::Check)
    return usageError("--layer: nnc check applies one layer", "nnc check --layer='Dense(10)' --input='f32[8, 4]'");
  if (layer.empty() != shapes.empty())
    return usageError(layer.empty() ? "--input: of which layer?" : "--layer: which inputs?",
                      "nnc check --layer='Dense(10)' --input='f32[8, 4]'");
  if (words.empty() && !layer.empty())
    return true;
  if (words.empty())
    return usageError("no input file", "nnc MODEL.nn; see nnc --help");
  if (words.size() > 1)
    return usageError("`" + words[1] + "`: one input file at a time",
                      nearest(words[0], {"run", "check", "summary", "test"}));
  result.input = words[0];
  if (result.from && StringRef(result.input).ends_with(".nn"))
    return usageError("--from=" + from + " reads MLIR, and " + result.input + " is a model", "leave --from out");
  for (const std::string &folder : result.includeDirs)
    if (!sys::fs::is_directory(folder))
      return usageError("-I " + folder + ": there is no such folder");
  if (!result.stdlibDir.empty() && !sys::fs::is_directory(result.stdlibDir))
    return usageError("--stdlib=" + result.stdlibDir + ": there is no such folder");
  return true;
}
} // namespace

bool nn::parseCommandLine(int argc, char **argv, CommandLine &result, int &status) {
  removeOptionsOfLlvm();
  Options options;
  auto takesNextWord = [](StringRef word) {
    auto &known = cl::getRegisteredOptions();
    auto option = known.find(word.ltrim('-'));
    return option != known.end() && option->second->getValueExpectedFlag() == cl::ValueRequired;
  };
  SmallVector<const char *> mine(argv, argv + argc);
  static const std::pair<StringRef, CommandLine::Verb> verbs[] = {{"run", CommandLine::Verb::Run},
                                                                  {"check", CommandLine::Verb::Check},
                                                                  {"summary", CommandLine::Verb::Summary},
                                                                  {"test", CommandLine::Verb::Test}};
  // The first word that is neither an option nor an option's value may be a verb.
  for (size_t i = 1; i < mine.size(); ++i) {
    StringRef word = mine[i];
    if (word.starts_with("-")) {
      i += takesNextWord(word);
      continue;
    }
    for (auto [name, verb] : verbs)
      if (name == word) {
        result.verb = verb;
        mine.erase(mine.begin() + i);
        break;
      }
    break;
  }
  if (result.verb == CommandLine::Verb::Run) {
    // Up to the model the words are nnc's, behind it the program's.
    const auto *file =
        find_if(drop_begin(mine), [](StringRef word) { return word.ends_with(".nn") || word.ends_with(".mlir"); });
    if (file != mine.end()) {
      for (const char *word : ArrayRef(file + 1, mine.end()))
        result.programArguments.push_back(word);
      result.withCheck = is_contained(result.programArguments, "--check");
      mine.truncate(file + 1 - mine.begin());
    }
  }
  cl::SetVersionPrinter([](raw_ostream &out) { out << nn::compilerVersion() << "\n"; });
  std::string messages;
  raw_string_ostream stream(messages);
  status = UsageIsWrong;
  if (!cl::ParseCommandLineOptions(mine.size(), mine.data(), overview, &stream)) {
    errs() << messages;
    return false;
  }
  if (!options.fill(result))
    return false;
  status = Done;
  return true;
}
