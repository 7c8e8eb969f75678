// Pieces of programs and what is done with them.
#include "test/frontend/fuzz/Mutations.h"
#include "frontend/Lexer.h"
#include <fstream>
#include <sstream>

using namespace nn::fuzz;
using nn::frontend::Tok;
using nn::frontend::Token;

static bool opens(Tok kind) { return kind == Tok::LParen || kind == Tok::LBracket || kind == Tok::LBrace; }
static bool closes(Tok kind) { return kind == Tok::RParen || kind == Tok::RBracket || kind == Tok::RBrace; }

std::vector<Mutator::Piece> Mutator::piecesOf(const std::string &text) {
  nn::frontend::Diagnostics ignored;
  nn::frontend::Source source("fuzz.nn", text, /*library=*/false);
  std::vector<Token> tokens = nn::frontend::lex(source, ignored);
  std::vector<Piece> pieces;
  // Where the element, statement or stage at each depth began.
  struct Open {
    size_t begin;
    Tok bracket;
    size_t element, stage;
  };
  std::vector<Open> open = {{0, Tok::LBrace, 0, 0}};
  auto close = [&](size_t end) {
    Open &at = open.back();
    if (at.stage > at.element && at.stage < end)
      pieces.push_back({Kind::Stage, at.stage, end});
    if (at.element < end)
      pieces.push_back({at.bracket == Tok::LBrace ? Kind::Statement : Kind::Argument, at.element, end});
    at.element = at.stage = end;
  };
  for (const Token &token : tokens) {
    size_t begin = token.span.begin, end = token.span.end;
    if (token.is(Tok::End))
      break;
    bool newStatement =
        open.back().bracket == Tok::LBrace && token.newlineBefore && !token.is(Tok::Pipe) && !closes(token.kind);
    if (newStatement || token.is(Tok::Comma) || token.is(Tok::Semicolon)) {
      close(begin);
      open.back().element = open.back().stage = newStatement ? begin : end;
    }
    if (token.is(Tok::Pipe)) {
      if (open.back().stage > open.back().element)
        pieces.push_back({Kind::Stage, open.back().stage, begin});
      open.back().stage = end;
    }
    if (opens(token.kind)) {
      open.push_back({begin, token.kind, end, end});
    } else if (closes(token.kind) && open.size() > 1) {
      close(begin);
      pieces.push_back({Kind::Block, open.back().begin, end});
      open.pop_back();
    } else if (token.is(Tok::Identifier)) {
      pieces.push_back({Kind::Name, begin, end});
    } else if (token.is(Tok::Integer) || token.is(Tok::Float)) {
      pieces.push_back({Kind::Number, begin, end});
    } else {
      pieces.push_back({Kind::Operator, begin, end});
    }
  }
  return pieces;
}

void Mutator::learn(const std::string &text) {
  for (const Piece &piece : piecesOf(text))
    if (piece.end - piece.begin < 400)
      known[piece.kind].push_back(text.substr(piece.begin, piece.end - piece.begin));
}

std::string Mutator::change(const std::string &text, std::mt19937_64 &random) const {
  std::vector<Piece> pieces = piecesOf(text);
  auto any = [&](size_t n) { return size_t(random() % n); };
  if (pieces.empty())
    return text + " model";
  const Piece &piece = pieces[any(pieces.size())];
  std::string before = text.substr(0, piece.begin), own = text.substr(piece.begin, piece.end - piece.begin),
              behind = text.substr(piece.end);
  switch (any(8)) {
  case 0: // drop
    return before + behind;
  case 1: // double
    return before + own +
           (piece.kind == Kind::Statement  ? "\n"
            : piece.kind == Kind::Argument ? ", "
                                           : " ") +
           own + behind;
  case 2: { // exchange with a later one of its kind
    for (const Piece &other : pieces)
      if (other.kind == piece.kind && other.begin >= piece.end && any(3) == 0)
        return before + text.substr(other.begin, other.end - other.begin) +
               text.substr(piece.end, other.begin - piece.end) + own + text.substr(other.end);
    return before + behind;
  }
  case 3: { // a number that matters
    static const char *const numbers[] = {"0",       "1",  "-1", "2", "0.5", "1e30", "9223372036854775807",
                                          "1000000", "-3", "7"};
    for (size_t i = any(pieces.size()); i < pieces.size(); ++i)
      if (pieces[i].kind == Kind::Number)
        return text.substr(0, pieces[i].begin) + numbers[any(std::size(numbers))] + text.substr(pieces[i].end);
    [[fallthrough]];
  }
  default: { // a piece of another program
    auto it = known.find(piece.kind);
    return it == known.end() ? text : before + it->second[any(it->second.size())] + behind;
  }
  }
}

std::string Mutator::mutate(const std::string &text, uint64_t seed) const {
  std::mt19937_64 random(seed);
  std::string result = text;
  for (uint64_t i = 0, n = 1 + random() % 3; i < n && result.size() < 8000; ++i)
    result = change(result, random);
  return result;
}

std::vector<std::string> nn::fuzz::programsOf(const std::string &path) {
  std::ifstream file(path);
  auto ends = [&](const std::string &suffix) {
    return path.size() > suffix.size() && path.compare(path.size() - suffix.size(), suffix.size(), suffix) == 0;
  };
  std::vector<std::string> result;
  std::string line, text;
  bool inside = !ends(".md") && !ends(".txt");
  while (std::getline(file, line)) {
    bool starts = ends(".md") ? line.rfind("```nn", 0) == 0 : ends(".txt") && line.rfind("==== ", 0) == 0;
    bool stops = (ends(".md") && line == "```") || (ends(".txt") && line == "----");
    if ((starts || stops) && !text.empty()) {
      result.push_back(text);
      text.clear();
    }
    if (starts || stops)
      inside = starts;
    else if (inside)
      text += line + "\n";
  }
  if (!text.empty())
    result.push_back(text);
  return result;
}
