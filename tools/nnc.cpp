// nnc: the compiler's command. Verbs and their output; how a program is built is Build.cpp's.
#include "frontend/Frontend.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "tools/Build.h"
#include "tools/Report.h"
#include "tools/RunTests.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"
#include <cerrno>
#include <cstring>
#include <unistd.h>

using namespace mlir;
using llvm::errs;
using llvm::outs;
using nn::CommandLine;

namespace {

/// Messages of passes, with the place in the source where one is known.
LogicalResult printDiagnostic(Diagnostic &diagnostic, llvm::raw_ostream &out) {
  auto print = [&](Diagnostic &d, StringRef kind) {
    if (auto place = d.getLocation()->findInstanceOf<FileLineColLoc>())
      out << place.getFilename().getValue() << ":" << place.getLine() << ":" << place.getColumn() << ": ";
    out << kind << ": " << d << "\n";
  };
  DiagnosticSeverity severity = diagnostic.getSeverity();
  print(diagnostic, severity == DiagnosticSeverity::Error     ? "error"
                    : severity == DiagnosticSeverity::Warning ? "warning"
                    : severity == DiagnosticSeverity::Remark  ? "remark"
                                                              : "note");
  for (Diagnostic &note : diagnostic.getNotes())
    print(note, "note");
  return success();
}

/// Remarks are what --explain shows; what several entries do for the same reason is said once.
class Remarks {
public:
  explicit Remarks(bool wanted) : wanted(wanted) {}
  LogicalResult operator()(Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Remark)
      return failure();
    std::string text;
    llvm::raw_string_ostream stream(text);
    if (wanted && succeeded(printDiagnostic(diagnostic, stream)) && said.insert(text).second)
      errs() << text;
    return success();
  }

private:
  bool wanted;
  llvm::StringSet<> said;
};

int show(const CommandLine &line) {
  nn::frontend::FrontendOptions options;
  options.stdlibDir = line.stdlibDir;
  std::string suggestion;
  if (auto text = showDefinition(line.show, options, suggestion)) {
    outs() << *text;
    return nn::Done;
  }
  errs() << "nnc: the library has no `" << line.show << "`\n";
  if (!suggestion.empty())
    errs() << "  hint: did you mean `" << suggestion << "`?\n";
  return nn::ProgramIsWrong;
}

int printSyntaxTree(const CommandLine &line) {
  nn::frontend::FrontendOptions options;
  if (!readInput(line, options))
    return nn::ProgramIsWrong;
  return printAst(options, outs(), errs()) ? nn::Done : nn::ProgramIsWrong;
}

/// One layer on inputs of given types: a model of nothing else, behind what the file declares.
int checkLayer(MLIRContext &context, const CommandLine &line) {
  nn::frontend::FrontendOptions options;
  if (!line.input.empty() && !readInput(line, options))
    return nn::ProgramIsWrong;
  if (line.input.empty())
    options.path = "--layer";
  std::string inputs, names;
  for (auto [k, shape] : llvm::enumerate(line.shapes)) {
    std::string name = "input" + std::to_string(k + 1);
    inputs += (k ? ", " : "") + name + ": " + shape;
    names += (k ? ", " : "") + name;
  }
  options.text += "\nmodel OneLayer(" + inputs + ") { return (" + line.layer + ")(" + names + ") }\n";
  options.modelName = "OneLayer";
  OwningOpRef<ModuleOp> module = nn::frontend::compile(context, options, errs());
  if (!module)
    return nn::ProgramIsWrong;
  nn::printSummary(*module, outs());
  return nn::Done;
}

int check(MLIRContext &context, const CommandLine &line) {
  if (!line.layer.empty())
    return checkLayer(context, line);
  nn::frontend::FrontendOptions options;
  if (!readInput(line, options))
    return nn::ProgramIsWrong;
  return nn::frontend::check(context, options, errs()) ? nn::Done : nn::ProgramIsWrong;
}

int summary(MLIRContext &context, CommandLine line) {
  nn::frontend::FrontendOptions options;
  if (!readInput(line, options))
    return nn::ProgramIsWrong;
  std::vector<std::string> names = line.model.empty() ? nn::frontend::modelNames(options) : std::vector{line.model};
  if (names.empty())
    names.push_back(""); // the frontend says what is wrong
  int status = nn::Done;
  for (const std::string &name : names) {
    line.model = name;
    OwningOpRef<ModuleOp> module = readModule(context, line);
    if (module)
      nn::printSummary(*module, outs());
    else
      status = nn::ProgramIsWrong;
  }
  return status;
}

