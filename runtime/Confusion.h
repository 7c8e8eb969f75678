// How often records of one class were taken for another.
#ifndef NNRT_CONFUSION_H
#define NNRT_CONFUSION_H
#include <cstdint>
#include <string>
#include <vector>

namespace nnrt {

struct Confusion {
  std::vector<std::string> names;
  std::vector<int64_t> counts; // row by row: targets; in a row: predictions

  int64_t classes() const { return int64_t(names.size()); }
  int64_t at(int64_t target, int64_t prediction) const { return counts[target * classes() + prediction]; }
};

/// A table for scripts.
std::string csvOf(const Confusion &confusion);
/// A picture: cells with their counts, shaded by their share of the row, right ones blue and wrong ones orange.
std::string svgOf(const Confusion &confusion);

/// A cell of a table: in quotes where it holds what a table is made of.
std::string csvCell(const std::string &text);

} // namespace nnrt
#endif
