//===- Entry.cpp - One function of the module while it is built ---------------------------------------------------===//
#include "frontend/Entry.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"

using namespace nn::frontend;
using llvm::StringRef;

OwnedValue &OwnedSet::add(OwnedValue value) {
  OwnedValue &added = values.emplace_back(std::move(value));
  byPath.try_emplace(added.path, &added);
  return added;
}

StringRef nn::frontend::roleName(OwnedStmt::Role role) {
  static const char *const names[] = {"param", "state", "slot", "tally", "carried"};
  return names[static_cast<int>(role)];
}

void nn::frontend::eraseDeadOps(mlir::Block &block) {
  for (mlir::Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (mlir::isOpTriviallyDead(&op))
      op.erase();
}

EntryBuilder::EntryBuilder(Emitter &emitter, mlir::ModuleOp module, StringRef name, bool isPrivate) : emitter(emitter) {
  outer = emitter.builder.saveInsertionPoint();
  emitter.builder.setInsertionPointToEnd(module.getBody());
  function =
      mlir::func::FuncOp::create(emitter.builder, emitter.location, name, emitter.builder.getFunctionType({}, {}));
  if (isPrivate)
    function.setPrivate();
  emitter.builder.setInsertionPointToEnd(function.addEntryBlock());
}

Tensor EntryBuilder::argument(StringRef role, StringRef name, mlir::RankedTensorType type,
                              std::optional<double> initial) {
  mlir::OpBuilder &builder = emitter.builder;
  auto location = mlir::NameLoc::get(builder.getStringAttr(name), emitter.location);
  argumentList.push_back({role.str(), name.str(), type, initial});
  Tensor result;
  result.value = body().addArgument(type, location); // the function's type follows in `finish`
  return result;
}

Tensor EntryBuilder::owned(const OwnedValue &value) {
  if (auto it = current.find(value.path); it != current.end())
    return it->second;
  return current[value.path] = argument(roleName(value.role), value.path, value.type);
}

void EntryBuilder::update(const OwnedValue &value, Tensor to) {
  to.trail = nullptr;
  current[value.path] = std::move(to);
  changed.insert(value.path);
}

mlir::Value EntryBuilder::counter(StringRef role) {
  mlir::Value &value = counters[role.str()];
  if (!value)
    value = argument(role, role, mlir::RankedTensorType::get({}, emitter.builder.getI64Type())).value;
  return value;
}

Tensor EntryBuilder::scalar(StringRef role, StringRef name, std::optional<double> initial) {
  mlir::Value &value = counters[(role + " " + name).str()];
  if (!value)
    value = argument(role, name, mlir::RankedTensorType::get({}, emitter.builder.getF64Type()), initial).value;
  Tensor tensor;
  tensor.value = value;
  return tensor;
}

Tensor EntryBuilder::hyper(StringRef name, double initial) { return scalar("hyper", name, initial); }

Tensor EntryBuilder::validation(StringRef name) { return scalar("validation", name, std::nullopt); }

Tensor EntryBuilder::placeholder(mlir::RankedTensorType type) { return argument("placeholder", "placeholder", type); }

void EntryBuilder::result(StringRef role, StringRef name, const Tensor &value) {
  resultList.push_back({role.str(), name.str(), value.value.getType(), {}});
  resultValues.push_back(value.value);
}

static EntryBuilder::Slot slotOf(mlir::DictionaryAttr attributes, mlir::Type type) {
  return {attributes.getAs<mlir::StringAttr>("nn.role").str(),
          attributes.getAs<mlir::StringAttr>("nn.name").str(),
          type,
          {}};
}

std::vector<std::pair<EntryBuilder::Slot, Tensor>>
EntryBuilder::copy(mlir::func::FuncOp from, const OwnedSet &all,
                   llvm::function_ref<const Tensor *(const Slot &)> input) {
  mlir::IRMapping mapping;
  for (mlir::BlockArgument argument : from.getArguments()) {
    Slot slot = slotOf(from.getArgAttrDict(argument.getArgNumber()), argument.getType());
    const Tensor *given = input(slot);
    const OwnedValue *known = given ? nullptr : all.find(slot.name);
    mapping.map(argument, given ? given->value : known ? owned(*known).value : counter(slot.role));
  }
  mlir::Block &block = from.getBody().front();
  for (mlir::Operation &op : block.without_terminator())
    emitter.builder.clone(op, mapping);
  std::vector<std::pair<Slot, Tensor>> results;
  for (auto [i, value] : llvm::enumerate(block.getTerminator()->getOperands())) {
    Tensor tensor;
    tensor.value = mapping.lookup(value);
    results.emplace_back(slotOf(from.getResultAttrDict(i), value.getType()), tensor);
  }
  return results;
}

namespace {

/// The attributes of an argument or a result, for each of many.
class SlotAttributes {
public:
  explicit SlotAttributes(mlir::Builder &builder)
      : builder(builder), role(builder.getStringAttr("nn.role")), name(builder.getStringAttr("nn.name")) {}
  mlir::Attribute of(const EntryBuilder::Slot &slot) {
    llvm::SmallVector<mlir::NamedAttribute> attributes = {{name, builder.getStringAttr(slot.name)},
                                                          {role, builder.getStringAttr(slot.role)}};
    if (slot.initial)
      attributes.push_back(builder.getNamedAttr("nn.default", builder.getF64FloatAttr(*slot.initial)));
    return builder.getDictionaryAttr(attributes);
  }

private:
  mlir::Builder &builder;
  mlir::StringAttr role, name;
};

} // namespace

mlir::func::FuncOp EntryBuilder::finish(const OwnedSet &all) {
  for (const auto &[slot, value] : observations) {
    resultList.push_back(slot);
    resultValues.push_back(value);
  }
  for (const OwnedValue &value : all.all())
    if (changed.count(value.path))
      result(roleName(value.role), value.path, current.at(value.path));
  mlir::OpBuilder &builder = emitter.builder;
  mlir::func::ReturnOp::create(builder, emitter.location, resultValues);
  eraseDeadOps(function.getBody().front());
  // Fields of the records, and slots, that the entry does not look at need not be read.
  llvm::BitVector forgotten(argumentList.size());
  std::vector<Slot> kept;
  for (auto [slot, argument] : llvm::zip(argumentList, function.getArguments())) {
    StringRef role = slot.role;
    placeholderUsed |= role == "placeholder" && !argument.use_empty();
    if ((role == "record" || role == "slot" || role == "placeholder") && argument.use_empty())
      forgotten.set(argument.getArgNumber());
    else
      kept.push_back(std::move(slot));
  }
  argumentList = std::move(kept);
  body().eraseArguments(forgotten);
  llvm::SmallVector<mlir::Type> inputs, outputs;
  llvm::SmallVector<mlir::Attribute> inputAttributes, outputAttributes;
  SlotAttributes attributes(builder);
  for (const Slot &slot : argumentList) {
    inputs.push_back(slot.type);
    inputAttributes.push_back(attributes.of(slot));
  }
  for (const Slot &slot : resultList) {
    outputs.push_back(slot.type);
    outputAttributes.push_back(attributes.of(slot));
  }
  function.setFunctionType(builder.getFunctionType(inputs, outputs));
  function.setArgAttrsAttr(builder.getArrayAttr(inputAttributes));
  function.setResAttrsAttr(builder.getArrayAttr(outputAttributes));
  builder.restoreInsertionPoint(outer);
  return function;
}