/// What decides whether a cached program is the one that would be built: the checked program, every option that reaches
/// code, and the compiler itself.
std::string cacheKey(ModuleOp module, const CommandLine &line, const std::string &self) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  OpPrintingFlags flags;
  flags.enableDebugInfo(false);
  module.print(stream, flags);
  stream << nn::compilerVersion() << line.target << line.level << line.threads << line.strictFp << line.withImages;
  std::string runtime = (llvm::sys::path::parent_path(llvm::sys::path::parent_path(self)) + "/lib/libnnrt.a").str();
  for (const std::string &file : {self, runtime}) {
    llvm::sys::fs::file_status status;
    if (!llvm::sys::fs::status(file, status))
      stream << status.getSize() << "," << status.getLastModificationTime().time_since_epoch().count() << ";";
  }
  return llvm::utohexstr(llvm::xxh3_64bits(text), /*LowerCase=*/true);
}

int run(MLIRContext &context, const CommandLine &line, const char *tool) {
  OwningOpRef<ModuleOp> module = readModule(context, line);
  if (!module)
    return nn::ProgramIsWrong;
  std::string self = llvm::sys::fs::getMainExecutable(tool, reinterpret_cast<void *>(&run));
  llvm::SmallString<128> folder;
  if (!llvm::sys::path::cache_directory(folder)) {
    errs() << "nnc: no cache folder\n  hint: set XDG_CACHE_HOME or HOME\n";
    return nn::MachineLacks;
  }
  llvm::sys::path::append(folder, "nnc", cacheKey(*module, line, self));
  if (std::error_code error = llvm::sys::fs::create_directories(folder)) {
    errs() << "nnc: cannot make " << folder << ": " << error.message() << "\n  hint: set XDG_CACHE_HOME\n";
    return nn::MachineLacks;
  }
  // The program carries the model's name: weight files are named after it.
  std::string program = (folder + "/" + llvm::sys::path::stem(line.input)).str();
  if (!llvm::sys::fs::can_execute(program))
    if (int status = build(*module, line, program, tool))
      return status;
  std::vector<char *> arguments = {program.data()};
  for (const std::string &argument : line.programArguments)
    arguments.push_back(const_cast<char *>(argument.c_str()));
  arguments.push_back(nullptr);
  outs().flush();
  execv(program.c_str(), arguments.data());
  errs() << "nnc: cannot run " << program << ": " << strerror(errno) << "\n";
  return nn::MachineLacks;
}

int compile(MLIRContext &context, const CommandLine &line, const char *tool) {
  OwningOpRef<ModuleOp> module = readModule(context, line);
  if (!module)
    return nn::ProgramIsWrong;
  std::string output = line.output;
  if (output.empty() && line.emit == nn::Stage::Program)
    output = llvm::sys::path::stem(line.input).str();
  bool same = false;
  if (!output.empty() && !llvm::sys::fs::equivalent(line.input, output, same) && same) {
    errs() << "nnc: " << output << " would be written over the input\n  hint: -o FILE gives the program another name\n";
    return nn::UsageIsWrong;
  }
  bool isBinary = line.emit == nn::Stage::Obj && output.empty();
  if (isBinary && llvm::sys::Process::StandardOutIsDisplayed()) {
    errs() << "nnc: an object file is not for a terminal\n  hint: -o FILE\n";
    return nn::UsageIsWrong;
  }
  int status = build(*module, line, output, tool);
  if (status == nn::Done && line.emit == nn::Stage::Program)
    nn::printMemory(*module, outs());
  return status;
}

} // namespace

int main(int argc, char **argv) {
  CommandLine line;
  int status;
  if (!nn::parseCommandLine(argc, argv, line, status))
    return status;
  if (line.verb == CommandLine::Verb::Show)
    return show(line);
  if (line.emit == nn::Stage::Ast)
    return printSyntaxTree(line);
  DialectRegistry registry;
  nn::registerDialects(registry);
  MLIRContext context(registry);
  // The frontend loads what it needs itself.
  if (line.verb != CommandLine::Verb::Check && line.verb != CommandLine::Verb::Summary)
    context.loadAllAvailableDialects();
  ScopedDiagnosticHandler diagnostics(&context, [](Diagnostic &d) { return printDiagnostic(d, errs()); });
  ScopedDiagnosticHandler remarks(&context, Remarks(line.explain));
  switch (line.verb) {
  case CommandLine::Verb::Check:
    return check(context, line);
  case CommandLine::Verb::Summary:
    return summary(context, line);
  case CommandLine::Verb::Test:
    return nn::runTests(context, line);
  case CommandLine::Verb::Run:
    return run(context, line, argv[0]);
  default:
    return compile(context, line, argv[0]);
  }
}
