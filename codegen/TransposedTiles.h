// Operands that are contiguous across the lanes: read as square tiles of vectors and transposed in registers. Each tile
// is read once for all of its columns; where a read fits no tile, it is made lane by lane.
#ifndef NN_CODEGEN_TRANSPOSEDTILES_H
#define NN_CODEGEN_TRANSPOSEDTILES_H

#include "codegen/ElementEmitter.h"

namespace nn {

class TransposedTiles {
public:
  explicit TransposedTiles(ElementEmitter &e) : e(e) {}

  int64_t column = 0; ///< of the tile, that elements are asked for

  /// From here on, tiles of `lanes` rows (of which `rows` count) and `columns` columns.
  void start(int64_t lanes, int64_t rows, int64_t columns);
  /// Reads `tensor`, which must have a place, by tiles. Without masks, tiles with fewer columns than lanes are not
  /// used.
  void open(mlir::Value tensor, bool wholeOnly);
  void close(mlir::Value tensor);

private:
  struct Tile {
    mlir::Value tensor;
    LinearForm corner;
    llvm::SmallVector<mlir::Value> columns;
  };
  mlir::Value read(mlir::Value tensor, mlir::Value memory, llvm::ArrayRef<Coordinate> at, bool wholeOnly);

  ElementEmitter &e;
  int64_t lanes = 0, rows = 0, columns = 0;
  std::vector<Tile> tiles;
};

} // namespace nn

#endif
