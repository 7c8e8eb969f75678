// Runs every nn.kernel of a file as it is emitted for this machine and compares it with the same kernel emitted one
// element at a time; then in place, and with its tasks one by one or three by three in reverse order, which must give
// the same bits. Nothing may be written outside results and workspace. usage: kernels [--time] [--no-masks]
// [--target=NAME] FILE
#include "codegen/EmitKernels.h"
#include "codegen/LlvmTarget.h"
#include "codegen/LowerToLLVM.h"
#include "codegen/Targets.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "runtime/abi.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"
#include <chrono>
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace nn;

namespace {
/// All buffers of a kernel in one arena, as a launch sees them.
struct Arena {
  std::vector<char> bytes;
  std::vector<int64_t> offsets, sizes;
  char *base() { return bytes.data() + (64 - reinterpret_cast<uintptr_t>(bytes.data()) % 64) % 64; }
};

int64_t bytesOf(Type t) {
  auto type = cast<RankedTensorType>(t);
  return type.getNumElements() * std::max(1u, type.getElementTypeBitWidth() / 8);
}

struct Compiled {
  std::unique_ptr<llvm::orc::LLJIT> jit;
  llvm::StringMap<KernelPlan> plans;

  Compiled(ModuleOp source, const Machine &machine, bool inPlace) {
    OwningOpRef<ModuleOp> module = source.clone();
    for (auto kernel : module->getOps<KernelOp>()) {
      KernelPlan plan = machine.plan(kernel);
      Builder b(kernel.getContext());
      kernel.setTasks(plan.tasks);
      if (plan.workspace)
        kernel->setAttr("nn.workspace", b.getI64IntegerAttr(plan.workspace));
      SmallVector<int64_t> pairs;
      for (auto [operand, result] : plan.inplace)
        pairs.append({operand, result});
      kernel.setInplace(inPlace ? pairs : SmallVector<int64_t>());
      if (!inPlace)
        plan.inplace.clear();
      plans[kernel.getSymName()] = plan;
    }
    PassManager passes(module->getContext());
    passes.addPass(createEmitKernelsPass(machine));
    passes.addPass(createLowerToLLVMPass());
    if (failed(passes.run(*module)))
      exit(1);
    LlvmTarget target{machine.facts.name, machine.facts.triple, machine.facts.cpu, machine.facts.features};
    auto llvmMachine = createTargetMachine(target, 2);
    llvm::LLVMContext context;
    auto llvmModule = translateModuleToLLVMIR(*module, context);
    for (llvm::Function &function : *llvmModule)
      if (function.hasHiddenVisibility())
        function.setVisibility(llvm::GlobalValue::DefaultVisibility);
    optimize(*llvmModule, *llvmMachine, 2);
    llvm::SmallVector<char, 0> object;
    emitFile(*llvmModule, *llvmMachine, FileKind::Object, object);
    jit = llvm::cantFail(llvm::orc::LLJITBuilder().create());
    llvm::cantFail(jit->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy({object.data(), object.size()})));
  }
  nnrt_kernel *find(StringRef name) { return llvm::cantFail(jit->lookup(kernelSymbol(name))).toPtr<nnrt_kernel *>(); }
};

struct Check {
  KernelOp kernel;
  unsigned operands;
  SmallVector<Type> types;
  int failures = 0;

  explicit Check(KernelOp kernel) : kernel(kernel), operands(kernel.getBody().getNumArguments()) {
    llvm::append_range(types, kernel.getBody().getArgumentTypes());
    llvm::append_range(types, kernel.getBody().front().getTerminator()->getOperandTypes());
  }

  void fail(const char *what, const Twine &detail = "") {
    if (failures++ == 0)
      llvm::errs() << "FAILED @" << kernel.getSymName() << ": " << what << " " << detail << "\n";
  }

  Arena arena(const KernelPlan &plan) {
    Arena a;
    int64_t end = 64;
    auto add = [&](int64_t size) {
      a.offsets.push_back(end);
      a.sizes.push_back(size);
      end += (size + 63) / 64 * 64 + 64;
    };
    for (Type type : types)
      add(bytesOf(type));
    if (plan.workspace)
      add(plan.workspace);
    for (auto [operand, result] : plan.inplace)
      a.offsets[operands + result] = a.offsets[operand];
    a.bytes.assign(end + 128, char(0xCD));
    uint32_t state = 12345;
    auto next = [&] { return (state = state * 1664525u + 1013904223u) >> 8; };
    for (unsigned i = 0; i < operands; ++i) {
      auto type = cast<RankedTensorType>(types[i]);
      Type element = type.getElementType();
      char *p = a.base() + a.offsets[i];
      for (int64_t k = 0; k < type.getNumElements(); ++k) {
        double unit = double(next() & 0xffff) / 65536;
        if (element.isF32())
          reinterpret_cast<float *>(p)[k] = float(2 * unit - 0.999);
        else if (element.isF64())
          reinterpret_cast<double *>(p)[k] = 2 * unit - 0.999;
        else if (element.isInteger(32))
          reinterpret_cast<int32_t *>(p)[k] = int32_t(next() % 7);
        else if (element.isInteger(64))
          reinterpret_cast<int64_t *>(p)[k] = int64_t(next() % 7);
        else
          p[k] = char(element.isInteger(1) ? next() & 1 : next());
      }
    }
    return a;
  }

