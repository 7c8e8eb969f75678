//===- ParseStmt.cpp - Statements and blocks ----------------------------------------------------------------------===//
#include "frontend/ParserImpl.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::StringRef;

/// `{ … }`. A statement with a mistake is left out; the block goes on behind it.
bool Parser::block(Block &result, StringRef owner) {
  Span begin = peek().span;
  Level level(*this);
  if (!level || !expect(Tok::LBrace, "before the body of `" + owner + "`"))
    return false;
  llvm::scope_exit restore(
      [&, outer = brackets, outerOwned = namesOwned] { brackets = outer, namesOwned = outerOwned; });
  brackets = 0;
  namesOwned = false;
  while (true) {
    while (accept(Tok::Semicolon)) {
    }
    if (peek().is(Tok::RBrace) || peek().is(Tok::End))
      break;
    size_t before = at;
    if (StmtPtr next = statement()) {
      result.statements.push_back(std::move(next));
      endStatement();
    } else {
      brackets = 0;
      skipStatement();
      if (at == before)
        take();
    }
  }
  if (!peek().is(Tok::RBrace)) {
    unexpected("`}`").note("the brace that is open", begin);
    return false;
  }
  take();
  result.span = from(begin);
  return true;
}

void Parser::endStatement(StringRef what) {
  if (peek().newlineBefore || peek().is(Tok::Semicolon) || peek().is(Tok::RBrace) || peek().is(Tok::End))
    return;
  if (Diagnostic &message = unexpected("the end of the " + what); !message.hasHints())
    message.hint("it ends with its line or with `;`");
  skipStatement();
}

/// Skips to the next line at the depth of the statement, or to the brace that closes its block.
void Parser::skipStatement() {
  unsigned depth = 0;
  while (!peek().is(Tok::End)) {
    if (depth == 0 && (peek().is(Tok::RBrace) || peek().is(Tok::Semicolon)))
      return;
    if (peek().is(Tok::LBrace))
      ++depth;
    if (peek().is(Tok::RBrace))
      --depth;
    take();
    if (depth == 0 && peek().newlineBefore && !peek().is(Tok::Pipe))
      return;
  }
}

bool Parser::attributes(std::vector<Attribute> &result) {
  while (peek().is(Tok::At) && peek(1).is(Tok::Identifier)) {
    take();
    Attribute attribute;
    expectName(attribute.name, "the name of an attribute");
    if (attribute.name.text != "allow") {
      diagnostics.error(attribute.name.span, "there is no attribute `" + attribute.name.text + "`")
          .hint("`@allow(warning-name)` silences a warning");
      return false;
    }
    if (!expect(Tok::LParen, "behind the attribute's name"))
      return false;
    ++brackets;
    llvm::scope_exit restore([&] { --brackets; });
    while (!peek().is(Tok::RParen)) {
      Name name; // names of warnings are words joined by `-`
      if (!expectName(name, "the name of a warning"))
        return false;
      while (accept(Tok::Minus)) {
        Name more;
        if (!expectName(more, "the rest of the warning's name"))
          return false;
        name.text += "-" + more.text;
        name.span = cover(name.span, more.span);
      }
      if (!llvm::is_contained(warningNames, name.text)) {
        auto &message = diagnostics.error(name.span, "there is no warning `" + name.text + "`");
        std::vector<std::string> known(std::begin(warningNames), std::end(warningNames));
        if (std::string meant = nearest(name.text, known); !meant.empty())
          message.hint("did you mean `" + meant + "`?");
        else
          message.hint("warnings are " + llvm::join(known, ", "));
      }
      attribute.arguments.push_back(std::move(name));
      if (!accept(Tok::Comma))
        break;
    }
    if (!expect(Tok::RParen, "behind the attribute"))
      return false;
    result.push_back(std::move(attribute));
  }
  return true;
}

void Parser::allow(const std::vector<Attribute> &attributes, Span covered) {
  for (const Attribute &attribute : attributes)
    for (const Name &warning : attribute.arguments)
      diagnostics.allow(warning.text, covered);
}

static bool startsExpression(const Token &token) {
  for (Tok kind :
       {Tok::Identifier, Tok::Integer, Tok::Float, Tok::String, Tok::LParen, Tok::LBracket, Tok::LBrace, Tok::Minus})
    if (token.is(kind))
      return true;
  return false;
}

