//===- BuiltinsProduct.cpp - Sums of products over named axes -----------------------------------------------------===//
//
// `contract("bij,bjk->bik", a, b)`: a letter names an axis, `...` those that have none. The tensors are multiplied
// where their letters meet, and summed over every letter that the result does not have (Einstein's summation).
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "frontend/BuiltinFunctions.h"
#include "frontend/Evaluator.h"
#include "llvm/ADT/StringExtras.h"

using namespace nn::frontend;
using llvm::SmallVector;
using llvm::StringRef;
using llvm::Twine;

namespace {

using Labels = SmallVector<int64_t>;

class Contraction {
public:
  explicit Contraction(BuiltinCall &call) : call(call), evaluator(call.evaluator), emitter(call.evaluator.emitter) {}

  Value build();

private:
  bool readArguments();
  bool unifyElements();
  bool readFormula();
  bool checkSigns(StringRef term);
  Labels labelsOf(StringRef term, int64_t ellipsis);
  bool readOperand(size_t k, StringRef term);
  bool report(const Twine &text);

  /// Whether the result or a tensor behind operand k has the label.
  bool isWanted(int64_t label, size_t k) const;
  void takeDiagonals(Tensor &x, Labels &labels);
  void sumUnwanted(Tensor &x, Labels &labels, llvm::function_ref<bool(int64_t)> isKept);

  /// The label of an axis, whose name is a letter or, behind `...`, its number from the end, below zero.
  int64_t labelOf(int64_t name) { return known.try_emplace(name, known.size()).first->second; }
  std::string nameOf(int64_t label) const;

  BuiltinCall &call;
  Evaluator &evaluator;
  Emitter &emitter;
  std::string formula;
  std::vector<Tensor> operands;
  std::vector<Labels> terms;
  Labels result;
  int64_t unnamed = 0; ///< axes behind `...`, at most
  std::map<int64_t, int64_t> known;
  std::map<int64_t, std::pair<int64_t, size_t>> extents; ///< of labels, and the operand that says so
};

} // namespace

bool Contraction::report(const Twine &text) {
  evaluator.error(call.span, "`contract`: " + text);
  return false;
}

std::string Contraction::nameOf(int64_t label) const {
  for (const auto &[name, its] : known)
    if (its == label && name > 0)
      return std::string(1, char(name));
  return "...";
}

bool Contraction::readArguments() {
  bool isGiven = false;
  for (const Value &value : call.rest) {
    if (value.isError())
      return false;
    if (value.kind() == Value::Kind::String && !isGiven) {
      for (char c : value.asText())
        if (c != ' ')
          formula += c;
      isGiven = true;
    } else if (value.isTensor()) {
      operands.push_back(value.asTensor());
    } else {
      return report("it multiplies tensors, and one of these is " + evaluator.names.describe(value));
    }
  }
  if (isGiven && !operands.empty())
    return true;
  evaluator.error(call.span, "`contract` wants a formula and at least one tensor")
      .hint("`contract(\"ij,jk->ik\", a, b)` is the product of two matrices");
  return false;
}

bool Contraction::unifyElements() {
  mlir::Type element = operands.front().element();
  for (const Tensor &operand : operands)
    if (!operand.weak)
      element = operand.element();
  for (auto [k, operand] : llvm::enumerate(operands)) {
    if (operand.weak && mlir::isa<mlir::FloatType>(element))
      operand = emitter.cast(operand, element);
    if (operand.element() == element && mlir::isa<mlir::FloatType>(element))
      continue;
    auto &message = evaluator.error(call.span, "`contract` multiplies tensors of one floating-point element type, and "
                                               "one of these is " +
                                                   evaluator.names.type(operand));
    evaluator.addTrail(message, Value::tensor(operand), "it");
    message.hint("`cast(x, f32)` converts");
    return false;
  }
  return true;
}