  /// Bytes that belong to no buffer are as they were.
  void checkBorders(Arena &a) {
    std::vector<bool> owned(a.bytes.size());
    for (auto [offset, size] : llvm::zip(a.offsets, a.sizes))
      std::fill(owned.begin() + offset, owned.begin() + offset + size, true);
    for (size_t i = 0; i + 64 < a.bytes.size(); ++i)
      if (!owned[i] && a.base()[i] != char(0xCD))
        return fail("writes outside its buffers, at byte", Twine(i));
  }

  void compare(Arena &got, Arena &want, bool bits) {
    for (unsigned i = operands; i < types.size(); ++i) {
      auto type = cast<RankedTensorType>(types[i]);
      char *g = got.base() + got.offsets[i], *w = want.base() + want.offsets[i];
      if (bits || !isa<FloatType>(type.getElementType())) {
        for (int64_t k = 0; k < bytesOf(types[i]); ++k)
          if (g[k] != w[k])
            return fail(bits ? "other bits" : "other integers",
                        "in result " + Twine(i - operands) + " at byte " + Twine(k));
        continue;
      }
      double terms = 0; // that a result may sum
      for (unsigned o = 0; o < operands; ++o)
        terms = std::max(terms, double(cast<RankedTensorType>(types[o]).getNumElements()) / type.getNumElements());
      for (int64_t k = 0; k < type.getNumElements(); ++k) {
        bool single = type.getElementType().isF32();
        double x = single ? reinterpret_cast<float *>(g)[k] : reinterpret_cast<double *>(g)[k];
        double y = single ? reinterpret_cast<float *>(w)[k] : reinterpret_cast<double *>(w)[k];
        double bound = (single ? 3e-5 : 1e-12) * (1 + std::fabs(y)) + (single ? 5e-7 : 1e-15) * terms;
        if (!(std::fabs(x - y) <= bound) && !(std::isnan(x) && std::isnan(y)) && x != y)
          return fail("result", Twine(i - operands) + " element " + Twine(k) + ": " + std::to_string(x) +
                                    ", expected " + std::to_string(y));
      }
    }
  }

  /// All tasks, the last ones first, in calls of at most `most` tasks.
  void run(Compiled &code, Arena &a, int64_t most) {
    nnrt_kernel *k = code.find(kernel.getSymName());
    for (int64_t end = code.plans[kernel.getSymName()].tasks; end > 0; end -= most)
      k(a.base(), a.offsets.data(), std::max<int64_t>(0, end - most), end);
  }

  void time(Compiled &code) {
    const KernelPlan &plan = code.plans[kernel.getSymName()];
    Arena a = arena(plan);
    nnrt_kernel *k = code.find(kernel.getSymName());
    double best = 1e30;
    int64_t rounds = 1;
    for (int i = 0; i < 12; ++i) {
      auto start = std::chrono::steady_clock::now();
      for (int64_t r = 0; r < rounds; ++r)
        k(a.base(), a.offsets.data(), 0, plan.tasks);
      double us = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
      best = std::min(best, us / double(rounds));
      rounds = std::max<int64_t>(1, int64_t(2000 / best));
    }
    llvm::outs() << llvm::format("%-28s %9.2f us  %4lld tasks %6lld bytes of workspace, %zu in place\n",
                                 kernel.getSymName().str().c_str(), best, (long long)plan.tasks,
                                 (long long)plan.workspace, plan.inplace.size());
  }
};
} // namespace

int main(int argc, char **argv) {
  bool time = false, masks = true;
  StringRef target = "host", file;
  for (StringRef arg : llvm::ArrayRef(argv + 1, argc - 1)) {
    if (arg == "--time")
      time = true;
    else if (arg == "--no-masks")
      masks = false;
    else if (!arg.consume_front("--target="))
      file = arg;
    else
      target = arg;
  }
  DialectRegistry registry;
  registry.insert<NNDialect>();
  registerLoweringDialects(registry);
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(file, &context);
  // Entries and their launches are another test's.
  if (module)
    for (auto entry : llvm::make_early_inc_range(module->getOps<func::FuncOp>()))
      entry.erase();
  std::unique_ptr<Machine> known = makeTarget(target);
  if (!module || !known)
    return 1;
  TargetFacts facts = known->facts;
  if (!masks)
    facts.maskedBits = 0;
  Machine machine(facts);
  TargetFacts plain = makeTarget("host")->facts;
  plain.vectorBits = 0;
  Machine scalar(plain);

  Compiled slow(*module, scalar, false), fast(*module, machine, false), inPlace(*module, machine, true);
  int failures = 0;
  for (auto kernel : module->getOps<KernelOp>()) {
    Check check(kernel);
    StringRef name = kernel.getSymName();
    Arena expected = check.arena(slow.plans[name]), got = check.arena(fast.plans[name]),
          split = check.arena(fast.plans[name]), uneven = check.arena(fast.plans[name]),
          shared = check.arena(inPlace.plans[name]);
    check.run(slow, expected, slow.plans[name].tasks);
    check.run(fast, got, fast.plans[name].tasks);
    check.run(fast, split, 1);
    check.run(fast, uneven, 3);
    check.run(inPlace, shared, 1);
    check.checkBorders(got);
    check.compare(got, expected, false);
    check.compare(split, got, true);
    check.compare(uneven, got, true);
    check.compare(shared, got, true);
    failures += check.failures;
    if (time)
      check.time(fast);
  }
  return failures != 0;
}
