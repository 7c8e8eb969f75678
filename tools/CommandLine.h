// nnc's command line as data: options, verb, input, and the words after them that belong to the program.
#ifndef NN_TOOLS_COMMANDLINE_H
#define NN_TOOLS_COMMANDLINE_H

#include "tools/Pipeline.h"
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nn {

/// Exit statuses of all tools.
enum ExitStatus { Done = 0, ProgramIsWrong = 1, UsageIsWrong = 2, MachineLacks = 3 };

struct CommandLine {
  enum class Verb { Build, Run, Check, Summary, Test, Show } verb = Verb::Build;
  std::string input, output, target = "host", model, train, stdlibDir, show, dumpDir;
  std::vector<std::pair<std::string, std::string>> defines;
  std::vector<std::string> includeDirs;
  std::string layer;               ///< `nnc check --layer`
  std::vector<std::string> shapes; ///< of its inputs
  Stage emit = Stage::Program;
  std::optional<Stage> from; ///< the input is MLIR of this stage
  int level = 2;
  bool explain = false, time = false, verifyEach = false, verifyPasses = false, strictFp = false, threads = true;
  bool withCheck = false, withImages = false; ///< `--with`
  int64_t maxArena = 0;                       ///< bytes; 0: no limit
  std::vector<std::string> programArguments;  ///< of `nnc run`
};

/// Parses; after a mistake (which is printed), or when all is said (--help), `status` is what to exit with.
bool parseCommandLine(int argc, char **argv, CommandLine &result, int &status);

} // namespace nn

#endif // NN_TOOLS_COMMANDLINE_H
