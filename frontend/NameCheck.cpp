//===- NameCheck.cpp - Checks that need no evaluation -------------------------------------------------------------===//
//
// Walks the user's declarations with scopes of names only. What a name is worth is the evaluator's affair.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/NameCheck.h"
#include "frontend/AstPrinter.h"
#include "frontend/Builtins.h"
#include "frontend/Habits.h"
#include "frontend/Program.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"
#include <map>

using namespace nn::frontend;
using llvm::cast;
using llvm::dyn_cast;
using llvm::StringRef;

namespace {

struct Known {
  Span span;
  const OwnedStmt *owned = nullptr; ///< of a `param`, whose use is watched, or another owned value
  bool used = false;
};

class NameChecker {
public:
  NameChecker(const Program &program, Diagnostics &diagnostics) : program(program), diagnostics(diagnostics) {}

  void check(const FunctionDecl &decl);
  void check(const GradientDecl &decl);
  void check(const TestDecl &decl) {
    source = decl.span.source;
    elements.clear();
    conditional.clear();
    block(decl.body);
  }
  void check(const ConstDecl &decl) {
    source = decl.span.source;
    Frame frame(*this);
    expr(*decl.value);
  }

private:
  using Scope = std::map<std::string, Known>;
  /// A scope that ends with the object.
  struct Frame {
    explicit Frame(NameChecker &checker) : checker(checker) { checker.scopes.emplace_back(); }
    ~Frame() {
      for (auto &[name, known] : checker.scopes.back())
        checker.leave(name, known);
      checker.scopes.pop_back();
    }
    NameChecker &checker;
  };

  Known *find(StringRef name) {
    for (Scope &scope : llvm::reverse(scopes))
      if (auto it = scope.find(name.str()); it != scope.end())
        return &it->second;
    return nullptr;
  }
  void leave(const std::string &name, const Known &known);
  void declare(const Name &name, const OwnedStmt *owned = nullptr);
  /// `wanted` is the parameter that the name is a value for, if it is one.
  void use(StringRef name, Span span, const Parameter *wanted = nullptr, bool assigned = false);
  void call(const CallExpr &call);
  void dims(const TypeExpr *type, bool declares);
  void pattern(const Pattern &pattern) {
    for (const Name &name : pattern.names)
      declare(name);
  }
  void block(const Block &block, const std::string *condition = nullptr);
  void stmt(const Stmt &stmt);
  bool isGrad(const Expr &callee);
  void expr(const Expr &expr);
  void branch(const IfExpr &expr);

  const Program &program;
  Diagnostics &diagnostics;
  const Source *source = nullptr;
  std::vector<Scope> scopes;
  std::set<std::string> elements;           ///< element variables such as T
  std::map<std::string, Scope> conditional; ///< owned values by the condition under which they exist
};

} // namespace

void NameChecker::leave(const std::string &name, const Known &known) {
  if (!known.owned || known.owned->role != OwnedStmt::Role::Param || known.used)
    return;
  // What a compile-time `if` declares may be used under the same condition later.
  for (auto &[condition, scope] : conditional)
    if (auto it = scope.find(name); it != scope.end() && it->second.owned == known.owned && !it->second.used)
      return;
  diagnostics
      .warning(known.span, "unused-parameter", "the parameter `" + name + "` is never used: it is trained by nothing")
      .hint("leave it out, or write @allow(unused-parameter) before it");
}

void NameChecker::declare(const Name &name, const OwnedStmt *owned) {
  if (name.text == "_")
    return;
  if (Known *known = find(name.text)) {
    diagnostics.error(name.span, "`" + name.text + "` is declared already")
        .note("the first one", known->span)
        .hint("a name means one thing in a function: choose another one, or `var` and `=` to rebind");
  } else if (const Decl *decl = program.find(name.text, source); decl && decl->span.source == source) {
    diagnostics.error(name.span, "`" + name.text + "` hides a name of this file")
        .note("it is declared here", decl->name.span);
  }
  scopes.back()[name.text] = {name.span, owned, false};
}

/// The words among the values of a parameter: `concat | sum`; none where its type lists none.
static std::vector<std::string> wordsOf(const Parameter &parameter) {
  std::vector<std::string> words;
  auto add = [&](const TypeExpr &type) {
    if (type.kind == TypeExpr::Kind::Plain && llvm::isLower(type.name[0]) && !isTypeName(type.name))
      words.push_back(type.name);
  };
  if (parameter.type && parameter.type->kind == TypeExpr::Kind::Union)
    for (const TypePtr &alternative : parameter.type->alternatives)
      add(*alternative);
  return words;
}

