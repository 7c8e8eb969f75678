// Loop nests over stages: items of the task range outside, lanes innermost, tails by mask or in narrower pieces.
#include "codegen/EmitStages.h"
#include "codegen/ElementEmitter.h"
#include "codegen/KernelStructure.h"
#include "codegen/Targets.h"
#include "codegen/TransposedTiles.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace nn;

/// Bodies of about this many operations are emitted side by side in a loop over lanes.
static constexpr int64_t kUnrolledInstructions = 96;

namespace {
struct StageEmitter {
  KernelFrame &frame;
  KernelStructure &structure;
  OpBuilder &b;
  Location loc;
  ElementEmitter e;
  DenseMap<Value, SmallVector<Value, 1>> memories; ///< where a stage's values go
  int64_t narrowest = 64;                          ///< bits of the narrowest tensor in memory
  TransposedTiles tiles;                           ///< of the operands that a stage reads by tiles
  int64_t tileColumns = 0;                         ///< points along the tile dimension that `point` covers; 0: no tiles

  StageEmitter(KernelFrame &frame, KernelStructure &structure)
      : frame(frame), structure(structure), b(frame.b), loc(frame.loc), e(frame.b, frame.loc), tiles(e) {
    e.reduceLanes = [this](Type type) { return this->frame.machine.lanes(std::max(32u, bitsOf(type))); };
    auto narrow = [&](Value v) {
      auto type = cast<RankedTensorType>(v.getType());
      if (type.getNumElements() > 1)
        narrowest = std::min<int64_t>(narrowest, bitsOf(type.getElementType()));
    };
    for (auto [argument, memory] : llvm::zip(frame.body.getArguments(), frame.flatOperands)) {
      e.place(argument, memory);
      narrow(argument);
    }
    for (auto [value, memory] : llvm::zip(frame.body.getTerminator()->getOperands(), frame.flatResults)) {
      memories[value].push_back(memory);
      narrow(value);
    }
    for (auto [value, offset] : structure.workspaceOffset) {
      auto type = cast<RankedTensorType>(value.getType());
      auto memory = MemRefType::get({type.getNumElements()}, memoryType(type.getElementType()));
      memories[value].push_back(memref::ViewOp::create(b, loc, memory, frame.workspace, e.index(offset), ValueRange()));
      narrow(value);
    }
  }

  static unsigned bitsOf(Type element) { return memoryType(element).getIntOrFloatBitWidth(); }
  bool hasMasks() const { return frame.machine.facts.maskedBits && narrowest >= frame.machine.facts.maskedBits; }

  void forLoop(Value lo, Value hi, int64_t step, llvm::function_ref<void(Value)> body) {
    auto loop = scf::ForOp::create(b, loc, lo, hi, e.index(step));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }
  void when(Value condition, llvm::function_ref<void()> body) {
    auto branch = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&branch.getThenRegion().front());
    body();
  }
  Value add(Value a, Value c) { return arith::AddIOp::create(b, loc, a, c); }

  // ---- one point of a stage

  void point(const Stage &stage, ArrayRef<Coordinate> at, int64_t lanes, int64_t active) {
    if (tileColumns == 0)
      return values(stage, at, lanes, active);
    tiles.start(lanes, active, tileColumns);
    for (int64_t j = 0; j < tileColumns; ++j) {
      SmallVector<Coordinate> here(at);
      here[stage.tileDim] = e.affine(at[stage.tileDim], 1, j);
      tiles.column = j;
      values(stage, here, lanes, active);
    }
  }

  /// Computes and stores all values of the stage at `at`; everything is read before anything is written.
  void values(const Stage &stage, ArrayRef<Coordinate> at, int64_t lanes, int64_t active) {
    e.setLanes(lanes, active);
    SmallVector<Value> values;
    for (Value v : stage.values)
      values.push_back(e.element(v, at));
    for (auto [v, value] : llvm::zip(stage.values, values))
      for (Value memory : memories[v])
        e.store(value, cast<RankedTensorType>(v.getType()), memory, at);
    e.setLanes(1, 1);
  }

  // ---- lanes

