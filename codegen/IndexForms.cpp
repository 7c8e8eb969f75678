// Linear forms and ranges of index arithmetic, and the conditions that they decide.
#include "codegen/IndexForms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace nn;

LinearForm nn::operator+(const LinearForm &a, const LinearForm &b) {
  LinearForm sum;
  sum.constant = a.constant + b.constant;
  auto i = a.terms.begin(), j = b.terms.begin();
  while (i != a.terms.end() || j != b.terms.end()) {
    if (j == b.terms.end() || (i != a.terms.end() && i->first < j->first)) {
      sum.terms.push_back(*i++);
    } else if (i == a.terms.end() || j->first < i->first) {
      sum.terms.push_back(*j++);
    } else {
      if (int64_t factor = i->second + j->second)
        sum.terms.push_back({i->first, factor});
      ++i, ++j;
    }
  }
  return sum;
}

LinearForm nn::operator*(const LinearForm &a, int64_t factor) {
  if (factor == 0)
    return {};
  LinearForm product = a;
  product.constant *= factor;
  for (auto &term : product.terms)
    term.second *= factor;
  return product;
}

LinearForm IndexForms::leafForm(Value v) {
  auto [it, isNew] = numbers.try_emplace(v, leaves.size());
  if (isNew) {
    leaves.push_back(v);
    ranges.emplace_back();
    auto argument = dyn_cast<BlockArgument>(v);
    auto loop = argument ? dyn_cast_or_null<scf::ForOp>(argument.getOwner()->getParentOp()) : scf::ForOp();
    if (loop && loop.getInductionVar() == v) {
      auto lo = getConstantIntValue(loop.getLowerBound()), hi = getConstantIntValue(loop.getUpperBound());
      if (lo && hi)
        ranges.back() = IndexRange{*lo, *hi - 1};
    }
  }
  LinearForm form;
  form.terms.push_back({it->second, 1});
  return form;
}

void IndexForms::assume(Value index, int64_t lo, int64_t hi) {
  if (isa_and_nonnull<arith::ConstantOp>(index.getDefiningOp()))
    return;
  LinearForm form = leafForm(index);
  forms[index] = form;
  ranges[form.terms[0].first] = IndexRange{lo, hi};
}

std::optional<IndexRange> IndexForms::range(const LinearForm &form) const {
  IndexRange r{form.constant, form.constant};
  for (auto [leaf, factor] : form.terms) {
    if (!ranges[leaf])
      return std::nullopt;
    r.lo += factor * (factor > 0 ? ranges[leaf]->lo : ranges[leaf]->hi);
    r.hi += factor * (factor > 0 ? ranges[leaf]->hi : ranges[leaf]->lo);
  }
  return r;
}

/// Splits off the terms that `by` divides; what remains has a known quotient where it lies within one multiple of `by`.
std::optional<LinearForm> IndexForms::quotient(const LinearForm &form, int64_t by, bool remainder) const {
  auto whole = range(form);
  if (by <= 0 || !whole || whole->lo < 0)
    return std::nullopt;
  LinearForm multiple, rest;
  for (auto term : form.terms)
    (term.second % by == 0 ? multiple : rest).terms.push_back(term);
  rest.constant = form.constant;
  auto r = range(rest);
  auto floorDiv = [&](int64_t a) { return a >= 0 ? a / by : -((-a + by - 1) / by); };
  int64_t q = floorDiv(r->lo);
  if (q != floorDiv(r->hi))
    return std::nullopt;
  if (remainder) {
    rest.constant -= q * by;
    return rest;
  }
  for (auto &term : multiple.terms)
    term.second /= by;
  multiple.constant = q;
  return multiple;
}

LinearForm IndexForms::take(Operation *op) {
  auto constant = [](Value v) { return getConstantIntValue(v); };
  Value a = op->getNumOperands() > 0 ? op->getOperand(0) : Value(),
        b = op->getNumOperands() > 1 ? op->getOperand(1) : Value();
  Value result = op->getResult(0);
  if (auto value = constant(result)) {
    LinearForm form;
    form.constant = *value;
    return form;
  }
  if (isa<arith::AddIOp>(op))
    return of(a) + of(b);
  if (isa<arith::SubIOp>(op))
    return of(a) + of(b) * -1;
  if (isa<arith::MulIOp>(op)) {
    LinearForm x = of(a), y = of(b);
    if (y.isConstant())
      return x * y.constant;
    if (x.isConstant())
      return y * x.constant;
  }
  bool divides = isa<arith::DivUIOp, arith::DivSIOp, arith::FloorDivSIOp>(op),
       rests = isa<arith::RemUIOp, arith::RemSIOp>(op);
  if (divides || rests) {
    LinearForm by = of(b);
    if (by.isConstant()) {
      LinearForm x = of(a);
      if (auto q = quotient(x, by.constant, rests))
        return *q;
      LinearForm leaf = leafForm(result);
      auto r = range(x);
      if (r && r->lo >= 0 && by.constant > 0)
        ranges[leaf.terms[0].first] = rests ? IndexRange{0, std::min(r->hi, by.constant - 1)}
                                            : IndexRange{r->lo / by.constant, r->hi / by.constant};
      return leaf;
    }
  }
  return leafForm(result);
}

