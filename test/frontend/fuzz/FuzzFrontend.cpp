// One input of the frontend's fuzzer: it is checked as `nnc check` does, and compiled where that finds nothing. Aborts
// where a message is about the library's text, where an accepted program does not compile, and where its module is not
// valid.
#include "frontend/Frontend.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/Verifier.h"
#include "test/frontend/fuzz/Mutations.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <cstring>
#include <memory>

/// Types and locations stay in a context: it is renewed now and then.
static mlir::MLIRContext &context() {
  static std::unique_ptr<mlir::MLIRContext> current;
  static unsigned uses = 0;
  if (uses++ % 200 == 0) {
    current = std::make_unique<mlir::MLIRContext>(mlir::MLIRContext::Threading::DISABLED);
    current->getDiagEngine().registerHandler([](mlir::Diagnostic &) { return mlir::success(); });
  }
  return *current;
}

static void fail(const char *what, const std::string &messages) {
  llvm::errs() << what << "\n" << messages;
  abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  nn::frontend::FrontendOptions options;
  options.path = "fuzz.nn";
  options.maxRounds = 500; // thousands of layers take seconds under sanitizers, and one that is kept slows all others
  options.text.assign(reinterpret_cast<const char *>(data), size);
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  bool good = nn::frontend::check(context(), options, stream);
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(messages).split(lines, '\n');
  for (llvm::StringRef line : lines)
    if (line.starts_with("stdlib/") && !line.contains(": note: "))
      fail("a message about the library's text", messages);
  if (!good)
    return 0;
  messages.clear();
  options.openBatch = true;
  options.lints = false; // `check` has run them
  mlir::OwningOpRef<mlir::ModuleOp> module = nn::frontend::compile(context(), options, stream);
  // Dimensions that `check` leaves open, and a model to build, are wanted here.
  if (module && failed(mlir::verify(*module)))
    fail("a module that is not valid", messages);
  return 0;
}

/// The mutator with the pieces of the programs that NNC_FUZZ_SEEDS lists, separated by colons.
static nn::fuzz::Mutator &mutator() {
  static nn::fuzz::Mutator *shared = [] {
    auto *result = new nn::fuzz::Mutator;
    llvm::SmallVector<llvm::StringRef> paths;
    if (const char *seeds = getenv("NNC_FUZZ_SEEDS"))
      llvm::StringRef(seeds).split(paths, ':', -1, /*KeepEmpty=*/false);
    for (llvm::StringRef path : paths)
      for (const std::string &program : nn::fuzz::programsOf(path.str()))
        result->learn(program);
    return result;
  }();
  return *shared;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned seed) {
  std::string text = mutator().mutate(std::string(reinterpret_cast<char *>(data), size), seed);
  if (text.size() > maxSize)
    text.resize(maxSize);
  memcpy(data, text.data(), text.size());
  return text.size();
}