StmtPtr Parser::statement() {
  Span start = peek().span;
  std::vector<Attribute> notes;
  if (!attributes(notes))
    return nullptr;
  const Token &first = peek();
  bool nameFollows = peek(1).is(Tok::Identifier) && !peek(1).newlineBefore;
  bool numberFollows = (peek(1).is(Tok::Integer) || peek(1).is(Tok::Float)) && !peek(1).newlineBefore;
  StmtPtr result;
  if ((first.is("let") || first.is("var")) && (nameFollows || numberFollows || peek(1).is(Tok::LParen))) {
    result = bind();
  } else if (first.is("param") && nameFollows) {
    result = owned(OwnedStmt::Role::Param);
  } else if (first.is("state") && nameFollows) {
    result = owned(OwnedStmt::Role::State);
  } else if (first.is("slot") && nameFollows) {
    result = owned(OwnedStmt::Role::Slot);
  } else if (first.is("tally") && nameFollows) {
    result = owned(OwnedStmt::Role::Tally);
  } else if (first.is("return")) {
    Span begin = take().span;
    ExprPtr value;
    if (!peek().newlineBefore && !peek().is(Tok::RBrace) && !peek().is(Tok::Semicolon) && !(value = expression()))
      return nullptr;
    result = std::make_unique<ReturnStmt>(from(begin), std::move(value));
  } else if (first.is("require") && !peek(1).is(Tok::Assign) && !peek(1).is(Tok::Update)) {
    result = require();
  } else if (first.is("assert") && !peek(1).newlineBefore && !peek(1).is(Tok::Assign) && !peek(1).is(Tok::Update)) {
    result = assertion();
  } else if (first.is("inspect") && peek(1).is(Tok::String)) {
    result = inspection();
  } else if (first.is("entry") && nameFollows && peek(2).is(Tok::LParen)) {
    result = entryStatement();
  } else if (first.is("for") && (nameFollows || numberFollows || peek(1).is(Tok::LParen))) {
    result = forLoop();
  } else if (first.is("emit") && !peek(1).newlineBefore && startsExpression(peek(1))) {
    result = emitStatement();
  } else if ((first.is("before") || first.is("evaluate")) && peek(1).is(Tok::LBrace)) {
    auto hook = std::make_unique<HookStmt>(first.span);
    expectName(hook->name, "a name");
    if (!block(hook->body, hook->name.text))
      return nullptr;
    hook->span = from(first.span);
    result = std::move(hook);
  } else {
    result = assignOrExpression();
  }
  if (!result)
    return nullptr;
  allow(notes, from(start));
  result->attributes = std::move(notes);
  return result;
}

bool Parser::pattern(Pattern &result, StringRef what) {
  result.span = peek().span;
  if (!accept(Tok::LParen)) {
    Name name;
    if (!expectName(name, what))
      return false;
    result.names.push_back(std::move(name));
    return true;
  }
  result.tuple = true;
  ++brackets;
  llvm::scope_exit restore([&] { --brackets; });
  do {
    Name name;
    if (!expectName(name, what))
      return false;
    result.names.push_back(std::move(name));
  } while (accept(Tok::Comma) && !peek().is(Tok::RParen));
  if (!expect(Tok::RParen, "behind the names"))
    return false;
  result.span = from(result.span);
  return true;
}

StmtPtr Parser::bind() {
  auto result = std::make_unique<BindStmt>(peek().span);
  result->rebindable = take().text() == "var";
  if (!pattern(result->pattern, "the name that is bound"))
    return nullptr;
  if (accept(Tok::Colon) && !(result->type = type()))
    return nullptr;
  if (peek().is(Tok::Update)) {
    diagnostics.error(peek().span, "a name is bound with `=`").hint("`:=` updates state that exists already");
    return nullptr;
  }
  if (!expect(Tok::Assign, "behind the name") || !(result->value = expression()))
    return nullptr;
  result->span = from(result->span);
  return result;
}

/// `param weight: T[units, n] = init fan (n, units) as w`
StmtPtr Parser::owned(OwnedStmt::Role role) {
  auto result = std::make_unique<OwnedStmt>(peek().span, role);
  std::string word = take().text().str();
  if (!expectName(result->name, "the name of the " + word))
    return nullptr;
  if (accept(Tok::Colon) && !(result->type = type()))
    return nullptr;
  if (!result->type && (role == OwnedStmt::Role::Param || role == OwnedStmt::Role::State)) {
    unexpected("`:` and the type of the " + word)
        .hint("write `" + word + " " + result->name.text + ": f32[n] = zeros`");
    return nullptr;
  }
  if (!peek().is(Tok::Assign)) {
    unexpected("`=` before the first value of the " + word)
        .hint("every " + word + " has a first value: `= zeros`, `= normal(0.02)` …");
    return nullptr;
  }
  take();
  llvm::scope_exit restore([&, outer = namesOwned] { namesOwned = outer; });
  namesOwned = true;
  if (!(result->initial = expression()))
    return nullptr;
  if (peek().is("fan") && !peek().newlineBefore) {
    take();
    if (!expect(Tok::LParen, "behind `fan`"))
      return nullptr;
    ++brackets;
    llvm::scope_exit close([&] { --brackets; });
    if (!(result->fanIn = expression()) || !expect(Tok::Comma, "between fan-in and fan-out") ||
        !(result->fanOut = expression()) || !expect(Tok::RParen, "behind the fans"))
      return nullptr;
  }
  if (peek().is("as") && !peek().newlineBefore) {
    take();
    if (!expectName(result->path, "the name in the path"))
      return nullptr;
  }
  result->span = from(result->span);
  return result;
}

