// The compiler's stages and the passes between them: one list for nnc and nn-opt.
#ifndef NN_TOOLS_PIPELINE_H
#define NN_TOOLS_PIPELINE_H

#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir {
class DialectRegistry;
class MLIRContext;
class ModuleOp;
class OpPassManager;
} // namespace mlir

namespace nn {
class IrDump;
class Machine;
class PassVerifier;
struct LlvmTarget;

/// In the order in which a program passes through them.
enum class Stage { Ast, Nn, Train, Linalg, Fused, Loops, Llvm, Asm, Obj, Program };

/// The stage's name on command lines and in files.
llvm::StringRef stageName(Stage stage);
std::optional<Stage> findStage(llvm::StringRef name);

/// Every dialect that a stage may hold.
void registerDialects(mlir::DialectRegistry &registry);
/// Passes and textual pipelines for nn-opt. `machine` must outlive every pass.
void registerPipeline(const Machine &machine);

/// The passes that make `stage` from the stage before it; `without` names one to leave out.
void addStage(Stage stage, mlir::OpPassManager &passes, const Machine &machine, llvm::StringRef without = {});

struct StageOptions {
  IrDump *dump = nullptr;
  bool verifyEach = false;          ///< checks the IR after every pass
  PassVerifier *verifier = nullptr; ///< checks that it means what it meant, too
  llvm::StringRef without = {};     ///< a pass that is left out, for tests: a program needs not all of them
};

/// Makes `stage` of a module of the stage before it. False after an error, which is emitted on the module.
bool runStage(mlir::ModuleOp module, Stage stage, const Machine &machine, const StageOptions &options);

/// A machine as LLVM is told of it.
LlvmTarget llvmTarget(const Machine &machine);

} // namespace nn

#endif // NN_TOOLS_PIPELINE_H
