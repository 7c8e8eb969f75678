//===- Augment.cpp - Random changes of records --------------------------------------------------------------------===//
#include "frontend/Augment.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::dyn_cast;
using llvm::StringRef;
using llvm::Twine;

namespace {
struct ChangeKind {
  const char *name;
  const char *form; ///< how it is written, for messages
  bool spatial;     ///< it moves what stands along the last two dimensions
};
const ChangeKind kinds[] = {
    {"random_crop", "random_crop(32, padding: 4)", true},
    {"random_flip", "random_flip or random_flip(vertical: true)", true},
    {"random_rotation", "random_rotation(15)", true},
    {"random_noise", "random_noise(0.1)", false},
};

class AugmentReader {
public:
  AugmentReader(Evaluator &evaluator, const DataField &field, std::vector<Augment> &augment)
      : evaluator(evaluator), field(field), augment(augment) {}
  bool read(const Expr &expr);

private:
  bool arguments(const ChangeKind &kind, const Expr &expr, llvm::ArrayRef<Argument> given, Augment &change);
  bool crop(const Expr &expr, const Value &size);

  Evaluator &evaluator;
  const DataField &field;
  std::vector<Augment> &augment;
};
} // namespace

/// The cut has the size of the images, which padding has made larger.
bool AugmentReader::crop(const Expr &expr, const Value &size) {
  llvm::ArrayRef<int64_t> shape = field.type.getShape().take_back(2);
  bool pair = size.isTuple() && size.elements().size() == 2;
  const Value &height = pair ? size.elements()[0] : size, &width = pair ? size.elements()[1] : size;
  if (height.isInteger() && width.isInteger() && height.asInteger() == shape[0] && width.asInteger() == shape[1])
    return true;
  evaluator.error(expr.span, "`random_crop` cuts images of the same size, " + Twine(shape[0]) + " by " +
                                 Twine(shape[1]) + ", from images that `padding` has made larger");
  return false;
}

bool AugmentReader::arguments(const ChangeKind &kind, const Expr &expr, llvm::ArrayRef<Argument> given,
                              Augment &change) {
  auto report = [&] {
    evaluator.error(expr.span, Twine("`") + kind.name + "` is written `" + kind.form + "`");
    return false;
  };
  StringRef name = kind.name;
  bool isCrop = name == "random_crop", isFlip = name == "random_flip";
  if (given.size() != (isCrop ? 2 : 1) && !(isFlip && given.empty()))
    return report();
  for (auto [i, argument] : llvm::enumerate(given)) {
    StringRef wanted = isFlip ? "vertical" : isCrop && i == 1 ? "padding" : "";
    if (argument.name.text != wanted)
      return report();
    Value value = evaluator.evaluate(*argument.value);
    if (value.isError())
      return false;
    if (isCrop && i == 0) {
      if (!crop(expr, value))
        return false;
    } else if (isFlip ? !value.isBool()
                      : !value.isNumber() || value.asNumber() <= 0 || (isCrop && !value.isInteger())) {
      return report();
    } else {
      change.value = isFlip ? value.asBool() : value.asNumber();
    }
  }
  return true;
}

bool AugmentReader::read(const Expr &expr) {
  auto *call = dyn_cast<CallExpr>(&expr);
  auto *name = dyn_cast<NameExpr>(call ? call->callee.get() : &expr);
  auto kind = llvm::find_if(kinds, [&](const ChangeKind &k) { return name && name->name == k.name; });
  if (kind == std::end(kinds)) {
    std::vector<std::string> names;
    for (const ChangeKind &k : kinds)
      names.push_back(k.name);
    auto &message =
        evaluator.error(expr.span, "a random change is random_crop, random_flip, random_rotation or random_noise");
    if (std::string meant = name ? nearest(name->name, names) : ""; !meant.empty())
      message.hint("did you mean `" + meant + "`?");
    return false;
  }
  mlir::Type element = field.type.getElementType();
  if (!element.isF32() && !element.isUnsignedInteger(8)) {
    evaluator.error(expr.span, "records of type u8 and f32 can be changed, and `" + field.name + "` is " +
                                   evaluator.names.type(field.type) + " per record");
    return false;
  }
  if (kind->spatial && field.type.getRank() < 2) {
    evaluator.error(expr.span, Twine("`") + kind->name + "` changes images, and `" + field.name + "` is " +
                                   evaluator.names.type(field.type) + " per record");
    return false;
  }
  Augment change{field.name, kind->name, 0};
  if (!arguments(*kind, expr, call ? llvm::ArrayRef<Argument>(call->arguments) : llvm::ArrayRef<Argument>(), change))
    return false;
  augment.push_back(change);
  return true;
}

bool nn::frontend::readAugment(Evaluator &evaluator, const Expr &expr, const DataSource &data,
                               std::vector<Augment> &augment) {
  auto *map = dyn_cast<MapExpr>(&expr);
  if (!map) {
    evaluator.error(expr.span, "`augment` says for each field how it is changed")
        .hint("write `augment = { image: [random_crop(32, padding: 4), random_flip] }`");
    return false;
  }
  bool good = true;
  for (const Argument &entry : map->entries) {
    auto field = llvm::find_if(data.fields, [&](const DataField &f) { return f.name == entry.name.text; });
    if (field == data.fields.end()) {
      std::vector<std::string> names;
      for (const DataField &known : data.fields)
        names.push_back(known.name);
      auto &message = evaluator.error(entry.name.span, "the data has no field `" + entry.name.text + "`");
      if (std::string meant = nearest(entry.name.text, names); !meant.empty())
        message.hint("did you mean `" + meant + "`?");
      good = false;
      continue;
    }
    AugmentReader reader(evaluator, *field, augment);
    if (auto *list = dyn_cast<ListExpr>(entry.value.get()))
      for (const ExprPtr &change : list->elements)
        good &= reader.read(*change);
    else
      good &= reader.read(*entry.value);
  }
  return good;
}

mlir::ArrayAttr nn::frontend::toAttribute(llvm::ArrayRef<Augment> augment, mlir::MLIRContext *context) {
  mlir::OpBuilder b(context);
  llvm::SmallVector<mlir::Attribute> list;
  for (const Augment &change : augment)
    list.push_back(b.getDictionaryAttr({b.getNamedAttr("field", b.getStringAttr(change.field)),
                                        b.getNamedAttr("kind", b.getStringAttr(change.kind)),
                                        b.getNamedAttr("value", b.getF64FloatAttr(change.value))}));
  return b.getArrayAttr(list);
}
