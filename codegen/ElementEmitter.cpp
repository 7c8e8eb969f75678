// Emits elements of tensors: constants and calls of the ops' own formulas, loads by stride, guards as branches or
// masks. No op of the dialect is known here by name.
#include "codegen/ElementEmitter.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/SaveAndRestore.h"
#include <tuple>

using namespace mlir;
using namespace nn;

Type nn::memoryType(Type element) {
  if (element.isInteger(1))
    return IntegerType::get(element.getContext(), 8);
  return ElementBuilder::type(element, 1);
}

void ElementEmitter::place(Value tensor, Value memory) { placed[tensor] = memory; }
void ElementEmitter::displace(Value tensor) { placed.erase(tensor); }
void ElementEmitter::bind(Value tensor, Callback callback) { bound[tensor] = std::move(callback); }
void ElementEmitter::unbind(Value tensor) { bound.erase(tensor); }

bool ElementEmitter::Key::operator<(const Key &o) const {
  return std::tie(tensor, mask, lanes, active, at) < std::tie(o.tensor, o.mask, o.lanes, o.active, o.at);
}

/// Coordinates are the same where their linear forms are.
ElementEmitter::Key ElementEmitter::key(Value tensor, ArrayRef<Coordinate> at) {
  Key k{tensor.getAsOpaquePointer(), mask ? mask.getAsOpaquePointer() : nullptr, lanes, active, {}};
  for (const Coordinate &c : at) {
    LinearForm form = forms.of(c.base);
    k.at.push_back(c.lane);
    k.at.push_back(form.constant);
    k.at.push_back(int64_t(form.terms.size()));
    for (auto [leaf, factor] : form.terms) {
      k.at.push_back(leaf);
      k.at.push_back(factor);
    }
  }
  return k;
}

bool ElementEmitter::isVisible(Value v) const {
  return v.getParentRegion()->isAncestor(b.getInsertionBlock()->getParent());
}

Value ElementEmitter::element(Value tensor, ArrayRef<Coordinate> at) {
  Key k = key(tensor, at);
  if (auto it = memo.find(k); it != memo.end() && isVisible(it->second))
    return it->second;
  Value value;
  if (lanes > 1 && llvm::all_of(at, [](const Coordinate &c) { return c.lane == 0; })) {
    // All lanes are the same element. Under a mask it may not exist: then it is read only if some lane wants it.
    int64_t width = lanes, count = active;
    Value outer = mask, scalar;
    auto one = [&] {
      lanes = active = 1;
      mask = nullptr;
      Value v = element(tensor, at);
      lanes = width, active = count;
      mask = outer;
      return v;
    };
    if (outer) {
      Value any = vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, outer);
      Type scalarType = type(cast<RankedTensorType>(tensor.getType()).getElementType(), 1);
      auto branch = scf::IfOp::create(b, loc, scalarType, any, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(&branch.getThenRegion().front());
      scf::YieldOp::create(b, loc, one());
      b.setInsertionPointToStart(&branch.getElseRegion().front());
      scf::YieldOp::create(b, loc, Value(arith::ConstantOp::create(b, loc, b.getZeroAttr(scalarType))));
      scalar = branch.getResult(0);
    } else {
      scalar = one();
    }
    value = vector::BroadcastOp::create(b, loc, VectorType::get({width}, scalar.getType()), scalar);
  } else {
    value = compute(tensor, at);
  }
  memo[k] = value;
  return value;
}

Value ElementEmitter::compute(Value tensor, ArrayRef<Coordinate> at) {
  if (auto it = bound.find(tensor); it != bound.end()) {
    Callback callback = it->second;
    Value value = callback(*this, at);
    return value ? value : laneByLane(tensor, at);
  }
  auto tensorType = cast<RankedTensorType>(tensor.getType());
  if (auto it = placed.find(tensor); it != placed.end())
    return load(tensorType, it->second, at);
  Operation *op = tensor.getDefiningOp();
  assert(op && "an operand of the kernel has no place");
  llvm::SaveAndRestore<Location> here(loc, op->getLoc());
  if (auto scalar = dyn_cast<ScalarOpInterface>(op)) {
    SmallVector<Value> in;
    for (Value operand : op->getOperands())
      in.push_back(element(operand, at));
    return scalar.emitScalar(b, in, type(tensorType.getElementType()));
  }
  if (isa<ReductionOpInterface>(op))
    return emitReduction(*this, op, at);
  Value value = cast<ElementOpInterface>(op).emitElement(*this, at);
  return value ? value : laneByLane(tensor, at);
}

