// nn-run: runs functions of an nn module the reference way and prints or stores what they return, or compares with that
// what compiled kernels or another module return. A tool for tests.
#include "codegen/KernelFunctions.h"
#include "codegen/Targets.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "tools/Pipeline.h"
#include "tools/reference/Compiled.h"
#include "tools/reference/Expectation.h"
#include "tools/reference/GradientCheck.h"
#include "tools/reference/Inputs.h"
#include "tools/reference/Runner.h"
#include "tools/reference/SameMeaning.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"

using namespace mlir;
using namespace nn;
namespace cl = llvm::cl;

static cl::opt<std::string> file(cl::Positional, cl::desc("FILE.mlir"), cl::init("-"));
static cl::list<std::string> entryNames("entry", cl::desc("Functions to run (default: all public ones)"),
                                        cl::value_desc("name"));
static cl::list<std::string> inputFiles("in", cl::desc("One .npy per argument (default: deterministic numbers)"),
                                        cl::value_desc("file"));
static cl::opt<std::string> outputFolder("out",
                                         cl::desc("Write FUNCTION.inK.npy and FUNCTION.outK.npy there, print nothing"),
                                         cl::value_desc("folder"));
static cl::opt<unsigned> seedOption("seed", cl::desc("Of the numbers chosen for inputs"), cl::init(1));
static cl::opt<bool> gradients("check-gradients",
                               cl::desc("Compare every @f.gradient with central differences of @f; with --out, too"));
static cl::opt<std::string> sameAs("same-as", cl::desc("Compare with the functions of another module instead"),
                                   cl::value_desc("file"));

static cl::opt<bool> compiled("compiled",
                              cl::desc("Compile the functions and compare their results with the reference"));
static cl::opt<std::string> targetName("target", cl::desc("With --compiled: the machine"), cl::init("host"),
                                       cl::value_desc("name"));
static cl::opt<std::string> without("without", cl::desc("With --compiled: a pass to leave out (nn-simplify)"),
                                    cl::value_desc("pass"));
static cl::opt<bool> kernelFunctions("kernel-functions",
                                     cl::desc("List the functions with direct implementations instead"));
static cl::opt<bool> fast("fast", cl::desc("Optimise what is run: for large tensors"));

static void print(StringRef function, size_t k, const HostArray &array) {
  llvm::outs() << "@" << function << " result " << k << ": " << array.type << " [";
  for (int64_t i = 0; i < array.size(); ++i)
    llvm::outs() << (i ? ", " : "") << llvm::format("%.9g", array.at(i));
  llvm::outs() << "]\n";
}

static LogicalResult store(const Twine &stem, ArrayRef<HostArray> arrays) {
  for (auto [k, array] : llvm::enumerate(arrays))
    if (failed(writeNpy((stem + Twine(k) + ".npy").str(), array)))
      return failure();
  return success();
}

static LogicalResult runFunction(func::FuncOp f, const ReferenceRunner &runner) {
  std::vector<HostArray> inputs = chooseInputs(f, seedOption);
  if (!inputFiles.empty()) {
    if (inputFiles.size() != inputs.size()) {
      llvm::errs() << "nn-run: @" << f.getName() << " takes " << inputs.size() << " inputs, --in names "
                   << inputFiles.size() << "\n";
      return failure();
    }
    for (auto [path, input] : llvm::zip(inputFiles, inputs)) {
      FailureOr<HostArray> read = readNpy(path, input.type);
      if (failed(read))
        return failure();
      input = *read;
    }
  }
  std::vector<HostArray> results = runner.run(f.getName(), inputs);
  if (!outputFolder.empty())
    return success(succeeded(store(outputFolder + "/" + f.getName() + ".in", inputs)) &&
                   succeeded(store(outputFolder + "/" + f.getName() + ".out", results)));
  for (auto [k, result] : llvm::enumerate(results))
    print(f.getName(), k, result);
  return success();
}

static LogicalResult run(ModuleOp module) {
  auto effort = fast ? ReferenceRunner::Effort::FastRun : ReferenceRunner::Effort::FastCompile;
  if (compiled) {
    for (auto f : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      if (!f.isPrivate() && !entryNames.empty() && !llvm::is_contained(entryNames, f.getName()))
        f.erase();
    std::unique_ptr<Machine> machine = makeTarget(targetName);
    if (!machine)
      llvm::errs() << "nn-run: no target is called " << targetName << "\n";
    return success(machine && succeeded(compareCompiled(module, *machine, effort, without, llvm::outs())));
  }
  auto runner = ReferenceRunner::create(module, effort);
  if (!runner)
    return failure();
  if (gradients && outputFolder.empty())
    return checkGradients(module, *runner, llvm::outs());
  if (!outputFolder.empty() && llvm::sys::fs::create_directories(outputFolder)) {
    llvm::errs() << "nn-run: cannot make the folder " << outputFolder << "\n";
    return failure();
  }
  for (const std::string &name : entryNames)
    if (!runner->functions().contains(name)) {
      llvm::errs() << "nn-run: " << file << " has no public function @" << name << "\n";
      return failure();
    }
  for (auto f : module.getOps<func::FuncOp>())
    if (!f.isPrivate() && (entryNames.empty() || llvm::is_contained(entryNames, f.getName())))
      if (failed(runFunction(f, *runner)))
        return failure();
  return gradients ? checkGradients(module, *runner, llvm::outs()) : success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "Runs functions of an nn module the reference way\n");
  if (kernelFunctions) {
    for (StringRef name : KernelRegistry::all().names())
      llvm::outs() << name << "\n";
    return 0;
  }
  DialectRegistry registry;
  registerDialects(registry);
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  auto module = parseSourceFile<ModuleOp>(file, &context);
  if (!module)
    return 1;
  if (sameAs.empty())
    return failed(run(*module));
  auto other = parseSourceFile<ModuleOp>(sameAs, &context);
  auto expected = other ? Expectation::create(*other, ReferenceRunner::Effort::FastRun) : nullptr;
  return !expected || failed(verifySameMeaning(*expected, *module, file));
}
