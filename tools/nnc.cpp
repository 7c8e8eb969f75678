//===- nnc.cpp - The compiler's command line
//--------------------------------------------------------------------------===//
#include "frontend/Frontend.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace nn::frontend;
namespace cl = llvm::cl;

static cl::list<std::string> words(cl::Positional, cl::desc("MODEL.nn"));
static cl::opt<std::string> emit("emit", cl::desc("stage to print"), cl::value_desc("STAGE"), cl::init("nn"));
static cl::list<std::string> defines("D", cl::Prefix, cl::desc("set a constant"), cl::value_desc("name=value"));
static cl::opt<std::string> model("model", cl::desc("model to build"), cl::value_desc("NAME"));
static cl::opt<std::string> stdlibDir("stdlib", cl::desc("folder that replaces library files"), cl::value_desc("DIR"));
static cl::opt<std::string> show("show", cl::desc("print the library's source of a name"), cl::value_desc("NAME"));

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "nnc\n");
  FrontendOptions options;
  options.modelName = model;
  options.stdlibDir = stdlibDir;
  if (!show.empty()) {
    std::string suggestion;
    if (auto text = showDefinition(show, options, suggestion)) {
      llvm::outs() << *text;
      return 0;
    }
    llvm::errs() << "error: the library has no `" << show << "`\n";
    if (!suggestion.empty())
      llvm::errs() << "  hint: did you mean `" << suggestion << "`?\n";
    return 1;
  }
  if (words.empty()) {
    llvm::errs() << "error: no input file\n";
    return 2;
  }
  options.path = words[words.size() - 1];
  auto buffer = llvm::MemoryBuffer::getFile(options.path);
  if (!buffer) {
    llvm::errs() << "error: cannot read " << options.path << ": " << buffer.getError().message() << "\n";
    return 1;
  }
  options.text = (*buffer)->getBuffer().str();
  for (const std::string &define : defines) {
    auto [name, value] = llvm::StringRef(define).split('=');
    options.defines.emplace_back(name.str(), value.str());
  }
  return printAst(options, llvm::outs(), llvm::errs()) ? 0 : 1;
}