  /// The last `count` < lanes elements from `from` on.
  void tail(const Stage &stage, SmallVector<Coordinate> at, int64_t d, int64_t lanes, Coordinate from, int64_t count) {
    if (count == 0)
      return;
    if (hasMasks()) {
      at[d] = {from.base, 1};
      point(stage, at, lanes, count);
      return;
    }
    for (int64_t width = lanes / 2; count > 0; width /= 2)
      if (count >= width) {
        at[d] = {from.base, width > 1 ? 1 : 0};
        point(stage, at, width, width);
        from = e.affine(from, 1, width);
        count -= width;
      }
  }

  /// Elements begin..begin+count-1 of the lane dimension.
  void lanesOver(const Stage &stage, SmallVector<Coordinate> at, Value begin, int64_t count) {
    int64_t d = stage.laneDim, lanes = stage.lanes, vectors = count / lanes;
    int64_t side =
        tileColumns ? 1 : std::clamp<int64_t>(kUnrolledInstructions / std::max<int64_t>(1, stage.instructions), 1, 4);
    auto vector = [&](Value base, int64_t offset) {
      SmallVector<Coordinate> here(at);
      here[d] = {e.affine({base, 0}, 1, offset).base, 1};
      point(stage, here, lanes, lanes);
    };
    int64_t blocks = vectors / side;
    if (blocks == 1) {
      for (int64_t u = 0; u < side; ++u)
        vector(begin, u * lanes);
    } else if (blocks > 1) {
      forLoop(e.index(0), e.index(blocks), 1, [&](Value i) {
        Value base = e.sum({begin, 0}, e.affine({i, 0}, side * lanes, 0)).base;
        for (int64_t u = 0; u < side; ++u)
          vector(base, u * lanes);
      });
    }
    for (int64_t v = blocks * side; v < vectors; ++v)
      vector(begin, v * lanes);
    tail(stage, at, d, lanes, e.affine({begin, 0}, 1, vectors * lanes), count % lanes);
  }

  /// All points of the stage whose coordinates in `dims` (outermost first) are free; the lane dimension comes last.
  void nest(const Stage &stage, SmallVector<Coordinate> &at, ArrayRef<int64_t> dims,
            llvm::function_ref<void(SmallVector<Coordinate> &)> innermost) {
    if (dims.empty())
      return innermost(at);
    int64_t d = dims.front(), extent = stage.domain.getDimSize(d);
    if (extent == 1) {
      at[d] = e.fixed(0);
      return nest(stage, at, dims.drop_front(), innermost);
    }
    forLoop(e.index(0), e.index(extent), 1, [&](Value i) {
      at[d] = {i, 0};
      nest(stage, at, dims.drop_front(), innermost);
    });
  }

  /// All points with the given fixed coordinates (null base: free); lanes along the stage's lane dimension if that is
  /// free.
  void stagePoints(const Stage &stage, SmallVector<Coordinate> at) {
    SmallVector<int64_t> free;
    for (int64_t d : physicalOrder(stage.domain))
      if (!at[d].base && d != stage.laneDim && d != stage.tileDim)
        free.push_back(d);
    bool vectors = stage.laneDim >= 0 && !at[stage.laneDim].base;
    nest(stage, at, free, [&](SmallVector<Coordinate> &at) {
      if (!vectors)
        return point(stage, at, 1, 1);
      auto lanes = [&] { lanesOver(stage, at, e.index(0), stage.domain.getDimSize(stage.laneDim)); };
      if (stage.tileDim < 0 || at[stage.tileDim].base)
        return lanes();
      int64_t extent = stage.domain.getDimSize(stage.tileDim), full = extent / stage.lanes;
      if (full > 0)
        forLoop(e.index(0), e.index(full), 1, [&](Value tile) {
          at[stage.tileDim] = e.affine({tile, 0}, stage.lanes, 0);
          byTiles(stage, at, stage.lanes, lanes);
        });
      at[stage.tileDim] = e.fixed(full * stage.lanes);
      byTiles(stage, at, extent % stage.lanes, lanes);
    });
  }