Value ElementEmitter::laneByLane(Value tensor, ArrayRef<Coordinate> at) {
  int64_t width = lanes, count = active;
  Value outer = mask;
  Type elementType = type(cast<RankedTensorType>(tensor.getType()).getElementType(), 1);
  SmallVector<Value> values;
  for (int64_t i = 0; i < width; ++i) {
    if (i >= count) {
      values.push_back(arith::ConstantOp::create(b, loc, b.getZeroAttr(elementType)));
      continue;
    }
    SmallVector<Coordinate> one;
    for (const Coordinate &c : at)
      one.push_back({affine({c.base, 0}, 1, c.lane * i).base, 0});
    Value wanted = outer ? Value(vector::ExtractOp::create(b, loc, outer, i)) : Value();
    mask = nullptr;
    lanes = active = 1;
    values.push_back(wanted ? guarded(wanted, elementType, [&] { return element(tensor, one); })
                            : element(tensor, one));
    lanes = width, active = count;
    mask = outer;
  }
  return vector::FromElementsOp::create(b, loc, VectorType::get({width}, elementType), values);
}

// ---- memory

int64_t ElementEmitter::laneStride(RankedTensorType type, ArrayRef<Coordinate> at) {
  int64_t stride = 0;
  for (auto [c, step] : llvm::zip(at, physicalStrides(type)))
    stride += c.lane * step;
  return stride;
}

LinearForm ElementEmitter::position(RankedTensorType type, ArrayRef<Coordinate> at) {
  LinearForm sum;
  for (auto [c, stride] : llvm::zip(at, physicalStrides(type)))
    sum = sum + forms.of(c.base) * stride;
  return sum;
}

Value ElementEmitter::activeMask() {
  SmallVector<bool> on(lanes, false);
  std::fill(on.begin(), on.begin() + active, true);
  auto maskType = VectorType::get({lanes}, b.getI1Type());
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(maskType, ArrayRef<bool>(on)));
}

/// The lanes that may be touched; null: all.
Value ElementEmitter::currentMask() {
  if (active == lanes)
    return mask;
  Value some = activeMask();
  return mask ? Value(arith::AndIOp::create(b, loc, mask, some)) : some;
}

Value ElementEmitter::load(RankedTensorType tensorType, Value memory, ArrayRef<Coordinate> at) {
  Type inMemory = cast<MemRefType>(memory.getType()).getElementType();
  LinearForm start = position(tensorType, at);
  Value value;
  if (asksOnly && lanes > 1 && laneStride(tensorType, at) == 1 && !mask) {
    memref::PrefetchOp::create(b, loc, memory, forms.build(b, loc, start), /*isWrite=*/false, /*localityHint=*/2,
                               /*isDataCache=*/true);
    auto type = VectorType::get({lanes}, inMemory);
    return arith::ConstantOp::create(b, loc, type, b.getZeroAttr(type));
  }
  if (lanes == 1) {
    value = memref::LoadOp::create(b, loc, memory, forms.build(b, loc, start));
  } else if (laneStride(tensorType, at) == 1) {
    auto vectorType = VectorType::get({lanes}, inMemory);
    Value first = forms.build(b, loc, start);
    if (Value on = currentMask()) {
      Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(vectorType));
      value = vector::MaskedLoadOp::create(b, loc, vectorType, memory, first, on, zero);
    } else {
      value = vector::LoadOp::create(b, loc, vectorType, memory, first);
    }
  } else {
    int64_t stride = laneStride(tensorType, at);
    SmallVector<Value> values;
    for (int64_t i = 0; i < lanes; ++i) {
      if (i >= active) {
        values.push_back(arith::ConstantOp::create(b, loc, b.getZeroAttr(inMemory)));
        continue;
      }
      LinearForm offset;
      offset.constant = i * stride;
      Value where = forms.build(b, loc, start + offset);
      // A lane that is masked off reads element 0, which always exists.
      if (mask)
        where = arith::SelectOp::create(b, loc, vector::ExtractOp::create(b, loc, mask, i), where, index(0));
      values.push_back(memref::LoadOp::create(b, loc, memory, where));
    }
    value = vector::FromElementsOp::create(b, loc, VectorType::get({lanes}, inMemory), values);
  }
  if (!tensorType.getElementType().isInteger(1))
    return value;
  return arith::TruncIOp::create(b, loc, type(b.getI1Type()), value);
}

