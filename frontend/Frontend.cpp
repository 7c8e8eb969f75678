//===- Frontend.cpp - What tools ask of the frontend --------------------------------------------------------------===//
#include "frontend/Frontend.h"
#include "dialect/NN.h"
#include "frontend/AstPrinter.h"
#include "frontend/Builtins.h"
#include "frontend/Library.h"
#include "frontend/ModelCompiler.h"
#include "frontend/NameCheck.h"
#include "frontend/Parser.h"
#include "frontend/Program.h"
#include "frontend/TestBlocks.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/raw_ostream.h"

using namespace nn::frontend;

bool nn::frontend::printAst(const FrontendOptions &options, llvm::raw_ostream &out, llvm::raw_ostream &messages) {
  Diagnostics diagnostics;
  Source source(options.path, options.text, /*library=*/false);
  std::unique_ptr<File> file = parseFile(source, diagnostics);
  diagnostics.print(messages);
  if (diagnostics.hasErrors())
    return false;
  printFile(*file, out);
  return true;
}

std::optional<std::string> nn::frontend::showDefinition(const std::string &name, const FrontendOptions &options,
                                                        std::string &suggestion) {
  if (const Builtin *builtin = findBuiltin(name)) {
    llvm::SmallVector<llvm::StringRef> parameters;
    llvm::StringRef(builtin->parameters).split(parameters, ' ', -1, /*KeepEmpty=*/false);
    return "/// " + std::string(builtin->doc) + "; built in\nfn " + name + "(" + llvm::join(parameters, ", ") + ")\n";
  }
  Diagnostics diagnostics;
  SourceSet sources;
  std::vector<std::string> names;
  for (const Builtin &builtin : builtins())
    names.push_back(builtin.name);
  for (LibraryFile &text : libraryFiles(options.stdlibDir)) {
    const Source &source = sources.add(text.path, std::move(text.text), /*library=*/true);
    std::unique_ptr<File> file = parseFile(source, diagnostics);
    for (const auto &declaration : file->declarations) {
      names.push_back(declaration->name.text);
      if (declaration->name.text != name || declaration->kind == Decl::Kind::Gradient)
        continue;
      auto *function = llvm::dyn_cast<FunctionDecl>(declaration.get());
      Span span = function ? cover(declaration->span, function->body.span) : declaration->span;
      std::string text;
      llvm::SmallVector<llvm::StringRef> lines;
      llvm::StringRef(declaration->doc).split(lines, '\n', -1, /*KeepEmpty=*/false);
      for (llvm::StringRef line : lines)
        text += "/// " + line.str() + "\n";
      text += span.text().str() + "\n";
      // A written derivative belongs to the function.
      for (const auto &other : file->declarations)
        if (auto *gradient = llvm::dyn_cast<GradientDecl>(other.get()); gradient && gradient->name.text == name)
          text += cover(gradient->span, gradient->body.span).text().str() + "\n";
      return text;
    }
  }
  suggestion = nearest(name, names);
  return std::nullopt;
}

/// The model that is built: the named one, else the last train block's, else the last one.
static const FunctionDecl *chooseModel(const Program &program, const FrontendOptions &options, Diagnostics &diagnostics,
                                       const TrainDecl *&train) {
  std::vector<std::string> names;
  std::string wanted = options.modelName;
  Span at;
  train = nullptr;
  std::vector<std::string> phases;
  for (const TrainDecl *block : program.trainBlocks()) {
    if (!wanted.empty() && block->name.text != wanted)
      continue;
    if (options.trainName.empty() || block->phase.text == options.trainName)
      train = block;
    if (block->phase)
      phases.push_back(block->phase.text);
  }
  if (!options.trainName.empty() && !train) {
    auto &message = diagnostics.error({}, options.path + ": there is no train block `" + options.trainName + "`");
    if (std::string meant = nearest(options.trainName, phases); !meant.empty())
      message.hint("did you mean `" + meant + "`?");
    else
      message.hint("a train block gets its name with `train Model as " + options.trainName + " { ... }`");
    return nullptr;
  }
  if (wanted.empty() && train) {
    wanted = train->name.text;
    at = train->name.span;
  }
  for (const FunctionDecl *model : program.models())
    names.push_back(model->name.text);
  if (program.models().empty() && wanted.empty()) {
    diagnostics.error({}, options.path + ": the file declares no model")
        .hint("a model is declared with `model Name(x: f32[batch, n]) -> f32[batch, m] { ... }`");
    return nullptr;
  }
  for (const FunctionDecl *model : program.models())
    if (wanted.empty() ? model == program.models().back() : model->name.text == wanted)
      return model;
  auto &message = diagnostics.error(at, "there is no model `" + wanted + "`");
  if (std::string meant = nearest(wanted, names); !meant.empty())
    message.hint("did you mean `" + meant + "`?");
  return nullptr;
}

