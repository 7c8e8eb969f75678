// From the loops stage to the LLVM dialect: what kernels become before LLVM sees them.
#ifndef NN_CODEGEN_LOWERTOLLVM_H
#define NN_CODEGEN_LOWERTOLLVM_H

#include "llvm/ADT/StringRef.h"
#include <memory>
#include <string>

namespace mlir {
class DialectRegistry;
class Pass;
} // namespace mlir

namespace nn {

/// The symbol under which a kernel's code is found, in every object and in every process.
std::string kernelSymbol(llvm::StringRef kernel);

/// `nn-lower-to-llvm`: a module of kernels (func.func over memrefs, the last two arguments the range of tasks) to the
/// LLVM dialect. Public functions are kernels and get the entry point of runtime/abi.h; private ones are what they
/// call.
std::unique_ptr<mlir::Pass> createLowerToLLVMPass();

/// `nn-expand-math`: nn::expandMath of codegen/VectorMath.h as a pass of its own.
std::unique_ptr<mlir::Pass> createExpandMathPass();

/// The dialects that kernels may use, with what their translation to LLVM IR needs.
void registerLoweringDialects(mlir::DialectRegistry &registry);

} // namespace nn

#endif // NN_CODEGEN_LOWERTOLLVM_H