  /// Runs `body`, whose points each stand for `columns` points along the tile dimension.
  void byTiles(const Stage &stage, ArrayRef<Coordinate> at, int64_t columns, llvm::function_ref<void()> body) {
    if (columns == 0)
      return;
    for (Value tensor : tileTensors(stage))
      tiles.open(tensor, !hasMasks());
    tileColumns = columns;
    body();
    tileColumns = 0;
    for (Value tensor : tileTensors(stage))
      tiles.close(tensor);
  }
  SmallVector<Value> tileTensors(const Stage &stage) {
    llvm::SetVector<Value> tensors;
    for (const Read &read : structure.readsOf(&stage - structure.stages.data()))
      if (tileRead(read, stage.domain, stage.laneDim))
        tensors.insert(read.tensor);
    return tensors.takeVector();
  }

  // ---- sections

  /// A single stage: item i is a point of the leading dimensions, and a segment of the lane dimension where there are
  /// any.
  void leadingItem(const Section &section, Value item) {
    const Stage &stage = structure.stages[section.stages[0]];
    SmallVector<Coordinate> at(stage.domain.getRank());
    int64_t extent = section.segment ? stage.domain.getDimSize(stage.laneDim) : 0;
    int64_t segments = section.segment ? (extent + section.segment - 1) / section.segment : 1;
    Value rest = item;
    auto split = [&](int64_t n, bool last) {
      if (n == 1)
        return e.index(0);
      Value part = last ? rest : Value(arith::RemUIOp::create(b, loc, rest, e.index(n)));
      if (!last)
        rest = arith::DivUIOp::create(b, loc, rest, e.index(n));
      e.forms.assume(part, 0, n - 1);
      return part;
    };
    SmallVector<int64_t> order = physicalOrder(stage.domain);
    int64_t outer = section.leading;
    auto onlyOnes = [&](int64_t k) {
      return llvm::all_of(ArrayRef<int64_t>(order).take_front(k),
                          [&](int64_t d) { return stage.domain.getDimSize(d) == 1; });
    };
    Value segment = section.segment ? split(segments, onlyOnes(outer)) : Value();
    bool tiled = false;
    for (int64_t k = outer - 1; k >= 0; --k) {
      int64_t n = stage.domain.getDimSize(order[k]);
      if (order[k] == stage.tileDim) {
        tiled = true;
        at[order[k]] = e.affine({split(llvm::divideCeil(n, stage.lanes), onlyOnes(k)), 0}, stage.lanes, 0);
      } else {
        at[order[k]] = {split(n, onlyOnes(k)), 0};
      }
    }
    if (tiled)
      return tiledItem(section, stage, at, segment);
    if (!section.segment)
      return stagePoints(stage, at);
    segmentOf(section, stage, at, segment);
  }

