// What TensorBoard reads: a file of records (length, checksum, bytes, checksum), each a protobuf Event with the scalars
// of one step.
#ifndef NNRT_EVENTFILE_H
#define NNRT_EVENTFILE_H
#include "Message.h"
#include <cstdint>

namespace nnrt {

class EventFile {
public:
  EventFile() = default;
  EventFile(const EventFile &) = delete;
  EventFile &operator=(const EventFile &) = delete;
  ~EventFile();
  /// Begins a new file, the last by name, in the folder, which is made where there is none, and ends the one before.
  /// TensorBoard forgets what files before it in the folder hold of steps behind `step`.
  Status open(const std::string &folder, int64_t step);
  bool active() const { return file >= 0; }

  /// Scalars of one event.
  void add(const std::string &tag, double value);
  /// Ends the event. It goes to the file with the next flush, or where many are waiting.
  Status end(int64_t step);
  /// Everything is in the file now, or the message why not.
  Status flush();

private:
  /// What waits is written, as far as it can be.
  void close();
  void record(int64_t step, const std::string &content);
  int file = -1;
  std::string path, summary, value, event, pending; // kept, so that a step allocates nothing
};

} // namespace nnrt
#endif