void NameChecker::use(StringRef name, Span span, const Parameter *wanted, bool assigned) {
  if (Known *known = find(name)) {
    known->used = true;
    return;
  }
  static const char *const constants[] = {"pi", "inf", "none", "training", "_"};
  if (program.find(name, source) || findBuiltin(name) || llvm::is_contained(constants, name) || isTypeName(name) ||
      name == "bool" || elements.count(name.str()) || program.isWord(name) || program.define(name))
    return;
  std::vector<std::string> candidates = program.names(source);
  for (const Builtin &builtin : builtins())
    candidates.push_back(builtin.name);
  for (std::string &word : program.words())
    candidates.push_back(std::move(word));
  for (const Scope &scope : scopes)
    for (const auto &[known, where] : scope)
      candidates.push_back(known);
  auto &message = diagnostics.error(span, "there is no `" + name + "` here");
  std::vector<std::string> words = wanted ? wordsOf(*wanted) : std::vector<std::string>();
  std::string meant = nearest(name, words);
  if (!words.empty())
    message.note("`" + wanted->name.text + "` is " + textOf(*wanted->type));
  else
    meant = nearest(name, candidates);
  if (std::string hint = hintForName(name); !hint.empty())
    message.hint(hint);
  else if (!meant.empty())
    message.hint("did you mean `" + meant + "`?");
  else if (assigned)
    message.hint("`let` or `var` introduces a name");
}

void NameChecker::call(const CallExpr &call) {
  expr(*call.callee);
  // The parameters that names in a first list of arguments may go to, since words are known by them alone.
  auto *callee = dyn_cast<NameExpr>(call.callee.get());
  const Decl *known = callee && !find(callee->name) ? program.find(callee->name, source) : nullptr;
  auto *decl = llvm::dyn_cast_or_null<FunctionDecl>(known);
  size_t position = 0;
  for (const Argument &argument : call.arguments) {
    if (argument.name.text == "wrt" && isGrad(*call.callee)) // names of inputs
      continue;
    const Parameter *wanted = nullptr;
    if (decl)
      for (auto [index, parameter] : llvm::enumerate(decl->configured ? decl->configuration : decl->inputs))
        if (argument.name.text.empty() ? index == position : parameter.name.text == argument.name.text)
          wanted = &parameter;
    position += argument.name.text.empty();
    if (auto *name = dyn_cast<NameExpr>(argument.value.get()))
      use(name->name, name->span, wanted);
    else
      expr(*argument.value);
  }
}

/// Names in the dimensions of an input's type are declared by it; elsewhere they are used.
void NameChecker::dims(const TypeExpr *type, bool declares) {
  if (!type)
    return;
  for (const TypeField &field : type->fields)
    dims(field.type.get(), declares);
  if (type->kind == TypeExpr::Kind::Plain || type->kind == TypeExpr::Kind::Tensor)
    if (llvm::isUpper(type->name[0]) && !isTypeName(type->name))
      elements.insert(type->name);
  const DimExpr *rest = nullptr;
  for (const DimExpr &dim : type->dims) {
    if (dim.kind == DimExpr::Kind::Rest && std::exchange(rest, &dim))
      diagnostics.error(dim.span, "`...` stands for all axes that have no name, and may stand once in a type");
    auto *name = dim.value ? dyn_cast<NameExpr>(dim.value.get()) : nullptr;
    bool constant = name && llvm::isa_and_nonnull<ConstDecl>(program.find(name->name, source));
    if (name && declares && !constant) {
      if (!find(name->name))
        scopes.back()[name->name] = {name->span, nullptr, false};
    } else if (dim.value) {
      expr(*dim.value);
    }
  }
}

void NameChecker::check(const FunctionDecl &decl) {
  source = decl.span.source;
  elements.clear();
  if (decl.role == FunctionDecl::Role::Optimizer)
    elements.insert("T"); // of the weight
  conditional.clear();
  Frame frame(*this);
  for (const Parameter &parameter : decl.configuration) {
    if (parameter.initial)
      expr(*parameter.initial);
    declare(parameter.name);
  }
  for (const Parameter &parameter : decl.inputs)
    dims(parameter.type.get(), true);
  for (const Parameter &parameter : decl.inputs) {
    if (parameter.initial)
      expr(*parameter.initial);
    declare(parameter.name);
  }
  {
    Frame results(*this); // names of results are a scope of their own
    dims(decl.result.get(), true);
  }
  block(decl.body);
}

