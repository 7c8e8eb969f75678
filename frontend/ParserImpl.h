//===- ParserImpl.h - The recursive descent behind parseFile ------------------------------------------------------===//
//
// One class over several files: ParseExpr, ParsePrimary, ParseType, ParseStmt, ParseDecl (.cpp). A parse function
// returns null (or false) after it reported an error; statements and declarations are where parsing starts again.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_PARSERIMPL_H
#define NN_FRONTEND_PARSERIMPL_H

#include "frontend/Ast.h"
#include "frontend/Lexer.h"

namespace nn::frontend {

class Parser {
public:
  Parser(const Source &source, Diagnostics &diagnostics)
      : source(source), diagnostics(diagnostics), tokens(lex(source, diagnostics)) {}

  std::unique_ptr<File> file();
  ExprPtr loneExpression();

private:
  // Tokens.
  const Token &peek(unsigned ahead = 0) const { return tokens[std::min<size_t>(at + ahead, tokens.size() - 1)]; }
  const Token &take() { return tokens[at < tokens.size() - 1 ? at++ : at]; }
  /// True if the next token goes on with what stands before it: newlines matter outside brackets only.
  bool continues() const { return brackets > 0 || !peek().newlineBefore; }
  bool accept(Tok kind);
  bool acceptWord(llvm::StringRef word);
  /// Takes a token of `kind` or reports that it is missing ("`)` expected …").
  bool expect(Tok kind, const llvm::Twine &where);
  bool expectName(Name &name, const llvm::Twine &what);
  Diagnostic &unexpected(const llvm::Twine &wanted);
  Span from(Span begin) const { return cover(begin, tokens[at ? at - 1 : 0].span); }
  /// Counts a level of what contains itself until the object dies; false where there are too many, which is reported.
  class Level {
  public:
    explicit Level(Parser &parser) : parser(parser) { ++parser.nesting; }
    ~Level() { --parser.nesting; }
    explicit operator bool() const { return parser.nesting <= maxNesting || parser.tooLarge("nested too deeply"); }

  private:
    Parser &parser;
  };
  /// Reports that source text at hand would need too much of the stack; returns false.
  bool tooLarge(const llvm::Twine &what);
  /// The text of a token as messages name it.
  std::string found() const;

  // Expressions (ParseExpr.cpp, ParsePrimary.cpp).
  ExprPtr expression();
  ExprPtr pipe();
  ExprPtr binary(int level);
  ExprPtr unary();
  ExprPtr power();
  ExprPtr postfix();
  ExprPtr primary();
  ExprPtr number();
  ExprPtr parenthesised();
  ExprPtr list();
  ExprPtr map();
  ExprPtr ifExpression();
  ExprPtr scan();
  ExprPtr applicationName(ExprPtr application);
  bool arguments(std::vector<Argument> &result, Tok close, llvm::StringRef where);
  bool subscripts(std::vector<Subscript> &result);
  std::optional<std::string> stringLiteral();

  // Types (ParseType.cpp).
  TypePtr type();
  TypePtr typeAlternative();
  bool dims(std::vector<DimExpr> &result);

  // Statements (ParseStmt.cpp).
  bool block(Block &result, llvm::StringRef owner);
  StmtPtr statement();
  StmtPtr bind();
  StmtPtr owned(OwnedStmt::Role role);
  StmtPtr require();
  StmtPtr assertion();
  StmtPtr inspection();
  StmtPtr entryStatement();
  StmtPtr forLoop();
  StmtPtr emitStatement();
  StmtPtr assignOrExpression();
  bool pattern(Pattern &result, llvm::StringRef what);
  bool patternOf(const Expr &expr, Pattern &result);
  bool attributes(std::vector<Attribute> &result);
  void allow(const std::vector<Attribute> &attributes, Span covered);
  void endStatement(llvm::StringRef what = "statement");
  void skipStatement();

  // Declarations (ParseDecl.cpp).
  std::unique_ptr<Decl> declaration();
  std::unique_ptr<Decl> function(FunctionDecl::Role role, bool kernel);
  std::unique_ptr<Decl> gradient();
  std::unique_ptr<Decl> train();
  std::unique_ptr<Decl> test();
  std::unique_ptr<Decl> import();
  bool constants(std::vector<std::unique_ptr<Decl>> &result, const std::vector<Attribute> &notes);
  bool parameters(std::vector<Parameter> &result);
  bool names(std::vector<Name> &result);
  bool startsDeclaration() const;
  void skipDeclaration();

  const Source &source;
  Diagnostics &diagnostics;
  std::vector<Token> tokens;
  size_t at = 0;
  static constexpr unsigned maxNesting = 200, maxChain = 1000; ///< levels; operators in a row
  unsigned nesting = 0;
  unsigned brackets = 0;   ///< open ( and [ since the last {
  bool namesOwned = false; ///< inside `param … = initial`, where `as` names the value and not an application
};

} // namespace nn::frontend

#endif // NN_FRONTEND_PARSERIMPL_H
