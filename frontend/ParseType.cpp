//===- ParseType.cpp - Types and dimensions -----------------------------------------------------------------------===//
#include "frontend/ParserImpl.h"
#include "llvm/ADT/ScopeExit.h"

using namespace nn::frontend;

TypePtr Parser::type() {
  TypePtr first = typeAlternative();
  if (!first || !peek().is(Tok::Bar))
    return first;
  auto result = std::make_unique<TypeExpr>();
  result->kind = TypeExpr::Kind::Union;
  Span begin = first->span;
  result->alternatives.push_back(std::move(first));
  while (accept(Tok::Bar)) {
    TypePtr next = typeAlternative();
    if (!next)
      return nullptr;
    result->alternatives.push_back(std::move(next));
  }
  result->span = from(begin);
  return result;
}

TypePtr Parser::typeAlternative() {
  auto result = std::make_unique<TypeExpr>();
  Span begin = peek().span;
  bool isFunction = peek().is("fn") && peek(1).is(Tok::LParen);
  if (isFunction)
    take();
  if (accept(Tok::LParen)) {
    result->kind = isFunction ? TypeExpr::Kind::Function : TypeExpr::Kind::Tuple;
    ++brackets;
    llvm::scope_exit restore([&] { --brackets; });
    while (!peek().is(Tok::RParen)) {
      TypeField field;
      if (peek().is("saved") && peek(1).is(Tok::Identifier)) {
        take();
        field.saved = true;
      }
      if (peek().is(Tok::Identifier) && peek(1).is(Tok::Colon)) {
        field.name = {peek().text().str(), peek().span};
        take();
        take();
      }
      if (!(field.type = type()))
        return nullptr;
      result->fields.push_back(std::move(field));
      if (!accept(Tok::Comma))
        break;
    }
    if (!expect(Tok::RParen, "at the end of the tuple type"))
      return nullptr;
    if (isFunction &&
        (!expect(Tok::Arrow, "before the result of the function") || !(result->result = typeAlternative())))
      return nullptr;
    result->span = from(begin);
    return result;
  }
  if (!peek().is(Tok::Identifier)) {
    unexpected("a type such as `f32[batch, 10]` or `int`");
    return nullptr;
  }
  result->kind = TypeExpr::Kind::Plain;
  result->name = take().text().str();
  if (peek().is(Tok::LBracket) && continues()) {
    result->kind = TypeExpr::Kind::Tensor;
    if (!dims(result->dims))
      return nullptr;
  }
  result->span = from(begin);
  return result;
}

bool Parser::dims(std::vector<DimExpr> &result) {
  take();
  ++brackets;
  llvm::scope_exit restore([&] { --brackets; });
  while (!peek().is(Tok::RBracket)) {
    DimExpr dim;
    dim.span = peek().span;
    if (accept(Tok::Ellipsis)) {
      dim.kind = DimExpr::Kind::Rest;
    } else if (peek().is("_") && (peek(1).is(Tok::Comma) || peek(1).is(Tok::RBracket))) {
      take();
      dim.kind = DimExpr::Kind::Inferred;
    } else {
      dim.kind = DimExpr::Kind::Value;
      if (!(dim.value = expression()))
        return false;
      dim.span = dim.value->span;
    }
    result.push_back(std::move(dim));
    if (!accept(Tok::Comma))
      break;
  }
  return expect(Tok::RBracket, "behind the dimensions");
}
