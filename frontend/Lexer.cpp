//===- Lexer.cpp - Text to tokens ---------------------------------------------------------------------------------===//
#include "frontend/Lexer.h"
#include "llvm/ADT/StringExtras.h"

using namespace nn::frontend;
using llvm::StringRef;

namespace {

struct Spelling {
  llvm::StringLiteral text;
  Tok kind;
};

/// Longer spellings first, so that the first match is the longest.
constexpr Spelling spellings[] = {
    {"...", Tok::Ellipsis}, {"..", Tok::DotDot},    {":=", Tok::Update},
    {"->", Tok::Arrow},     {"|>", Tok::Pipe},      {"==", Tok::Equal},
    {"!=", Tok::NotEqual},  {"<=", Tok::LessEqual}, {">=", Tok::GreaterEqual},
    {"(", Tok::LParen},     {")", Tok::RParen},     {"[", Tok::LBracket},
    {"]", Tok::RBracket},   {"{", Tok::LBrace},     {"}", Tok::RBrace},
    {",", Tok::Comma},      {":", Tok::Colon},      {";", Tok::Semicolon},
    {".", Tok::Dot},        {"+", Tok::Plus},       {"-", Tok::Minus},
    {"*", Tok::Star},       {"/", Tok::Slash},      {"^", Tok::Caret},
    {"@", Tok::At},         {"|", Tok::Bar},        {"=", Tok::Assign},
    {"<", Tok::Less},       {">", Tok::Greater},
};

/// What typography has for the signs of programs.
struct Typographic {
  llvm::StringLiteral sign, written;
};
constexpr Typographic typographic[] = {
    {"\u00D7", "*"},  {"\u00B7", "*"},  {"\u22C5", "*"},  {"\u00F7", "/"},   {"\u2212", "-"},
    {"\u2013", "-"},  {"\u2192", "->"}, {"\u2264", "<="}, {"\u2265", ">="},  {"\u2260", "!="},
    {"\u201C", "\""}, {"\u201D", "\""}, {"\u201E", "\""}, {"\u2026", "..."},
};

/// Whether the character that begins here is a letter of another alphabet, or like one.
bool isForeignLetter(StringRef text) {
  auto byte = [&](size_t i) { return i < text.size() ? unsigned(uint8_t(text[i])) : 0; };
  unsigned first = byte(0), code = 0;
  if (first >= 0xC2 && first < 0xE0)
    code = (first & 0x1F) << 6 | (byte(1) & 0x3F);
  else if (first >= 0xE0 && first < 0xF0)
    code = (first & 0xF) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  return (code >= 0xC0 && code < 0x2000 && code != 0xD7 && code != 0xF7) || (code >= 0x2C00 && code < 0xFB00);
}

class Lexer {
public:
  Lexer(const Source &source, Diagnostics &diagnostics)
      : source(source), text(source.text()), diagnostics(diagnostics) {}

  std::vector<Token> run() {
    tokens.reserve(text.size() / 4); // about as many as there are
    while (true) {
      skipBlanks();
      if (at >= text.size())
        break;
      token();
    }
    push(Tok::End, at, at);
    return std::move(tokens);
  }

private:
  char peek(size_t ahead = 0) const { return at + ahead < text.size() ? text[at + ahead] : '\0'; }
  Span span(size_t begin, size_t end) const { return {&source, uint32_t(begin), uint32_t(end)}; }

  void push(Tok kind, size_t begin, size_t end) {
    Token token;
    token.kind = kind;
    token.newlineBefore = newline || tokens.empty();
    token.span = span(begin, end);
    if (docEnd > docBegin)
      token.doc = text.slice(docBegin, docEnd);
    tokens.push_back(token);
    newline = false;
    docBegin = docEnd = 0;
  }

  void skipBlanks() {
    while (at < text.size()) {
      if (peek() == '\n') {
        newline = true;
        ++at;
      } else if (peek() == ' ' || peek() == '\t' || peek() == '\r') {
        ++at;
      } else if (peek() == '/' && peek(1) == '/') {
        size_t begin = at;
        while (at < text.size() && peek() != '\n')
          ++at;
        if (text.slice(begin, at).starts_with("///")) {
          if (docEnd == 0)
            docBegin = begin;
          docEnd = at;
        }
      } else {
        return;
      }
    }
  }