static void loadDialects(mlir::MLIRContext &context) { context.loadDialect<nn::NNDialect, mlir::func::FuncDialect>(); }

/// The module that `build` fills with what the file declares; null after an error.
static mlir::OwningOpRef<mlir::ModuleOp>
compileWith(mlir::MLIRContext &context, const FrontendOptions &options, llvm::raw_ostream &messages,
            llvm::function_ref<void(const Program &, Diagnostics &, mlir::ModuleOp)> build) {
  loadDialects(context);
  Diagnostics diagnostics;
  Program program(options, diagnostics);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::ModuleOp::create(mlir::FileLineColLoc::get(&context, options.path, 1, 1));
  if (!diagnostics.hasErrors()) {
    checkNames(program, diagnostics);
    build(program, diagnostics, *module);
  }
  diagnostics.print(messages);
  return diagnostics.hasErrors() ? nullptr : std::move(module);
}

mlir::OwningOpRef<mlir::ModuleOp> nn::frontend::compile(mlir::MLIRContext &context, const FrontendOptions &options,
                                                        llvm::raw_ostream &messages) {
  return compileWith(context, options, messages, [&](const Program &program, Diagnostics &diagnostics, auto module) {
    const TrainDecl *train;
    if (const FunctionDecl *model = chooseModel(program, options, diagnostics, train))
      ModelCompiler(program, diagnostics, module, *model, train,
                    options.openBatch ? ModelCompiler::Open::Batch : ModelCompiler::Open::None, options.withCheck)
          .run(options.lints);
  });
}

mlir::OwningOpRef<mlir::ModuleOp> nn::frontend::compileTests(mlir::MLIRContext &context, const FrontendOptions &options,
                                                             std::vector<TestCase> &tests,
                                                             llvm::raw_ostream &messages) {
  return compileWith(context, options, messages, [&](const Program &program, Diagnostics &diagnostics, auto module) {
    Evaluator evaluator(program, diagnostics, module);
    buildTests(evaluator, tests);
    module->setAttr("nn.model", mlir::StringAttr::get(&context, "tests"));
  });
}

bool nn::frontend::check(mlir::MLIRContext &context, const FrontendOptions &options, llvm::raw_ostream &messages) {
  loadDialects(context);
  Diagnostics diagnostics;
  Program program(options, diagnostics);
  if (!diagnostics.hasErrors()) {
    checkNames(program, diagnostics);
    for (const FunctionDecl *model : program.models()) {
      std::vector<const TrainDecl *> blocks;
      for (const TrainDecl *block : program.trainBlocks())
        if (block->name.text == model->name.text)
          blocks.push_back(block);
      if (blocks.empty())
        blocks.push_back(nullptr);
      for (const TrainDecl *block : blocks) {
        mlir::OwningOpRef<mlir::ModuleOp> scratch = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
        ModelCompiler(program, diagnostics, *scratch, *model, block, ModelCompiler::Open::All).run();
      }
    }
  }
  diagnostics.print(messages);
  return !diagnostics.hasErrors();
}

std::vector<std::string> nn::frontend::modelNames(const FrontendOptions &options) {
  Diagnostics diagnostics;
  Program program(options, diagnostics);
  std::vector<std::string> names;
  for (const FunctionDecl *model : program.models())
    names.push_back(model->name.text);
  return names;
}
