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

bool Parser::tooLarge(const Twine &what) {
  diagnostics.error(peek().span, "the expression or block is " + what).hint("give parts of it names with `let`");
  return false;
}

ExprPtr Parser::expression() {
  Level level(*this);
  return level ? pipe() : nullptr;
}

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
  for (unsigned links = 0; value && peek().is(Tok::Pipe); ++links) {
    if (links == maxChain && !tooLarge("a pipe of more than " + Twine(maxChain) + " stages"))
      return nullptr;
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
    Level deeper(*this);
    ExprPtr operand = deeper ? binary(NotLevel) : nullptr;
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
  for (unsigned links = 0; lhs && continues(); ++links) {
    const Operator *op = operatorAt(peek(), level);
    if (!op)
      break;
    if (links == maxChain && !tooLarge("a row of more than " + Twine(maxChain) + " operators"))
      return nullptr;
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
  Level deeper(*this);
  ExprPtr operand = deeper ? unary() : nullptr;
  if (!operand)
    return nullptr;
  return std::make_unique<UnaryExpr>(cover(begin, operand->span), UnaryOp::Negate, std::move(operand));
}

ExprPtr Parser::power() {
  ExprPtr base = postfix();
  if (!base || !peek().is(Tok::Caret) || !continues())
    return base;
  Span opSpan = take().span;
  Level deeper(*this);
  ExprPtr exponent = deeper ? unary() : nullptr; // right-associative, and 2^-1 needs no parentheses
  if (!exponent)
    return nullptr;
  Span span = cover(base->span, exponent->span);
  return std::make_unique<BinaryExpr>(span, BinaryOp::Pow, opSpan, std::move(base), std::move(exponent));
}

ExprPtr Parser::postfix() {
  ExprPtr base = primary();
  for (unsigned links = 0; base && continues(); ++links) {
    if (links == maxChain && !tooLarge("a row of more than " + Twine(maxChain) + " calls, subscripts and members"))
      return nullptr;
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
