//===- ParseDecl.cpp - Declarations, and the parser's steps over tokens -------------------------------------------===//
#include "frontend/Habits.h"
#include "frontend/Parser.h"
#include "frontend/ParserImpl.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringSwitch.h"

using namespace nn::frontend;
using llvm::StringRef;
using llvm::Twine;

//===--------------------------------------------------------------------------------------------------------------===//
// Tokens
//===--------------------------------------------------------------------------------------------------------------===//

bool Parser::accept(Tok kind) {
  if (!peek().is(kind))
    return false;
  take();
  return true;
}

bool Parser::acceptWord(StringRef word) {
  if (!peek().is(word))
    return false;
  take();
  return true;
}

std::string Parser::found() const {
  const Token &token = peek();
  if (token.is(Tok::End))
    return describe(Tok::End).str();
  return ("`" + token.text() + "`").str();
}

Diagnostic &Parser::unexpected(const Twine &wanted) {
  auto &message = diagnostics.error(peek().span, "expected " + wanted + ", found " + found());
  if (StringRef hint = hintForToken(tokens, at, wanted.str()); !hint.empty())
    message.hint(hint);
  return message;
}

bool Parser::expect(Tok kind, const Twine &where) {
  if (accept(kind))
    return true;
  unexpected("`" + describe(kind) + "` " + where);
  return false;
}

