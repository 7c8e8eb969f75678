//===- AstExpr.h - Expressions and types of the syntax tree -------------------------------------------------------===//
//
// The part of the tree that has values; statements and declarations are in Ast.h. Nothing here is resolved: names are
// text. Nodes are immutable after parsing.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_ASTEXPR_H
#define NN_FRONTEND_ASTEXPR_H

#include "frontend/Source.h"
#include <memory>
#include <optional>

namespace nn::frontend {

struct Expr;
struct Stmt;
struct TypeExpr;
using ExprPtr = std::unique_ptr<Expr>;
using StmtPtr = std::unique_ptr<Stmt>;
using TypePtr = std::unique_ptr<TypeExpr>;

/// A name with its place.
struct Name {
  std::string text;
  Span span;
  explicit operator bool() const { return !text.empty(); }
};

/// `@allow(pipe-of-sum)` in front of a declaration or statement.
struct Attribute {
  Name name;
  std::vector<Name> arguments;
};

//===--------------------------------------------------------------------------------------------------------------===//
// Expressions
//===--------------------------------------------------------------------------------------------------------------===//

struct Expr {
  enum class Kind {
    Integer,
    Float,
    Bool,
    String,
    Name,
    Unary,
    Binary,
    Pipe,
    Call,
    Index,
    Member,
    Tuple,
    List,
    Map,
    If,
    Range,
    As,
    Scan
  };
  Expr(Kind kind, Span span) : kind(kind), span(span) {}
  virtual ~Expr() = default;
  const Kind kind;
  Span span;
  bool parenthesised = false; ///< stands in parentheses of its own
};

struct IntegerExpr : Expr {
  IntegerExpr(Span span, int64_t value) : Expr(Kind::Integer, span), value(value) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Integer; }
  int64_t value;
};

struct FloatExpr : Expr {
  FloatExpr(Span span, double value) : Expr(Kind::Float, span), value(value) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Float; }
  double value;
};

struct BoolExpr : Expr {
  BoolExpr(Span span, bool value) : Expr(Kind::Bool, span), value(value) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Bool; }
  bool value;
};

struct StringExpr : Expr {
  StringExpr(Span span, std::string value) : Expr(Kind::String, span), value(std::move(value)) {}
  static bool classof(const Expr *e) { return e->kind == Kind::String; }
  std::string value;
};

struct NameExpr : Expr {
  NameExpr(Span span, std::string name) : Expr(Kind::Name, span), name(std::move(name)) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Name; }
  std::string name;
};

enum class UnaryOp { Negate, Not };
enum class BinaryOp { Add, Sub, Mul, Div, MatMul, Pow, Eq, Ne, Lt, Le, Gt, Ge, And, Or };
/// How the operator is written.
const char *spelling(BinaryOp op);

struct UnaryExpr : Expr {
  UnaryExpr(Span span, UnaryOp op, ExprPtr operand) : Expr(Kind::Unary, span), op(op), operand(std::move(operand)) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Unary; }
  UnaryOp op;
  ExprPtr operand;
};

struct BinaryExpr : Expr {
  BinaryExpr(Span span, BinaryOp op, Span opSpan, ExprPtr lhs, ExprPtr rhs)
      : Expr(Kind::Binary, span), op(op), opSpan(opSpan), lhs(std::move(lhs)), rhs(std::move(rhs)) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Binary; }
  BinaryOp op;
  Span opSpan;
  ExprPtr lhs, rhs;
};

/// `value |> target`; the target is a name, a member or a call, or one of these followed by `as name`.
struct PipeExpr : Expr {
  PipeExpr(Span span, ExprPtr value, ExprPtr target)
      : Expr(Kind::Pipe, span), value(std::move(value)), target(std::move(target)) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Pipe; }
  ExprPtr value, target;
};

struct Argument {
  Name name; ///< empty for a positional argument
  ExprPtr value;
};

struct CallExpr : Expr {
  CallExpr(Span span, ExprPtr callee, std::vector<Argument> arguments)
      : Expr(Kind::Call, span), callee(std::move(callee)), arguments(std::move(arguments)) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Call; }
  ExprPtr callee;
  std::vector<Argument> arguments;
};

