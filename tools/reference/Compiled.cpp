// Lays inputs into the arena of a program loaded into this process, runs entries and reads their results.
#include "tools/reference/Compiled.h"
#include "codegen/Compile.h"
#include "codegen/Targets.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Passes.h"
#include "passes/Schedule.h"
#include "runtime/Team.h"
#include "tools/Pipeline.h"
#include "tools/reference/Expectation.h"
#include "llvm/Support/Format.h"
#include <cstdlib>
#include <cstring>

using namespace mlir;
using namespace nn;

/// Functions of tests name no roles: their arguments become inputs, their results outputs.
static void giveRoles(ModuleOp module) {
  Builder b(module.getContext());
  for (auto f : module.getOps<func::FuncOp>()) {
    for (unsigned k = 0; !f.isPrivate() && k < f.getNumArguments(); ++k)
      if (!f.getArgAttr(k, "nn.role")) {
        f.setArgAttr(k, "nn.role", b.getStringAttr("input"));
        f.setArgAttr(k, "nn.name", b.getStringAttr("input" + Twine(k)));
      }
    for (unsigned k = 0; !f.isPrivate() && k < f.getNumResults(); ++k)
      if (!f.getResultAttr(k, "nn.role")) {
        f.setResultAttr(k, "nn.role", b.getStringAttr("output"));
        f.setResultAttr(k, "nn.name", b.getStringAttr("output" + Twine(k)));
      }
  }
}

namespace {

/// The arena of a loaded program, seen through the signatures of its functions.
class Arena {
public:
  explicit Arena(const LoadedModel &program)
      : program(program), bytes(llvm::alignTo(std::max<int64_t>(program.model().arena_bytes, 64), 64)),
        whole(static_cast<char *>(std::aligned_alloc(64, bytes + 2 * margin))), memory(whole + margin) {
    if (team.start(3).failed())
      llvm::report_fatal_error("no threads");
  }
  ~Arena() { std::free(whole); }

  enum class Order { Forward, Backward, Threads };
  /// The results of an entry; none where the program lacks it.
  std::vector<HostArray> run(func::FuncOp f, ArrayRef<HostArray> inputs, Order order) {
    const nnrt_entry *entry = nullptr;
    for (const nnrt_entry &candidate : ArrayRef(program.model().entries, program.model().n_entries))
      if (f.getName() == candidate.name)
        entry = &candidate;
    if (!entry)
      return {};
    // What is not written must not be read: all is NaN.
    std::memset(whole, 0xff, bytes + 2 * margin);
    int64_t next = 0;
    for (auto [k, input] : llvm::enumerate(inputs))
      std::memcpy(place(entry, f.getArgAttrDict(k), next), input.bytes.data(), input.bytes.size());
    auto rounds = nnrt::Rounds::of(entry->launches, entry->n_launches);
    auto run = [&](const nnrt_launch &launch, const int64_t *args) {
      if (order == Order::Forward)
        launch.kernel(memory, args, 0, launch.tasks);
      else
        for (int64_t t = launch.tasks; t-- > 0;)
          launch.kernel(memory, args, t, t + 1);
    };
    if (order == Order::Threads)
      team.run(nnrt::Plan(entry->launches, entry->n_launches, team.size()), memory);
    else
      nnrt::forEachLaunch(entry->launches, entry->launches + entry->n_launches, rounds, run);
    std::vector<HostArray> results;
    for (auto [k, type] : llvm::enumerate(f.getResultTypes())) {
      auto tensor = cast<RankedTensorType>(type);
      HostArray result(RankedTensorType::get(tensor.getShape(), tensor.getElementType()));
      std::memcpy(result.bytes.data(), place(entry, f.getResultAttrDict(k), next), result.bytes.size());
      results.push_back(std::move(result));
    }
    return results;
  }

