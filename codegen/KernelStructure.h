// How a kernel's body runs: which values are computed together (stages), which stages must run in one task (sections),
// and how the work is cut into items. A function of the body and the target alone: planning and emission derive the
// same.
#ifndef NN_CODEGEN_KERNELSTRUCTURE_H
#define NN_CODEGEN_KERNELSTRUCTURE_H

#include "codegen/Probe.h"
#include "dialect/Target.h"
#include "mlir/IR/Block.h"
#include <map>

namespace nn {

/// Values of one shape and layout that one loop nest computes.
struct Stage {
  llvm::SmallVector<mlir::Value> values;
  mlir::RankedTensorType domain;
  llvm::SmallVector<unsigned> needs; ///< earlier stages whose values it reads from memory
  int64_t laneDim = -1;              ///< the logical dimension that lanes lie along; -1: one element at a time
  int64_t lanes = 1;
  /// The dimension along which operands are contiguous that are not along `laneDim`: such operands are read in square
  /// tiles and transposed in registers. -1: none.
  int64_t tileDim = -1;
  double cost = 0;          ///< cycles for the whole stage
  int64_t instructions = 0; ///< of one vector's body
};

/// Stages that run one after the other in every task.
struct Section {
  llvm::SmallVector<unsigned> stages;
  /// Logical dimension per stage along which the section is cut into rows; empty: a single stage is cut by its leading
  /// physical dimensions, several stages are not cut.
  llvm::SmallVector<int64_t> rowDim;
  int64_t rowLanes = 1; ///< rows of one item
  /// Physical dimensions (outermost first) whose points are items, for a section without rows; of a tile dimension, the
  /// tiles are.
  int64_t leading = 0;
  int64_t segment = 0; ///< if not 0, the lane dimension is also cut, into segments of this many elements
  int64_t items = 1;
};

/// Whether two tensors have one shape and layout.
bool sameDomain(mlir::RankedTensorType, mlir::RankedTensorType);

class KernelStructure {
public:
  KernelStructure(mlir::Block &body, const Machine &machine);

  mlir::Block &body;
  const Machine &machine;
  std::vector<Stage> stages;
  std::vector<Section> sections;
  llvm::SetVector<mlir::Value> materialised;            ///< values that later stages read from memory
  llvm::DenseMap<mlir::Value, int64_t> workspaceOffset; ///< of those that are no results
  int64_t workspace = 0;
  int64_t items = 0; ///< of all sections

  KernelPlan plan();
  /// What an element of a stage reads from memory.
  llvm::ArrayRef<Read> readsOf(unsigned stage);

private:
  void findStages();
  void findSections();
  void chooseLanes(Stage &);
  bool cutIntoRows(Section &);
  bool rowsFrom(Section &, int64_t dim);
  void cutByLeadingDimensions(Section &);
  void findInPlace(KernelPlan &);

  unsigned stageOf(mlir::Value);
  std::map<unsigned, std::vector<Read>> reads;
};

/// A read whose place moves by `lane` elements along one dimension of a stage and by 1 along another.
struct TileRead {
  int64_t lane = 0;    ///< more than 1
  int64_t tileDim = 0; ///< where it moves by 1
};
/// None where a read is no candidate for tiles with lanes along `laneDim`.
std::optional<TileRead> tileRead(const Read &read, mlir::RankedTensorType domain, int64_t laneDim);

} // namespace nn

#endif
