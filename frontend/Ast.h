//===- Ast.h - The syntax tree of a .nn file ----------------------------------------------------------------------===//
//
// What the parser makes and the evaluator walks: statements and declarations, each with its span; expressions and types
// are in AstExpr.h. Nothing here is resolved: names are text. Nodes are immutable after parsing.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_AST_H
#define NN_FRONTEND_AST_H

#include "frontend/AstExpr.h"

namespace nn::frontend {

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
  enum class Role { Param, State, Slot, Tally, Carried }; ///< Carried: a state that has the batch's dimension
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
