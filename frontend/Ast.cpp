//===- Ast.cpp - The syntax tree of a .nn file --------------------------------------------------------------------===//
#include "frontend/Ast.h"

using namespace nn::frontend;

const char *nn::frontend::spelling(BinaryOp op) {
  static const char *const text[] = {"+", "-", "*", "/", "@", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or"};
  return text[static_cast<int>(op)];
}

const char *nn::frontend::keyword(FunctionDecl::Role role) {
  static const char *const text[] = {"model", "layer", "fn", "optimizer", "schedule", "metric", "initializer"};
  return text[static_cast<int>(role)];
}

const Expr *TrainDecl::find(llvm::StringRef entry) const {
  for (const Argument &argument : entries)
    if (argument.name.text == entry)
      return argument.value.get();
  return nullptr;
}
