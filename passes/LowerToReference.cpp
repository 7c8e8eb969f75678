// nn -> linalg on tensors, op by op (`emitReference`): the slow and obviously right way to run a module, and a door to
// other MLIR tools. Sees through groups, kernels and launches; layouts vanish, bytes become i8. Knows no op's meaning
// itself.
#include "passes/Passes.h"
#include "passes/WidenHalves.h"

#include "dialect/NN.h"
#include "dialect/reference/Nest.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/Pass.h"

namespace nn {
#define GEN_PASS_DEF_LOWERTOREFERENCEPASS
#include "passes/Passes.h.inc"
} // namespace nn

using namespace mlir;
using namespace nn;

/// The physical shape of a tensor: its extents from the outermost dimension in memory to the innermost.
static SmallVector<int64_t> physicalShape(RankedTensorType type) {
  return llvm::map_to_vector(physicalOrder(type), [&](int64_t d) { return type.getDimSize(d); });
}

/// The elements of `value`, as they lie in memory with type `from`, seen as a tensor of type `to`: what a launch does
/// where equal kernels are shared between tensors of different shapes.
static Value reinterpreted(OpBuilder &b, Location loc, Value value, RankedTensorType from, RankedTensorType to) {
  if (from == to)
    return value;
  auto transposed = [&](Value v, ArrayRef<int64_t> order, ArrayRef<int64_t> shape) -> Value {
    if (llvm::equal(order, llvm::seq<int64_t>(0, order.size())))
      return v;
    auto type = cast<RankedTensorType>(v.getType()).clone(shape);
    Value empty = tensor::EmptyOp::create(b, loc, shape, type.getElementType());
    return linalg::TransposeOp::create(b, loc, v, empty, order).getResult()[0];
  };
  Value memory = transposed(value, physicalOrder(from), physicalShape(from));
  Value view = reference::reshaped(b, loc, memory, physicalShape(to));
  SmallVector<int64_t> back(to.getRank());
  for (auto [k, d] : llvm::enumerate(physicalOrder(to)))
    back[d] = k;
  return transposed(view, back, to.getShape());
}

namespace {

/// Rebuilds the bodies of one module's functions.
class Lowering {
public:
  explicit Lowering(ModuleOp module) : symbols(module) {}

  LogicalResult function(func::FuncOp f) {
    if (!llvm::hasSingleElement(f.getBody()))
      return f.emitError("has not one block, which is what the reference lowering knows");
    OpBuilder b(f.getContext());
    SmallVector<Type> in =
        llvm::map_to_vector(f.getArgumentTypes(), [](Type t) -> Type { return reference::plain(t); });
    SmallVector<Type> out = llvm::map_to_vector(f.getResultTypes(), [](Type t) -> Type { return reference::plain(t); });
    Block &from = f.front();
    Block *body = b.createBlock(&f.getBody(), f.end());
    IRMapping values;
    for (auto [argument, type] : llvm::zip_equal(from.getArguments(), in))
      values.map(argument, body->addArgument(type, argument.getLoc()));
    LogicalResult done = block(b, from, values);
    if (succeeded(done))
      func::ReturnOp::create(b, from.getTerminator()->getLoc(), operands(from.getTerminator(), values));
    from.erase();
    f.setType(b.getFunctionType(in, out));
    for (NamedAttribute attribute : llvm::to_vector(f->getDiscardableAttrs()))
      f->removeDiscardableAttr(attribute.getName());
    return done;
  }

private:
  static SmallVector<Value> operands(Operation *op, IRMapping &values) {
    return llvm::map_to_vector(op->getOperands(), [&](Value v) { return values.lookup(v); });
  }

  /// The ops before the terminator.
  LogicalResult block(OpBuilder &b, Block &from, IRMapping &values) {
    for (Operation &op : from.without_terminator()) {
      auto scan = dyn_cast<ScanOp>(op);
      FailureOr<SmallVector<Value>> results = scan ? looped(b, scan, values) : operation(b, &op, operands(&op, values));
      if (failed(results))
        return failure();
      values.map(op.getResults(), *results);
    }
    return success();
  }

  FailureOr<SmallVector<Value>> operation(OpBuilder &b, Operation *op, ValueRange in) {
    if (auto described = dyn_cast<ReferenceOpInterface>(op))
      return described.emitReference(b, in);
    if (auto call = dyn_cast<CallOp>(op)) {
      auto types = llvm::map_to_vector(op->getResultTypes(), [](Type t) -> Type { return reference::plain(t); });
      return SmallVector<Value>(func::CallOp::create(b, op->getLoc(), call.getCallee(), types, in).getResults());
    }
    if (auto group = dyn_cast<GroupOp>(op))
      return inlined(b, group.getBody().front(), in);
    if (auto launch = dyn_cast<LaunchOp>(op))
      return launched(b, launch, in);
    return op->emitOpError("has no reference lowering")
           << (isa<ValueAndGradOp>(op) ? ": nn-autodiff must run first" : "");
  }