  void token() {
    char c = peek();
    if (llvm::isAlpha(c) || c == '_' || isForeignLetter(text.substr(at)))
      return word();
    if (llvm::isDigit(c))
      return number();
    if (c == '"')
      return string();
    if (c == '.' && llvm::isDigit(peek(1))) {
      size_t begin = at++;
      while (llvm::isDigit(peek()))
        ++at;
      diagnostics.error(span(begin, at), "a number starts with a digit").hint("write `0" + text.slice(begin, at) + "`");
      return push(Tok::Float, begin, at);
    }
    for (const Spelling &spelling : spellings) {
      StringRef s = spelling.text;
      if (s.front() == c && text.substr(at).starts_with(s)) {
        push(spelling.kind, at, at + s.size());
        at += s.size();
        return;
      }
    }
    size_t begin = at++;
    while ((peek() & 0xC0) == 0x80 || (peek() == c && (c == '&' || c == '|')))
      ++at;
    auto &error = diagnostics.error(span(begin, at), "`" + text.slice(begin, at) + "` starts no token");
    for (const Typographic &character : typographic)
      if (text.slice(begin, at) == character.sign)
        error.hint("in programs this is written `" + character.written + "`");
    if (c == '!')
      error.hint("negation is written `not`");
    else if (c == '&')
      error.hint("conjunction is written `and`");
    else if (c == '%')
      error.hint("the remainder is written `mod(a, b)`");
    else if (c == '?')
      error.hint(
          "a choice is written `if c { a } else { b }`, one by elements `select(c, a, b)`; a free dimension has a "
          "name, such as `batch`");
    else if (c == '#') {
      error.hint("a comment starts with `//`");
      while (at < text.size() && peek() != '\n')
        ++at;
    } else if (c == '\'')
      error.hint("text stands in double quotes");
  }

  void word() {
    size_t begin = at;
    bool foreign = false;
    while (true) {
      if (llvm::isAlnum(peek()) || peek() == '_') {
        ++at;
      } else if (isForeignLetter(text.substr(at))) {
        foreign = true;
        do
          ++at;
        while ((peek() & 0xC0) == 0x80);
      } else {
        break;
      }
    }
    if (foreign)
      diagnostics.error(span(begin, at),
                        "`" + text.slice(begin, at) + "` is no name: names are made of a to z, A to Z, 0 to 9 and `_`");
    push(Tok::Identifier, begin, at);
  }

  void digits() {
    while (llvm::isDigit(peek()) || (peek() == '_' && llvm::isDigit(peek(1))))
      ++at;
  }

  void number() {
    size_t begin = at;
    Tok kind = Tok::Integer;
    digits();
    if (peek() == '.' && llvm::isDigit(peek(1))) {
      kind = Tok::Float;
      ++at;
      digits();
    } else if (peek() == '.' && peek(1) != '.' && !llvm::isAlpha(peek(1))) {
      kind = Tok::Float;
      diagnostics.error(span(begin, at + 1), "a number does not end with a point")
          .hint("write `" + text.slice(begin, at) + ".0`");
      ++at;
    }
    if (peek() == 'e' || peek() == 'E') {
      size_t sign = peek(1) == '-' || peek(1) == '+';
      if (llvm::isDigit(peek(1 + sign))) {
        kind = Tok::Float;
        at += 1 + sign;
        digits();
      }
    }
    if (llvm::isAlpha(peek()) || peek() == '_') {
      size_t wordBegin = at;
      while (llvm::isAlnum(peek()) || peek() == '_')
        ++at;
      diagnostics.error(span(begin, at), "`" + text.slice(begin, at) + "` is neither a number nor a name")
          .hint("a product is written `" + text.slice(begin, wordBegin) + " * " + text.slice(wordBegin, at) + "`");
      return push(kind, begin, wordBegin);
    }
    push(kind, begin, at);
  }

  void string() {
    size_t begin = at++;
    while (at < text.size() && peek() != '"' && peek() != '\n')
      at += peek() == '\\' && at + 1 < text.size() ? 2 : 1;
    if (peek() == '"') {
      ++at;
    } else {
      diagnostics.error(span(begin, at), "text without its closing quote");
    }
    push(Tok::String, begin, at);
  }

  const Source &source;
  StringRef text;
  Diagnostics &diagnostics;
  std::vector<Token> tokens;
  size_t at = 0, docBegin = 0, docEnd = 0;
  bool newline = false;
};

} // namespace

StringRef nn::frontend::describe(Tok kind) {
  switch (kind) {
  case Tok::End:
    return "the end of the file";
  case Tok::Identifier:
    return "a name";
  case Tok::Integer:
    return "an integer";
  case Tok::Float:
    return "a number";
  case Tok::String:
    return "text in quotes";
  default:
    for (const Spelling &spelling : spellings)
      if (spelling.kind == kind)
        return spelling.text;
    return "?";
  }
}

std::vector<Token> nn::frontend::lex(const Source &source, Diagnostics &diagnostics) {
  return Lexer(source, diagnostics).run();
}