/// Whether a term has letters and `...` at most once, and nothing else.
bool Contraction::checkSigns(StringRef term) {
  if (term.count("...") > 1)
    return report("`...` stands once at most in `" + term + "`");
  StringRef dots = "...";
  size_t at = term.find(dots);
  for (size_t i = 0; i < term.size(); ++i) {
    if (i == at)
      i += dots.size();
    if (i >= term.size() || llvm::isAlpha(term[i]))
      continue;
    auto isTail = [](char c) { return (c & 0xC0) == 0x80; }; // of a character of several bytes
    StringRef sign = term.substr(i, 1 + term.drop_front(i + 1).take_while(isTail).size());
    return report("a letter names an axis and `...` those without a name, and there is `" + sign + "` in \"" + formula +
                  "\"");
  }
  return true;
}

/// The labels of `ij` or `...ij`, where `...` stands for `ellipsis` axes.
Labels Contraction::labelsOf(StringRef term, int64_t ellipsis) {
  Labels labels;
  while (!term.empty()) {
    if (term.consume_front("...")) {
      for (int64_t i = ellipsis; i > 0; --i)
        labels.push_back(labelOf(-i));
      continue;
    }
    labels.push_back(labelOf(term.front()));
    term = term.drop_front();
  }
  return labels;
}

bool Contraction::readOperand(size_t k, StringRef term) {
  if (!checkSigns(term))
    return false;
  const Tensor &x = operands[k];
  bool isOpen = term.contains("...");
  int64_t named = int64_t(term.size()) - (isOpen ? 3 : 0);
  if (isOpen ? named > x.rank() : named != x.rank()) {
    auto &message =
        evaluator.error(call.span, "`contract`: `" + term + "` names " + Twine(named) +
                                       (named == 1 ? " axis" : " axes") + ", and this is " + evaluator.names.type(x));
    evaluator.addTrail(message, Value::tensor(x), "it");
    if (!isOpen && named < x.rank())
      message.hint("`..." + term.str() + "` stands for more axes in front");
    return false;
  }
  int64_t ellipsis = isOpen ? x.rank() - named : 0;
  unnamed = std::max(unnamed, ellipsis);
  terms.push_back(labelsOf(term, ellipsis));
  for (auto [axis, label] : llvm::enumerate(terms.back())) {
    auto [it, isNew] = extents.try_emplace(label, x.shape()[axis], k);
    auto [extent, first] = it->second;
    if (isNew || extent == x.shape()[axis])
      continue;
    auto &message =
        evaluator.error(call.span, "`contract`: `" + nameOf(label) + "` is " + evaluator.names.extent(extent) + " in " +
                                       evaluator.names.type(operands[first]) + " and " +
                                       evaluator.names.extent(x.shape()[axis]) + " in " + evaluator.names.type(x));
    evaluator.addTrail(message, Value::tensor(operands[first]), "the first one");
    evaluator.addTrail(message, Value::tensor(x), "the other one");
    return false;
  }
  return true;
}

bool Contraction::readFormula() {
  auto [left, right] = StringRef(formula).split("->");
  if (!StringRef(formula).contains("->") || right.contains("->") || right.contains(',')) {
    evaluator
        .error(call.span, "the formula of `contract` says what the tensors have and, behind `->`, what the result "
                          "has, and this is \"" +
                              formula + "\"")
        .hint("\"ij,jk->ik\" is the product of two matrices");
    return false;
  }
  SmallVector<StringRef> parts;
  left.split(parts, ',');
  if (parts.size() != operands.size())
    return report("\"" + formula + "\" speaks of " + Twine(parts.size()) +
                  (parts.size() == 1 ? " tensor" : " tensors") + ", and there " +
                  (operands.size() == 1 ? "is " : "are ") + Twine(operands.size()));
  for (auto [k, part] : llvm::enumerate(parts))
    if (!readOperand(k, part))
      return false;
  if (!checkSigns(right))
    return false;
  if (unnamed && !right.contains("..."))
    return report("what `...` stands for cannot be summed, and the result `" + right + "` has no `...`");
  result = labelsOf(right, unnamed);
  for (auto [k, label] : llvm::enumerate(result)) {
    if (!extents.count(label))
      return report("`" + nameOf(label) + "` of the result is in none of the tensors");
    if (llvm::is_contained(llvm::ArrayRef(result).take_front(k), label))
      return report("`" + nameOf(label) + "` stands twice in the result");
  }
  return true;
}

