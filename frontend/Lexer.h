//===- Lexer.h - Text to tokens -----------------------------------------------------------------------------------===//
//
// Splits a file into tokens. Keywords are contextual, so words are plain identifiers here; newlines are no tokens but a
// flag of the token behind them, because only the parser knows whether one ends a statement.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_LEXER_H
#define NN_FRONTEND_LEXER_H

#include "frontend/Diagnostics.h"

namespace nn::frontend {

enum class Tok : uint8_t {
  End,
  Identifier,
  Integer,
  Float,
  String,
  // clang-format off
  LParen, RParen, LBracket, RBracket, LBrace, RBrace,
  Comma, Colon, Semicolon, Dot, DotDot, Ellipsis,
  Plus, Minus, Star, Slash, Caret, At, Bar,
  Assign, Update, Arrow, Pipe,
  Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual,
  // clang-format on
};

/// How a token of this kind is written, for messages ("`|>`", "a name").
llvm::StringRef describe(Tok kind);

struct Token {
  Tok kind = Tok::End;
  bool newlineBefore = false;
  Span span;
  llvm::StringRef doc; ///< the `///` lines before this token, with their slashes

  llvm::StringRef text() const { return span.text(); }
  bool is(Tok k) const { return kind == k; }
  /// True for the identifier `word`; keywords are identifiers that stand in the right place.
  bool is(llvm::StringRef word) const { return kind == Tok::Identifier && text() == word; }
};

/// All tokens of `source`, the last one being `End`. Characters that start no token are reported and skipped.
std::vector<Token> lex(const Source &source, Diagnostics &diagnostics);

} // namespace nn::frontend

#endif // NN_FRONTEND_LEXER_H
