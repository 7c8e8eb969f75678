// Errors as values, and the text of messages. The runtime is built without exceptions: what can fail returns a Status,
// and only Program.cpp prints one and turns it into an exit status. A text says what is wrong, where, and what to do.
#ifndef NNRT_MESSAGE_H
#define NNRT_MESSAGE_H
#include <string>
#include <vector>

namespace nnrt {

/// printf into a string.
[[gnu::format(printf, 1, 2)]] std::string format(const char *pattern, ...);

/// printf behind a string; nothing is allocated while the string has room.
[[gnu::format(printf, 2, 3)]] void append(std::string &text, const char *pattern, ...);

/// Exit statuses of a generated program.
enum ExitCode { Done = 0, Wrong = 1, Usage = 2, Machine = 3, Interrupted = 130, Terminated = 143 };

/// Success, or an exit status with its message.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(ExitCode code, std::string text) : code(code), text(std::move(text)) {}
  bool failed() const { return code != Done; }
  ExitCode exitCode() const { return code; }
  const std::string &message() const { return text; }

private:
  ExitCode code = Done;
  std::string text;
};

/// The model, the data or a file is wrong (exit status 1).
[[gnu::format(printf, 1, 2)]] Status wrong(const char *pattern, ...);
/// The command line is wrong (exit status 2).
[[gnu::format(printf, 1, 2)]] Status usage(const char *pattern, ...);
/// The machine lacks something (exit status 3).
[[gnu::format(printf, 1, 2)]] Status machine(const char *pattern, ...);

/// Leaves the function with the Status of `call` if it failed.
#define NNRT_TRY(call)                                                                                                 \
  do {                                                                                                                 \
    if (::nnrt::Status status_ = (call); status_.failed())                                                             \
      return status_;                                                                                                  \
  } while (0)

/// The candidate that a misspelt word most likely meant, or null if none is near.
const char *nearest(const std::string &word, const std::vector<const char *> &candidates);

/// Length of the well-formed UTF-8 sequence at `at`, or 0.
int characterLength(const char *at);

/// A text that a file holds, as a message shows it: on one line, in `most` bytes at most, nothing that a terminal obeys
/// or that turns the direction of writing.
std::string shown(const std::string &text, size_t most = 100);

/// "[64, 1, 28, 28]"
std::string shapeText(const int64_t *shape, size_t rank);
std::string shapeText(const std::vector<int64_t> &shape);

/// "a, b and c"
std::string listText(const std::vector<std::string> &items, const char *last = "and");

} // namespace nnrt
#endif
