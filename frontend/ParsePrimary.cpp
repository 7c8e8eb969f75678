//===- ParsePrimary.cpp - Literals, brackets, if and scan ---------------------------------------------------------===//
#include "frontend/ParserImpl.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::StringRef;
using llvm::Twine;

ExprPtr Parser::number() {
  const Token &token = take();
  std::string digits;
  for (char c : token.text())
    if (c != '_')
      digits += c;
  if (token.is(Tok::Integer)) {
    int64_t value;
    if (StringRef(digits).getAsInteger(10, value)) {
      diagnostics.error(token.span, "the integer does not fit into 64 bits");
      return nullptr;
    }
    return std::make_unique<IntegerExpr>(token.span, value);
  }
  double value = 0;
  StringRef(digits).getAsDouble(value);
  return std::make_unique<FloatExpr>(token.span, value);
}

std::optional<std::string> Parser::stringLiteral() {
  const Token &token = take();
  StringRef body = token.text().drop_front();
  body.consume_back("\"");
  std::string value;
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\\' || i + 1 == body.size()) {
      value += body[i];
      continue;
    }
    char c = body[++i];
    if (c == 'n' || c == 't' || c == '"' || c == '\\') {
      value += c == 'n' ? '\n' : c == 't' ? '\t' : c;
      continue;
    }
    diagnostics.error(token.span, "`\\" + Twine(c) + "` is no escape").hint("there are \\n, \\t, \\\" and \\\\");
    return std::nullopt;
  }
  return value;
}

ExprPtr Parser::primary() {
  const Token &token = peek();
  switch (token.kind) {
  case Tok::Integer:
  case Tok::Float:
    return number();
  case Tok::String: {
    std::optional<std::string> value = stringLiteral();
    return value ? std::make_unique<StringExpr>(token.span, std::move(*value)) : nullptr;
  }
  case Tok::LParen:
    return parenthesised();
  case Tok::LBracket:
    return list();
  case Tok::LBrace:
    return map();
  case Tok::Identifier:
    if (token.text() == "if")
      return ifExpression();
    if (token.text() == "scan" && peek(1).is(Tok::Identifier) && peek(2).is("in"))
      return scan();
    if ((token.text() == "fn" && (peek(1).is(Tok::LParen) || peek(2).is(Tok::LParen))) ||
        (token.text() == "lambda" && !peek(1).newlineBefore && peek(1).is(Tok::Identifier))) {
      unexpected("an expression")
          .hint("a function is declared at the top level of the file, `fn f(x) { … }`, and named here");
      return nullptr;
    }
    take();
    if (token.text() == "true" || token.text() == "false")
      return std::make_unique<BoolExpr>(token.span, token.text() == "true");
    return std::make_unique<NameExpr>(token.span, token.text().str());
  default:
    unexpected("an expression");
    return nullptr;
  }
}

ExprPtr Parser::parenthesised() {
  Span begin = peek().span;
  bool named = peek(1).is(Tok::Identifier) && peek(2).is(Tok::Colon);
  std::vector<Argument> elements;
  if (!arguments(elements, Tok::RParen, "parentheses"))
    return nullptr;
  bool trailingComma = tokens[at - 2].is(Tok::Comma);
  if (elements.size() == 1 && !named && !trailingComma) {
    ExprPtr inner = std::move(elements.front().value);
    inner->parenthesised = true;
    return inner;
  }
  return std::make_unique<TupleExpr>(from(begin), std::move(elements));
}

ExprPtr Parser::list() {
  Span begin = take().span;
  ++brackets;
  std::vector<ExprPtr> elements;
  while (!peek().is(Tok::RBracket)) {
    ExprPtr element = expression();
    if (!element) {
      --brackets;
      return nullptr;
    }
    elements.push_back(std::move(element));
    if (!accept(Tok::Comma))
      break;
  }
  --brackets;
  if (!expect(Tok::RBracket, "at the end of the list"))
    return nullptr;
  return std::make_unique<ListExpr>(from(begin), std::move(elements));
}

ExprPtr Parser::map() {
  Span begin = take().span;
  ++brackets;
  llvm::scope_exit restore([&] { --brackets; });
  std::vector<Argument> entries;
  while (!peek().is(Tok::RBrace)) {
    Argument entry;
    entry.name.span = peek().span;
    if (peek().is(Tok::String)) {
      std::optional<std::string> key = stringLiteral();
      if (!key)
        return nullptr;
      entry.name.text = *key;
    } else if (!expectName(entry.name, "a name or a path in quotes")) {
      return nullptr;
    }
    if (!expect(Tok::Colon, "behind the key") || !(entry.value = expression()))
      return nullptr;
    entries.push_back(std::move(entry));
    if (!accept(Tok::Comma))
      break;
  }
  if (!expect(Tok::RBrace, "at the end of the map"))
    return nullptr;
  return std::make_unique<MapExpr>(from(begin), std::move(entries));
}

ExprPtr Parser::ifExpression() {
  Span begin = take().span;
  auto result = std::make_unique<IfExpr>(begin);
  if (!(result->condition = expression()) || !block(result->then, "if"))
    return nullptr;
  if (acceptWord("else")) {
    result->otherwise.emplace();
    if (peek().is("if")) {
      ExprPtr inner = ifExpression();
      if (!inner)
        return nullptr;
      result->otherwise->span = inner->span;
      result->otherwise->statements.push_back(std::make_unique<ExpressionStmt>(inner->span, std::move(inner)));
    } else if (!block(*result->otherwise, "else")) {
      return nullptr;
    }
  }
  result->span = from(begin);
  return result;
}

/// `scan t in 0..time carry (h: T[batch, n] = h0) { … }`
ExprPtr Parser::scan() {
  Span begin = take().span;
  auto result = std::make_unique<ScanExpr>(begin);
  result->variable = {peek().text().str(), peek().span};
  take();
  take();
  if (!(result->range = expression()))
    return nullptr;
  if (acceptWord("carry")) {
    if (!expect(Tok::LParen, "behind `carry`"))
      return nullptr;
    ++brackets;
    llvm::scope_exit restore([&] { --brackets; });
    while (!peek().is(Tok::RParen)) {
      Carry carry;
      if (!expectName(carry.name, "the name of a carried value"))
        return nullptr;
      if (accept(Tok::Colon) && !(carry.type = type()))
        return nullptr;
      if (!expect(Tok::Assign, "before the carry's first value") || !(carry.initial = expression()))
        return nullptr;
      result->carries.push_back(std::move(carry));
      if (!accept(Tok::Comma))
        break;
    }
    if (!expect(Tok::RParen, "behind the carries"))
      return nullptr;
  }
  if (!block(result->body, "scan"))
    return nullptr;
  result->span = from(begin);
  return result;
}
