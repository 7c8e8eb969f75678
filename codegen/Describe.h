// The compiled model's description, `nnrt_program` of runtime/abi.h, as constants of an LLVM module.
#ifndef NN_CODEGEN_DESCRIBE_H
#define NN_CODEGEN_DESCRIBE_H

#include "llvm/ADT/StringRef.h"
#include <memory>
#include <string>

namespace llvm {
class DataLayout;
class LLVMContext;
class Module;
} // namespace llvm
namespace mlir {
class ModuleOp;
namespace func {
class FuncOp;
} // namespace func
} // namespace mlir

namespace nn {

/// Whether a function of a planned module is an entry: public, of tensors.
bool isEntry(mlir::func::FuncOp function);

/// What the description says about the compilation rather than about the model.
struct Provenance {
  std::string compiler, target, cpuFeatures;
  bool threads = true; ///< false: --threads=none
};

/// Describes a planned module: entries (functions with `nn.launch` and the attributes of their arguments and results),
/// owned tensors (`nn.owned`), where data comes from (`nn.train`), layers (`nn.layers`) and bytes. Kernels are
/// declared. Attribute keys of `nn.train` and `nn.layers` are the field names of nnrt_train, nnrt_source, nnrt_field
/// and nnrt_layer; what is absent is zero. Returns null after an error, which is emitted on the module.
std::unique_ptr<llvm::Module> describe(mlir::ModuleOp module, const Provenance &provenance, llvm::LLVMContext &context,
                                       const llvm::DataLayout &layout);

} // namespace nn

#endif // NN_CODEGEN_DESCRIBE_H
