//===- Habits.h - What somebody may mean who knows other languages ------------------------------------------------===//
#ifndef NN_FRONTEND_HABITS_H
#define NN_FRONTEND_HABITS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace nn::frontend {

struct Token;

/// What a function, layer, argument or entry of PyTorch, Keras, JAX or NumPy is called here; empty of others.
llvm::StringRef nameHere(llvm::StringRef name);
/// What to say of a name that means nothing here and something there; empty of others.
std::string hintForName(llvm::StringRef name);
/// What to say of a member of a tensor, which has none (`x.T`, `x.mean()`); empty where nothing is known.
std::string hintForMember(llvm::StringRef member, bool isFunction);
/// What to say of what is no entry of a train block; empty where nothing is known.
llvm::StringRef hintForEntry(llvm::StringRef name);
/// What to say of the token `at` that stands where `wanted` should, as messages put it; empty where nothing is known.
llvm::StringRef hintForToken(llvm::ArrayRef<Token> tokens, size_t at, llvm::StringRef wanted);
/// The type of a configuration value that is called `name` elsewhere (`integer`, `str`); empty of others.
llvm::StringRef typeHere(llvm::StringRef name);

} // namespace nn::frontend

#endif // NN_FRONTEND_HABITS_H
