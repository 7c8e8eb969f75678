// Command lines of generated programs: one table of verbs, one of options; parsing, help and suggestions follow from
// them.
#ifndef NNRT_OPTIONS_H
#define NNRT_OPTIONS_H
#include "Message.h"
#include <cstdint>

namespace nnrt {

enum Verb : uint32_t {
  Train = 1,
  Eval = 2,
  Predict = 4,
  Gradients = 8,
  Bench = 16,
  Summary = 32,
  Info = 64,
  OwnEntry = 128,
  Plot = 256,
  FindRate = 512,
  Kfold = 1024
};

/// A parsed command line. Every value has been checked against its kind.
class Options {
public:
  /// `help` is set where the user asked for it; its text is then the answer.
  /// `entries` are verbs of the model's own, and whether they take files.
  static Status parse(int argc, char **argv, const std::vector<std::pair<std::string, bool>> &entries, Options &options,
                      std::string &help);

  Verb verb = Train;
  std::string entry;   // of the model, with OwnEntry
  std::string program; // as it was called, without folders
  std::vector<std::string> arguments;

  bool has(const char *option) const { return find(option) != nullptr; }
  std::string text(const char *option, const std::string &fallback = "") const;
  int64_t integer(const char *option, int64_t fallback) const;
  double number(const char *option, double fallback) const;

private:
  const std::string *find(const char *option) const;
  Status take(const char *name, const std::string &value, bool given);
  std::vector<std::pair<std::string, std::string>> values;
};

} // namespace nnrt
#endif
