//===- AstPrinter.h - The syntax tree as text ---------------------------------------------------------------------===//
#ifndef NN_FRONTEND_ASTPRINTER_H
#define NN_FRONTEND_ASTPRINTER_H

#include "frontend/Ast.h"

namespace llvm {
class raw_ostream;
}

namespace nn::frontend {

/// Prints a file as .nn text in which every operator has its parentheses, so that the tree can be read off; the text
/// parses to the same tree. This is `--emit=ast`.
void printFile(const File &file, llvm::raw_ostream &os);
void printExpr(const Expr &expr, llvm::raw_ostream &os);
/// One line of text that is equal for equal expressions.
std::string textOf(const Expr &expr);
std::string textOf(const TypeExpr &type);

} // namespace nn::frontend

#endif // NN_FRONTEND_ASTPRINTER_H
