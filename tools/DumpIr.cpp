// Printing of modules for people: names from the source, no values of big constants, only what changed.
#include "tools/DumpIr.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

void nn::printModule(ModuleOp module, llvm::raw_ostream &out, bool elide) {
  OpPrintingFlags flags;
  flags.printNameLocAsPrefix();
  if (elide)
    flags.elideLargeElementsAttrs(16);
  Attribute source = module->removeAttr("nn.source"); // whoever reads this has the text elsewhere
  module.print(out, flags);
  if (source)
    module->setAttr("nn.source", source);
  out << "\n";
}

nn::IrDump::IrDump(std::string folderName, std::string &error) : folder(std::move(folderName)) {
  if (std::error_code code = llvm::sys::fs::create_directories(folder))
    error = code.message();
}

void nn::IrDump::write(StringRef name, StringRef extension, StringRef text) {
  std::string file;
  llvm::raw_string_ostream(file) << folder << "/" << llvm::format("%02d", number++) << "-" << name << "." << extension;
  std::error_code error;
  llvm::raw_fd_ostream out(file, error);
  if (error)
    llvm::errs() << "warning: cannot write " << file << ": " << error.message() << "\n";
  else
    out << text;
}

void nn::IrDump::write(StringRef name, ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  printModule(module, stream, /*elide=*/true);
  if (text == last)
    return;
  write(name, "mlir", text);
  last = std::move(text);
}

namespace {
struct AfterEachPass : PassInstrumentation {
  AfterEachPass(nn::IrDump &dump, StringRef stage) : dump(dump), stage(stage) {}
  void runAfterPass(Pass *pass, Operation *op) override {
    if (auto module = dyn_cast<ModuleOp>(op))
      dump.write(pass->getArgument().empty() ? stage : stage + "-" + pass->getArgument().str(), module);
  }
  nn::IrDump &dump;
  std::string stage;
};
} // namespace

void nn::IrDump::follow(PassManager &passes, StringRef stage) {
  passes.addInstrumentation(std::make_unique<AfterEachPass>(*this, stage));
}
