//===- Parser.h - Tokens to a syntax tree -------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_PARSER_H
#define NN_FRONTEND_PARSER_H

#include "frontend/Ast.h"
#include "frontend/Diagnostics.h"

namespace nn::frontend {

/// Parses all of `source`. Statements and declarations with mistakes are reported and left out, so that one run finds
/// several mistakes.
std::unique_ptr<File> parseFile(const Source &source, Diagnostics &diagnostics);

/// Parses one expression, as in `-D name=value`; null after an error.
ExprPtr parseExpression(const Source &source, Diagnostics &diagnostics);

} // namespace nn::frontend

#endif // NN_FRONTEND_PARSER_H
