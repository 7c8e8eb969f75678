//===- Instances.cpp - Instances of layers, their paths and numbers -----------------------------------------------===//
#include "frontend/AstPrinter.h"
#include "frontend/Builtins.h"
#include "frontend/Evaluator.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace nn::frontend;
using llvm::StringRef;
using Role = FunctionDecl::Role;

/// `Conv2d` → `conv2d`, `ResNet50` → `res_net50`, `BatchNorm` → `batch_norm`.
static std::string snakeCase(StringRef name) {
  std::string result;
  for (size_t i = 0; i < name.size(); ++i) {
    bool startsWord = llvm::isUpper(name[i]) && i > 0 &&
                      (llvm::isLower(name[i - 1]) ||
                       (i + 1 < name.size() && llvm::isLower(name[i + 1]) && llvm::isUpper(name[i - 1])));
    if (startsWord)
      result += '_';
    result += llvm::toLower(name[i]);
  }
  return result;
}

std::string Evaluator::numbered(const std::string &kind) {
  std::string stem = snakeCase(kind);
  unsigned ordinal = frame->counters ? ++(*frame->counters)[stem] : 1;
  return stem + "_" + std::to_string(ordinal);
}

std::shared_ptr<Instance> Evaluator::makeInstance(const std::string &component, Span span) {
  // What a shared layer applies is shared, too: in each round of a loop, what the round applied before.
  std::string path = frame->path.empty() ? component : frame->path + "." + component;
  std::shared_ptr<Instance> *known = frame->instance ? &frame->instance->parts[path] : nullptr;
  if (known && *known && frame->application > 0)
    return *known;
  auto instance = std::make_shared<Instance>();
  if (known)
    *known = instance;
  instance->path = std::move(path);
  instance->created = span;
  instance->ofEntry =
      inFurtherEntry && (!frame->instance || frame->instance->ofEntry || (frame->caller && !frame->caller->decl));
  if (entry) {
    auto [it, isNew] = entry->instances.try_emplace(instance->path, userSpan(span));
    if (!isNew) {
      error(span, "there are two layers `" + instance->path + "`").note("the first one", it->second);
      instance->path += "_2";
    }
  }
  return instance;
}

/// Whether a tensor may come of an expression that is not evaluated: it reads one, or a name of the same branch.
bool Evaluator::mayBeTensor(const Expr &expr) const {
  if (auto *name = llvm::dyn_cast<NameExpr>(&expr)) {
    if (const Variable *variable = find(name->name))
      return variable->kind == Variable::Kind::Owned || variable->value.isTensor();
    return !program.find(name->name, frame->source) && !findBuiltin(name->name) && !program.isWord(name->name) &&
           !dimensions.count(name->name) && !isTypeName(name->name) && name->name != "none" && name->name != "training";
  }
  if (auto *binary = llvm::dyn_cast<BinaryExpr>(&expr))
    return mayBeTensor(*binary->lhs) || mayBeTensor(*binary->rhs);
  if (auto *index = llvm::dyn_cast<IndexExpr>(&expr))
    return mayBeTensor(*index->base);
  if (auto *unary = llvm::dyn_cast<UnaryExpr>(&expr))
    return mayBeTensor(*unary->operand);
  if (auto *call = llvm::dyn_cast<CallExpr>(&expr))
    return llvm::any_of(call->arguments, [&](const Argument &argument) { return mayBeTensor(*argument.value); });
  return llvm::isa<PipeExpr, ScanExpr>(expr);
}

/// The layer that a name stands for where its application makes an instance; null elsewhere.
const FunctionDecl *Evaluator::layerNamed(const Expr &callee) const {
  auto *name = llvm::dyn_cast<NameExpr>(&callee);
  if (!name)
    return nullptr;
  if (const Variable *variable = find(name->name)) {
    const Value &value = variable->value;
    bool makesOne = value.isCallable() && value.asCallable().isLayer() && !value.asCallable().instance;
    return makesOne ? value.asCallable().decl : nullptr;
  }
  if (auto known = untaken.find(name->name); known != untaken.end())
    return known->second;
  auto *decl = llvm::dyn_cast_or_null<FunctionDecl>(program.find(name->name, frame->source));
  return decl && (decl->role == Role::Layer || decl->role == Role::Model) ? decl : nullptr;
}

