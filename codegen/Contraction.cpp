// The border between kernels and the contraction family: matching bodies, in-place pairs, tasks of several parts, and
// the epilogue, which the element emitter computes from accumulators.
#include "codegen/Contraction.h"
#include "codegen/ContractionCode.h"
#include "codegen/ElementEmitter.h"
#include "codegen/KernelFrame.h"
#include "codegen/Probe.h"
#include "codegen/Targets.h"
#include "dialect/Parts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace nn;

/// Epilogues of at most this many operations stand behind every accumulator; longer ones once, in a loop.
static constexpr int64_t kInlineInstructions = 6;

static RankedTensorType tensor(Value v) { return cast<RankedTensorType>(v.getType()); }

static std::optional<Parts> partsOf(Operation *contraction) {
  auto product = dyn_cast<ContractOp>(contraction);
  return product ? nn::partsOf(product) : std::nullopt;
}

/// Whether all of the body runs at the points of the contraction's result, or of its parts: what depends on it is
/// elementwise, what does not is cheap.
static bool isEpilogue(Block &body, Operation *contraction) {
  auto parts = partsOf(contraction);
  auto type = parts ? parts->type : tensor(contraction->getResult(0));
  auto sameDomain = [&](Value v) {
    return tensor(v).getShape() == type.getShape() && physicalOrder(tensor(v)) == physicalOrder(type);
  };
  if (!llvm::all_of(body.getTerminator()->getOperands(), sameDomain))
    return false;
  llvm::SmallPtrSet<Operation *, 8> dependent{contraction}, cuts;
  if (parts) {
    cuts.insert(*contraction->user_begin());
    for (auto [slice, part] : parts->slices)
      cuts.insert(slice);
    dependent.insert(cuts.begin(), cuts.end());
  }
  for (Operation &op : body.without_terminator()) {
    if (&op == contraction || cuts.contains(&op))
      continue;
    if (op.getNumResults() != 1)
      return false;
    if (llvm::any_of(op.getOperands(), [&](Value v) { return dependent.contains(v.getDefiningOp()); })) {
      if (!isa<ScalarOpInterface>(op))
        return false;
      dependent.insert(&op);
    } else if (auto cost = dyn_cast<CostOpInterface>(op);
               cost && cost.flops() > tensor(op.getResult(0)).getNumElements()) {
      return false;
    }
  }
  return true;
}

std::optional<ContractionKernel> ContractionKernel::match(Block &body, const Machine &machine) {
  ContractionKernel kernel;
  kernel.body = &body;
  kernel.machine = &machine;
  SmallVector<ContractionProblem> problems;
  for (Operation &op : body.without_terminator()) {
    SmallVector<ContractionProblem> described = nn::describe(&op);
    if (described.empty())
      continue;
    if (kernel.op)
      return std::nullopt;
    kernel.op = &op;
    problems = std::move(described);
  }
  if (!kernel.op || !isEpilogue(body, kernel.op))
    return std::nullopt;
  Type element = tensor(kernel.op->getResult(0)).getElementType();
  if (!element.isF32() && !element.isF64())
    return std::nullopt;
  if (!llvm::all_of(kernel.op->getOperands(), [](Value v) { return isa<BlockArgument>(v); }))
    return std::nullopt;
  TileFacts facts;
  facts.lanes = machine.lanes(element.getIntOrFloatBitWidth());
  if (facts.lanes < 2)
    return std::nullopt;
  facts.registers = machine.vectorRegisters();
  facts.l1Bytes = machine.l1Bytes();
  facts.l2Bytes = machine.l2Bytes();
  for (ContractionProblem &problem : problems) {
    std::optional<TilePlan> plan = planTile(problem, facts);
    if (!plan)
      return std::nullopt;
    kernel.parts.push_back({std::move(problem), std::move(*plan)});
  }
  return kernel;
}

int64_t ContractionKernel::tasks() const {
  int64_t n = 0;
  for (const Part &part : parts)
    n += part.plan.tasks;
  return n;
}

