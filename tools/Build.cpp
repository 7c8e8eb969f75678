// Drives the pipeline: reads, runs the stages, writes what was asked for, atomically. Decides nothing about the
// program.
#include "tools/Build.h"
#include "codegen/Compile.h"
#include "codegen/Targets.h"
#include "frontend/Frontend.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "tools/Arena.h"
#include "tools/DumpIr.h"
#include "tools/Explain.h"
#include "tools/Link.h"
#include "tools/Report.h"
#include "tools/reference/SameMeaning.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include <chrono>

using namespace mlir;
using llvm::errs;

std::string nn::compilerVersion() { return std::string("nnc " NNC_VERSION " (LLVM ") + LLVM_VERSION_STRING + ")"; }

namespace {

/// Prints how long each part took (--time).
class Stopwatch {
public:
  explicit Stopwatch(bool on) : on(on), last(Clock::now()), begin(last) {}
  void lap(StringRef what) {
    auto now = Clock::now();
    if (on)
      errs() << llvm::left_justify(what, 12) << llvm::format("%8.1f ms\n", milliseconds(now - last));
    last = now;
  }
  void total() {
    if (on)
      errs() << llvm::left_justify("total", 12) << llvm::format("%8.1f ms\n", milliseconds(Clock::now() - begin));
  }

private:
  using Clock = std::chrono::steady_clock;
  static double milliseconds(Clock::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }
  bool on;
  Clock::time_point last, begin;
};

/// Writes a whole file or nothing; "" and "-" are the standard output.
int writeFile(StringRef path, llvm::function_ref<void(llvm::raw_ostream &)> write) {
  llvm::Error error = llvm::writeToOutput(path.empty() ? "-" : path, [&](llvm::raw_ostream &out) {
    write(out);
    return llvm::Error::success();
  });
  if (!error)
    return nn::Done;
  errs() << "nnc: cannot write " << path << ": " << llvm::toString(std::move(error)) << "\n";
  return nn::ProgramIsWrong;
}

/// True where one of the sources of data is a folder of images.
bool readsImages(ModuleOp module) {
  auto train = module->getAttrOfType<DictionaryAttr>("nn.train");
  return train && llvm::any_of(train, [](NamedAttribute entry) {
           auto source = dyn_cast<DictionaryAttr>(entry.getValue());
           auto kind = source ? source.getAs<StringAttr>("kind") : StringAttr();
           return kind && kind.getValue() == "images";
         });
}

int linkProgram(ArrayRef<nn::ObjectFile> objects, const std::string &triple, bool images, StringRef output,
                const char *tool) {
  nn::LinkOptions options;
  options.triple = triple;
  options.output = output.str();
  options.images = images;
  std::string looked;
  options.runtime = nn::findRuntime(tool, triple, looked);
  if (options.runtime.empty()) {
    errs() << "nnc: the runtime library is not there: " << looked
           << "\n  hint: build or install it with nnc, or write an object file with --emit=obj\n";
    return nn::MachineLacks;
  }
  nn::LinkError error = nn::link(objects, options);
  if (!error.status)
    return nn::Done;
  errs() << "nnc: " << error.message << "\n";
  if (!error.hint.empty())
    errs() << "  hint: " << error.hint << "\n";
  return error.status;
}

/// LLVM text, assembly or one object file.
int writeLowLevel(ModuleOp module, const nn::CommandLine &line, const nn::CompileOptions &options, StringRef output) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::TargetMachine> machine = nn::createTargetMachine(options.target, options.level);
  std::unique_ptr<llvm::Module> compiled = nn::compileToModule(module, options, context, *machine);
  if (!compiled)
    return nn::ProgramIsWrong;
  if (line.emit == nn::Stage::Llvm)
    return writeFile(output, [&](llvm::raw_ostream &out) { compiled->print(out, nullptr); });
  nn::ObjectFile file;
  nn::emitFile(*compiled, *machine, line.emit == nn::Stage::Obj ? nn::FileKind::Object : nn::FileKind::Assembly, file);
  return writeFile(output, [&](llvm::raw_ostream &out) { out.write(file.data(), file.size()); });
}

} // namespace

