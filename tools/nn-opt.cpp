// nn-opt: every pass alone, and textual pipelines, on modules of any stage.
#include "codegen/Targets.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "tools/Pipeline.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <string>
#include <vector>

int main(int argc, char **argv) {
  // Passes are made for a machine, before other options are read: --target is taken off the command line here.
  std::string target = "host";
  std::vector<char *> arguments;
  for (char *argument : llvm::ArrayRef(argv, argc)) {
    llvm::StringRef word = argument;
    if (word.consume_front("--target="))
      target = word.str();
    else
      arguments.push_back(argument);
  }
  std::unique_ptr<nn::Machine> machine = nn::makeTarget(target);
  if (!machine) {
    llvm::errs() << "nn-opt: there is no target " << target << "; targets are " << llvm::join(nn::targetNames(), ", ")
                 << "\n";
    return 2;
  }
  nn::registerPipeline(*machine);
  mlir::registerTransformsPasses();
  mlir::DialectRegistry registry;
  nn::registerDialects(registry);
  registry.insert<mlir::linalg::LinalgDialect, mlir::tensor::TensorDialect>();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      arguments.size(), arguments.data(), "nn-opt: the passes of nnc (--target=NAME chooses the machine)\n", registry));
}