void NameChecker::check(const GradientDecl &decl) {
  source = decl.span.source;
  elements.clear();
  conditional.clear();
  auto *function = llvm::dyn_cast_or_null<FunctionDecl>(program.find(decl.name.text, source));
  if (!function || function->role != FunctionDecl::Role::Function || function->span.source != source) {
    auto &message = diagnostics.error(decl.name.span, "there is no function `" + decl.name.text +
                                                          "` in this file whose gradient this could be");
    if (std::string meant = nearest(decl.name.text, program.names(source)); !meant.empty() && meant != decl.name.text)
      message.hint("did you mean `" + meant + "`?");
    return;
  }
  Frame frame(*this);
  for (const Parameter &parameter : function->inputs)
    dims(parameter.type.get(), true);
  Frame inner(*this);
  for (const auto *list : {&decl.configuration, &decl.inputs, &decl.outputs, &decl.gradients})
    for (const Name &name : *list)
      if (name.text != "_")
        scopes.back()[name.text] = {name.span, nullptr, false};
  block(decl.body);
}

void NameChecker::block(const Block &block, const std::string *condition) {
  Frame frame(*this);
  if (condition)
    for (auto &[name, known] : conditional[*condition])
      scopes.back()[name] = known;
  const Stmt *previous = nullptr;
  for (const StmtPtr &statement : block.statements) {
    if (previous && previous->kind == Stmt::Kind::Return) {
      diagnostics.error(statement->span, "this is never reached").note("the `return` before it", previous->span);
      break;
    }
    stmt(*statement);
    previous = statement.get();
  }
  if (condition)
    for (auto &[name, known] : scopes.back())
      if (known.owned)
        conditional[*condition][name] = known;
}

void NameChecker::branch(const IfExpr &e) {
  expr(*e.condition);
  std::string condition = textOf(*e.condition);
  block(e.then, &condition);
  if (e.otherwise)
    block(*e.otherwise);
}

bool NameChecker::isGrad(const Expr &callee) {
  auto *name = dyn_cast<NameExpr>(&callee);
  return name && name->name == "grad" && !find("grad") && !program.find("grad", source);
}

void NameChecker::stmt(const Stmt &s) {
  switch (s.kind) {
  case Stmt::Kind::Bind:
    expr(*cast<BindStmt>(s).value);
    dims(cast<BindStmt>(s).type.get(), false);
    return pattern(cast<BindStmt>(s).pattern);
  case Stmt::Kind::Assign:
    expr(*cast<AssignStmt>(s).value);
    for (const Name &name : cast<AssignStmt>(s).pattern.names)
      if (name.text != "_" && !find(name.text)) {
        use(name.text, name.span, nullptr, /*assigned=*/true);
        scopes.back()[name.text] = {name.span, nullptr, /*used=*/true};
      }
    return;
  case Stmt::Kind::Owned: {
    auto &owned = cast<OwnedStmt>(s);
    dims(owned.type.get(), false);
    for (const ExprPtr *e : {&owned.initial, &owned.fanIn, &owned.fanOut})
      if (*e)
        expr(**e);
    return declare(owned.name, &owned);
  }
  case Stmt::Kind::Return:
    if (cast<ReturnStmt>(s).value)
      expr(*cast<ReturnStmt>(s).value);
    return;
  case Stmt::Kind::Require:
    return expr(*cast<RequireStmt>(s).condition);
  case Stmt::Kind::Assert:
    expr(*cast<AssertStmt>(s).condition);
    return cast<AssertStmt>(s).tolerance ? expr(*cast<AssertStmt>(s).tolerance) : void();
  case Stmt::Kind::Inspect:
    return expr(*cast<InspectStmt>(s).value);
  case Stmt::Kind::Entry: {
    auto &function = *cast<EntryStmt>(s).function;
    Frame frame(*this);
    for (const Parameter &parameter : function.inputs) {
      dims(parameter.type.get(), false);
      scopes.back()[parameter.name.text] = {parameter.name.span, nullptr, false};
    }
    return block(function.body);
  }
  case Stmt::Kind::For: {
    auto &loop = cast<ForStmt>(s);
    expr(*loop.range);
    Frame frame(*this);
    pattern(loop.pattern);
    return block(loop.body);
  }
  case Stmt::Kind::Emit:
    return expr(*cast<EmitStmt>(s).value);
  case Stmt::Kind::Expression:
    return expr(*cast<ExpressionStmt>(s).value);
  case Stmt::Kind::Hook:
    return block(cast<HookStmt>(s).body);
  }
}

