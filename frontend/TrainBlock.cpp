//===- TrainBlock.cpp - What a train block says -------------------------------------------------------------------===//
#include "frontend/TrainBlock.h"
#include "frontend/Habits.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::dyn_cast;
using llvm::StringRef;
using llvm::Twine;

static const char *const knownEntries[] = {
    "data",          "validation", "test",      "input",     "target",     "batch",      "predict_batch", "last_batch",
    "shuffle",       "epochs",     "steps",     "loss",      "metrics",    "optimizer",  "clip_norm",     "clip_value",
    "classes",       "seed",       "precision", "clip_form", "accumulate", "regularize", "constraint",    "freeze",
    "sample_weight", "load",       "augment",   "stop",      "checkpoint"};

//===--------------------------------------------------------------------------------------------------------------===//
// Entries
//===--------------------------------------------------------------------------------------------------------------===//

static std::optional<int64_t> positive(Evaluator &evaluator, const TrainDecl &decl, StringRef entry) {
  const Expr *expr = decl.find(entry);
  if (!expr)
    return 0;
  auto value = evaluator.evaluateInteger(*expr, "`" + entry + "`");
  if (value && *value < 1) {
    evaluator.error(expr->span, "`" + entry + "` is at least 1, not " + Twine(*value));
    return std::nullopt;
  }
  return value;
}

bool nn::frontend::readBatch(Evaluator &evaluator, const TrainDecl &decl, TrainBlock &block) {
  block.decl = &decl;
  auto batch = positive(evaluator, decl, "batch"), predict = positive(evaluator, decl, "predict_batch");
  if (!batch || !predict)
    return false;
  if (const Expr *defined = evaluator.program.define("batch"))
    batch = evaluator.evaluateInteger(*defined, "`batch`");
  block.batch = batch.value_or(0);
  block.predictBatch = *predict;
  return true;
}

/// In streams, row r of a batch goes on where row r of the batch before ended.
static bool checkStreams(Evaluator &evaluator, const TrainBlock &block) {
  std::optional<int64_t> streams = block.data.option("streams");
  if (!streams)
    return true;
  const Expr &data = *block.decl->find("data");
  if (block.batch && *streams != block.batch)
    evaluator.error(data.span, "a batch takes one window of each stream, and there are " + Twine(*streams) +
                                   " streams and " + Twine(block.batch) + " rows in a batch");
  else if (block.shuffle || !block.dropLast)
    evaluator
        .error(data.span, "the windows of streams are taken in their order, and each epoch begins at their beginning")
        .hint("write `shuffle = false` and `last_batch = drop`");
  else if (block.validation.kind == "fraction" || block.validation.kind == "kfold")
    evaluator
        .error(block.decl->find("validation")->span, "windows that are drawn from streams would be missing in them")
        .hint("`validation = tail(0.1)` takes the last ones");
  else
    return true;
  return false;
}

