//===- ModelLints.cpp - A model is handed to the lints ------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/ModelCompiler.h"
#include "frontend/lints/Lints.h"

using namespace nn::frontend;

void ModelCompiler::runLints() {
  llvm::StringRef name = train.decl ? "loss" : "predict";
  auto function = module.lookupSymbol<mlir::func::FuncOp>(name);
  // What nothing uses was dropped: only values that are known to live may be looked at.
  mlir::Block &body = function.getBody().front();
  llvm::DenseSet<mlir::Value> live(body.args_begin(), body.args_end());
  for (mlir::Operation &op : body)
    live.insert(op.result_begin(), op.result_end());
  llvm::SmallVector<mlir::Value> all = lossOutputs, outputs;
  if (!train.decl)
    for (const auto &[name, tensor] : predicted)
      all.push_back(tensor.value);
  for (mlir::Value output : all)
    if (live.contains(output))
      outputs.push_back(output);
  Network network(evaluator, train.decl ? &train : nullptr, function,
                  llvm::ArrayRef(train.decl ? loss.arguments : predictArguments),
                  train.decl ? llvm::ArrayRef(loss.results) : llvm::ArrayRef<EntryBuilder::Slot>(), outputs);
  nn::frontend::runLints(network);
  if (train.decl)
    lintLearningRates();
}

/// Each optimizer's update of the first parameter that it has, as a function that is thrown away.
void ModelCompiler::lintLearningRates() {
  for (auto [i, rule] : llvm::enumerate(optimizers()->all())) {
    const OwnedValue *parameter = nullptr;
    for (const std::string &path : parameterPaths())
      if (!parameter && optimizers()->find(path) == &rule)
        parameter = evaluator.owned.find(path);
    if (!parameter)
      continue;
    EntryBuilder entry(evaluator.emitter, module, "update", /*isPrivate=*/true);
    evaluator.entry = &entry;
    Emitter &emitter = evaluator.emitter;
    Tensor rate = evaluator.weakScalar(0), t;
    Callable optimizer = scheduled(entry, rule.value.asCallable(), /*isHyper=*/false, optimizerPath(i), rate);
    t.value = entry.step();
    t = emitter.binary<nn::AddOp>(emitter.cast(t, emitter.builder.getF64Type()),
                                  emitter.scalar(1, emitter.builder.getF64Type()));
    t.weak = true;
    Tensor gradient = entry.placeholder(parameter->type);
    runOptimizer(optimizer, *parameter, Value::tensor(gradient), Value::tensor(t), UpdatePhase::Update);
    entry.result("rate", "lr", rate);
    UpdateFunction update;
    update.function = entry.finish(evaluator.owned);
    update.arguments = entry.arguments();
    update.results = entry.results();
    update.span = rule.value.asCallable().span;
    evaluator.entry = nullptr;
    if (!update.span.inLibrary())
      lintLearningRate(evaluator, update);
    update.function.erase();
  }
}
