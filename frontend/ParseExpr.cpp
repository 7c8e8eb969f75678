//===- ParseExpr.cpp - Expressions --------------------------------------------------------------------------------===//
//
// From loosest to tightest: |>  or  and  not  == != < <= > >=  ..  + -  * / @  unary -  ^  call, index, member.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/ParserImpl.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::StringRef;
using llvm::Twine;

namespace {
struct Operator {
  Tok token;
  const char *word;
  BinaryOp op;
  int level;
};
enum Level { OrLevel, AndLevel, NotLevel, CompareLevel, RangeLevel, AddLevel, MulLevel, UnaryLevel };
constexpr Operator operators[] = {
    {Tok::Identifier, "or", BinaryOp::Or, OrLevel},      {Tok::Identifier, "and", BinaryOp::And, AndLevel},
    {Tok::Equal, nullptr, BinaryOp::Eq, CompareLevel},   {Tok::NotEqual, nullptr, BinaryOp::Ne, CompareLevel},
    {Tok::Less, nullptr, BinaryOp::Lt, CompareLevel},    {Tok::LessEqual, nullptr, BinaryOp::Le, CompareLevel},
    {Tok::Greater, nullptr, BinaryOp::Gt, CompareLevel}, {Tok::GreaterEqual, nullptr, BinaryOp::Ge, CompareLevel},
    {Tok::Plus, nullptr, BinaryOp::Add, AddLevel},       {Tok::Minus, nullptr, BinaryOp::Sub, AddLevel},
    {Tok::Star, nullptr, BinaryOp::Mul, MulLevel},       {Tok::Slash, nullptr, BinaryOp::Div, MulLevel},
    {Tok::At, nullptr, BinaryOp::MatMul, MulLevel},
};

const Operator *operatorAt(const Token &token, int level) {
  for (const Operator &op : operators)
    if (op.level == level && token.is(op.token) && (!op.word || token.text() == op.word))
      return &op;
  return nullptr;
}
} // namespace

ExprPtr Parser::expression() { return pipe(); }

ExprPtr Parser::loneExpression() {
  ExprPtr result = expression();
  if (result && !peek().is(Tok::End)) {
    unexpected("the end of the expression");
    return nullptr;
  }
  return result;
}

ExprPtr Parser::pipe() {
  ExprPtr value = binary(OrLevel);
  // A pipe goes on over newlines, so that long models read as a column of layers.
  while (value && peek().is(Tok::Pipe)) {
    if (auto *sum = llvm::dyn_cast<BinaryExpr>(value.get());
        sum && !sum->parenthesised && (sum->op == BinaryOp::Add || sum->op == BinaryOp::Sub))
      diagnostics
          .warning(value->span, "pipe-of-sum",
                   "`|>` binds loosest: all of `" + value->span.text() + "` goes into the pipe")
          .hint("write the parentheses that are meant");
    take();
    if (peek().is(Tok::LParen)) {
      diagnostics.error(peek().span, "right of `|>` stands the name of a layer or function, or a call of one")
          .hint("give the expression a name with `let`, or call it with the value as its argument");
      return nullptr;
    }
    if (!peek().is(Tok::Identifier)) {
      unexpected("the name of a layer or function behind `|>`");
      return nullptr;
    }
    ExprPtr target = postfix();
    if (!target)
      return nullptr;
    if (llvm::isa<NameExpr, MemberExpr>(*target))
      target = applicationName(std::move(target));
    if (!llvm::isa<NameExpr, MemberExpr, CallExpr, AsExpr>(*target)) {
      diagnostics.error(target->span, "right of `|>` stands the name of a layer or function, or a call of one")
          .hint("put what stands before it into parentheses: `(… |> f)" + Twine("[…]`"));
      return nullptr;
    }
    Span span = cover(value->span, target->span);
    value = std::make_unique<PipeExpr>(span, std::move(value), std::move(target));
  }
  return value;
}

/// Takes `as name` behind an application.
ExprPtr Parser::applicationName(ExprPtr application) {
  if (namesOwned || !peek().is("as") || peek().newlineBefore || !peek(1).is(Tok::Identifier))
    return application;
  take();
  Name name;
  expectName(name, "the name of the layer");
  Span span = cover(application->span, name.span);
  return std::make_unique<AsExpr>(span, std::move(application), std::move(name));
}

ExprPtr Parser::binary(int level) {
  if (level == UnaryLevel)
    return unary();
  if (level == NotLevel) {
    if (!peek().is("not"))
      return binary(CompareLevel);
    Span begin = take().span;
    ExprPtr operand = binary(NotLevel);
    if (!operand)
      return nullptr;
    return std::make_unique<UnaryExpr>(cover(begin, operand->span), UnaryOp::Not, std::move(operand));
  }
  ExprPtr lhs = binary(level + 1);
  if (level == RangeLevel) {
    if (!lhs || !peek().is(Tok::DotDot) || !continues())
      return lhs;
    take();
    ExprPtr high = binary(AddLevel);
    if (!high)
      return nullptr;
    Span span = cover(lhs->span, high->span);
    return std::make_unique<RangeExpr>(span, std::move(lhs), std::move(high));
  }
  bool compared = false;
  while (lhs && continues()) {
    const Operator *op = operatorAt(peek(), level);
    if (!op)
      break;
    if (level == CompareLevel && compared) {
      diagnostics.error(peek().span, "comparisons do not chain").hint("write `a < b and b < c`");
      return nullptr;
    }
    compared = true;
    Span opSpan = take().span;
    ExprPtr rhs = binary(level == CompareLevel ? RangeLevel : level + 1);
    if (!rhs)
      return nullptr;
    Span span = cover(lhs->span, rhs->span);
    lhs = std::make_unique<BinaryExpr>(span, op->op, opSpan, std::move(lhs), std::move(rhs));
  }
  return lhs;
}