/// The expression of a statement that may apply layers, or null.
static const Expr *expressionOf(const Stmt &statement) {
  switch (statement.kind) {
  case Stmt::Kind::Bind:
    return llvm::cast<BindStmt>(statement).value.get();
  case Stmt::Kind::Assign:
    return llvm::cast<AssignStmt>(statement).value.get();
  case Stmt::Kind::Return:
    return llvm::cast<ReturnStmt>(statement).value.get();
  case Stmt::Kind::Expression:
    return llvm::cast<ExpressionStmt>(statement).value.get();
  case Stmt::Kind::Emit:
    return llvm::cast<EmitStmt>(statement).value.get();
  case Stmt::Kind::Inspect:
    return llvm::cast<InspectStmt>(statement).value.get();
  case Stmt::Kind::Assert:
    return llvm::cast<AssertStmt>(statement).condition.get();
  default:
    return nullptr;
  }
}

/// Counts the applications of layers in a branch that is not taken, so that the numbers in paths do not depend on it.
void Evaluator::countApplications(const Block &block) {
  llvm::SaveAndRestore<decltype(untaken)> ends(untaken, untaken);
  for (const StmtPtr &statement : block.statements) {
    countApplications(expressionOf(*statement));
    if (auto *loop = llvm::dyn_cast<ForStmt>(statement.get()); loop && frame->counters)
      ++(*frame->counters)["for " + loop->pattern.names[0].text]; // its rounds count for themselves
    // `let norm = LayerNorm` in the branch: what is applied under that name counts as a LayerNorm.
    auto *bind = llvm::dyn_cast<BindStmt>(statement.get());
    if (const FunctionDecl *layer = bind && !bind->pattern.tuple ? layerNamed(*bind->value) : nullptr;
        layer && layer->configured)
      untaken[bind->pattern.names[0].text] = layer;
  }
}

static bool hasDefaults(const FunctionDecl &decl) {
  return llvm::all_of(decl.configuration, [](const Parameter &parameter) { return bool(parameter.initial); });
}

void Evaluator::countApplications(const Expr *expr) {
  if (!expr || !frame->counters)
    return;
  auto countCall = [&](const CallExpr &call, bool isPiped) {
    countApplications(call.callee.get());
    bool anyTensor = isPiped;
    for (const Argument &argument : call.arguments) {
      countApplications(argument.value.get());
      anyTensor |= mayBeTensor(*argument.value);
    }
    auto *configured = llvm::dyn_cast<CallExpr>(call.callee.get());
    const FunctionDecl *layer = layerNamed(configured ? *configured->callee : *call.callee);
    bool isApplied = configured || isPiped || (anyTensor && layer && hasDefaults(*layer));
    return isApplied ? layer : nullptr;
  };
  auto countOne = [&](const FunctionDecl *layer) {
    if (layer)
      numbered(layer->name.text);
  };
  switch (expr->kind) {
  case Expr::Kind::Call:
    return countOne(countCall(llvm::cast<CallExpr>(*expr), /*isPiped=*/false));
  case Expr::Kind::As: // has its name
    if (auto *call = llvm::dyn_cast<CallExpr>(llvm::cast<AsExpr>(*expr).value.get()))
      countCall(*call, /*isPiped=*/false);
    return;
  case Expr::Kind::Pipe: {
    auto &pipe = llvm::cast<PipeExpr>(*expr);
    countApplications(pipe.value.get());
    auto *named = llvm::dyn_cast<AsExpr>(pipe.target.get());
    const Expr &target = named ? *named->value : *pipe.target;
    auto *call = llvm::dyn_cast<CallExpr>(&target);
    const FunctionDecl *layer = call ? countCall(*call, /*isPiped=*/true) : layerNamed(target);
    return named ? void() : countOne(layer);
  }
  case Expr::Kind::Unary:
    return countApplications(llvm::cast<UnaryExpr>(*expr).operand.get());
  case Expr::Kind::Binary:
    countApplications(llvm::cast<BinaryExpr>(*expr).lhs.get());
    return countApplications(llvm::cast<BinaryExpr>(*expr).rhs.get());
  case Expr::Kind::Index:
    return countApplications(llvm::cast<IndexExpr>(*expr).base.get());
  case Expr::Kind::Member:
    return countApplications(llvm::cast<MemberExpr>(*expr).base.get());
  case Expr::Kind::Tuple:
    for (const Argument &element : llvm::cast<TupleExpr>(*expr).elements)
      countApplications(element.value.get());
    return;
  case Expr::Kind::List:
    for (const ExprPtr &element : llvm::cast<ListExpr>(*expr).elements)
      countApplications(element.get());
    return;
  case Expr::Kind::If:
    countApplications(llvm::cast<IfExpr>(*expr).then);
    if (llvm::cast<IfExpr>(*expr).otherwise)
      countApplications(*llvm::cast<IfExpr>(*expr).otherwise);
    return;
  case Expr::Kind::Scan:
    for (const Carry &carry : llvm::cast<ScanExpr>(*expr).carries)
      countApplications(carry.initial.get());
    return countApplications(llvm::cast<ScanExpr>(*expr).body);
  default:
    return;
  }
}
