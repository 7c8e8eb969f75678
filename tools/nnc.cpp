//===- nnc.cpp - The compiler's command line
//--------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/Frontend.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace nn::frontend;
namespace cl = llvm::cl;

static cl::list<std::string> words(cl::Positional, cl::desc("[check] MODEL.nn"));
static cl::opt<std::string> emit("emit", cl::desc("stage to print: ast or nn"), cl::value_desc("STAGE"),
                                 cl::init("nn"));
static cl::list<std::string> defines("D", cl::Prefix, cl::desc("set a constant"), cl::value_desc("name=value"));
static cl::list<std::string> includes("I", cl::Prefix, cl::desc("folder where imports are looked for"),
                                      cl::value_desc("DIR"));
static cl::opt<std::string> model("model", cl::desc("model to build"), cl::value_desc("NAME"));
static cl::opt<std::string> stdlibDir("stdlib", cl::desc("folder that replaces library files"), cl::value_desc("DIR"));
static cl::opt<std::string> show("show", cl::desc("print the library's source of a name"), cl::value_desc("NAME"));
static cl::opt<bool> locations("locations", cl::desc("print locations"));

static int showSource(const FrontendOptions &options) {
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

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "nnc\n");
  FrontendOptions options;
  options.modelName = model;
  options.stdlibDir = stdlibDir;
  options.includeDirs.assign(includes.begin(), includes.end());
  if (!show.empty())
    return showSource(options);
  bool checking = words.size() == 2 && words[0] == "check";
  if (words.size() != (checking ? 2 : 1)) {
    llvm::errs() << "error: one input file is wanted\n";
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
  if (emit == "ast")
    return printAst(options, llvm::outs(), llvm::errs()) ? 0 : 1;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<nn::NNDialect, mlir::func::FuncDialect>();
  if (checking)
    return check(context, options, llvm::errs()) ? 0 : 1;
  mlir::OwningOpRef<mlir::ModuleOp> module = compile(context, options, llvm::errs());
  if (!module)
    return 1;
  mlir::OpPrintingFlags flags;
  flags.printNameLocAsPrefix();
  if (locations)
    flags.enableDebugInfo(true, true);
  module->print(llvm::outs(), flags);
  return module->verify().succeeded() ? 0 : 1;
}