bool nn::readInput(const CommandLine &line, frontend::FrontendOptions &options) {
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(line.input);
  if (!buffer) {
    errs() << "nnc: cannot read " << line.input << ": " << buffer.getError().message() << "\n";
    return false;
  }
  options.path = line.input;
  options.text = (*buffer)->getBuffer().str();
  options.defines = line.defines;
  options.modelName = line.model;
  options.trainName = line.train;
  options.stdlibDir = line.stdlibDir;
  options.includeDirs = line.includeDirs;
  options.withCheck = line.withCheck;
  options.openBatch = line.verb == CommandLine::Verb::Summary;
  return true;
}

OwningOpRef<ModuleOp> nn::readModule(MLIRContext &context, const CommandLine &line) {
  frontend::FrontendOptions options;
  if (!readInput(line, options))
    return nullptr;
  OwningOpRef<ModuleOp> module;
  Stopwatch watch(line.time);
  if (line.from)
    module = parseSourceString<ModuleOp>(options.text, ParserConfig(&context), line.input);
  else
    module = frontend::compile(context, options, errs());
  watch.lap(line.from ? "parser" : "frontend");
  if (module && (line.verifyEach || line.verifyPasses) && failed(verify(*module)))
    return nullptr;
  if (module && line.strictFp)
    (*module)->setAttr("nn.strict_fp", UnitAttr::get(&context));
  return module;
}

int nn::build(ModuleOp module, const CommandLine &line, const std::string &output, const char *tool) {
  Stopwatch watch(line.time);
  std::unique_ptr<Machine> machine = makeTarget(line.target);
  std::unique_ptr<IrDump> dump;
  if (!line.dumpDir.empty()) {
    std::string error;
    dump = std::make_unique<IrDump>(line.dumpDir, error);
    if (!error.empty()) {
      errs() << "nnc: cannot make " << line.dumpDir << ": " << error << "\n";
      return ProgramIsWrong;
    }
  }
  Stage from = line.from.value_or(Stage::Nn);
  if (dump)
    dump->write(stageName(from), module);

  StageOptions stages;
  stages.dump = dump.get();
  stages.verifyEach = line.verifyEach || line.verifyPasses;
  PassVerifier verifier;
  if (line.verifyPasses)
    stages.verifier = &verifier;
  for (Stage stage : {Stage::Nn, Stage::Train, Stage::Linalg, Stage::Fused, Stage::Loops}) {
    if (stage == Stage::Linalg && line.emit != Stage::Linalg)
      continue; // beside the road
    if (stage > from && !runStage(module, stage, *machine, stages))
      return ProgramIsWrong;
    if (stage == Stage::Fused) {
      if (line.maxArena && !checkArena(module, line.maxArena, errs()))
        return ProgramIsWrong;
      if (line.explain)
        explain(module, *machine, line.emit == Stage::Program ? llvm::outs() : errs());
    }
    if (stage != Stage::Nn)
      watch.lap(stageName(stage));
    if (stage == line.emit)
      return writeFile(output, [&](llvm::raw_ostream &out) { printModule(module, out, /*elide=*/false); });
  }

  CompileOptions options;
  options.target = llvmTarget(*machine);
  options.level = line.level;
  options.version = compilerVersion();
  options.threads = line.threads;
  if (line.emit != Stage::Program) {
    int status = writeLowLevel(module, line, options, output);
    watch.lap(stageName(line.emit));
    return status;
  }
  std::vector<ObjectFile> objects = compileToObjects(module, options);
  if (objects.empty())
    return ProgramIsWrong;
  watch.lap("objects");
  int status = linkProgram(objects, options.target.triple, readsImages(module) || line.withImages, output, tool);
  watch.lap("link");
  watch.total();
  return status;
}