  /// The item is a tile; the last one along its dimension may be narrower.
  void tiledItem(const Section &section, const Stage &stage, const SmallVector<Coordinate> &at, Value segment) {
    int64_t extent = stage.domain.getDimSize(stage.tileDim), rest = extent % stage.lanes;
    auto body = [&](int64_t columns) {
      byTiles(stage, at, columns, [&] {
        if (section.segment)
          segmentOf(section, stage, at, segment);
        else
          stagePoints(stage, at);
      });
    };
    if (rest == 0)
      return body(stage.lanes);
    Value first = e.index(extent - rest);
    Value isLast = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, at[stage.tileDim].base, first);
    auto branch = scf::IfOp::create(b, loc, isLast, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&branch.getThenRegion().front());
    body(rest);
    b.setInsertionPointToStart(&branch.getElseRegion().front());
    body(stage.lanes);
  }

  void segmentOf(const Section &section, const Stage &stage, const SmallVector<Coordinate> &at, Value segment) {
    int64_t extent = stage.domain.getDimSize(stage.laneDim);
    int64_t segments = (extent + section.segment - 1) / section.segment;
    Value begin = e.affine({segment, 0}, section.segment, 0).base;
    int64_t last = extent - (segments - 1) * section.segment;
    if (last == section.segment) {
      lanesOver(stage, at, begin, last);
      return;
    }
    // The last segment is shorter; a constant count keeps its tail constant too.
    Value isLast = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, segment, e.index(segments - 1));
    auto branch = scf::IfOp::create(b, loc, isLast, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&branch.getThenRegion().front());
    lanesOver(stage, at, e.index((segments - 1) * section.segment), last);
    b.setInsertionPointToStart(&branch.getElseRegion().front());
    lanesOver(stage, at, begin, section.segment);
  }

  /// Row `item` of every stage, or rows item*lanes.. side by side in lanes.
  void rowItem(const Section &section, Value item, int64_t active) {
    for (size_t i = 0; i < section.stages.size(); ++i) {
      const Stage &stage = structure.stages[section.stages[i]];
      int64_t d = section.rowDim[i];
      SmallVector<Coordinate> at(stage.domain.getRank());
      if (section.rowLanes == 1) {
        at[d] = {item, 0};
        stagePoints(stage, at);
      } else {
        at[d] = {e.affine({item, 0}, section.rowLanes, 0).base, 1};
        SmallVector<int64_t> free;
        for (int64_t k : physicalOrder(stage.domain))
          if (k != d)
            free.push_back(k);
        nest(stage, at, free, [&](SmallVector<Coordinate> &at) {
          if (active == section.rowLanes) {
            point(stage, at, active, active);
            return;
          }
          tail(stage, at, d, section.rowLanes, {at[d].base, 0}, active);
        });
      }
      ready(stage);
    }
  }

  /// Later stages read the stage's values from memory.
  void ready(const Stage &stage) {
    for (Value v : stage.values)
      if (structure.materialised.contains(v))
        e.place(v, memories[v].front());
  }
  void forget(const Section &section) {
    for (unsigned index : section.stages)
      for (Value v : structure.stages[index].values)
        if (!isa<BlockArgument>(v))
          e.displace(v);
  }

  void sectionOver(const Section &section, Value lo, Value hi) {
    auto items = [&](Value from, Value to, int64_t first, int64_t last, llvm::function_ref<void(Value)> body) {
      forLoop(from, to, 1, [&](Value item) {
        e.forms.assume(item, first, last);
        body(item);
      });
    };
    if (section.rowDim.empty() && section.stages.size() == 1) {
      items(lo, hi, 0, section.items - 1, [&](Value item) { leadingItem(section, item); });
    } else if (section.rowDim.empty()) {
      items(lo, hi, 0, 0, [&](Value) {
        for (unsigned index : section.stages) {
          const Stage &stage = structure.stages[index];
          stagePoints(stage, SmallVector<Coordinate>(stage.domain.getRank()));
          ready(stage);
        }
      });
    } else {
      int64_t rows = structure.stages[section.stages[0]].domain.getDimSize(section.rowDim[0]);
      int64_t rest = rows % section.rowLanes, full = section.items - (rest ? 1 : 0);
      Value end = rest ? Value(arith::MinSIOp::create(b, loc, hi, e.index(full))) : hi;
      if (full > 0)
        items(lo, end, 0, full - 1, [&](Value item) { rowItem(section, item, section.rowLanes); });
      forget(section);
      if (rest)
        items(arith::MaxSIOp::create(b, loc, lo, e.index(full)), hi, full, full,
              [&](Value) { rowItem(section, e.index(full), rest); });
    }
    forget(section);
  }

  void emit() {
    // Tasks are runs of equally many items; the items of the sections follow one another.
    int64_t perTask = (structure.items + frame.tasks - 1) / frame.tasks, first = 0;
    auto itemOf = [&](Value task) -> Value {
      Value item = e.affine({task, 0}, perTask, 0).base;
      return frame.tasks * perTask == structure.items ? item
                                                      : arith::MinSIOp::create(b, loc, item, e.index(structure.items));
    };
    Value lo = itemOf(frame.lo), hi = itemOf(frame.hi);
    for (const Section &section : structure.sections) {
      Value from = lo, to = hi;
      if (structure.sections.size() > 1) {
        from = e.affine({arith::MaxSIOp::create(b, loc, lo, e.index(first)), 0}, 1, -first).base;
        to = e.affine({arith::MinSIOp::create(b, loc, hi, e.index(first + section.items)), 0}, 1, -first).base;
      }
      sectionOver(section, from, to);
      first += section.items;
    }
  }
};
} // namespace

void nn::emitStages(KernelFrame &frame, KernelStructure &structure) { StageEmitter(frame, structure).emit(); }
