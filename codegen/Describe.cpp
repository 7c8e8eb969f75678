// Writes `nnrt_program`: reads attributes of the planned module and lays them out as the structures of runtime/abi.h.
// Decides nothing: offsets, barriers and bytes are the planner's, data and layers the frontend's.
#include "codegen/Describe.h"
#include "codegen/LowerToLLVM.h"
#include "codegen/StaticData.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "runtime/abi.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/Module.h"

using namespace mlir;
using nn::StaticData;

namespace {

/// The number of a `nn.role`, or -1.
int roleNumber(StringRef role) {
  return llvm::StringSwitch<int>(role)
      .Case("param", NNRT_PARAM)
      .Case("state", NNRT_STATE)
      .Case("slot", NNRT_SLOT)
      .Case("carried", NNRT_CARRIED)
      .Case("tally", NNRT_TALLY)
      .Case("record", NNRT_RECORD)
      .Case("input", NNRT_INPUT)
      .Case("seed", NNRT_SEED)
      .Case("step", NNRT_STEP)
      .Case("total", NNRT_TOTAL)
      .Case("valid", NNRT_VALID)
      .Case("hyper", NNRT_HYPER)
      .Case("output", NNRT_OUTPUT)
      .Case("loss", NNRT_LOSS)
      .Case("rate", NNRT_RATE)
      .Case("norm", NNRT_NORM)
      .Case("gradient", NNRT_GRADIENT)
      .Case("metric", NNRT_METRIC)
      .Case("examples", NNRT_EXAMPLES)
      .Case("inspect", NNRT_INSPECT)
      .Case("assert", NNRT_ASSERT)
      .Case("validation", NNRT_VALIDATION)
      .Case("validations", NNRT_VALIDATIONS)
      .Case("facts", NNRT_FACTS)
      .Case("shift", NNRT_SHIFT)
      .Case("slope", NNRT_SLOPE)
      .Default(-1);
}

bool isOwned(int role) { return role >= NNRT_PARAM && role <= NNRT_TALLY; }

/// The nnrt_type of an element type, or -1.
int typeNumber(Type type) {
  if (type.isF32())
    return NNRT_F32;
  if (type.isF64())
    return NNRT_F64;
  if (type.isBF16())
    return NNRT_BF16;
  if (type.isF16())
    return NNRT_F16;
  if (type.isInteger(32))
    return NNRT_I32;
  if (type.isInteger(64))
    return NNRT_I64;
  if (type.isInteger(1))
    return NNRT_BOOL;
  if (type.isInteger(8))
    return type.isUnsignedInteger() ? NNRT_U8 : NNRT_I8;
  return -1;
}

int64_t byteSize(RankedTensorType type) {
  return type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

StringRef text(DictionaryAttr from, StringRef key) {
  auto attr = from ? from.getAs<StringAttr>(key) : StringAttr();
  return attr ? attr.getValue() : StringRef();
}
int64_t integer(DictionaryAttr from, StringRef key) {
  if (auto attr = from.getAs<IntegerAttr>(key))
    return attr.getType().isInteger(1) ? attr.getValue().getZExtValue() : attr.getInt();
  return 0;
}
double real(DictionaryAttr from, StringRef key) {
  auto attr = from.getAs<FloatAttr>(key);
  return attr ? attr.getValueAsDouble() : 0;
}
ArrayRef<int64_t> integers(DictionaryAttr from, StringRef key) {
  auto attr = from.getAs<DenseI64ArrayAttr>(key);
  return attr ? attr.asArrayRef() : ArrayRef<int64_t>();
}

class Description {
public:
  Description(ModuleOp module, const nn::Provenance &provenance, llvm::Module &out)
      : module(module), provenance(provenance), data(out) {}

  LogicalResult write();

private:
  FailureOr<llvm::Constant *> tensor(Location loc, StringRef name, StringRef role, Type type, int64_t offset,
                                     double value);
  FailureOr<llvm::Constant *> entry(func::FuncOp function);
  LogicalResult addLaunches(Block &block, SmallVector<llvm::Constant *> &launches);
  FailureOr<int64_t> offsetOf(Value value);
  LogicalResult noteOwned(StringRef name, int64_t offset, Location loc);
  FailureOr<llvm::Constant *> owned(int64_t &count);
  llvm::Constant *source(DictionaryAttr from);
  llvm::Constant *load(DictionaryAttr from);
  llvm::Constant *stop(DictionaryAttr from);
  llvm::Constant *train(DictionaryAttr from);
  llvm::Constant *layers(int64_t &count);
  llvm::Constant *names(DictionaryAttr from, StringRef key, int64_t &count);

  ModuleOp module;
  const nn::Provenance &provenance;
  StaticData data;
  llvm::StringMap<int64_t> ownedOffsets;
};

/// Where a value that an entry is given or returns lies in the arena.
FailureOr<int64_t> Description::offsetOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto function = cast<func::FuncOp>(argument.getOwner()->getParentOp());
    if (auto offset = function.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(), "nn.offset"))
      return offset.getInt();
  } else if (auto offsets = value.getDefiningOp()->getAttrOfType<DenseI64ArrayAttr>("offsets")) {
    unsigned operands = value.getDefiningOp<nn::LaunchOp>() ? value.getDefiningOp()->getNumOperands() : 0;
    return offsets[operands + cast<OpResult>(value).getResultNumber()];
  }
  return emitError(value.getLoc(), "has no place in the arena: the memory plan is missing");
}

