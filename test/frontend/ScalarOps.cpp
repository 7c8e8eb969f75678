// Every elementwise op of the dialect has its function on numbers in frontend/lints/Scalars.cpp: prints those that lack
// one.
#include "dialect/NN.h"
#include "frontend/lints/Scalars.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"

int main() {
  mlir::MLIRContext context;
  context.loadDialect<nn::NNDialect>();
  unsigned elementwise = 0, missing = 0;
  for (mlir::RegisteredOperationName name : context.getRegisteredOperations()) {
    if (!name.hasInterface<nn::ScalarOpInterface>())
      continue;
    ++elementwise;
    if (nn::frontend::hasScalarFunction(name.getStringRef()))
      continue;
    ++missing;
    llvm::outs() << name.getStringRef() << " is not in frontend/lints/Scalars.cpp\n";
  }
  llvm::outs() << elementwise << " elementwise ops\n";
  return missing || !elementwise;
}