/// One place between the brackets of an index: an index, a slice `low:high:step` (each may be missing), or `...`.
struct Subscript {
  enum class Kind { Index, Slice, Rest, NewAxis };
  Kind kind;
  Span span;
  ExprPtr low, high, step; ///< an index is `low`
};

struct IndexExpr : Expr {
  IndexExpr(Span span, ExprPtr base, std::vector<Subscript> subscripts)
      : Expr(Kind::Index, span), base(std::move(base)), subscripts(std::move(subscripts)) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Index; }
  ExprPtr base;
  std::vector<Subscript> subscripts;
};

struct MemberExpr : Expr {
  MemberExpr(Span span, ExprPtr base, Name member)
      : Expr(Kind::Member, span), base(std::move(base)), member(std::move(member)) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Member; }
  ExprPtr base;
  Name member;
};

struct TupleExpr : Expr {
  TupleExpr(Span span, std::vector<Argument> elements) : Expr(Kind::Tuple, span), elements(std::move(elements)) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Tuple; }
  std::vector<Argument> elements;
};

struct ListExpr : Expr {
  ListExpr(Span span, std::vector<ExprPtr> elements) : Expr(Kind::List, span), elements(std::move(elements)) {}
  static bool classof(const Expr *e) { return e->kind == Kind::List; }
  std::vector<ExprPtr> elements;
};

/// `{ image: …, "*.bias": …, else: … }`
struct MapExpr : Expr {
  MapExpr(Span span, std::vector<Argument> entries) : Expr(Kind::Map, span), entries(std::move(entries)) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Map; }
  std::vector<Argument> entries;
};

/// Statements between braces; the value is that of the last expression.
struct Block {
  Span span;
  std::vector<StmtPtr> statements;
};

struct IfExpr : Expr {
  IfExpr(Span span) : Expr(Kind::If, span) {}
  static bool classof(const Expr *e) { return e->kind == Kind::If; }
  ExprPtr condition;
  Block then;
  std::optional<Block> otherwise; ///< `else if` is a block of one `if`
};

/// `low..high`, the upper end excluded.
struct RangeExpr : Expr {
  RangeExpr(Span span, ExprPtr low, ExprPtr high)
      : Expr(Kind::Range, span), low(std::move(low)), high(std::move(high)) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Range; }
  ExprPtr low, high;
};

/// `application as name`
struct AsExpr : Expr {
  AsExpr(Span span, ExprPtr value, Name name) : Expr(Kind::As, span), value(std::move(value)), name(std::move(name)) {}
  static bool classof(const Expr *e) { return e->kind == Kind::As; }
  ExprPtr value;
  Name name;
};

struct Carry {
  Name name;
  TypePtr type;
  ExprPtr initial;
};

struct ScanExpr : Expr {
  ScanExpr(Span span) : Expr(Kind::Scan, span) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Scan; }
  Name variable;
  ExprPtr range;
  std::vector<Carry> carries;
  Block body;
};

//===--------------------------------------------------------------------------------------------------------------===//
// Types
//===--------------------------------------------------------------------------------------------------------------===//

struct DimExpr {
  enum class Kind { Value, Inferred, Rest };
  Kind kind;
  Span span;
  ExprPtr value;
};

struct TypeField {
  Name name;
  TypePtr type;
  bool saved = false;
};

struct TypeExpr {
  enum class Kind {
    Plain,    ///< `f32`, `int`, `Initializer`, or a word such as `same`
    Tensor,   ///< `T[batch, n]`
    Tuple,    ///< `(y: T[n], mean: T[c])`
    Union,    ///< `int | same | valid`
    Function, ///< `fn(T[...]) -> T[...]`
  };
  Kind kind;
  Span span;
  std::string name;                  ///< Plain, Tensor: the element type
  std::vector<DimExpr> dims;         ///< Tensor
  std::vector<TypeField> fields;     ///< Tuple; Function: the inputs
  TypePtr result;                    ///< Function
  std::vector<TypePtr> alternatives; ///< Union
};

} // namespace nn::frontend

#endif // NN_FRONTEND_ASTEXPR_H
