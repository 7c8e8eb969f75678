// A folder that holds one run: its newest checkpoints, and a lock that one process has at a time.
#ifndef NNRT_CHECKPOINTFOLDER_H
#define NNRT_CHECKPOINTFOLDER_H
#include "Checkpoint.h"

namespace nnrt {

class CheckpointFolder {
public:
  CheckpointFolder() = default;
  CheckpointFolder(const CheckpointFolder &) = delete;
  CheckpointFolder &operator=(const CheckpointFolder &) = delete;
  ~CheckpointFolder();

  /// Makes the folder where it is missing, takes the lock, and removes what writes that were cut off have left behind.
  Status open(const std::string &path);
  bool isOpen() const { return lock >= 0; }
  const std::string &path() const { return folder; }
  /// Whether there is a checkpoint.
  bool holdsRun() const { return !files.empty(); }

  /// The newest checkpoint that is whole; those that are not are named in `notes`. Refuses where there are only such.
  Status newest(Checkpoint &checkpoint, std::string &notes) const;
  /// Writes a checkpoint, and then removes all but the two newest.
  Status write(const nnrt_model &model, const std::string &vocabulary, const Snapshot &snapshot);

private:
  std::string folder;
  std::vector<std::string> files; // names, oldest first
  int lock = -1;
};

} // namespace nnrt
#endif
