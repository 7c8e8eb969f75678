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
#include <algorithm>
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
    auto unit = [&] { return 2 * (double(next() & 0xffff) / 65536) - 0.999; };
    for (unsigned i = 0; i < operands; ++i) {
      auto type = cast<RankedTensorType>(types[i]);
      Type element = type.getElementType();
      char *p = a.base() + a.offsets[i];
      int64_t count = type.getNumElements();
      if (element.isF32())
        std::generate_n(reinterpret_cast<float *>(p), count, unit);
      else if (element.isF64())
        std::generate_n(reinterpret_cast<double *>(p), count, unit);
      else if (element.isInteger(32))
        std::generate_n(reinterpret_cast<int32_t *>(p), count, [&] { return int32_t(next() % 7); });
      else if (element.isInteger(64))
        std::generate_n(reinterpret_cast<int64_t *>(p), count, [&] { return int64_t(next() % 7); });
      else
        std::generate_n(p, count, [&, mask = element.isInteger(1) ? 1 : 255] { return char(next() & mask); });
    }
    return a;
  }

  /// Bytes that belong to no buffer are as they were.
  void checkBorders(Arena &a) {
    SmallVector<std::pair<int64_t, int64_t>> owned;
    for (auto [offset, size] : llvm::zip(a.offsets, a.sizes))
      owned.emplace_back(offset, offset + size);
    llvm::sort(owned);
    const char *base = a.base();
    int64_t at = 0, last = int64_t(a.bytes.size()) - 64;
    owned.emplace_back(last, last);
    for (auto [begin, end] : owned) {
      const char *stop = base + std::max(at, begin);
      const char *changed = std::find_if(base + at, stop, [](char byte) { return byte != char(0xCD); });
      if (changed != stop)
        return fail("writes outside its buffers, at byte", Twine(changed - base));
      at = std::max(at, end);
    }
  }

  /// Each of a result of `count` elements is near the one wanted; `terms` is the number of values it may sum.
  template <typename T>
  void compareValues(unsigned result, const T *got, const T *want, int64_t count, double terms) {
    constexpr bool single = std::is_same_v<T, float>;
    for (int64_t k = 0; k < count; ++k) {
      double x = got[k], y = want[k];
      double bound = (single ? 3e-5 : 1e-12) * (1 + std::fabs(y)) + (single ? 5e-7 : 1e-15) * terms;
      if (!(std::fabs(x - y) <= bound) && !(std::isnan(x) && std::isnan(y)) && x != y)
        return fail("result", Twine(result) + " element " + Twine(k) + ": " + std::to_string(x) + ", expected " +
                                  std::to_string(y));
    }
  }

  void compare(Arena &got, Arena &want, bool bits) {
    for (unsigned i = operands; i < types.size(); ++i) {
      auto type = cast<RankedTensorType>(types[i]);
      const char *g = got.base() + got.offsets[i], *w = want.base() + want.offsets[i];
      if (bits || !isa<FloatType>(type.getElementType())) {
        int64_t size = bytesOf(type);
        if (memcmp(g, w, size) != 0)
          fail(bits ? "other bits" : "other integers",
               "in result " + Twine(i - operands) + " at byte " + Twine(std::mismatch(g, g + size, w).first - g));
        continue;
      }
      double terms = 0;
      int64_t count = type.getNumElements();
      for (unsigned o = 0; o < operands; ++o)
        terms = std::max(terms, double(cast<RankedTensorType>(types[o]).getNumElements()) / double(count));
      if (type.getElementType().isF32())
        compareValues(i - operands, reinterpret_cast<const float *>(g), reinterpret_cast<const float *>(w), count,
                      terms);
      else
        compareValues(i - operands, reinterpret_cast<const double *>(g), reinterpret_cast<const double *>(w), count,
                      terms);
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
