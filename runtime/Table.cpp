// Tables as text and as JSON.
#include "Table.h"
#include "Classes.h"
#include "Json.h"
#include "Message.h"
#include <algorithm>

namespace nnrt {

std::string tableText(const Instance &instance, const Table &table) {
  const nnrt_train *train = instance.model.train;
  bool ofClasses = train && hasClassNames(instance) && (!train->classes || train->n_classes == table.columns) &&
                   table.rows() == table.columns;
  auto label = [&](int64_t i) { return ofClasses ? shown(className(instance, i)) : std::to_string(i); };
  std::vector<std::vector<std::string>> cells(table.rows() + 1);
  cells[0].push_back("");
  for (int64_t column = 0; column < table.columns; ++column)
    cells[0].push_back(label(column));
  for (int64_t row = 0; row < table.rows(); ++row) {
    cells[row + 1].push_back(label(row));
    for (int64_t column = 0; column < table.columns; ++column)
      cells[row + 1].push_back(format("%.9g", table.values[row * table.columns + column]));
  }
  std::string text = table.name;
  for (const auto &row : cells) {
    text += '\n';
    for (size_t column = 0; column < row.size(); ++column) {
      size_t width = 0;
      for (const auto &other : cells)
        width = std::max(width, other[column].size());
      text += std::string(column ? 2 : 0, ' ') + std::string(width - row[column].size(), ' ') + row[column];
    }
  }
  return text;
}

void appendTable(std::string &json, const Table &table) {
  appendString(json, table.name.c_str());
  json += ":[";
  for (int64_t row = 0; row < table.rows(); ++row) {
    json += row ? ",[" : "[";
    for (int64_t column = 0; column < table.columns; ++column) {
      if (column)
        json += ',';
      appendNumber(json, table.values[row * table.columns + column]);
    }
    json += ']';
  }
  json += ']';
}

} // namespace nnrt