int64_t ContractionKernel::workspace() const {
  int64_t bytes = 0;
  for (const Part &part : parts)
    bytes += part.plan.tasks * part.plan.taskWorkspace;
  return bytes;
}

KernelPlan ContractionKernel::plan() const {
  KernelPlan plan;
  plan.tasks = tasks();
  plan.workspace = workspace();
  // An operand may share memory with a result where it is read only at the point that is written.
  llvm::SetVector<Value> memory;
  memory.insert(op->getResult(0));
  SmallVector<Value> values(body->getTerminator()->getOperands());
  Probe reads = probe(values, memory, *machine);
  SmallVector<bool> taken(values.size(), false);
  for (BlockArgument argument : body->getArguments()) {
    bool elsewhere = llvm::is_contained(op->getOperands(), argument), read = false;
    for (const Read &r : reads.reads) {
      if (r.tensor != argument)
        continue;
      read = true;
      for (auto [k, form] : llvm::enumerate(r.at))
        elsewhere |=
            form.constant != 0 || form.terms.size() != 1 || form.terms[0].first != k || form.terms[0].second != 1;
    }
    if (!read || elsewhere)
      continue;
    for (auto [j, value] : llvm::enumerate(values))
      if (!taken[j] && value.getType() == argument.getType()) {
        plan.inplace.push_back({argument.getArgNumber(), int64_t(j)});
        taken[j] = true;
        break;
      }
  }
  return plan;
}

std::string ContractionKernel::describe() const {
  std::string text;
  for (const Part &part : parts)
    text += part.plan.describe() + "\n";
  return text;
}

namespace {
/// Computes the body's results from elements of the contraction and stores them.
class Epilogue {
public:
  Epilogue(KernelFrame &frame, Operation *op) : frame(frame), op(op), b(frame.b), loc(frame.loc), emitter(b, loc) {
    auto narrow = [&](Value v) {
      if (tensor(v).getNumElements() > 1)
        narrowest = std::min<int64_t>(narrowest, memoryType(tensor(v).getElementType()).getIntOrFloatBitWidth());
    };
    for (auto [argument, memory] : llvm::zip(frame.body.getArguments(), frame.flatOperands)) {
      emitter.place(argument, memory);
      narrow(argument);
    }
    for (Value value : frame.body.getTerminator()->getOperands())
      narrow(value);
    auto bind = [&](Value v, int64_t part) {
      emitter.bind(v, [this, part](ElementEmitter &, ArrayRef<Coordinate>) { return current[part]; });
    };
    bind(op->getResult(0), 0);
    if (auto cut = partsOf(op)) {
      parts = cut->count;
      for (auto [slice, part] : cut->slices)
        bind(slice.getY(), part);
    }
  }

  void operator()(ArrayRef<Value> elements, ArrayRef<Coordinate> at, int64_t active) {
    int64_t lanes = cast<VectorType>(elements.front().getType()).getNumElements();
    bool masks = frame.machine.facts.maskedBits && narrowest >= frame.machine.facts.maskedBits;
    if (active > 1 && (active == lanes || masks))
      return piece(elements, at, lanes, active);
    // Narrower pieces, the wide ones first.
    SmallVector<Coordinate> from(at);
    int64_t done = 0;
    for (int64_t width = lanes; width > 0; width /= 2)
      while (active - done >= width) {
        auto cut = [&](Value v) -> Value {
          if (width == 1)
            return vector::ExtractOp::create(b, loc, v, done);
          return vector::ExtractStridedSliceOp::create(b, loc, v, ArrayRef<int64_t>{done}, ArrayRef<int64_t>{width},
                                                       ArrayRef<int64_t>{1});
        };
        SmallVector<Coordinate> here;
        for (const Coordinate &c : from)
          here.push_back({emitter.affine({c.base, 0}, 1, c.lane * done).base, width == 1 ? 0 : c.lane});
        piece(llvm::map_to_vector(elements, cut), here, width, width);
        done += width;
      }
  }