FailureOr<llvm::Constant *> Description::tensor(Location loc, StringRef name, StringRef role, Type type, int64_t offset,
                                                double value) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  int number = tensor ? typeNumber(tensor.getElementType()) : -1;
  if (number < 0 || roleNumber(role) < 0)
    return emitError(loc) << "`" << name << "` cannot be described: role '" << role << "', type " << type;
  if (tensor.getEncoding() &&
      nn::physicalOrder(tensor) != nn::physicalOrder(RankedTensorType::get(tensor.getShape(), tensor.getElementType())))
    return emitError(loc) << "`" << name << "` is seen from outside and must be row-major, not " << type;
  return data.structure({data.string(name), data.array(tensor.getShape()), data.i64(offset), data.i64(byteSize(tensor)),
                         data.f64(value), data.i32(tensor.getRank()), data.i32(number), data.i32(roleNumber(role)),
                         data.i32(0)});
}

LogicalResult Description::noteOwned(StringRef name, int64_t offset, Location loc) {
  auto [it, isNew] = ownedOffsets.try_emplace(name, offset);
  if (isNew || it->second == offset)
    return success();
  return emitError(loc) << "`" << name << "` lies at " << it->second << " in one entry and at " << offset
                        << " in another";
}

/// Appends the launches of a block, those of a loop behind the loop.
LogicalResult Description::addLaunches(Block &block, SmallVector<llvm::Constant *> &launches) {
  for (Operation &op : block.without_terminator()) {
    if (isa<nn::ReshapeOp, nn::TransposeOp>(op))
      continue; // another name of the same memory, which a loop reads
    if (auto scan = dyn_cast<nn::ScanOp>(op)) {
      size_t at = launches.size();
      launches.push_back(nullptr);
      if (failed(addLaunches(scan.block(), launches)))
        return failure();
      launches[at] = data.structure({data.null(), data.null(), data.null(), data.i64(scan.getTrips()), data.i32(0),
                                     data.i32(launches.size() - at - 1)});
      continue;
    }
    auto launch = dyn_cast<nn::LaunchOp>(op);
    if (!launch)
      return op.emitOpError("is not part of a kernel: entries are lists of launches by now");
    auto kernel = module.lookupSymbol(launch.getKernel());
    auto tasks = kernel ? kernel->getAttrOfType<IntegerAttr>("nn.tasks") : IntegerAttr();
    if (!launch.getOffsets())
      return op.emitOpError("has no place in the arena: the memory plan is missing");
    if (!tasks)
      return op.emitOpError("calls a kernel that is not there or does not say its number of tasks");
    launches.push_back(
        data.structure({data.function(nn::kernelSymbol(launch.getKernel())), data.array(*launch.getOffsets()),
                        launch.getStrides() ? data.array(*launch.getStrides()) : data.null(), data.i64(tasks.getInt()),
                        data.i32(launch.getBarrier()), data.i32(launch.getOffsets()->size())}));
  }
  return success();
}

