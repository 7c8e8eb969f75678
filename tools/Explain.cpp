// Reads the planned module; of contractions it asks code generation for the plan again, which is a function of kernel
// and machine.
#include "tools/Explain.h"
#include "codegen/Contraction.h"
#include "codegen/Targets.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace nn;

/// "1 use", "2 launches"
static std::string count(int64_t n, StringRef what) {
  StringRef ending = n == 1 ? "" : what.ends_with("ch") ? "es" : "s";
  return (Twine(n) + " " + what + ending).str();
}

static void explainLaunches(Block &block, unsigned indent, llvm::raw_ostream &out) {
  for (Operation &op : block) {
    if (auto launch = dyn_cast<LaunchOp>(op)) {
      out.indent(indent) << (launch.getBarrier() ? "----\n" : "");
      if (launch.getBarrier())
        out.indent(indent);
      out << launch.getKernel() << "\n";
    } else if (auto scan = dyn_cast<ScanOp>(op)) {
      out.indent(indent) << scan.getTrips() << " times:\n";
      explainLaunches(scan.block(), indent + 2, out);
    }
  }
}

static void explainEntry(func::FuncOp entry, llvm::raw_ostream &out) {
  int64_t launches = 0, barriers = 0;
  entry.walk([&](LaunchOp launch) {
    ++launches;
    barriers += launch.getBarrier();
  });
  out << "entry " << entry.getName() << ": " << count(launches, "launch") << ", " << count(barriers, "barrier") << "\n";
  explainLaunches(entry.getBody().front(), 2, out);
}

/// "reduce_sum of 64x10xf32, log, neg": the ops that compute, with the type that the first reads.
static std::string work(Block &body) {
  std::string text;
  llvm::raw_string_ostream out(text);
  for (Operation &op : body.without_terminator()) {
    if (isa<ConstantOp>(op))
      continue;
    bool first = text.empty();
    auto call = dyn_cast<CallOp>(op);
    out << (first ? "" : ", ") << (call ? call.getCallee() : op.getName().stripDialect());
    if (!first)
      continue;
    auto type = cast<RankedTensorType>((op.getNumOperands() ? op.getOperand(0) : op.getResult(0)).getType());
    out << " of ";
    for (int64_t extent : type.getShape())
      out << extent << "x";
    out << type.getElementType();
  }
  if (text.empty())
    return body.without_terminator().empty() ? "nothing: it copies" : "nothing: it fills in constants";
  return text;
}

/// The tile plan, one line per problem that the contraction consists of, with the extents of its dimensions.
static void explainContraction(Block &body, const Machine &machine, llvm::raw_ostream &out) {
  SmallVector<ContractionProblem> problems;
  for (Operation &op : body)
    problems.append(describe(&op));
  if (problems.empty())
    return;
  std::optional<ContractionKernel> contraction = ContractionKernel::match(body, machine);
  if (!contraction) {
    out << "  plan no tile: element by element, each sum a loop\n";
    return;
  }
  SmallVector<StringRef> plans;
  std::string text = contraction->describe();
  StringRef(text).split(plans, '\n', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (auto [plan, problem] : llvm::zip_equal(plans, problems)) {
    out << "  plan " << plan << " (";
    for (auto [d, dim] : llvm::enumerate(problem.dims))
      out << (d ? ", d" : "d") << d << " = " << dim.extent;
    out << ")\n";
  }
}

static void explainKernel(KernelOp kernel, int64_t uses, const Machine &machine, llvm::raw_ostream &out) {
  Block &body = kernel.getBody().front();
  out << "kernel " << kernel.getSymName() << ": " << count(uses, "use") << ", " << count(kernel.getTasks(), "task");
  if (auto bytes = kernel->getAttrOfType<IntegerAttr>("nn.workspace"))
    out << ", " << bytes.getInt() << " bytes of workspace";
  out << "\n  computes " << work(body) << "\n";
  ArrayRef<int64_t> pairs = kernel.getInplace();
  for (size_t i = 0; i + 1 < pairs.size(); i += 2)
    out << "  may write result " << pairs[i + 1] << " over operand " << pairs[i] << "\n";
  if (isa<CallOp>(body.front()))
    out << "  plan the direct implementation\n";
  explainContraction(body, machine, out);
}

void nn::explain(ModuleOp planned, const Machine &machine, llvm::raw_ostream &out) {
  llvm::StringMap<int64_t> uses;
  planned.walk([&](LaunchOp launch) { ++uses[launch.getKernel()]; });
  for (auto entry : planned.getOps<func::FuncOp>())
    if (!entry.isPrivate())
      explainEntry(entry, out);
  out << count(uses.size(), "kernel") << "\n";
  for (auto kernel : planned.getOps<KernelOp>())
    explainKernel(kernel, uses[kernel.getSymName()], machine, out);
}