LinearForm IndexForms::of(Value index) {
  if (auto it = forms.find(index); it != forms.end())
    return it->second;
  LinearForm form = index.getDefiningOp() ? take(index.getDefiningOp()) : leafForm(index);
  forms[index] = form;
  return form;
}

std::optional<IndexForms::Lanes> IndexForms::lanes(Value v) {
  if (v.getType().isIndex())
    return Lanes{of(v)};
  auto type = dyn_cast<VectorType>(v.getType());
  if (!type || !type.getElementType().isIndex())
    return std::nullopt;
  DenseIntElementsAttr constant;
  if (matchPattern(v, m_Constant(&constant))) {
    Lanes result{{}, INT64_MAX, INT64_MIN};
    for (const APInt &x : constant.getValues<APInt>()) {
      result.lo = std::min(result.lo, x.getSExtValue());
      result.hi = std::max(result.hi, x.getSExtValue());
    }
    return result;
  }
  if (auto spread = v.getDefiningOp<vector::BroadcastOp>())
    return spread.getSource().getType().isIndex() ? std::optional<Lanes>(Lanes{of(spread.getSource())}) : std::nullopt;
  if (auto add = v.getDefiningOp<arith::AddIOp>()) {
    auto a = lanes(add.getLhs()), b = lanes(add.getRhs());
    if (a && b)
      return Lanes{a->form + b->form, a->lo + b->lo, a->hi + b->hi};
  }
  return std::nullopt;
}

std::optional<bool> IndexForms::decide(Value condition) {
  APInt flag;
  if (matchPattern(condition, m_ConstantInt(&flag)))
    return !flag.isZero();
  if (auto both = condition.getDefiningOp<arith::AndIOp>()) {
    auto a = decide(both.getLhs()), b = decide(both.getRhs());
    if ((a && !*a) || (b && !*b))
      return false;
    return a && b ? a : std::nullopt;
  }
  if (auto spread = condition.getDefiningOp<vector::BroadcastOp>())
    return decide(spread.getSource());
  auto compare = condition.getDefiningOp<arith::CmpIOp>();
  if (!compare)
    return std::nullopt;
  auto a = lanes(compare.getLhs()), b = lanes(compare.getRhs());
  if (!a || !b)
    return std::nullopt;
  auto r = range(a->form + b->form * -1);
  if (!r)
    return std::nullopt;
  int64_t lo = r->lo + a->lo - b->hi, hi = r->hi + a->hi - b->lo;
  auto when = [](bool always, bool never) {
    return always ? std::optional(true) : never ? std::optional(false) : std::nullopt;
  };
  switch (compare.getPredicate()) {
  case arith::CmpIPredicate::eq:
    return when(lo == 0 && hi == 0, lo > 0 || hi < 0);
  case arith::CmpIPredicate::ne:
    return when(lo > 0 || hi < 0, lo == 0 && hi == 0);
  case arith::CmpIPredicate::slt:
    return when(hi < 0, lo >= 0);
  case arith::CmpIPredicate::sle:
    return when(hi <= 0, lo > 0);
  case arith::CmpIPredicate::sgt:
    return when(lo > 0, hi <= 0);
  case arith::CmpIPredicate::sge:
    return when(lo >= 0, hi < 0);
  default:
    return std::nullopt;
  }
}

Value IndexForms::build(OpBuilder &b, Location loc, const LinearForm &form) {
  Value sum;
  for (auto [number, factor] : form.terms) {
    Value term = leaves[number];
    if (factor != 1)
      term = arith::MulIOp::create(b, loc, term, arith::ConstantIndexOp::create(b, loc, factor));
    sum = sum ? Value(arith::AddIOp::create(b, loc, sum, term)) : term;
  }
  if (!sum)
    return arith::ConstantIndexOp::create(b, loc, form.constant);
  if (form.constant)
    sum = arith::AddIOp::create(b, loc, sum, arith::ConstantIndexOp::create(b, loc, form.constant));
  return sum;
}
