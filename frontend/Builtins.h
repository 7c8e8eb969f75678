//===- Builtins.h - Functions that the compiler knows -------------------------------------------------------------===//
//
// The table of primitive functions: name, parameters, what evaluates it. Everything else is .nn text in stdlib/.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_BUILTINS_H
#define NN_FRONTEND_BUILTINS_H

#include "frontend/Values.h"

namespace nn::frontend {

class Evaluator;

/// The arguments of a call of a builtin, by parameter. A missing optional argument is None.
struct BuiltinCall {
  Evaluator &evaluator;
  const Builtin &builtin;
  Span span;
  std::vector<Value> arguments;
  std::vector<Span> spans;
  std::vector<Value> rest; ///< of a variadic builtin: the positional arguments
};

struct Builtin {
  const char *name;
  /// Parameters, blank-separated; `?` behind one makes it optional, a leading `*` collects all positional arguments.
  const char *parameters;
  Value (*evaluate)(BuiltinCall &call);
  const char *doc; ///< one sentence for the reference
};

const Builtin *findBuiltin(llvm::StringRef name);
llvm::ArrayRef<Builtin> builtins();

} // namespace nn::frontend

#endif // NN_FRONTEND_BUILTINS_H