/// Of axes with one letter, the elements whose indices are the same.
void Contraction::takeDiagonals(Tensor &x, Labels &labels) {
  for (int64_t q = 1; q < int64_t(labels.size()); ++q) {
    int64_t p = llvm::find(labels, labels[q]) - labels.begin();
    if (p == q)
      continue;
    int64_t extent = x.shape()[p];
    Tensor row = emitter.broadcast(emitter.iota(extent), x.shape(), {p});
    Tensor column = emitter.broadcast(emitter.iota(extent), x.shape(), {q});
    x = emitter.select(emitter.compare(BinaryOp::Eq, row, column), x, emitter.constant(0, x.type()));
    int64_t gone = x.batch.axis == q ? p : q;
    x = emitter.reduce(Emitter::Reduction::Sum, x, {gone});
    labels.erase(labels.begin() + gone);
    q = 0;
  }
}

void Contraction::sumUnwanted(Tensor &x, Labels &labels, llvm::function_ref<bool(int64_t)> isKept) {
  SmallVector<int64_t> axes;
  for (auto [axis, label] : llvm::enumerate(labels))
    if (!isKept(label))
      axes.push_back(axis);
  if (axes.empty())
    return;
  if (x.batch && llvm::is_contained(axes, x.batch.axis))
    x = summedRows(evaluator, x);
  x = emitter.reduce(Emitter::Reduction::Sum, x, axes);
  llvm::erase_if(labels, [&](int64_t label) { return !isKept(label); });
}

bool Contraction::isWanted(int64_t label, size_t k) const {
  return llvm::is_contained(result, label) ||
         llvm::any_of(llvm::drop_begin(terms, k + 1), [&](const Labels &l) { return llvm::is_contained(l, label); });
}

/// One tensor after the other is multiplied with the product so far, which keeps the axes that are still wanted.
Value Contraction::build() {
  if (!readArguments() || !unifyElements() || !readFormula())
    return Value::error();
  for (auto [x, labels] : llvm::zip(operands, terms))
    takeDiagonals(x, labels);
  Tensor product = operands.front();
  Labels labels = terms.front();
  sumUnwanted(product, labels, [&](int64_t label) { return isWanted(label, 0); });
  for (size_t k = 1; k < operands.size(); ++k) {
    Tensor factor = operands[k];
    Labels own = terms[k], out;
    sumUnwanted(factor, own, [&](int64_t label) { return llvm::is_contained(labels, label) || isWanted(label, k); });
    auto isSummed = [&](int64_t label) { return !isWanted(label, k); };
    if (product.batch && isSummed(labels[product.batch.axis]))
      product = summedRows(evaluator, product);
    else if (factor.batch && isSummed(own[factor.batch.axis]))
      factor = summedRows(evaluator, factor);
    if (k + 1 == operands.size()) {
      out = result;
    } else {
      for (int64_t label : llvm::concat<int64_t>(labels, own))
        if (isWanted(label, k) && !llvm::is_contained(out, label))
          out.push_back(label);
    }
    std::map<int64_t, int64_t> numbers; // an op's labels count from 0
    auto numbered = [&](const Labels &names) {
      return llvm::map_to_vector(names,
                                 [&](int64_t l) { return numbers.try_emplace(l, numbers.size()).first->second; });
    };
    Labels lhs = numbered(labels), rhs = numbered(own);
    product = emitter.contract(product, factor, lhs, rhs, numbered(out));
    labels = out;
    if (evaluator.bounded(Value::tensor(product), call.span).isError())
      return Value::error();
  }
  if (operands.size() > 1)
    return Value::tensor(product);
  SmallVector<int64_t> permutation;
  for (int64_t label : result)
    permutation.push_back(llvm::find(labels, label) - labels.begin());
  return Value::tensor(emitter.transpose(product, permutation));
}

Value nn::frontend::contractBuiltin(BuiltinCall &call) { return Contraction(call).build(); }
