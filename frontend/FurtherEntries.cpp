//===- FurtherEntries.cpp - Entries that a model declares ---------------------------------------------------------===//
//
// `entry generate(start: i32[1, 8]) -> i32[1, 40] { … }` in a model's body: another function over the model's
// instances. The body is evaluated up to the entry, with nothing in the model's inputs: what the entry computes must
// not depend on them. Its first dimension counts rows, as that of a prediction does.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/ModelCompiler.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::Twine;

/// What an entry must not be called: the entries of every model, and the verbs of its program.
static constexpr llvm::StringLiteral taken[] = {"init",
                                                "loss",
                                                "train_step",
                                                "train_step_log",
                                                "gradients",
                                                "check_gradient",
                                                "check_loss",
                                                "diagnose",
                                                "gradients_input",
                                                "evaluate",
                                                "result",
                                                "predict",
                                                "predict_record",
                                                "generate_validation",
                                                "generate_test",
                                                "slots",
                                                "export",
                                                "train",
                                                "eval",
                                                "bench",
                                                "summary",
                                                "info",
                                                "help",
                                                "plot",
                                                "profile",
                                                "kfold"};

void Evaluator::furtherEntry(const EntryStmt &stmt) {
  const FunctionDecl &decl = *stmt.function;
  if (!frame->decl || frame->decl->role != FunctionDecl::Role::Model) {
    error(stmt.span, "an `entry` stands in the body of a model");
    return;
  }
  if (further != &stmt)
    return;
  BlockScope scope(*frame);
  unsigned before = diagnostics.reports();
  int64_t rows = -1;
  for (const Parameter &parameter : decl.inputs) {
    if (!parameter.type || parameter.type->kind != TypeExpr::Kind::Tensor || parameter.type->dims.empty()) {
      error(parameter.name.span, "an input of an entry has a tensor type, whose first dimension counts rows")
          .hint("write `" + parameter.name.text + ": f32[1, …]`");
      continue;
    }
    std::optional<mlir::RankedTensorType> type = resolve(*parameter.type);
    if (!type)
      continue;
    Tensor input = entry->argument("input", parameter.name.text, *type);
    input.batch = {0, 1};
    input.trail = std::make_shared<Trail>(Trail{parameter.name.text, names.type(input), nullptr});
    if (rows < 0)
      rows = type->getDimSize(0);
    else if (rows != type->getDimSize(0))
      error(parameter.name.span, "the inputs of an entry have one number of rows, and `" + parameter.name.text +
                                     "` has " + Twine(type->getDimSize(0)) + " after " + Twine(rows));
    bindInput(parameter, Value::tensor(input), parameter.name.span, *frame);
  }
  Value result = Value::none();
  if (diagnostics.reports() == before) {
    inFurtherEntry = true;
    execute(decl.body, &result);
    inFurtherEntry = false;
    if (frame->returned)
      result = *frame->returned;
    if (result.kind() == Value::Kind::None)
      error(decl.name.span, "the entry `" + decl.name.text + "` returns nothing").hint("end its body with `return`");
    result = checkResult(decl, result, decl.name.span);
  }
  auto check = [&](const Value &value) {
    if (value.isTensor() && value.asTensor().rank() > 0 && (rows < 0 || value.asTensor().shape()[0] == rows))
      return;
    auto &message =
        error(decl.name.span, "an entry returns tensors whose first dimension counts " +
                                  (rows < 0 ? Twine("rows") : "the " + Twine(rows) + " rows of its inputs") +
                                  ", and this one returns " + names.describe(value));
    addTrail(message, value);
  };
  if (result.isTuple())
    llvm::for_each(result.elements(), check);
  else if (!result.isError() && result.kind() != Value::Kind::None)
    check(result);
  furtherResult = result;
  frame->returned = Value::error(); // what stands behind it is not wanted
}

void ModelCompiler::buildFurtherEntries() {
  std::map<std::string, Span> known;
  for (const StmtPtr &statement : model.body.statements) {
    auto *stmt = llvm::dyn_cast<EntryStmt>(statement.get());
    if (!stmt)
      continue;
    const Name &name = stmt->function->name;
    auto [first, isNew] = known.try_emplace(name.text, name.span);
    if (!isNew)
      evaluator.error(name.span, "there are two entries `" + name.text + "`").note("the first one", first->second);
    if (llvm::is_contained(taken, name.text))
      evaluator.error(name.span, "every program has a `" + name.text + "` already").hint("choose another name");
    if (!isNew || llvm::is_contained(taken, name.text))
      continue;
    EntryBuilder entry(evaluator.emitter, module, name.text);
    evaluator.entry = &entry;
    useEvaluated(entry);
    Named inputs;
    for (auto [parameter, input] : llvm::zip(model.inputs, inputTypes))
      if (!parameter.whenTraining)
        inputs.emplace_back(input.first, entry.placeholder(input.second));
    size_t parameters = evaluator.owned.all().size();
    evaluator.further = stmt;
    evaluator.furtherResult = Value::error();
    unsigned before = diagnostics.reports();
    applyModel(entry, inputs);
    evaluator.further = nullptr;
    for (const auto &[output, tensor] : outputsOf(evaluator.furtherResult))
      entry.result("output", output, tensor);
    entry.finish(evaluator.owned);
    evaluator.entry = nullptr;
    if (diagnostics.reports() != before)
      continue;
    if (entry.usesPlaceholder())
      evaluator.error(name.span, "the entry `" + name.text + "` uses what the model computes from its inputs")
          .hint("an entry sees the model's instances and parameters, and computes from inputs of its own");
    if (evaluator.owned.all().size() != parameters)
      evaluator
          .error(name.span, "the entry `" + name.text + "` makes the parameter `" +
                                evaluator.owned.all()[parameters].path + "`, which training does not know")
          .hint("name the layer in the model, `let head = Dense(10)`, and apply it in both");
  }
}
