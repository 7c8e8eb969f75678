//===- EarlyStopping.cpp - When training ends early
//----------------------------------------------------------------===//
//
// `stop = early_stopping(validation.loss, patience: 5)`. Whether the result exists, and in which direction it is
// better, is known when the metrics are: ModelCompiler asks then.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/ModelCompiler.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::dyn_cast;
using llvm::StringRef;

bool nn::frontend::readStop(Evaluator &evaluator, const Expr &expr, EarlyStopping &stop) {
  stop.span = expr.span;
  auto *call = dyn_cast<CallExpr>(&expr);
  auto *callee = call ? dyn_cast<NameExpr>(call->callee.get()) : nullptr;
  Value first;
  if (callee && callee->name == "early_stopping" && !call->arguments.empty() && !call->arguments.front().name)
    first = evaluator.evaluate(*call->arguments.front().value);
  if (first.kind() != Value::Kind::Validation) {
    evaluator.error(expr.span, "`stop` says which result of the validation decides")
        .hint("write `stop = early_stopping(validation.loss, patience: 5)`");
    return false;
  }
  stop.result = first.asText();
  bool good = true;
  auto wrong = [&](const Argument &argument, StringRef wanted) {
    evaluator.error(argument.value->span, "`" + argument.name.text + "` is " + wanted);
    good = false;
  };
  for (const Argument &argument : llvm::drop_begin(call->arguments)) {
    StringRef name = argument.name.text;
    if (name == "mode") {
      auto *word = dyn_cast<NameExpr>(argument.value.get());
      if (word && (word->name == "min" || word->name == "max"))
        stop.rising = word->name == "max";
      else
        wrong(argument, "`min` or `max`");
      continue;
    }
    if (name != "patience" && name != "min_delta" && name != "restore_best") {
      evaluator
          .error(argument.name ? argument.name.span : argument.value->span,
                 "`early_stopping` takes no " + (name.empty() ? "second result" : "`" + name + "`").str())
          .hint("it takes `patience`, `min_delta`, `mode` and `restore_best`");
      good = false;
      continue;
    }
    Value value = evaluator.evaluate(*argument.value);
    if (value.isError())
      good = false;
    else if (name == "patience" && value.isInteger() && value.asInteger() >= 1)
      stop.patience = value.asInteger();
    else if (name == "min_delta" && value.isNumber() && value.asNumber() >= 0)
      stop.minDelta = value.asNumber();
    else if (name == "restore_best" && value.isBool())
      stop.restoreBest = value.asBool();
    else
      wrong(argument, name == "patience"    ? "a number of validations, at least 1"
                      : name == "min_delta" ? "a number from 0 up"
                                            : "true or false");
  }
  return good;
}

/// A loss is better where it is smaller; what is better of a metric, its name alone does not say.
bool ModelCompiler::checkStop() {
  if (!train.stop)
    return true;
  EarlyStopping &stop = *train.stop;
  if (!checkValidation(stop.result, stop.span, "`stop`"))
    return false;
  for (const Metric &metric : metricsOf())
    if (metric.name == stop.result && metric.rising && !stop.rising) {
      evaluator
          .error(stop.span,
                 "`early_stopping` cannot know whether a larger or a smaller `" + metric.name + "` is better")
          .hint("say `mode: max` or `mode: min`");
      return false;
    }
  return true;
}

mlir::DictionaryAttr nn::frontend::toAttribute(const EarlyStopping &stop, mlir::MLIRContext *context) {
  mlir::OpBuilder b(context);
  return b.getDictionaryAttr({
      b.getNamedAttr("metric", b.getStringAttr(stop.result)),
      b.getNamedAttr("patience", b.getI64IntegerAttr(stop.patience)),
      b.getNamedAttr("min_delta", b.getF64FloatAttr(stop.minDelta)),
      b.getNamedAttr("rising", b.getBoolAttr(stop.rising.value_or(false))),
      b.getNamedAttr("restore_best", b.getBoolAttr(stop.restoreBest)),
  });
}
