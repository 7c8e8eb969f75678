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
  /// Begins a new file, the last by name, in the folder, which is made where there is none. TensorBoard forgets what
  /// files before it hold of steps behind `step`.
  Status open(const std::string &folder, int64_t step);
  bool active() const { return file >= 0; }

  /// Scalars of one event.
  void add(const std::string &tag, double value);
  /// Writes the event; about once a second, all that is written goes to the file.
  Status end(int64_t step);
  /// Everything is in the file now, or the message why not.
  Status flush();

private:
  void record(int64_t step, const std::string &content);
  int file = -1;
  double flushed = 0;
  std::string path, summary, value, event, pending; // kept, so that a step allocates nothing
};

} // namespace nnrt
#endif