bool Parser::expectName(Name &name, const Twine &what) {
  if (!peek().is(Tok::Identifier)) {
    unexpected(what);
    return false;
  }
  name = {peek().text().str(), peek().span};
  take();
  return true;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Declarations
//===--------------------------------------------------------------------------------------------------------------===//

static const char *const declarationWords[] = {"model",    "layer",  "fn",          "kernel",   "optimizer",
                                               "schedule", "metric", "initializer", "gradient", "const",
                                               "train",    "test",   "import"};

bool Parser::startsDeclaration() const {
  if (peek().is(Tok::End) || !peek().newlineBefore || tokens[at].span.begin == 0)
    return peek().is(Tok::End) || at == 0;
  Source::Place place = source.place(peek().span.begin);
  if (place.column != 1)
    return false;
  if (peek().is(Tok::At))
    return true;
  for (StringRef word : declarationWords)
    if (peek().is(word))
      return true;
  return false;
}

void Parser::skipDeclaration() {
  do
    take();
  while (!startsDeclaration());
}

std::unique_ptr<File> Parser::file() {
  auto result = std::make_unique<File>();
  result->source = &source;
  while (!peek().is(Tok::End)) {
    const Token &start = peek();
    std::string doc;
    llvm::SmallVector<StringRef> lines;
    start.doc.split(lines, '\n');
    for (StringRef line : lines) {
      line = line.trim();
      if (line.consume_front("///"))
        doc += (doc.empty() ? "" : "\n") + line.trim().str();
    }
    brackets = 0;
    std::vector<Attribute> notes;
    if (!attributes(notes)) {
      skipDeclaration();
      continue;
    }
    if (peek().is("const")) {
      if (!constants(result->declarations, notes))
        skipDeclaration();
      allow(notes, from(start.span));
      continue;
    }
    if (std::unique_ptr<Decl> next = declaration()) {
      allow(notes, from(start.span));
      next->doc = std::move(doc);
      next->attributes = std::move(notes);
      result->declarations.push_back(std::move(next));
    } else {
      skipDeclaration();
    }
  }
  return result;
}

std::unique_ptr<Decl> Parser::declaration() {
  using Role = FunctionDecl::Role;
  const Token &word = peek();
  if (word.is("kernel") && peek(1).is("fn")) {
    take();
    std::unique_ptr<Decl> result = function(Role::Function, /*kernel=*/true);
    if (result)
      result->span = cover(word.span, result->span);
    return result;
  }
  if (word.is("gradient"))
    return gradient();
  if (word.is("train"))
    return train();
  if (word.is("test"))
    return test();
  if (word.is("import"))
    return import();
  auto role = llvm::StringSwitch<std::optional<Role>>(word.is(Tok::Identifier) ? word.text() : "")
                  .Case("model", Role::Model)
                  .Case("layer", Role::Layer)
                  .Case("fn", Role::Function)
                  .Case("optimizer", Role::Optimizer)
                  .Case("schedule", Role::Schedule)
                  .Case("metric", Role::Metric)
                  .Case("initializer", Role::Initializer)
                  .Default(std::nullopt);
  if (role)
    return function(*role, /*kernel=*/false);
  auto &error = unexpected("a declaration");
  std::vector<std::string> words(std::begin(declarationWords), std::end(declarationWords));
  if (word.is("def") || word.is("function") || word.is("func"))
    error.hint("a function is declared with `fn`");
  else if (word.is("class"))
    error.hint("a layer is declared with `layer`, a whole network with `model`");
  else if (word.is("let") || word.is("var") || (word.is(Tok::Identifier) && peek(1).is(Tok::Assign)))
    error.hint("a value of the whole file is declared with `const`");
  else if (std::string meant = nearest(word.text(), words); word.is(Tok::Identifier) && !meant.empty())
    error.hint("did you mean `" + meant + "`?");
  else
    error.hint(
        "a file holds model, layer, fn, optimizer, schedule, metric, initializer, const, train and test declarations");
  return nullptr;
}

/// `name(configuration)(inputs) -> result { body }`, or with one list, which then holds the inputs.
std::unique_ptr<Decl> Parser::function(FunctionDecl::Role role, bool kernel) {
  auto result = std::make_unique<FunctionDecl>(peek().span, role);
  result->kernel = kernel;
  std::string word = take().text().str();
  // Newlines do not count inside a declaration's head.
  ++brackets;
  llvm::scope_exit restore([&] { brackets = 0; });
  if (!expectName(result->name, "the name of the " + word))
    return nullptr;
  if (!parameters(result->inputs))
    return nullptr;
  if (peek().is(Tok::LParen)) {
    result->configured = true;
    result->configuration = std::move(result->inputs);
    result->inputs.clear();
    if (!parameters(result->inputs))
      return nullptr;
  }
  if (accept(Tok::Arrow) && !(result->result = type()))
    return nullptr;
  result->span = from(result->span);
  if (!block(result->body, result->name.text))
    return nullptr;
  return result;
}

bool Parser::parameters(std::vector<Parameter> &result) {
  if (!expect(Tok::LParen, "before the parameters"))
    return false;
  ++brackets;
  llvm::scope_exit restore([&] { --brackets; });
  while (!peek().is(Tok::RParen)) {
    Parameter parameter;
    if (!expectName(parameter.name, "the name of a parameter"))
      return false;
    for (const Parameter &other : result)
      if (other.name.text == parameter.name.text)
        diagnostics.error(parameter.name.span, "the parameter `" + parameter.name.text + "` is declared twice")
            .note("the first one", other.name.span);
    if (accept(Tok::Colon) && !(parameter.type = type()))
      return false;
    if (accept(Tok::Assign) && !(parameter.initial = expression()))
      return false;
    if (peek().is("when") && peek(1).is("training")) {
      take();
      take();
      parameter.whenTraining = true;
    }
    result.push_back(std::move(parameter));
    if (!accept(Tok::Comma))
      break;
  }
  return expect(Tok::RParen, "behind the parameters");
}

bool Parser::names(std::vector<Name> &result) {
  while (peek().is(Tok::Identifier)) {
    Name name;
    expectName(name, "a name");
    result.push_back(std::move(name));
    if (!accept(Tok::Comma))
      break;
  }
  return true;
}

std::unique_ptr<Decl> Parser::gradient() {
  auto result = std::make_unique<GradientDecl>(take().span);
  ++brackets;
  llvm::scope_exit restore([&] { brackets = 0; });
  if (!expectName(result->name, "the name of a function") || !expect(Tok::LParen, "before the names"))
    return nullptr;
  names(result->inputs);
  if (accept(Tok::RParen)) {
    result->configuration = std::move(result->inputs);
    result->inputs.clear();
    if (!expect(Tok::LParen, "before the names"))
      return nullptr;
    names(result->inputs);
  }
  if (!expect(Tok::Semicolon, "between inputs and outputs"))
    return nullptr;
  names(result->outputs);
  if (!expect(Tok::Semicolon, "between outputs and their gradients"))
    return nullptr;
  names(result->gradients);
  if (!expect(Tok::RParen, "behind the names"))
    return nullptr;
  result->span = from(result->span);
  if (!block(result->body, "gradient " + result->name.text))
    return nullptr;
  return result;
}

bool Parser::constants(std::vector<std::unique_ptr<Decl>> &result, const std::vector<Attribute> &notes) {
  take();
  do {
    auto constant = std::make_unique<ConstDecl>(peek().span);
    if (!expectName(constant->name, "the name of a constant") || !expect(Tok::Assign, "behind the constant's name") ||
        !(constant->value = expression()))
      return false;
    constant->span = from(constant->span);
    constant->attributes = notes;
    result.push_back(std::move(constant));
  } while (accept(Tok::Comma));
  accept(Tok::Semicolon);
  return true;
}

std::unique_ptr<Decl> Parser::train() {
  auto result = std::make_unique<TrainDecl>(take().span);
  if (!expectName(result->name, "the name of the model to train"))
    return nullptr;
  if (acceptWord("as") && !expectName(result->phase, "the name of the train block"))
    return nullptr;
  result->span = from(result->span);
  Span open = peek().span;
  if (!expect(Tok::LBrace, "before the train block's entries"))
    return nullptr;
  while (!peek().is(Tok::RBrace) && !peek().is(Tok::End)) {
    if (accept(Tok::Semicolon))
      continue;
    Argument entry;
    size_t before = at;
    bool good = expectName(entry.name, "the name of an entry such as `batch`") &&
                expect(Tok::Assign, "behind the entry's name") && (entry.value = expression());
    if (!good) {
      skipStatement();
      if (at == before)
        take();
      continue;
    }
    endStatement("entry");
    for (const Argument &other : result->entries)
      if (other.name.text == entry.name.text)
        diagnostics.error(entry.name.span, "the entry `" + entry.name.text + "` stands twice in the train block")
            .note("the first one", other.name.span);
    result->entries.push_back(std::move(entry));
  }
  if (!accept(Tok::RBrace)) {
    unexpected("`}`").note("the brace that is open", open);
    return nullptr;
  }
  return result;
}

std::unique_ptr<Decl> Parser::test() {
  auto result = std::make_unique<TestDecl>(take().span);
  if (!peek().is(Tok::String)) {
    unexpected("what is tested, in quotes");
    return nullptr;
  }
  result->name.span = peek().span;
  std::optional<std::string> title = stringLiteral();
  if (!title)
    return nullptr;
  result->title = *title;
  if (peek().is("when") && peek(1).is("training")) {
    take();
    take();
    result->training = true;
  }
  result->span = from(result->span);
  if (!block(result->body, "test"))
    return nullptr;
  return result;
}

std::unique_ptr<Decl> Parser::import() {
  auto result = std::make_unique<ImportDecl>(take().span);
  if (!peek().is(Tok::String)) {
    unexpected("the file to import, in quotes");
    return nullptr;
  }
  result->pathSpan = peek().span;
  std::optional<std::string> path = stringLiteral();
  if (!path)
    return nullptr;
  result->path = *path;
  result->span = from(result->span);
  return result;
}

std::unique_ptr<File> nn::frontend::parseFile(const Source &source, Diagnostics &diagnostics) {
  return Parser(source, diagnostics).file();
}

ExprPtr nn::frontend::parseExpression(const Source &source, Diagnostics &diagnostics) {
  return Parser(source, diagnostics).loneExpression();
}