StmtPtr Parser::require() {
  auto result = std::make_unique<RequireStmt>(take().span);
  if (!(result->condition = expression()))
    return nullptr;
  if (!expect(Tok::Comma, "between the condition and its message") || !(result->message = expression()))
    return nullptr;
  if (!llvm::isa<StringExpr>(*result->message)) {
    diagnostics.error(result->message->span, "the message of `require` is text in quotes")
        .hint("values stand in it in braces: \"got {n}\"");
    return nullptr;
  }
  result->span = from(result->span);
  return result;
}

StmtPtr Parser::assertion() {
  auto result = std::make_unique<AssertStmt>(take().span);
  if (!(result->condition = expression()))
    return nullptr;
  if (peek().is("within") && !peek().newlineBefore) {
    take();
    if (!(result->tolerance = expression()))
      return nullptr;
  }
  result->span = from(result->span);
  return result;
}

StmtPtr Parser::inspection() {
  auto result = std::make_unique<InspectStmt>(take().span);
  std::optional<std::string> name = stringLiteral();
  if (!name || !expect(Tok::Comma, "between the name and the value") || !(result->value = expression()))
    return nullptr;
  result->name = *name;
  result->span = from(result->span);
  return result;
}

StmtPtr Parser::entryStatement() {
  auto result = std::make_unique<EntryStmt>(take().span);
  result->function = std::make_shared<FunctionDecl>(result->span, FunctionDecl::Role::Model);
  ++brackets;
  bool good = expectName(result->function->name, "the name of the entry") && parameters(result->function->inputs) &&
              (!accept(Tok::Arrow) || (result->function->result = type()));
  --brackets;
  result->function->span = from(result->span);
  if (!good || !block(result->function->body, result->function->name.text))
    return nullptr;
  result->span = from(result->span);
  return result;
}

StmtPtr Parser::forLoop() {
  auto result = std::make_unique<ForStmt>(take().span);
  if (!pattern(result->pattern, "the variable of the loop"))
    return nullptr;
  if (!acceptWord("in")) {
    unexpected("`in` behind the variable of the loop");
    return nullptr;
  }
  if (!(result->range = expression()) || !block(result->body, "for"))
    return nullptr;
  result->span = from(result->span);
  return result;
}

StmtPtr Parser::emitStatement() {
  auto result = std::make_unique<EmitStmt>(take().span);
  if (!(result->value = expression()))
    return nullptr;
  if (acceptWord("axis") && !(result->axis = expression()))
    return nullptr;
  result->span = from(result->span);
  return result;
}

bool Parser::patternOf(const Expr &expr, Pattern &result) {
  result.span = expr.span;
  if (auto *name = llvm::dyn_cast<NameExpr>(&expr)) {
    result.names.push_back({name->name, name->span});
    return true;
  }
  if (auto *tuple = llvm::dyn_cast<TupleExpr>(&expr)) {
    result.tuple = true;
    for (const Argument &element : tuple->elements) {
      auto *name = llvm::dyn_cast<NameExpr>(element.value.get());
      if (!name || element.name)
        return false;
      result.names.push_back({name->name, name->span});
    }
    return true;
  }
  return false;
}

StmtPtr Parser::assignOrExpression() {
  Span begin = peek().span;
  ExprPtr value = expression();
  if (!value)
    return nullptr;
  bool update = peek().is(Tok::Update);
  if (!update && !peek().is(Tok::Assign))
    return std::make_unique<ExpressionStmt>(value->span, std::move(value));
  auto result = std::make_unique<AssignStmt>(begin);
  result->update = update;
  if (!patternOf(*value, result->pattern)) {
    diagnostics.error(value->span, "left of `" + peek().text() + "` stands a name, or names in parentheses");
    return nullptr;
  }
  take();
  if (!(result->value = expression()))
    return nullptr;
  result->span = from(begin);
  return result;
}
