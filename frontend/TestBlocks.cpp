//===- TestBlocks.cpp - Tests that stand in .nn files -------------------------------------------------------------===//
//
// A test is evaluated like a model without inputs, into an entry of its own. What its assertions compare leaves the
// entry as results; who runs it decides. Assertions that are known when compiling are decided here.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/TestBlocks.h"
#include "dialect/NN.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::Twine;

static bool isComparison(BinaryOp op) { return op >= BinaryOp::Eq && op <= BinaryOp::Ge; }

/// |a - b| <= tolerance max(1, |b|), in f64.
static Tensor isWithin(Emitter &emitter, const Tensor &a, const Tensor &b, double tolerance) {
  mlir::Type f64 = emitter.builder.getF64Type();
  Tensor x = emitter.cast(a, f64), y = emitter.cast(b, f64);
  Tensor distance = emitter.unary<nn::AbsOp>(emitter.binary<nn::SubOp>(x, y)), size = emitter.unary<nn::AbsOp>(y);
  size = emitter.binary<nn::MaxOp>(size, emitter.constant(1, size.type()));
  return emitter.compare(BinaryOp::Le, distance,
                         emitter.binary<nn::MulOp>(size, emitter.constant(tolerance, size.type())));
}

/// The condition of an assertion with what it compares, where it is a comparison.
struct Evaluator::Asserted {
  Value condition, left, right;
  bool compares = false;
};

std::optional<Evaluator::Asserted> Evaluator::asserted(const AssertStmt &stmt) {
  Asserted result;
  auto *comparison = llvm::dyn_cast<BinaryExpr>(stmt.condition.get());
  result.compares = comparison && isComparison(comparison->op);
  if (stmt.tolerance && (!result.compares || comparison->op != BinaryOp::Eq)) {
    error(stmt.condition->span, "`within` says how far two sides of `==` may lie apart")
        .hint("write `assert a == b within 1e-6`");
    return std::nullopt;
  }
  if (!result.compares) {
    result.condition = evaluate(*stmt.condition);
  } else {
    result.left = evaluate(*comparison->lhs);
    result.right = evaluate(*comparison->rhs);
    if (!stmt.tolerance)
      result.condition = binary(comparison->op, result.left, result.right, stmt.condition->span);
  }
  if (stmt.tolerance) {
    Value tolerance = evaluate(*stmt.tolerance), left = result.left, right = result.right;
    if (!tolerance.isNumber()) {
      if (!tolerance.isError())
        error(stmt.tolerance->span,
              "a tolerance is a number that is known when compiling, and this is " + names.describe(tolerance));
      return std::nullopt;
    }
    Tensor a, b;
    if (!unify(left, right, "`==`", stmt.condition->span, a, b))
      return std::nullopt;
    result.condition = Value::tensor(isWithin(emitter, a, b, tolerance.asNumber()));
  }
  if (result.condition.isError())
    return std::nullopt;
  if (!result.condition.isBool() &&
      (!result.condition.isTensor() || !result.condition.asTensor().element().isInteger(1))) {
    error(stmt.condition->span, "`assert` takes a condition, and this is " + names.describe(result.condition));
    return std::nullopt;
  }
  if (result.condition.isTensor() && scanDepth > 0) {
    error(stmt.span, "`assert` cannot stand in a `scan`").hint("`emit` the value and assert behind the `scan`");
    return std::nullopt;
  }
  return result;
}

void Evaluator::assertion(const AssertStmt &stmt) {
  std::optional<Asserted> result = asserted(stmt);
  if (!result)
    return;
  if (!test)
    return assertInModel(stmt, result->condition);
  Span at = userSpan(stmt.span);
  TestCase::Assertion record;
  record.line = at.source->place(at.begin).line;
  record.text = stmt.span.text().str();
  record.compares = result->compares;
  if (result->condition.isBool()) {
    record.known = result->condition.asBool();
    if (result->compares) {
      record.left = names.describe(result->left);
      record.right = names.describe(result->right);
    }
    test->assertions.push_back(std::move(record));
    return;
  }
  std::string number = std::to_string(test->assertions.size());
  const Tensor &condition = result->condition.asTensor();
  entry->result("output", "holds " + number, condition);
  if (result->compares)
    for (auto [side, value] : {std::pair("left ", &result->left), std::pair("right ", &result->right)})
      if (auto tensor = toTensor(*value, {}, stmt.span))
        entry->result("output", side + number, emitter.expand(*tensor, condition.shape()));
  test->assertions.push_back(std::move(record));
}

void nn::frontend::buildTests(Evaluator &evaluator, std::vector<TestCase> &tests) {
  std::map<std::string, Span> titles;
  for (const Decl *decl : evaluator.program.userDeclarations()) {
    auto *block = llvm::dyn_cast<TestDecl>(decl);
    if (!block || block->span.source != evaluator.program.mainSource())
      continue;
    auto [first, isNew] = titles.try_emplace(block->title, block->name.span);
    if (!isNew)
      evaluator.error(block->name.span, "there are two tests \"" + block->title + "\"")
          .note("the first one", first->second);
    TestCase &test = tests.emplace_back();
    test.title = block->title;
    test.entry = "test_" + std::to_string(tests.size());
    EntryBuilder entry(evaluator.emitter, evaluator.module, test.entry);
    entry.training = block->training;
    entry.startsFresh = true;
    entry.observed = false;
    // The test works as a model of its own: draws and parameters are counted under its title.
    FunctionDecl body(block->span, FunctionDecl::Role::Model);
    Frame frame;
    Scope scope;
    std::map<std::string, unsigned> counters;
    frame.decl = &body;
    frame.source = block->span.source;
    frame.scope = &scope;
    frame.path = block->title;
    frame.counters = &counters;
    evaluator.entry = &entry;
    evaluator.test = &test;
    {
      Evaluator::FrameScope inTest(evaluator, frame);
      Evaluator::LocationScope here(evaluator, block->span);
      evaluator.execute(block->body);
    }
    evaluator.test = nullptr;
    evaluator.entry = nullptr;
    bool isRun = !entry.results().empty();
    mlir::func::FuncOp function = entry.finish({});
    if (!isRun) {
      function.erase();
      test.entry.clear();
    }
  }
}
