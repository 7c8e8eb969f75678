// Tables of what the compiler found out, from attributes that passes left on the module. Computes nothing of its own.
#include "tools/Report.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

static constexpr std::pair<llvm::StringLiteral, llvm::StringLiteral> memoryRows[] = {
    {"parameters", "nn.parameter_bytes"},
    {"gradients", "nn.gradient_bytes"},
    {"optimizer", "nn.optimizer_bytes"},
    {"activations", "nn.activation_bytes"},
    {"workspace", "nn.workspace_bytes"}};

static int64_t integer(DictionaryAttr from, StringRef key) {
  auto attr = from.getAs<IntegerAttr>(key);
  return attr ? attr.getInt() : 0;
}
static StringRef text(DictionaryAttr from, StringRef key) {
  auto attr = from.getAs<StringAttr>(key);
  return attr ? attr.getValue() : StringRef();
}

void nn::printMemory(ModuleOp planned, llvm::raw_ostream &out) {
  DictionaryAttr attrs = planned->getAttrDictionary();
  auto row = [&](StringRef name, int64_t bytes) {
    out << llvm::left_justify(name, 12) << llvm::format("%12lld", static_cast<long long>(bytes)) << " bytes\n";
  };
  for (auto [name, key] : memoryRows)
    row(name, integer(attrs, key));
  row("arena", integer(attrs, "nn.arena_bytes"));
}

void nn::printSummary(ModuleOp module, llvm::raw_ostream &out) {
  auto layers = module->getAttrOfType<ArrayAttr>("nn.layers");
  struct Row {
    std::string cells[7];
  };
  SmallVector<Row> rows = {{{"layer", "kind", "output", "parameters", "FLOPs", "bytes", "field"}}};
  for (auto layer : layers ? layers.getAsRange<DictionaryAttr>()
                           : ArrayAttr::get(module.getContext(), {}).getAsRange<DictionaryAttr>()) {
    auto number = [&](StringRef key) { return std::to_string(integer(layer, key)); };
    int64_t field = integer(layer, "receptive_field");
    rows.push_back({{text(layer, "path").str(), text(layer, "kind").str(), text(layer, "output").str(),
                     number("parameters"), number("flops"), number("bytes"), field ? std::to_string(field) : ""}});
  }
  size_t widths[7] = {};
  for (const Row &row : rows)
    for (size_t i = 0; i < 7; ++i)
      widths[i] = std::max(widths[i], row.cells[i].size());
  out << text(module->getAttrDictionary(), "nn.model") << "\n";
  for (const Row &row : rows) {
    std::string line;
    for (size_t i = 0; i < 7; ++i) {
      std::string pad(widths[i] - row.cells[i].size() + (i ? 2 : 0), ' ');
      line += i < 3 ? (i ? "  " : "") + row.cells[i] + std::string(widths[i] - row.cells[i].size(), ' ')
                    : pad + row.cells[i];
    }
    out << StringRef(line).rtrim() << "\n";
  }
  int64_t trainable = 0, other = 0, bytes = 0;
  if (auto owned = module->getAttrOfType<ArrayAttr>("nn.owned"))
    for (auto value : owned.getAsRange<DictionaryAttr>()) {
      auto type = cast<RankedTensorType>(value.getAs<TypeAttr>("type").getValue());
      StringRef role = text(value, "role");
      if (role == "param") {
        trainable += type.getNumElements();
        bytes += type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
      } else if (role == "state") {
        other += type.getNumElements();
      }
    }
  out << trainable << " trainable\n"
      << other << " not trainable\n"
      << bytes << " bytes of parameters\n"
      << integer(module->getAttrDictionary(), "nn.flops") << " FLOPs for one example, forward\n";
}