void NameChecker::expr(const Expr &e) {
  switch (e.kind) {
  case Expr::Kind::Integer:
  case Expr::Kind::Float:
  case Expr::Kind::Bool:
  case Expr::Kind::String:
    return;
  case Expr::Kind::Name:
    return use(cast<NameExpr>(e).name, e.span);
  case Expr::Kind::Unary:
    return expr(*cast<UnaryExpr>(e).operand);
  case Expr::Kind::Binary:
    expr(*cast<BinaryExpr>(e).lhs);
    return expr(*cast<BinaryExpr>(e).rhs);
  case Expr::Kind::Pipe:
    expr(*cast<PipeExpr>(e).value);
    return expr(*cast<PipeExpr>(e).target);
  case Expr::Kind::Call:
    return call(cast<CallExpr>(e));
  case Expr::Kind::Index:
    expr(*cast<IndexExpr>(e).base);
    for (const Subscript &place : cast<IndexExpr>(e).subscripts)
      for (const ExprPtr *part : {&place.low, &place.high, &place.step})
        if (*part)
          expr(**part);
    return;
  case Expr::Kind::Member:
    if (auto *name = dyn_cast<NameExpr>(cast<MemberExpr>(e).base.get()); name && name->name == "validation")
      return; // `validation.loss`
    return expr(*cast<MemberExpr>(e).base);
  case Expr::Kind::Tuple:
    for (const Argument &element : cast<TupleExpr>(e).elements)
      expr(*element.value);
    return;
  case Expr::Kind::Map:
    for (const Argument &entry : cast<MapExpr>(e).entries)
      expr(*entry.value);
    return;
  case Expr::Kind::List:
    for (const ExprPtr &element : cast<ListExpr>(e).elements)
      expr(*element);
    return;
  case Expr::Kind::If:
    return branch(cast<IfExpr>(e));
  case Expr::Kind::Range:
    expr(*cast<RangeExpr>(e).low);
    return expr(*cast<RangeExpr>(e).high);
  case Expr::Kind::As:
    return expr(*cast<AsExpr>(e).value);
  case Expr::Kind::Scan: {
    auto &scan = cast<ScanExpr>(e);
    expr(*scan.range);
    for (const Carry &carry : scan.carries) {
      dims(carry.type.get(), false);
      expr(*carry.initial);
    }
    Frame frame(*this); // carries are a scope of their own
    scopes.back()[scan.variable.text] = {scan.variable.span, nullptr, false};
    for (const Carry &carry : scan.carries)
      scopes.back()[carry.name.text] = {carry.name.span, nullptr, false};
    return block(scan.body);
  }
  }
}

/// `-D name=value` names a constant, or a dimension of some model's inputs.
static void checkDefines(const Program &program, Diagnostics &diagnostics) {
  std::vector<std::string> known;
  for (const Decl *decl : program.userDeclarations())
    if (llvm::isa<ConstDecl>(decl))
      known.push_back(decl->name.text);
  for (const FunctionDecl *model : program.models())
    for (const Parameter &input : model->inputs)
      for (const DimExpr &dim : input.type ? llvm::ArrayRef<DimExpr>(input.type->dims) : llvm::ArrayRef<DimExpr>())
        if (auto *name = llvm::dyn_cast_or_null<NameExpr>(dim.value.get()))
          known.push_back(name->name);
  for (const auto &[name, value] : program.defines()) {
    if (llvm::is_contained(known, name))
      continue;
    auto &message =
        diagnostics.error({}, "-D " + name + ": the file has no constant and no free dimension `" + name + "`");
    if (std::string meant = nearest(name, known); !meant.empty())
      message.hint("did you mean `" + meant + "`?");
  }
}

/// Several blocks may train one model; those with a name are told apart by it.
static void checkPhases(const Program &program, Diagnostics &diagnostics) {
  std::map<std::pair<std::string, std::string>, Span> seen;
  for (const TrainDecl *train : program.trainBlocks()) {
    if (!train->phase)
      continue;
    auto [it, isNew] = seen.try_emplace({train->name.text, train->phase.text}, train->phase.span);
    if (!isNew)
      diagnostics
          .error(train->phase.span,
                 "there are two train blocks `" + train->phase.text + "` of `" + train->name.text + "`")
          .note("the first one", it->second);
  }
}

void nn::frontend::checkNames(const Program &program, Diagnostics &diagnostics) {
  checkDefines(program, diagnostics);
  checkPhases(program, diagnostics);
  for (const TrainDecl *train : program.trainBlocks())
    if (llvm::none_of(program.models(),
                      [&](const FunctionDecl *model) { return model->name.text == train->name.text; })) {
      std::vector<std::string> models;
      for (const FunctionDecl *model : program.models())
        models.push_back(model->name.text);
      auto &message = diagnostics.error(train->name.span, "there is no model `" + train->name.text + "`");
      if (std::string meant = models.size() == 1 ? models[0] : nearest(train->name.text, models); !meant.empty())
        message.hint("did you mean `" + meant + "`?");
    }
  NameChecker checker(program, diagnostics);
  for (const Decl *decl : program.userDeclarations()) {
    if (auto *function = dyn_cast<FunctionDecl>(decl))
      checker.check(*function);
    else if (auto *gradient = dyn_cast<GradientDecl>(decl))
      checker.check(*gradient);
    else if (auto *constant = dyn_cast<ConstDecl>(decl))
      checker.check(*constant);
    else if (auto *test = dyn_cast<TestDecl>(decl))
      checker.check(*test);
  }
}
