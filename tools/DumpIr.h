// --dump-ir=DIR: what the compiler's stages did, one numbered file per pass that changed something.
#ifndef NN_TOOLS_DUMPIR_H
#define NN_TOOLS_DUMPIR_H

#include "llvm/ADT/StringRef.h"
#include <memory>
#include <string>

namespace llvm {
class raw_ostream;
}
namespace mlir {
class ModuleOp;
class PassManager;
} // namespace mlir

namespace nn {

/// Prints a module with names from the source; `elide` leaves out the values of big constants.
void printModule(mlir::ModuleOp module, llvm::raw_ostream &out, bool elide);

/// Writes DIR/NN-STAGE.mlir, or DIR/NN-STAGE-PASS.mlir for passes inside a stage. A text equal to the last is skipped.
class IrDump {
public:
  /// Makes the folder; `error` says why it could not.
  IrDump(std::string folder, std::string &error);

  void write(llvm::StringRef name, mlir::ModuleOp module);
  void write(llvm::StringRef name, llvm::StringRef extension, llvm::StringRef text);
  /// Writes after every pass of `passes`, as part of `stage`. This must outlive the pass manager.
  void follow(mlir::PassManager &passes, llvm::StringRef stage);

private:
  std::string folder, last;
  int number = 0;
};

} // namespace nn

#endif // NN_TOOLS_DUMPIR_H
