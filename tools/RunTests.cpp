// Runs the entries that the frontend makes of test blocks. What is compared, and with which tolerance, is decided
// there.
#include "tools/RunTests.h"
#include "codegen/Compile.h"
#include "codegen/Targets.h"
#include "frontend/Frontend.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "runtime/abi.h"
#include "tools/Build.h"
#include "tools/reference/HostArray.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <cstring>

using namespace mlir;
using namespace nn;
using frontend::TestCase;
using llvm::outs;

namespace {

/// The arena of the compiled tests: one after the other uses it.
class Tests {
public:
  explicit Tests(const LoadedModel &program)
      : program(program), memory(static_cast<char *>(std::aligned_alloc(
                              64, llvm::alignTo(std::max<int64_t>(program.model().arena_bytes, 64), 64)))) {}
  ~Tests() { std::free(memory); }

  /// Runs an entry with seed and step 0; its results are there until the next one.
  void run(StringRef name) {
    entry = llvm::find_if(entries(), [&](const nnrt_entry &e) { return name == e.name; });
    for (const nnrt_tensor &tensor : ArrayRef(entry->tensors, entry->n_tensors))
      if (tensor.role != NNRT_OUTPUT)
        std::memset(memory + tensor.offset, 0, tensor.bytes);
    program.run(name, memory);
  }
  const nnrt_tensor *find(const Twine &name) const {
    std::string wanted = name.str();
    for (const nnrt_tensor &tensor : ArrayRef(entry->tensors, entry->n_tensors))
      if (wanted == tensor.name)
        return &tensor;
    return nullptr;
  }
  /// The values of a result as numbers.
  HostArray values(const nnrt_tensor &tensor, MLIRContext &context) const {
    HostArray array(RankedTensorType::get(ArrayRef(tensor.shape, tensor.rank), elementType(tensor.type, context)));
    std::memcpy(array.bytes.data(), memory + tensor.offset, tensor.bytes);
    return array;
  }

private:
  ArrayRef<nnrt_entry> entries() const { return ArrayRef(program.model().entries, program.model().n_entries); }
  static Type elementType(int32_t type, MLIRContext &context) {
    Builder b(&context);
    switch (nnrt_type(type)) {
    case NNRT_F32:
      return b.getF32Type();
    case NNRT_F64:
      return b.getF64Type();
    case NNRT_BF16:
      return b.getBF16Type();
    case NNRT_F16:
      return b.getF16Type();
    case NNRT_I32:
      return b.getI32Type();
    case NNRT_I64:
      return b.getI64Type();
    case NNRT_I8:
      return b.getI8Type();
    case NNRT_U8:
      return b.getIntegerType(8, /*isSigned=*/false);
    case NNRT_BOOL:
      return b.getI1Type();
    }
    llvm_unreachable("a type of abi.h");
  }

  const LoadedModel &program;
  const nnrt_entry *entry = nullptr;
  char *memory;
};

/// " at [1, 2]" for element i of a tensor that has more than one.
std::string placeOf(int64_t i, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> at(shape.size());
  for (size_t d = shape.size(); d-- > 0; i /= shape[d])
    at[d] = i % shape[d];
  std::string text;
  for (int64_t index : at)
    text += (text.empty() ? " at [" : ", ") + std::to_string(index);
  return text.empty() ? text : text + "]";
}

std::string numberText(const HostArray &array, int64_t i) {
  Type element = array.type.getElementType();
  if (element.isInteger(1))
    return array.at(i) != 0 ? "true" : "false";
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format(element.isF64() ? "%.17g" : "%.9g", array.at(i));
  return text;
}

/// What is said of a failed assertion behind its line; nothing where it holds.
std::optional<std::string> failure(const TestCase::Assertion &assertion, size_t k, const Tests *tests,
                                   MLIRContext &context) {
  auto sides = [](const std::string &left, const std::string &right) {
    return "\n    left:  " + left + "\n    right: " + right;
  };
  if (assertion.known)
    return *assertion.known     ? std::nullopt
           : assertion.compares ? std::optional(sides(assertion.left, assertion.right))
                                : std::optional(std::string());
  HostArray holds = tests->values(*tests->find("holds " + Twine(k)), context);
  int64_t first = -1, wrong = 0;
  for (int64_t i = 0; i < holds.size(); ++i)
    if (holds.at(i) == 0 && wrong++ == 0)
      first = i;
  if (!wrong)
    return std::nullopt;
  std::string text;
  if (holds.size() > 1)
    text = "\n    " + std::to_string(wrong) + " of " + std::to_string(holds.size()) + " elements, the first" +
           placeOf(first, holds.type.getShape());
  if (!assertion.compares)
    return text;
  auto side = [&](const char *name) {
    return numberText(tests->values(*tests->find(name + Twine(k)), context), first);
  };
  return text + sides(side("left "), side("right "));
}

} // namespace

int nn::runTests(MLIRContext &context, const CommandLine &line) {
  frontend::FrontendOptions options;
  std::vector<TestCase> tests;
  if (!readInput(line, options))
    return ProgramIsWrong;
  OwningOpRef<ModuleOp> module = frontend::compileTests(context, options, tests, llvm::errs());
  if (!module)
    return ProgramIsWrong;
  if (tests.empty()) {
    llvm::errs() << "nnc: " << line.input << " has no test blocks\n  hint: write `test \"what holds\" { assert … }`\n";
    return ProgramIsWrong;
  }
  std::unique_ptr<LoadedModel> program;
  std::optional<Tests> loaded;
  if (llvm::any_of(tests, [](const TestCase &test) { return !test.entry.empty(); })) {
    std::unique_ptr<Machine> machine = makeTarget("host");
    for (Stage stage : {Stage::Train, Stage::Fused, Stage::Loops})
      if (!runStage(*module, stage, *machine, {}))
        return ProgramIsWrong;
    program = LoadedModel::load(*module, llvmTarget(*machine), line.level);
    if (!program)
      return ProgramIsWrong;
    loaded.emplace(*program);
  }
  unsigned failed = 0;
  for (const TestCase &test : tests) {
    if (!test.entry.empty())
      loaded->run(test.entry);
    std::string complaints;
    for (auto [k, assertion] : llvm::enumerate(test.assertions))
      if (auto text = failure(assertion, k, loaded ? &*loaded : nullptr, context))
        complaints += "  " + line.input + ":" + std::to_string(assertion.line) + ": " + assertion.text + *text + "\n";
    outs() << (complaints.empty() ? "ok    " : "FAIL  ") << test.title << "\n" << complaints;
    failed += !complaints.empty();
  }
  outs() << tests.size() - failed << " passed, " << failed << " failed\n";
  return failed ? ProgramIsWrong : Done;
}