  /// Element `step` of the first dimension of a tensor.
  struct Place {
    Place(OpBuilder &b, Value stack, Value step) {
      for (int64_t extent : cast<RankedTensorType>(stack.getType()).getShape()) {
        offsets.push_back(b.getIndexAttr(0));
        sizes.push_back(b.getIndexAttr(extent));
        strides.push_back(b.getIndexAttr(1));
      }
      offsets[0] = step;
      sizes[0] = b.getIndexAttr(1);
    }
    SmallVector<OpFoldResult> offsets, sizes, strides;
  };

  /// A loop that carries the stacks of emitted values as well.
  FailureOr<SmallVector<Value>> looped(OpBuilder &b, ScanOp scan, IRMapping &values) {
    Location loc = scan.getLoc();
    Block &body = scan.getBody().front();
    unsigned emitted = scan.emitted();
    SmallVector<Value> carried;
    for (Value stack : scan.getOutputs().take_front(emitted)) {
      RankedTensorType type = reference::plain(stack.getType());
      carried.push_back(tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType()));
    }
    for (Value init : scan.getInits())
      carried.push_back(values.lookup(init));
    Value one = reference::index(b, loc, 1), trips = reference::index(b, loc, scan.getTrips());
    auto loop = scf::ForOp::create(b, loc, reference::index(b, loc, 0), trips, one, carried);
    OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
    Value step = loop.getInductionVar();
    if (scan.getReversed())
      step = arith::SubIOp::create(inner, loc, arith::SubIOp::create(inner, loc, trips, one), step);
    Value number = arith::IndexCastOp::create(inner, loc, inner.getI32Type(), step);
    auto numberType = RankedTensorType::get({}, inner.getI32Type());
    IRMapping here;
    here.map(scan.step(), tensor::FromElementsOp::create(inner, loc, numberType, number).getResult());
    here.map(scan.carriedArguments(), loop.getRegionIterArgs().drop_front(emitted));
    for (auto [sequence, element] : llvm::zip(scan.getSequences(), scan.elementArguments())) {
      Value all = values.lookup(sequence);
      Place place(inner, all, step);
      here.map(element, tensor::ExtractSliceOp::create(inner, loc, reference::plain(element.getType()), all,
                                                       place.offsets, place.sizes, place.strides)
                            .getResult());
    }
    for (auto [outside, inside] : llvm::zip(scan.getShared(), scan.sharedArguments()))
      here.map(inside, values.lookup(outside));
    if (failed(block(inner, body, here)))
      return failure();
    SmallVector<Value> next = operands(body.getTerminator(), here);
    for (unsigned k = 0; k < emitted; ++k) {
      Value stack = loop.getRegionIterArg(k);
      Place place(inner, stack, step);
      next[k] = tensor::InsertSliceOp::create(inner, loc, next[k], stack, place.offsets, place.sizes, place.strides);
    }
    scf::YieldOp::create(inner, loc, next);
    return SmallVector<Value>(loop.getResults());
  }

  FailureOr<SmallVector<Value>> inlined(OpBuilder &b, Block &body, ValueRange in) {
    IRMapping values;
    values.map(body.getArguments(), in);
    if (failed(block(b, body, values)))
      return failure();
    return operands(body.getTerminator(), values);
  }

  FailureOr<SmallVector<Value>> launched(OpBuilder &b, LaunchOp launch, ValueRange in) {
    Block &body = symbols.lookup<KernelOp>(launch.getKernel()).getBody().front();
    auto tensorType = [](Value v) { return cast<RankedTensorType>(v.getType()); };
    SmallVector<Value> inner;
    for (auto [value, given, wanted] : llvm::zip_equal(in, launch.getInputs(), body.getArguments()))
      inner.push_back(reinterpreted(b, launch.getLoc(), value, tensorType(given), tensorType(wanted)));
    FailureOr<SmallVector<Value>> results = inlined(b, body, inner);
    if (failed(results))
      return failure();
    for (auto [value, given, wanted] :
         llvm::zip_equal(*results, body.getTerminator()->getOperands(), launch.getOutputs()))
      value = reinterpreted(b, launch.getLoc(), value, tensorType(given), tensorType(wanted));
    return results;
  }

  SymbolTable symbols;
};

struct LowerToReferencePass : nn::impl::LowerToReferencePassBase<LowerToReferencePass> {
  void runOnOperation() override {
    Lowering lowering(getOperation());
    eraseUnused();
    widenHalves(getOperation());
    for (auto f : getOperation().getOps<func::FuncOp>())
      if (failed(lowering.function(f)))
        return signalPassFailure();
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<KernelOp>()))
      kernel.erase();
  }

private:
  /// Private functions that no call names: written gradients whose calls are made, bodies that were inlined.
  void eraseUnused() {
    bool changed = true;
    while (changed) {
      changed = false;
      llvm::SmallDenseSet<StringRef> called;
      getOperation().walk([&](CallOp call) { called.insert(call.getCallee()); });
      for (auto f : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
        if (f.isPrivate() && !called.contains(f.getName())) {
          f.erase();
          changed = true;
        }
    }
  }
};

} // namespace

std::unique_ptr<Pass> nn::createLowerToReferencePass() { return std::make_unique<LowerToReferencePass>(); }
