//===- ModelCompiler.cpp - One model to one module ----------------------------------------------------------------===//
#include "frontend/ModelCompiler.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/xxhash.h"

using namespace nn::frontend;

ModelCompiler::ModelCompiler(const Program &program, Diagnostics &diagnostics, mlir::ModuleOp module,
                             const FunctionDecl &model, const TrainDecl *trainDecl, Open open, bool withCheck)
    : evaluator(program, diagnostics, module), diagnostics(diagnostics), module(module), model(model), open(open),
      withCheck(withCheck) {
  train.decl = trainDecl;
  evaluator.model = &model;
  top.source = program.mainSource();
  top.scope = &topScope;
}

void ModelCompiler::run(bool lints) {
  Evaluator::FrameScope inTop(evaluator, top);
  Evaluator::LocationScope here(evaluator, model.span);
  unsigned before = diagnostics.reports();
  for (const Decl *decl : evaluator.program.userDeclarations())
    if (auto *constant = llvm::dyn_cast<ConstDecl>(decl))
      evaluator.constant(*constant);
  if (train.decl && !readBatch(evaluator, *train.decl, train))
    return;
  if (!bindDimensions() || !resolveInputs())
    return;
  if (train.decl && !readTrainBlock(evaluator, train, inputTypes))
    train.decl = nullptr; // the model itself is still checked
  if (train.decl && !readParameterRules())
    train.decl = nullptr;
  auto failed = [&] { return diagnostics.reports() != before; };
  mlir::func::FuncOp predict;
  if (train.decl) {
    // The loss comes first: training mode meets every parameter. A model with mistakes is evaluated once.
    loss = buildLoss("loss", /*watched=*/false);
    checkRanges(evaluator, train.data);
    checkStop();
    checkCarried();
    if (failed()) {
      optimizers();
      checkMetricNames();
      return;
    }
    buildTrainStep();
    if (failed())
      return;
    if (open != Open::All) {
      buildGradients(/*fromInputs=*/false);
      buildGradients(/*fromInputs=*/true);
    }
    if (withCheck) {
      buildCheck();
      buildDiagnose();
    }
    if (!train.predictBatch || train.predictBatch == train.batch)
      predict = buildPredict();
    if (failed())
      return;
    buildEvaluate(predict);
    if (failed())
      return;
    buildResult();
  }
  if (train.predictBatch)
    setBatch(train.predictBatch);
  if (!predict)
    predict = buildPredict();
  if (failed())
    return;
  if (train.decl && open != Open::All)
    buildPredictRecord(predict);
  buildFurtherEntries();
  if (failed())
    return;
  if (anyHook("evaluate"))
    buildExport();
  buildInit();
  if (train.decl)
    for (auto [source, name] : {std::pair(&train.data, "generate"), std::pair(&train.validation, "generate_validation"),
                                std::pair(&train.test, "generate_test")})
      if (source->generator)
        buildGenerated(evaluator, name, inputTypes.front().first, *source);
  if (lints && !failed())
    runLints();
  if (open != Open::All) // whose extents are made up
    describe();
}

//===--------------------------------------------------------------------------------------------------------------===//
// Dimensions and inputs
//===--------------------------------------------------------------------------------------------------------------===//

void ModelCompiler::setBatch(int64_t batch) {
  evaluator.dimensions[batchName] = batch;
  for (auto &[name, type] : inputTypes) {
    llvm::SmallVector<int64_t> shape(type.getShape());
    if (!shape.empty())
      shape[0] = batch;
    type = mlir::RankedTensorType::get(shape, type.getElementType());
  }
}