FailureOr<llvm::Constant *> Description::entry(func::FuncOp function) {
  SmallVector<llvm::Constant *> tensors, launches;
  std::optional<int64_t> batch; // the rows of the first input
  auto add = [&](DictionaryAttr attrs, Value value) -> LogicalResult {
    StringRef name = text(attrs, "nn.name"), role = text(attrs, "nn.role");
    FailureOr<int64_t> offset = offsetOf(value);
    if (failed(offset))
      return failure();
    int number = roleNumber(role);
    if (isOwned(number))
      return noteOwned(name, *offset, value.getLoc());
    auto type = cast<RankedTensorType>(value.getType());
    if ((number == NNRT_RECORD || number == NNRT_INPUT) && type.getRank() > 0 && !batch)
      batch = type.getDimSize(0);
    auto described = tensor(value.getLoc(), name, role, type, *offset, real(attrs, "nn.default"));
    if (failed(described))
      return failure();
    tensors.push_back(*described);
    return success();
  };
  DictionaryAttr none = DictionaryAttr::get(module.getContext());
  for (BlockArgument argument : function.getArguments()) {
    auto attrs = function.getArgAttrDict(argument.getArgNumber());
    if (failed(add(attrs ? attrs : none, argument)))
      return failure();
  }
  for (OpOperand &result : function.front().getTerminator()->getOpOperands()) {
    auto attrs = function.getResultAttrDict(result.getOperandNumber());
    if (failed(add(attrs ? attrs : none, result.get())))
      return failure();
  }
  if (failed(addLaunches(function.front(), launches)))
    return failure();
  return data.structure({data.string(function.getName()), data.table(tensors), data.table(launches),
                         data.i64(tensors.size()), data.i64(launches.size()), data.i64(batch.value_or(1))});
}

FailureOr<llvm::Constant *> Description::owned(int64_t &count) {
  SmallVector<llvm::Constant *> tensors;
  if (auto list = module->getAttrOfType<ArrayAttr>("nn.owned"))
    for (auto row : list.getAsRange<DictionaryAttr>()) {
      StringRef name = text(row, "name");
      auto offset = ownedOffsets.find(name);
      if (offset == ownedOffsets.end())
        continue; // no entry reads or writes it
      auto type = row.getAs<TypeAttr>("type");
      auto described =
          tensor(module.getLoc(), name, text(row, "role"), type ? type.getValue() : Type(), offset->second, 0);
      if (failed(described))
        return failure();
      tensors.push_back(*described);
    }
  count = tensors.size();
  return data.table(tensors);
}

llvm::Constant *Description::names(DictionaryAttr from, StringRef key, int64_t &count) {
  SmallVector<llvm::Constant *> strings;
  if (auto list = from.getAs<ArrayAttr>(key))
    for (auto name : list.getAsRange<StringAttr>())
      strings.push_back(data.string(name.getValue()));
  count = strings.size();
  return data.table(strings);
}

llvm::Constant *Description::source(DictionaryAttr from) {
  if (!from)
    from = DictionaryAttr::get(module.getContext());
  int64_t files = 0;
  llvm::Constant *fileTable = names(from, "files", files);
  SmallVector<llvm::Constant *> fields;
  if (auto list = from.getAs<ArrayAttr>("fields"))
    for (auto row : list.getAsRange<DictionaryAttr>()) {
      ArrayRef<int64_t> shape = integers(row, "shape");
      auto type = row.getAs<TypeAttr>("type");
      int64_t columns = 0;
      llvm::Constant *columnTable = names(row, "columns", columns);
      fields.push_back(data.structure({data.string(text(row, "name")), data.array(shape), data.i32(shape.size()),
                                       data.i32(type ? typeNumber(type.getValue()) : 0),
                                       data.i64(integer(row, "limit")), data.i64(integer(row, "ignored")), columnTable,
                                       data.i64(columns), data.i64(integer(row, "column_range"))}));
    }
  SmallVector<llvm::Constant *> options;
  if (auto list = from.getAs<DictionaryAttr>("options"))
    for (NamedAttribute option : list)
      options.push_back(
          data.structure({data.string(option.getName()), data.i64(integer(list, option.getName().getValue()))}));
  StringRef kind = text(from, "kind");
  return data.structure({kind.empty() ? data.null() : data.string(kind), fileTable, data.table(fields), data.i64(files),
                         data.i64(fields.size()), data.f64(real(from, "value")), data.table(options),
                         data.i64(options.size())});
}

llvm::Constant *Description::load(DictionaryAttr from) {
  if (!from)
    return data.null();
  int64_t except = 0;
  llvm::Constant *exceptTable = names(from, "except", except);
  auto order = from.getAs<BoolAttr>("order");
  return data.global(
      data.structure({data.string(text(from, "file")), data.string(text(from, "from")), data.string(text(from, "into")),
                      exceptTable, data.i64(except), data.i32(order && order.getValue()), data.i32(0)}));
}

llvm::Constant *Description::stop(DictionaryAttr from) {
  if (!from)
    return data.null();
  return data.global(data.structure({data.string(text(from, "metric")), data.f64(real(from, "min_delta")),
                                     data.i64(integer(from, "patience")), data.i32(integer(from, "rising")),
                                     data.i32(integer(from, "restore_best"))}));
}