bool nn::frontend::readTrainBlock(Evaluator &evaluator, TrainBlock &block,
                                  llvm::ArrayRef<std::pair<std::string, mlir::RankedTensorType>> inputs) {
  const TrainDecl &decl = *block.decl;
  bool good = true;
  for (const Argument &entry : decl.entries) {
    StringRef name = entry.name.text;
    if (llvm::is_contained(knownEntries, name))
      continue;
    good = false;
    auto &message = evaluator.error(entry.name.span, "a train block has no entry `" + name + "`");
    std::vector<std::string> known(std::begin(knownEntries), std::end(knownEntries));
    if (StringRef hint = hintForEntry(name); !hint.empty())
      message.hint(hint);
    else if (std::string meant = nearest(name, known); !meant.empty())
      message.hint("did you mean `" + meant + "`?");
    else
      message.hint("entries are " + llvm::join(known, ", "));
  }
  block.input = decl.find("input");
  block.target = decl.find("target");
  block.loss = decl.find("loss");
  block.metrics = decl.find("metrics");
  block.optimizer = decl.find("optimizer");
  block.sampleWeight = decl.find("sample_weight");
  block.regularize = decl.find("regularize");
  block.constraint = decl.find("constraint");
  for (auto [entry, expr] :
       {std::pair("loss", block.loss), std::pair("optimizer", block.optimizer), std::pair("data", decl.find("data"))})
    if (!expr) {
      evaluator.error(decl.span, "the train block of `" + decl.name.text + "` has no `" + entry + "`");
      good = false;
    }
  if (const Expr *data = decl.find("data"))
    good &= readSource(evaluator, *data, false, nullptr, inputs, block.data);
  if (const Expr *test = decl.find("test"))
    good &= readSource(evaluator, *test, false, &block.data, inputs, block.test);
  if (const Expr *validation = decl.find("validation"))
    good &= readSource(evaluator, *validation, true, &block.data, inputs, block.validation);
  if (const Expr *augment = decl.find("augment"); augment && !block.data.fields.empty())
    good &= readAugment(evaluator, *augment, block.data, block.augment);
  for (const DataSource *other : {&block.test, &block.validation})
    good &= checkSameFields(evaluator, block.data, *other);
  auto epochs = positive(evaluator, decl, "epochs"), steps = positive(evaluator, decl, "steps");
  block.epochs = epochs.value_or(0);
  block.steps = steps.value_or(0);
  good &= epochs && steps;
  if (block.epochs && block.steps) {
    evaluator.error(decl.find("steps")->span, "a train block has `epochs` or `steps`, not both");
    good = false;
  } else if (!block.epochs && !block.steps) {
    block.epochs = 1;
  }
  if (const Expr *seed = decl.find("seed")) {
    auto value = evaluator.evaluateInteger(*seed, "`seed`");
    block.seed = value.value_or(0);
    good &= value.has_value();
  }
  if (const Expr *shuffle = decl.find("shuffle")) {
    Value value = evaluator.evaluate(*shuffle);
    if (!value.isBool() && !value.isError())
      evaluator.error(shuffle->span, "`shuffle` is true or false");
    block.shuffle = value.isBool() && value.asBool();
    good &= value.isBool();
  }
  auto word = [&](StringRef entry, std::initializer_list<StringRef> choices) -> std::string {
    const Expr *expr = decl.find(entry);
    if (!expr)
      return choices.begin()->str();
    auto *name = dyn_cast<NameExpr>(expr);
    if (name && llvm::is_contained(choices, name->name))
      return name->name;
    std::string list;
    for (StringRef choice : choices)
      list += (list.empty() ? "`" : " or `") + choice.str() + "`";
    evaluator.error(expr->span, "`" + entry + "` is " + list);
    good = false;
    return choices.begin()->str();
  };
  block.dropLast = word("last_batch", {"carry", "drop"}) == "drop";
  block.precision = word("precision", {"f32", "bf16"});
  block.clipKeras = word("clip_form", {"torch", "keras"}) == "keras";
  good &= checkStreams(evaluator, block);
  auto accumulate = positive(evaluator, decl, "accumulate");
  block.accumulate = std::max<int64_t>(accumulate.value_or(1), 1);
  good &= accumulate.has_value();
  if (block.accumulate > 1000) {
    evaluator.error(decl.find("accumulate")->span,
                    "a step of " + Twine(block.accumulate) + " batches: each is compiled in its place, up to 1000");
    good = false;
  }
  auto number = [&](StringRef entry) -> std::optional<double> {
    const Expr *expr = decl.find(entry);
    if (!expr)
      return std::nullopt;
    Value value = evaluator.evaluate(*expr);
    if (value.isNumber() && value.asNumber() > 0)
      return value.asNumber();
    if (!value.isError())
      evaluator.error(expr->span, "`" + entry + "` is a positive number");
    good = false;
    return std::nullopt;
  };
  block.clipNorm = number("clip_norm");
  block.clipValue = number("clip_value");
  if (const Expr *clip = decl.find("clip_form"); clip && !block.clipNorm && good) {
    evaluator.error(clip->span, "`clip_form` says how `clip_norm` scales, and there is no `clip_norm`");
    good = false;
  }
  if (const Expr *freeze = decl.find("freeze"))
    good &= readGlobs(evaluator, *freeze, "freeze", block.freeze);
  if (const Expr *load = decl.find("load"))
    good &= readLoad(evaluator, *load, block.load.emplace());
  if (const Expr *checkpoint = decl.find("checkpoint")) {
    Value value = evaluator.evaluate(*checkpoint);
    if (value.kind() == Value::Kind::String && !value.asText().empty()) {
      block.checkpoint = value.asText();
    } else if (!value.isError()) {
      evaluator.error(checkpoint->span, "`checkpoint` is the name of a folder, in quotes");
      good = false;
    }
  }
  if (const Expr *stop = decl.find("stop"))
    good &= readStop(evaluator, *stop, block.stop.emplace());
  if (const Expr *classes = decl.find("classes")) {
    Value value = evaluator.evaluate(*classes);
    bool texts = value.isList() &&
                 llvm::all_of(value.elements(), [](const Value &v) { return v.kind() == Value::Kind::String; });
    if (!texts && !value.isError())
      evaluator.error(classes->span, "`classes` is a list of names in quotes");
    good &= texts;
    if (texts)
      for (const Value &name : value.elements())
        block.classes.push_back(name.asText());
  }
  return good;
}

