// Static data of C structures as LLVM constants: strings, tables and structures that point at each other.
#ifndef NN_CODEGEN_STATICDATA_H
#define NN_CODEGEN_STATICDATA_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include <cstdint>
#include <string>

namespace llvm {
class Constant;
class Module;
} // namespace llvm

namespace nn {

/// Builds constants into a module. Equal strings are one; an empty table is a null pointer, as the runtime expects.
class StaticData {
public:
  explicit StaticData(llvm::Module &module) : module(module) {}

  llvm::Constant *i32(int64_t value);
  llvm::Constant *i64(int64_t value);
  llvm::Constant *f64(double value);
  llvm::Constant *null();
  /// A pointer to a C string.
  llvm::Constant *string(llvm::StringRef text);
  /// A pointer to 64-bit integers.
  llvm::Constant *array(llvm::ArrayRef<int64_t> values);
  /// A pointer to values of one type.
  llvm::Constant *table(llvm::ArrayRef<llvm::Constant *> values);
  /// A structure with C's layout.
  llvm::Constant *structure(llvm::ArrayRef<llvm::Constant *> fields);
  /// A pointer to a private constant.
  llvm::Constant *global(llvm::Constant *value);
  /// The address of a function that some other object of the program defines.
  llvm::Constant *function(llvm::StringRef name);
  /// A constant that other objects see.
  void exported(llvm::StringRef name, llvm::Constant *value);

private:
  llvm::Module &module;
  llvm::StringMap<llvm::Constant *> strings;
};

} // namespace nn

#endif // NN_CODEGEN_STATICDATA_H
