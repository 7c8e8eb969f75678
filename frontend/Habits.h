//===- Habits.h - What somebody may mean who knows other languages ------------------------------------------------===//
#ifndef NN_FRONTEND_HABITS_H
#define NN_FRONTEND_HABITS_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace nn::frontend {

/// What to say of a name that means nothing here and something in PyTorch, Keras, JAX or NumPy; empty of others.
std::string hintForName(llvm::StringRef name);
/// The type of a configuration value that is called `name` elsewhere (`integer`, `str`); empty of others.
llvm::StringRef typeHere(llvm::StringRef name);

} // namespace nn::frontend

#endif // NN_FRONTEND_HABITS_H
