// Counts the bytes in use at every launch of a planned module: values outside the persistent range from the launch that
// writes them to the last that reads them, what the caller gives or gets all the time.
#include "tools/Arena.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace nn;

namespace {

/// Memory that one or more values take one after the other.
struct InUse {
  int64_t begin, end; ///< first and last launch
  int64_t bytes;
  std::string what;
  bool grows = false; ///< with the batch: a dimension has its extent
};

struct Peak {
  LaunchOp launch;
  int64_t number = 0, bytes = 0;
  std::vector<InUse> live;
};

int64_t integer(ModuleOp module, StringRef key) {
  auto attr = module->getAttrOfType<IntegerAttr>(key);
  return attr ? attr.getInt() : 0;
}

int64_t bytesOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor.getNumElements() * llvm::divideCeil(tensor.getElementTypeBitWidth(), 8);
}

/// "64x6x28x28xf32 of conv2d_1": with the value's name, else its owner's, else its place in the source.
std::string describe(Value v, StringRef name) {
  std::string text;
  llvm::raw_string_ostream out(text);
  for (int64_t extent : cast<RankedTensorType>(v.getType()).getShape())
    out << extent << "x";
  out << cast<RankedTensorType>(v.getType()).getElementType();
  if (!name.empty())
    out << " " << name;
  else if (auto owner = v.getLoc()->findInstanceOf<NameLoc>())
    out << " of " << owner.getName().getValue();
  else if (auto place = v.getLoc()->findInstanceOf<FileLineColLoc>())
    out << " of " << place.getFilename().getValue() << ":" << place.getLine() << ":" << place.getColumn();
  return text;
}

Peak findPeak(func::FuncOp entry, int64_t persistent, int64_t batch, const SymbolTable &symbols) {
  SmallVector<LaunchOp> launches;
  DenseMap<Operation *, int64_t> number; // of launches; of scans that of their last launch
  entry.walk([&](Operation *op) {        // scans behind their bodies
    if (auto launch = dyn_cast<LaunchOp>(op))
      launches.push_back(launch);
    number[op] = int64_t(launches.size()) - 1;
  });
  if (launches.empty())
    return {};
  int64_t end = launches.size() - 1;
  llvm::MapVector<int64_t, SmallVector<InUse>> byOffset;
  auto add = [&](Value v, int64_t offset, int64_t from, StringRef name) {
    if (offset < persistent)
      return;
    InUse use{from, from, bytesOf(v.getType()), describe(v, name),
              llvm::is_contained(cast<RankedTensorType>(v.getType()).getShape(), batch)};
    for (Operation *user : v.getUsers())
      use.end = std::max(use.end, isa<LaunchOp, ScanOp>(user) ? number[user] : end);
    // Written over an operand: the same memory.
    for (InUse &known : byOffset[offset])
      if (known.begin <= from && from <= known.end && known.bytes >= use.bytes) {
        known.end = std::max(known.end, use.end);
        return;
      }
    byOffset[offset].push_back(use);
  };
  for (BlockArgument argument : entry.getArguments()) {
    auto offset = entry.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(), "nn.offset");
    auto name = entry.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "nn.name");
    add(argument, offset.getInt(), 0, name ? name.getValue() : "");
    for (InUse &use : byOffset[offset.getInt()])
      use.end = end;
  }
  // What a loop fills is in use from its begin.
  entry.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (auto scan = dyn_cast<ScanOp>(op)) {
      int64_t begin = end;
      scan.walk([&](LaunchOp launch) { begin = std::min(begin, number[launch]); });
      for (auto [result, offset] : llvm::zip(scan.getResults(), *scan.getOffsets()))
        add(result, offset, begin, "");
    }
    auto launch = dyn_cast<LaunchOp>(op);
    if (!launch)
      return;
    ArrayRef<int64_t> offsets = launch.getOffsets()->drop_front(launch.getInputs().size());
    for (auto [result, offset] : llvm::zip(launch.getResults(), offsets))
      add(result, offset, number[launch], "");
    auto workspace = symbols.lookup(launch.getKernel())->getAttrOfType<IntegerAttr>("nn.workspace");
    if (workspace)
      byOffset[offsets.back()].push_back(
          {number[launch], number[launch], workspace.getInt(), "workspace of " + launch.getKernel().str()});
  });
  Peak peak;
  for (auto [i, launch] : llvm::enumerate(launches)) {
    int64_t now = i;
    std::vector<InUse> live;
    int64_t bytes = 0;
    for (auto &[offset, uses] : byOffset)
      for (const InUse &use : uses)
        if (use.begin <= now && now <= use.end) {
          live.push_back(use);
          bytes += use.bytes;
        }
    if (bytes > peak.bytes)
      peak = {launch, now, bytes, std::move(live)};
  }
  return peak;
}

} // namespace

/// How many values the message names.
static constexpr size_t kNamed = 8;

bool nn::checkArena(ModuleOp planned, int64_t limit, llvm::raw_ostream &errors) {
  int64_t arena = integer(planned, "nn.arena_bytes"), persistent = integer(planned, "nn.persistent_bytes");
  int64_t batch = integer(planned, "nn.batch");
  if (arena <= limit)
    return true;
  SymbolTable symbols(planned);
  Peak peak;
  for (auto entry : planned.getOps<func::FuncOp>())
    if (entry.isPrivate())
      continue;
    else if (Peak other = findPeak(entry, persistent, batch, symbols); other.bytes > peak.bytes)
      peak = std::move(other);
  errors << "nnc: the program needs " << arena << " bytes, more than --max-arena (" << limit << ")\n";
  auto line = [&](int64_t bytes, const Twine &what) {
    errors << llvm::format("%14lld", static_cast<long long>(bytes)) << "  " << what << "\n";
  };
  line(persistent, "parameters and what else a step leaves to the next");
  if (peak.launch) {
    auto entry = peak.launch->getParentOfType<func::FuncOp>();
    errors << "  most of the rest is in use at launch " << peak.number << " of " << entry.getName() << ", "
           << peak.launch.getKernel() << ":\n";
    llvm::sort(peak.live,
               [](const InUse &a, const InUse &b) { return std::tie(b.bytes, a.what) < std::tie(a.bytes, b.what); });
    int64_t others = 0;
    for (auto [i, use] : llvm::enumerate(peak.live))
      if (i < kNamed)
        line(use.bytes, use.what);
      else
        others += use.bytes;
    if (others)
      line(others, std::to_string(peak.live.size() - kNamed) + " smaller values");
  }
  int64_t fixed = persistent;
  for (const InUse &use : peak.live)
    fixed += use.grows ? 0 : use.bytes;
  if (persistent >= limit)
    errors << "  hint: a smaller model, or an optimizer with fewer slots: no batch is small enough\n";
  else if (int64_t fits = batch * std::max<int64_t>(0, limit - fixed) / (arena - fixed))
    errors << "  hint: a batch of about " << fits << " instead of " << batch << "\n";
  else
    errors << "  hint: a smaller model: a batch of 1 is about too large\n";
  return false;
}