llvm::Constant *Description::train(DictionaryAttr from) {
  if (!from)
    return data.null();
  int64_t classes = 0;
  llvm::Constant *classTable = names(from, "classes", classes);
  StringRef target = text(from, "target"), checkpoint = text(from, "checkpoint");
  SmallVector<llvm::Constant *> augment;
  if (auto list = from.getAs<ArrayAttr>("augment"))
    for (auto row : list.getAsRange<DictionaryAttr>())
      augment.push_back(data.structure(
          {data.string(text(row, "field")), data.string(text(row, "kind")), data.f64(real(row, "value"))}));
  auto part = [&](StringRef key) { return source(from.getAs<DictionaryAttr>(key)); };
  return data.global(data.structure({part("data"), part("validation"), part("test"), data.i64(integer(from, "epochs")),
                                     data.i64(integer(from, "steps")), data.i64(integer(from, "seed")),
                                     data.i32(integer(from, "shuffle")), data.i32(integer(from, "drop_last")),
                                     classTable, data.i64(classes), target.empty() ? data.null() : data.string(target),
                                     data.table(augment), data.i64(augment.size()),
                                     load(from.getAs<DictionaryAttr>("load")), stop(from.getAs<DictionaryAttr>("stop")),
                                     checkpoint.empty() ? data.null() : data.string(checkpoint)}));
}

llvm::Constant *Description::layers(int64_t &count) {
  SmallVector<llvm::Constant *> rows;
  if (auto list = module->getAttrOfType<ArrayAttr>("nn.layers"))
    for (auto row : list.getAsRange<DictionaryAttr>()) {
      ArrayRef<int64_t> shape = integers(row, "shape");
      rows.push_back(
          data.structure({data.string(text(row, "path")), data.string(text(row, "kind")), data.array(shape),
                          data.i64(shape.size()), data.i64(integer(row, "parameters")), data.i64(integer(row, "flops")),
                          data.i64(integer(row, "bytes")), data.i64(integer(row, "receptive_field"))}));
    }
  count = rows.size();
  return data.table(rows);
}

LogicalResult Description::write() {
  SmallVector<llvm::Constant *> entries;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!nn::isEntry(function))
      continue;
    auto described = entry(function);
    if (failed(described))
      return failure();
    entries.push_back(*described);
  }
  int64_t ownedCount = 0, layerCount = 0;
  auto ownedTable = owned(ownedCount);
  if (failed(ownedTable))
    return failure();
  DictionaryAttr attrs = module->getAttrDictionary();
  StringRef precision = text(attrs, "nn.precision");
  auto bytes = [&](StringRef key) { return data.i64(integer(attrs, key)); };
  data.exported("nnrt_program", data.structure({data.i32(NNRT_ABI_VERSION),
                                                data.i32(64),
                                                data.string(text(attrs, "nn.model")),
                                                data.string(text(attrs, "nn.source")),
                                                data.string(text(attrs, "nn.source_hash")),
                                                data.string(provenance.compiler),
                                                data.string(provenance.target),
                                                data.string(provenance.cpuFeatures),
                                                data.string(precision.empty() ? "f32" : precision),
                                                *ownedTable,
                                                data.table(entries),
                                                train(attrs.getAs<DictionaryAttr>("nn.train")),
                                                layers(layerCount),
                                                data.i64(ownedCount),
                                                data.i64(entries.size()),
                                                data.i64(layerCount),
                                                bytes("nn.persistent_bytes"),
                                                bytes("nn.arena_bytes"),
                                                bytes("nn.parameter_bytes"),
                                                bytes("nn.gradient_bytes"),
                                                bytes("nn.optimizer_bytes"),
                                                bytes("nn.activation_bytes"),
                                                bytes("nn.workspace_bytes"),
                                                data.i64(provenance.threads),
                                                data.i64(integer(attrs, "nn.flops"))}));
  return success();
}

} // namespace

bool nn::isEntry(func::FuncOp function) {
  if (function.isPrivate() || function.isExternal())
    return false;
  return llvm::all_of(function.getFunctionType().getInputs(), llvm::IsaPred<TensorType>);
}

std::unique_ptr<llvm::Module> nn::describe(ModuleOp module, const Provenance &provenance, llvm::LLVMContext &context,
                                           const llvm::DataLayout &layout) {
  auto out = std::make_unique<llvm::Module>("description", context);
  out->setDataLayout(layout);
  if (failed(Description(module, provenance, *out).write()))
    return nullptr;
  return out;
}