  /// Whether the last run left everything outside the arena alone.
  bool staysInside() const {
    auto untouched = [](ArrayRef<char> part) { return llvm::all_of(part, [](char c) { return c == char(0xff); }); };
    return untouched(ArrayRef(whole, margin)) && untouched(ArrayRef(memory + bytes, margin));
  }

private:
  /// Where a value with these attributes lies. Owned values have the model's places, others the entry's, in order.
  char *place(const nnrt_entry *entry, DictionaryAttr attributes, int64_t &next) {
    StringRef role = cast<StringAttr>(attributes.get("nn.role")).getValue();
    if (isOwnedRole(role)) {
      StringRef name = cast<StringAttr>(attributes.get("nn.name")).getValue();
      for (const nnrt_tensor &owned : ArrayRef(program.model().owned, program.model().n_owned))
        if (name == owned.name)
          return memory + owned.offset;
    }
    return memory + entry->tensors[next++].offset;
  }

  static constexpr int64_t margin = 4096;
  const LoadedModel &program;
  int64_t bytes;
  char *whole, *memory;
  nnrt::Team team;
};

} // namespace

/// Compares one function; says in `out` what is wrong, or how far the results are apart.
static bool compare(func::FuncOp f, Arena &arena, const Expectation &expected, raw_ostream &out) {
  const Expectation::Function &function = expected.functions().find(f.getName())->second;
  std::vector<HostArray> results = arena.run(f, function.inputs, Arena::Order::Forward);
  if (results.size() != function.results.size()) {
    out << "has no entry in the compiled program";
    return false;
  }
  bool inside = arena.staysInside();
  std::vector<HostArray> backward = arena.run(f, function.inputs, Arena::Order::Backward);
  inside = inside && arena.staysInside();
  std::vector<HostArray> together = arena.run(f, function.inputs, Arena::Order::Threads);
  if (!inside || !arena.staysInside()) {
    out << "writes outside the arena";
    return false;
  }
  for (auto [k, result] : llvm::enumerate(results))
    if (result.bytes != backward[k].bytes || result.bytes != together[k].bytes) {
      out << "result " << k << " depends on the order of tasks";
      return false;
    }
  Expectation::Difference d = expected.largestDifference(f.getName(), results);
  out << llvm::format("%.2f", d.units) << " roundings apart";
  if (d.units <= largestUnits)
    return true;
  out << ": result " << d.result << " is " << llvm::format("%.9g", results[d.result].at(d.element)) << " at element "
      << d.element << ", not " << llvm::format("%.9g", function.results[d.result].at(d.element));
  return false;
}

LogicalResult nn::compareCompiled(ModuleOp module, const Machine &machine, ReferenceRunner::Effort effort,
                                  StringRef without, raw_ostream &out) {
  OwningOpRef<ModuleOp> named = module.clone();
  giveRoles(*named);
  // The derivative is the reference's, too; central differences check that (GradientCheck.h).
  OwningOpRef<ModuleOp> derived = named->clone();
  PassManager autodiff(module.getContext());
  autodiff.addPass(createAutodiffPass());
  if (failed(autodiff.run(*derived)))
    return failure();
  auto expected = Expectation::create(*derived, effort);
  OwningOpRef<ModuleOp> loops = named->clone();
  for (Stage stage : {Stage::Train, Stage::Fused, Stage::Loops})
    if (!runStage(*loops, stage, machine, {.without = without}))
      return failure();
  std::unique_ptr<LoadedModel> program = LoadedModel::load(*loops, llvmTarget(machine), /*level=*/2);
  if (!expected || !program)
    return failure();
  bool good = true;
  Arena arena(*program);
  for (auto f : named->getOps<func::FuncOp>()) {
    if (f.isPrivate())
      continue;
    std::string text;
    llvm::raw_string_ostream stream(text);
    bool agrees = compare(f, arena, *expected, stream);
    out << (agrees ? "ok   " : "FAIL ") << f.getName() << ": " << text << "\n";
    good &= agrees;
  }
  return success(good);
}
