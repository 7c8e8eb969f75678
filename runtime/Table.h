// Results of an evaluation that are tables, such as a confusion matrix.
#ifndef NNRT_TABLE_H
#define NNRT_TABLE_H
#include "Entry.h"
#include <string>
#include <vector>

namespace nnrt {

struct Table {
  std::string name;
  int64_t columns;
  std::vector<double> values; ///< row by row
  int64_t rows() const { return int64_t(values.size()) / columns; }
};

/// The table with a heading, for people. Its rows and columns have the names of classes where there are as many.
std::string tableText(const Instance &instance, const Table &table);
/// Appends `"name":[[…],…]`.
void appendTable(std::string &json, const Table &table);

} // namespace nnrt
#endif