ExprPtr Parser::unary() {
  if (!peek().is(Tok::Minus))
    return power();
  Span begin = take().span;
  ExprPtr operand = unary();
  if (!operand)
    return nullptr;
  return std::make_unique<UnaryExpr>(cover(begin, operand->span), UnaryOp::Negate, std::move(operand));
}

ExprPtr Parser::power() {
  ExprPtr base = postfix();
  if (!base || !peek().is(Tok::Caret) || !continues())
    return base;
  Span opSpan = take().span;
  ExprPtr exponent = unary(); // right-associative, and 2^-1 needs no parentheses
  if (!exponent)
    return nullptr;
  Span span = cover(base->span, exponent->span);
  return std::make_unique<BinaryExpr>(span, BinaryOp::Pow, opSpan, std::move(base), std::move(exponent));
}

ExprPtr Parser::postfix() {
  ExprPtr base = primary();
  while (base && continues()) {
    if (peek().is(Tok::LParen)) {
      std::vector<Argument> args;
      if (!arguments(args, Tok::RParen, "call"))
        return nullptr;
      Span span = from(base->span);
      base = std::make_unique<CallExpr>(span, std::move(base), std::move(args));
      if (peek().is("as"))
        base = applicationName(std::move(base));
    } else if (peek().is(Tok::LBracket)) {
      std::vector<Subscript> places;
      if (!subscripts(places))
        return nullptr;
      Span span = from(base->span);
      base = std::make_unique<IndexExpr>(span, std::move(base), std::move(places));
    } else if (peek().is(Tok::Dot)) {
      take();
      Name member;
      if (!expectName(member, "a name behind `.`"))
        return nullptr;
      Span span = cover(base->span, member.span);
      base = std::make_unique<MemberExpr>(span, std::move(base), std::move(member));
    } else {
      break;
    }
  }
  return base;
}

/// `(a, name: b)` behind a callee; takes both brackets.
bool Parser::arguments(std::vector<Argument> &result, Tok close, StringRef where) {
  Span open = take().span;
  ++brackets;
  llvm::scope_exit restore([&, outer = namesOwned] { namesOwned = outer; });
  namesOwned = false;
  while (!peek().is(close)) {
    Argument argument;
    if (peek().is(Tok::Identifier) && peek(1).is(Tok::Colon)) {
      argument.name = {peek().text().str(), peek().span};
      take();
      take();
    } else if (peek().is(Tok::Identifier) && peek(1).is(Tok::Assign)) {
      diagnostics.error(peek(1).span, "a named argument is written with `:`").hint("write `" + peek().text() + ": …`");
      --brackets;
      return false;
    }
    argument.value = expression();
    if (!argument.value) {
      --brackets;
      return false;
    }
    result.push_back(std::move(argument));
    if (!accept(Tok::Comma))
      break;
  }
  --brackets;
  if (peek().is(close)) {
    take();
    return true;
  }
  unexpected("`,` or `" + describe(close) + "` in the " + where).note("the bracket that is open", open);
  return false;
}

bool Parser::subscripts(std::vector<Subscript> &result) {
  take();
  ++brackets;
  llvm::scope_exit restore([&] { --brackets; });
  while (!peek().is(Tok::RBracket)) {
    Subscript place;
    Span begin = peek().span;
    if (accept(Tok::Ellipsis)) {
      place.kind = Subscript::Kind::Rest;
    } else if (peek().is("new") && (peek(1).is(Tok::Comma) || peek(1).is(Tok::RBracket))) {
      take();
      place.kind = Subscript::Kind::NewAxis;
    } else {
      place.kind = Subscript::Kind::Index;
      if (!peek().is(Tok::Colon) && !(place.low = expression()))
        return false;
      if (accept(Tok::Colon)) {
        place.kind = Subscript::Kind::Slice;
        auto ends = [&] { return peek().is(Tok::Comma) || peek().is(Tok::RBracket) || peek().is(Tok::Colon); };
        if (!ends() && !(place.high = expression()))
          return false;
        if (accept(Tok::Colon) && !ends() && !(place.step = expression()))
          return false;
      } else if (llvm::isa<RangeExpr>(*place.low)) {
        diagnostics.error(place.low->span, "a slice is written with `:`")
            .hint("`low:high` takes the elements from low up to high, high excluded; `..` belongs to loops");
        return false;
      }
    }
    place.span = from(begin);
    result.push_back(std::move(place));
    if (!accept(Tok::Comma))
      break;
  }
  return expect(Tok::RBracket, "behind the index");
}

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