  /// Asks for the lines of what a vector of elements reads and writes. For an epilogue that does nothing else.
  void ask(ArrayRef<Coordinate> at, int64_t lanes) {
    Type vector = VectorType::get({lanes}, tensor(op->getResult(0)).getElementType());
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(vector));
    emitter.asksOnly = true;
    piece(SmallVector<Value>(parts, zero), at, lanes, lanes);
  }

private:
  void piece(ArrayRef<Value> elements, ArrayRef<Coordinate> at, int64_t lanes, int64_t active) {
    current.assign(elements.begin(), elements.end());
    emitter.setLanes(lanes, active);
    SmallVector<Value> values;
    auto yielded = frame.body.getTerminator()->getOperands();
    for (Value v : yielded)
      values.push_back(emitter.element(v, at));
    for (auto [v, value, memory] : llvm::zip(yielded, values, frame.flatResults))
      emitter.store(value, tensor(v), memory, at);
    emitter.setLanes(1, 1);
  }

  KernelFrame &frame;
  Operation *op;
  OpBuilder &b;
  Location loc;
  ElementEmitter emitter;
  int64_t parts = 1;
  SmallVector<Value> current; ///< elements of the result, one of each part
  int64_t narrowest = 64;     ///< bits of the narrowest tensor in memory
};
} // namespace

void ContractionKernel::emit(KernelFrame &frame) const {
  OpBuilder &b = frame.b;
  Location loc = frame.loc;
  auto constant = [&](int64_t v) -> Value { return arith::ConstantIndexOp::create(b, loc, v); };
  // A kernel may have been given another number of tasks than the plan has.
  auto scaled = [&](Value task) -> Value {
    if (frame.tasks == tasks())
      return task;
    return arith::DivUIOp::create(b, loc, arith::MulIOp::create(b, loc, task, constant(tasks())),
                                  constant(frame.tasks));
  };
  Value lo = scaled(frame.lo), hi = scaled(frame.hi);
  auto within = [&](Value task, int64_t first, int64_t count) -> Value {
    if (parts.size() == 1)
      return task;
    Value from = arith::MaxSIOp::create(b, loc, arith::SubIOp::create(b, loc, task, constant(first)), constant(0));
    return arith::MinSIOp::create(b, loc, from, constant(count));
  };
  auto flat = [&](unsigned operand) {
    return frame.flatOperands[cast<BlockArgument>(op->getOperand(operand)).getArgNumber()];
  };
  llvm::SetVector<Value> memory;
  memory.insert(op->getResult(0));
  SmallVector<Value> values(body->getTerminator()->getOperands());
  bool plain = llvm::all_of(values, [&](Value v) { return v == op->getResult(0); });
  bool inlineResults = plain || probe(values, memory, *machine).instructions <= kInlineInstructions;
  int64_t firstTask = 0, workspaceOffset = 0;
  for (const Part &part : parts) {
    Epilogue epilogue(frame, op), lines(frame, op);
    ContractionCode code{b,
                         loc,
                         part.problem,
                         part.plan,
                         tensor(op->getResult(0)).getElementType(),
                         flat(0),
                         flat(1),
                         frame.workspace,
                         within(lo, firstTask, part.plan.tasks),
                         within(hi, firstTask, part.plan.tasks),
                         [&](ArrayRef<Value> v, ArrayRef<Coordinate> at, int64_t active) { epilogue(v, at, active); },
                         [&](ArrayRef<Coordinate> at) { lines.ask(at, part.plan.lanes); },
                         inlineResults,
                         workspaceOffset};
    switch (part.plan.form) {
    case ContractionForm::Outer:
      emitOuterForm(code);
      break;
    case ContractionForm::Packed:
      emitPackedForm(code);
      break;
    case ContractionForm::Dot:
      emitDotForm(code);
      break;
    }
    firstTask += part.plan.tasks;
    workspaceOffset += part.plan.tasks * part.plan.taskWorkspace;
  }
}
