// One checkpoint: a safetensors file with all that the model owns under its names, the same under "best/" where the run
// keeps its best weights, the state of the run and the program's text as metadata, and behind them the checksums.
#ifndef NNRT_CHECKPOINT_H
#define NNRT_CHECKPOINT_H
#include "Entry.h"
#include "RunState.h"

namespace nnrt {

/// The version of the format that is written; all from 1 on are read.
constexpr int checkpointVersion = 1;

/// What a checkpoint is made of: memory with the layout of the persistent part of the arena.
struct Snapshot {
  RunState state;
  const char *owned = nullptr, *best = nullptr; // best: null where none is kept
};

/// Writes atomically.
Status writeCheckpoint(const std::string &path, const nnrt_model &model, const std::string &vocabulary,
                       const Snapshot &snapshot);

/// A file whose checksums are right.
struct Checkpoint {
  std::vector<NamedArray> arrays; // without the checksums
  Metadata metadata;
  RunState state;

  /// The metadata of this key; empty where there is none.
  const std::string &text(const char *key) const { return textOf(metadata, key); }
  /// Paths, shapes, types, slots and precision that are not the model's, one per line; empty where it fits.
  std::string differences(const nnrt_model &model) const;
  /// Puts the tensors below `prefix` ("" or "best/") into memory with the layout of the persistent part.
  void copyTo(const nnrt_model &model, const std::string &prefix, char *owned) const;
  bool hasBest() const;
};
/// Refuses what is cut off, damaged, no checkpoint, or of a version that is not known yet.
Status readCheckpoint(const std::string &path, Checkpoint &checkpoint);

/// Whether the tensor is part of a checkpoint.
bool isCheckpointed(const nnrt_tensor &tensor);

/// The lines of two texts that are not in both, as "- old" and "+ new", at most `most` of them.
std::string changedLines(const std::string &before, const std::string &after, int most);

} // namespace nnrt
#endif
