//===- Load.cpp - Weights to start from ---------------------------------------------------------------------------===//
#include "frontend/Load.h"
#include "frontend/PathRules.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::dyn_cast;
using llvm::StringRef;

bool nn::frontend::readGlobs(Evaluator &evaluator, const Expr &expr, StringRef what,
                             std::vector<std::pair<std::string, Span>> &globs) {
  std::vector<const Expr *> elements;
  if (auto *list = dyn_cast<ListExpr>(&expr))
    for (const ExprPtr &element : list->elements)
      elements.push_back(element.get());
  else
    elements.push_back(&expr);
  for (const Expr *element : elements) {
    Value glob = evaluator.evaluate(*element);
    if (glob.kind() != Value::Kind::String) {
      if (!glob.isError())
        evaluator.error(element->span,
                        "`" + what + "` is a path in quotes or a list of paths, such as [\"conv2d_1\", \"*.bias\"]");
      return false;
    }
    globs.emplace_back(glob.asText(), element->span);
  }
  return true;
}

bool nn::frontend::readLoad(Evaluator &evaluator, const Expr &expr, WeightSource &source) {
  source.span = expr.span;
  auto *call = dyn_cast<CallExpr>(&expr);
  auto *callee = call ? dyn_cast<NameExpr>(call->callee.get()) : nullptr;
  if (!callee || callee->name != "weights" || call->arguments.empty() || call->arguments.front().name) {
    evaluator.error(expr.span, "`load` names a file of weights")
        .hint("write `load = weights(\"file.safetensors\", except: [\"head.*\"])`");
    return false;
  }
  bool good = true;
  for (const Argument &argument : call->arguments) {
    StringRef name = argument.name.text;
    auto *word = dyn_cast<NameExpr>(argument.value.get());
    if (name == "except") {
      good &= readGlobs(evaluator, *argument.value, name, source.except);
    } else if (name == "match") {
      source.byOrder = word && word->name == "order";
      if (word && (source.byOrder || word->name == "name"))
        continue;
      evaluator.error(argument.value->span, "`match` is `name` or `order`");
      good = false;
    } else if (name.empty() || name == "from" || name == "into") {
      Value text = evaluator.evaluate(*argument.value);
      if (text.kind() == Value::Kind::String) {
        (name.empty() ? source.file : name == "from" ? source.from : source.into) = text.asText();
        continue;
      }
      if (!text.isError())
        evaluator.error(argument.value->span, name.empty() ? "the name of a file is text in quotes"
                                                           : "`" + name.str() + "` is a path in quotes");
      good = false;
    } else {
      evaluator.error(argument.name.span, "`weights` takes no `" + name + "`")
          .hint("it takes `from`, `into`, `except` and `match`");
      good = false;
    }
  }
  return good;
}

bool nn::frontend::checkLoad(Evaluator &evaluator, const WeightSource &source, llvm::ArrayRef<std::string> paths) {
  bool good = true;
  auto check = [&](StringRef glob, Span span) {
    if (llvm::any_of(paths, [&](const std::string &path) { return matchesPath(glob, path); }))
      return;
    reportUnmatched(evaluator, glob, span, paths, "parameter");
    good = false;
  };
  for (const auto &[glob, span] : source.except)
    check(glob, span);
  if (!source.into.empty())
    check(source.into, source.span);
  return good;
}

mlir::DictionaryAttr nn::frontend::toAttribute(const WeightSource &source, mlir::MLIRContext *context) {
  mlir::OpBuilder b(context);
  llvm::SmallVector<mlir::Attribute> except;
  for (const auto &[glob, span] : source.except)
    except.push_back(b.getStringAttr(glob));
  return b.getDictionaryAttr({
      b.getNamedAttr("file", b.getStringAttr(source.file)),
      b.getNamedAttr("from", b.getStringAttr(source.from)),
      b.getNamedAttr("into", b.getStringAttr(source.into)),
      b.getNamedAttr("except", b.getArrayAttr(except)),
      b.getNamedAttr("order", b.getBoolAttr(source.byOrder)),
  });
}