void ElementEmitter::store(Value value, RankedTensorType tensorType, Value memory, ArrayRef<Coordinate> at) {
  Type inMemory = cast<MemRefType>(memory.getType()).getElementType();
  if (tensorType.getElementType().isInteger(1))
    value = arith::ExtUIOp::create(b, loc, lanes == 1 ? inMemory : VectorType::get({lanes}, inMemory), value);
  LinearForm start = position(tensorType, at);
  if (lanes == 1) {
    memref::StoreOp::create(b, loc, value, memory, forms.build(b, loc, start));
    return;
  }
  int64_t stride = laneStride(tensorType, at);
  if (stride == 1) {
    Value first = forms.build(b, loc, start);
    if (asksOnly) {
      memref::PrefetchOp::create(b, loc, memory, first, /*isWrite=*/true, /*localityHint=*/3, /*isDataCache=*/true);
      return;
    }
    if (active < lanes)
      vector::MaskedStoreOp::create(b, loc, memory, first, activeMask(), value);
    else
      vector::StoreOp::create(b, loc, value, memory, first);
    return;
  }
  for (int64_t i = 0; i < active; ++i) {
    LinearForm offset;
    offset.constant = i * stride;
    memref::StoreOp::create(b, loc, vector::ExtractOp::create(b, loc, value, i), memory,
                            forms.build(b, loc, start + offset));
  }
}

// ---- guards and loops

/// The scalar that all lanes of a condition share; null where they may differ.
static Value uniform(OpBuilder &b, Location loc, Value condition) {
  if (!isa<VectorType>(condition.getType()))
    return condition;
  if (auto spread = condition.getDefiningOp<vector::BroadcastOp>())
    return isa<VectorType>(spread.getSource().getType()) ? Value() : spread.getSource();
  DenseElementsAttr constant;
  if (matchPattern(condition, m_Constant(&constant)) && constant.isSplat())
    return arith::ConstantOp::create(b, loc, cast<TypedAttr>(constant.getSplatValue<Attribute>()));
  Operation *op = condition.getDefiningOp();
  if (!op || !isa<arith::AndIOp, arith::CmpIOp, arith::SubIOp, arith::AddIOp, arith::MulIOp>(op))
    return {};
  Value a = uniform(b, loc, op->getOperand(0)), c = a ? uniform(b, loc, op->getOperand(1)) : Value();
  if (!c)
    return {};
  if (auto compare = dyn_cast<arith::CmpIOp>(op))
    return arith::CmpIOp::create(b, loc, compare.getPredicate(), a, c);
  return b.create(loc, op->getName().getIdentifier(), ValueRange{a, c}, a.getType())->getResult(0);
}

static void conjuncts(Value condition, SmallVectorImpl<Value> &parts) {
  if (auto both = condition.getDefiningOp<arith::AndIOp>()) {
    conjuncts(both.getLhs(), parts);
    conjuncts(both.getRhs(), parts);
    return;
  }
  parts.push_back(condition);
}

Value ElementEmitter::guarded(Value condition, Type valueType, llvm::function_ref<Value()> then) {
  // Parts that all lanes share become a branch, the others a mask; what the loops' ranges prove disappears.
  SmallVector<Value> parts;
  conjuncts(condition, parts);
  Value branch, lanewise;
  auto join = [&](Value &all, Value part) { all = all ? Value(arith::AndIOp::create(b, loc, all, part)) : part; };
  for (Value part : parts) {
    auto known = forms.decide(part);
    if (known && !*known)
      return arith::ConstantOp::create(b, loc, b.getZeroAttr(valueType));
    if (known)
      continue;
    if (Value scalar = uniform(b, loc, part))
      join(branch, scalar);
    else
      join(lanewise, part);
  }
  auto body = [&]() -> Value {
    if (!lanewise)
      return then();
    Value outer = mask;
    mask = outer ? Value(arith::AndIOp::create(b, loc, outer, lanewise)) : lanewise;
    Value value = then();
    mask = outer;
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(valueType));
    return arith::SelectOp::create(b, loc, lanewise, value, zero);
  };
  if (!branch)
    return body();
  auto ifOp = scf::IfOp::create(b, loc, valueType, branch, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&ifOp.getThenRegion().front());
  scf::YieldOp::create(b, loc, body());
  b.setInsertionPointToStart(&ifOp.getElseRegion().front());
  scf::YieldOp::create(b, loc, Value(arith::ConstantOp::create(b, loc, b.getZeroAttr(valueType))));
  return ifOp.getResult(0);
}

SmallVector<Value> ElementEmitter::loop(int64_t lo, int64_t hi, ValueRange init,
                                        llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  if (hi - lo > unroll)
    return ElementBuilder::loop(lo, hi, init, body);
  SmallVector<Value> carried(init);
  for (int64_t i = lo; i < hi; ++i)
    carried = body(index(i), carried);
  return carried;
}
