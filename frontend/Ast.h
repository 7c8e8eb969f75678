//===- Ast.h - The syntax tree of a .nn file ----------------------------------------------------------------------===//
//
// What the parser makes and the evaluator walks: expressions, statements, types and declarations, each with its span.
// Nothing here is resolved: names are text. Nodes are immutable after parsing.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_AST_H
#define NN_FRONTEND_AST_H

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

//===--------------------------------------------------------------------------------------------------------------===//
// Statements
//===--------------------------------------------------------------------------------------------------------------===//

struct Stmt {
  enum class Kind { Bind, Assign, Owned, Return, Require, Assert, Inspect, Entry, For, Emit, Expression, Hook };
  Stmt(Kind kind, Span span) : kind(kind), span(span) {}
  virtual ~Stmt() = default;
  const Kind kind;
  Span span;
  std::vector<Attribute> attributes;
};

/// The left side of `let`, `=` and `:=`: one name, or several that take a tuple apart; `_` takes nothing.
struct Pattern {
  Span span;
  bool tuple = false;
  std::vector<Name> names;
};

/// `let pattern = value` or `var pattern = value`
struct BindStmt : Stmt {
  BindStmt(Span span) : Stmt(Kind::Bind, span) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Bind; }
  bool rebindable = false;
  Pattern pattern;
  TypePtr type;
  ExprPtr value;
};

/// `pattern = value` (a `var`) or `pattern := value` (an owned or carried value)
struct AssignStmt : Stmt {
  AssignStmt(Span span) : Stmt(Kind::Assign, span) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Assign; }
  bool update = false;
  Pattern pattern;
  ExprPtr value;
};

/// `param weight: T[units, n] = init fan (n, units) as w`, likewise `state`, `slot`, `tally`
struct OwnedStmt : Stmt {
  enum class Role { Param, State, Slot, Tally };
  OwnedStmt(Span span, Role role) : Stmt(Kind::Owned, span), role(role) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Owned; }
  Role role;
  Name name;
  TypePtr type; ///< may be missing for slot and tally
  ExprPtr initial;
  ExprPtr fanIn, fanOut;
  Name path; ///< `as path`, else empty
};

struct ReturnStmt : Stmt {
  ReturnStmt(Span span, ExprPtr value) : Stmt(Kind::Return, span), value(std::move(value)) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Return; }
  ExprPtr value; ///< null in an optimizer
};

/// `require condition, "message {value}"`
struct RequireStmt : Stmt {
  RequireStmt(Span span) : Stmt(Kind::Require, span) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Require; }
  ExprPtr condition, message;
};

/// `assert condition`, `assert a == b within tolerance`
struct AssertStmt : Stmt {
  AssertStmt(Span span) : Stmt(Kind::Assert, span) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Assert; }
  ExprPtr condition, tolerance;
};

/// `inspect "name", value`
struct InspectStmt : Stmt {
  InspectStmt(Span span) : Stmt(Kind::Inspect, span) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Inspect; }
  std::string name;
  ExprPtr value;
};

struct FunctionDecl;

/// `entry generate(start: i32[1, 8]) -> i32[1, 40] { … }` in a model
struct EntryStmt : Stmt {
  EntryStmt(Span span) : Stmt(Kind::Entry, span) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Entry; }
  std::shared_ptr<FunctionDecl> function;
};

struct ForStmt : Stmt {
  ForStmt(Span span) : Stmt(Kind::For, span) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::For; }
  Pattern pattern;
  ExprPtr range;
  Block body;
};

/// `emit value axis 1` in a scan
struct EmitStmt : Stmt {
  EmitStmt(Span span) : Stmt(Kind::Emit, span) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Emit; }
  ExprPtr value, axis;
};

struct ExpressionStmt : Stmt {
  ExpressionStmt(Span span, ExprPtr value) : Stmt(Kind::Expression, span), value(std::move(value)) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Expression; }
  ExprPtr value;
};

/// `before { … }` and `evaluate { … }` of an optimizer
struct HookStmt : Stmt {
  HookStmt(Span span) : Stmt(Kind::Hook, span) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Hook; }
  Name name;
  Block body;
};

//===--------------------------------------------------------------------------------------------------------------===//
// Declarations
//===--------------------------------------------------------------------------------------------------------------===//

struct Parameter {
  Name name;
  TypePtr type; ///< null: anything
  ExprPtr initial;
  bool whenTraining = false;
};

struct Decl {
  enum class Kind { Function, Gradient, Const, Train, Test, Import };
  Decl(Kind kind, Span span) : kind(kind), span(span) {}
  virtual ~Decl() = default;
  const Kind kind;
  Span span;
  Name name;
  std::string doc;
  std::vector<Attribute> attributes;
};

/// Everything that is called: model, layer, fn, optimizer, schedule, metric, initializer.
struct FunctionDecl : Decl {
  enum class Role { Model, Layer, Function, Optimizer, Schedule, Metric, Initializer };
  FunctionDecl(Span span, Role role) : Decl(Kind::Function, span), role(role) {}
  static bool classof(const Decl *d) { return d->kind == Kind::Function; }
  Role role;
  bool kernel = false;
  bool configured = false; ///< written with two lists
  std::vector<Parameter> configuration, inputs;
  TypePtr result; ///< null: as the body says
  Block body;
};
/// The keyword of a role ("layer").
const char *keyword(FunctionDecl::Role role);

/// `gradient f(config)(x; y; d_y) { … }`
struct GradientDecl : Decl {
  GradientDecl(Span span) : Decl(Kind::Gradient, span) {}
  static bool classof(const Decl *d) { return d->kind == Kind::Gradient; }
  std::vector<Name> configuration, inputs, outputs, gradients;
  Block body;
};

struct ConstDecl : Decl {
  ConstDecl(Span span) : Decl(Kind::Const, span) {}
  static bool classof(const Decl *d) { return d->kind == Kind::Const; }
  ExprPtr value;
};

/// `train Model as phase { name = value … }`; `name` is the model's.
struct TrainDecl : Decl {
  TrainDecl(Span span) : Decl(Kind::Train, span) {}
  static bool classof(const Decl *d) { return d->kind == Kind::Train; }
  Name phase; ///< of the block, where it has one
  std::vector<Argument> entries;
  const Expr *find(llvm::StringRef entry) const;
};

/// `test "title" when training { … }`
struct TestDecl : Decl {
  TestDecl(Span span) : Decl(Kind::Test, span) {}
  static bool classof(const Decl *d) { return d->kind == Kind::Test; }
  std::string title;
  bool training = false;
  Block body;
};

struct ImportDecl : Decl {
  ImportDecl(Span span) : Decl(Kind::Import, span) {}
  static bool classof(const Decl *d) { return d->kind == Kind::Import; }
  std::string path;
  Span pathSpan;
};

struct File {
  const Source *source = nullptr;
  std::vector<std::unique_ptr<Decl>> declarations;
};

} // namespace nn::frontend

#endif // NN_FRONTEND_AST_H