/// Gives every free dimension of the model's inputs its extent: the first one of the first input is the batch.
bool ModelCompiler::bindDimensions() {
  static constexpr int64_t symbols[] = {999983, 999979, 999961, 999959, 999953, 999931};
  size_t next = 0;
  bool good = true;
  for (const Parameter &input : model.inputs) {
    if (!input.type || (input.type->kind != TypeExpr::Kind::Tensor && input.type->kind != TypeExpr::Kind::Plain)) {
      evaluator.error(input.name.span, "an input of a model has a tensor type")
          .hint("write `" + input.name.text + ": f32[batch, …]`");
      good = false;
      continue;
    }
    for (auto [i, dim] : llvm::enumerate(input.type->dims)) {
      auto *name = dim.kind == DimExpr::Kind::Value ? llvm::dyn_cast<NameExpr>(dim.value.get()) : nullptr;
      if (dim.kind != DimExpr::Kind::Value) {
        evaluator.error(
            dim.span,
            "the dimensions of a model's inputs are numbers, constants or names that are bound when compiling");
        good = false;
      }
      if (!name || evaluator.dimensions.count(name->name) ||
          llvm::isa_and_nonnull<ConstDecl>(evaluator.program.find(name->name, top.source)))
        continue;
      bool isBatch = i == 0 && batchName.empty();
      if (isBatch) {
        batchName = name->name;
        evaluator.names.setBatchName(batchName);
      }
      int64_t extent = 0;
      if (const Expr *defined = evaluator.program.define(name->name))
        extent = evaluator.evaluateInteger(*defined, "`" + name->name + "`").value_or(1);
      else if (isBatch && train.batch)
        extent = train.batch;
      else if ((open == Open::All || (open == Open::Batch && isBatch)) && next < std::size(symbols)) {
        extent = symbols[next++];
        evaluator.names.addSymbol(extent, name->name);
      } else {
        evaluator.error(name->span, "the dimension `" + name->name + "` is not bound")
            .hint(isBatch
                      ? "a train block binds it with `batch = 64`, or the command line with -D " + name->name + "=64"
                      : "bind it on the command line: -D " + name->name + "=…");
        good = false;
        extent = 1;
      }
      evaluator.dimensions[name->name] = extent;
    }
  }
  if (batchName.empty() && train.decl && good) {
    evaluator
        .error(model.name.span,
               "`" + model.name.text + "` has no batch, and a train block goes through its data in batches")
        .hint("name the first dimension of its inputs: `x: f32[batch, 10]`");
    good = false;
  }
  if (batchName.empty())
    batchName = "batch";
  train.batch = evaluator.dimensions.count(batchName) ? evaluator.dimensions[batchName] : 1;
  return good;
}

bool ModelCompiler::resolveInputs() {
  for (const Parameter &input : model.inputs) {
    auto type = evaluator.resolve(*input.type);
    if (!type)
      return false;
    inputTypes.emplace_back(input.name.text, *type);
  }
  return true;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Description
//===--------------------------------------------------------------------------------------------------------------===//

/// The program's text and, behind it, what the command line made of it.
std::string ModelCompiler::describeSource() const {
  std::string made;
  for (const auto &[name, value] : evaluator.program.defines())
    made += "// -D " + name + "=" + value->span.text().str() + "\n";
  if (train.decl && !train.decl->phase.text.empty())
    made += "// --train=" + train.decl->phase.text + "\n";
  llvm::StringRef text = top.source->text();
  bool endsInLine = !made.empty() && !text.ends_with("\n");
  return (text + (endsInLine ? "\n" : "") + made).str();
}

void ModelCompiler::describe() {
  mlir::OpBuilder b(module.getContext());
  llvm::SmallVector<mlir::Attribute> ownedValues;
  for (const OwnedValue &value : evaluator.owned.all())
    ownedValues.push_back(b.getDictionaryAttr({b.getNamedAttr("name", b.getStringAttr(value.path)),
                                               b.getNamedAttr("role", b.getStringAttr(roleName(value.role))),
                                               b.getNamedAttr("type", mlir::TypeAttr::get(value.type))}));
  module->setAttr("nn.model", b.getStringAttr(model.name.text));
  module->setAttr("nn.batch", b.getI64IntegerAttr(train.batch));
  module->setAttr("nn.source", b.getStringAttr(describeSource()));
  module->setAttr("nn.source_hash", b.getStringAttr(llvm::utohexstr(llvm::xxh3_64bits(top.source->text()),
                                                                    /*LowerCase=*/true, /*Width=*/16)));
  module->setAttr("nn.owned", b.getArrayAttr(ownedValues));
  describeLayers();
  if (train.decl) {
    module->setAttr("nn.precision", b.getStringAttr(train.precision));
    module->setAttr("nn.train", toAttribute(train, evaluator.recordRanges, module.getContext()));
  }
}