//===--------------------------------------------------------------------------------------------------------------===//
// The description
//===--------------------------------------------------------------------------------------------------------------===//

mlir::DictionaryAttr nn::frontend::toAttribute(const TrainBlock &block, const std::map<std::string, IdRange> &ranges,
                                               mlir::MLIRContext *context) {
  mlir::OpBuilder b(context);
  auto strings = [&](const std::vector<std::string> &list) {
    llvm::SmallVector<mlir::Attribute> attributes;
    for (const std::string &text : list)
      attributes.push_back(b.getStringAttr(text));
    return b.getArrayAttr(attributes);
  };
  auto source = [&](const DataSource &s) { return toAttribute(s, ranges, context); };
  llvm::SmallVector<mlir::NamedAttribute> result = {
      b.getNamedAttr("epochs", b.getI64IntegerAttr(block.epochs)),
      b.getNamedAttr("steps", b.getI64IntegerAttr(block.steps)),
      b.getNamedAttr("seed", b.getI64IntegerAttr(block.seed)),
      b.getNamedAttr("shuffle", b.getBoolAttr(block.shuffle)),
      b.getNamedAttr("drop_last", b.getBoolAttr(block.dropLast)),
      b.getNamedAttr("data", source(block.data)),
  };
  if (!block.validation.kind.empty())
    result.push_back(b.getNamedAttr("validation", source(block.validation)));
  if (!block.test.kind.empty())
    result.push_back(b.getNamedAttr("test", source(block.test)));
  if (!block.classes.empty())
    result.push_back(b.getNamedAttr("classes", strings(block.classes)));
  if (!block.augment.empty())
    result.push_back(b.getNamedAttr("augment", toAttribute(block.augment, context)));
  if (!block.targetField.empty())
    result.push_back(b.getNamedAttr("target", b.getStringAttr(block.targetField)));
  if (block.load)
    result.push_back(b.getNamedAttr("load", toAttribute(*block.load, context)));
  if (!block.checkpoint.empty())
    result.push_back(b.getNamedAttr("checkpoint", b.getStringAttr(block.checkpoint)));
  if (block.stop)
    result.push_back(b.getNamedAttr("stop", toAttribute(*block.stop, context)));
  return b.getDictionaryAttr(result);
}
