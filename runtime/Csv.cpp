// Reader of CSV files: cells, the header, and cells as numbers.
#include "Csv.h"
#include "Gzip.h"
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string_view>

namespace nnrt {

namespace {
struct Cell {
  const char *begin = nullptr;
  int64_t length = 0;
  std::string own; // where quotes are doubled inside, the cell without them
  std::string text() const { return std::string(begin, size_t(length)); }
};

/// The lines of a file as cells.
class Lines {
public:
  Lines(const std::string &path, const Region &file) : path(path), at(file.data()), end(at + file.size()) {
    if (file.size() >= 3 && !memcmp(at, "\xef\xbb\xbf", 3)) // the mark that some programs write
      at += 3;
    const char *line = at;
    bool quoted = false;
    for (; line != end && *line != '\n' && (quoted || !strchr(",;\t", *line) || !*line); ++line)
      quoted ^= *line == '"';
    if (line != end && *line != '\n')
      separator = *line;
  }
  /// The next line that is not empty; `cells` is empty at the end of the file.
  Status next(std::vector<Cell> &cells);
  /// Where the last line began, counted from 1.
  int64_t number() const { return first; }

private:
  Status quotedCell(Cell &cell);
  bool atEnd() const { return at == end || *at == '\n' || (*at == '\r' && (at + 1 == end || at[1] == '\n')); }
  const std::string &path;
  const char *at, *end;
  char separator = ',';
  int64_t first = 0, line = 1;
};

/// Where a field's values stand.
struct Column {
  int64_t field, cell, element, elements; // the cell is element `element` of the field's `elements`
};
} // namespace

/// A cell between quotes; it may hold separators, ends of lines, and quotes written twice.
Status Lines::quotedCell(Cell &cell) {
  cell.begin = ++at;
  bool doubled = false;
  for (;; ++at) {
    if (at == end)
      return wrong("%s, line %lld: the quotes that begin there do not end", path.c_str(), (long long)first);
    line += *at == '\n';
    if (*at != '"')
      continue;
    if (at + 1 == end || at[1] != '"')
      break;
    doubled = true;
    ++at;
  }
  cell.length = at++ - cell.begin;
  if (doubled) {
    for (int64_t i = 0; i < cell.length; i += cell.begin[i] == '"' ? 2 : 1)
      cell.own += cell.begin[i];
    cell.length = int64_t(cell.own.size());
  }
  return atEnd() || *at == separator
             ? Status()
             : wrong("%s, line %lld: something follows quotes that end within a cell", path.c_str(), (long long)first);
}

Status Lines::next(std::vector<Cell> &cells) {
  cells.clear();
  while (at != end && atEnd()) { // empty lines
    at += *at == '\r';
    if (at != end)
      ++at, ++line;
  }
  first = line;
  if (at == end)
    return {};
  for (;; ++at) {
    Cell cell;
    if (at != end && *at == '"') {
      NNRT_TRY(quotedCell(cell));
    } else {
      cell.begin = at;
      while (!atEnd() && *at != separator)
        ++at;
      cell.length = at - cell.begin;
    }
    cells.push_back(std::move(cell));
    if (atEnd())
      break;
  }
  for (Cell &cell : cells) // short texts have moved with their cells
    if (!cell.own.empty())
      cell.begin = cell.own.data();
  return {};
}

static std::string header(const std::vector<Cell> &cells) {
  std::vector<std::string> names;
  for (const Cell &cell : cells)
    names.push_back(shown(cell.text()));
  if (names.size() > 12) {
    names.erase(names.begin() + 11, names.end() - 1);
    names[10] = "...";
  }
  return listText(names);
}

static Status findColumn(const std::string &path, const std::vector<Cell> &cells, const char *name, int64_t &found) {
  found = -1;
  for (size_t i = 0; i < cells.size(); ++i)
    if (cells[i].text() == name) {
      if (found >= 0)
        return wrong("%s: has two columns '%s': give them different names", path.c_str(), name);
      found = int64_t(i);
    }
  return found >= 0 ? Status()
                    : wrong("%s: has no column '%s': its columns are %s", path.c_str(), name, header(cells).c_str());
}

/// The columns of all fields.
static Status findColumns(const std::string &path, const std::vector<Cell> &cells, const nnrt_source &source,
                          std::vector<Column> &columns) {
  for (int64_t i = 0; i < source.n_fields; ++i) {
    const nnrt_field &field = source.fields[i];
    int64_t elements = elementsOf(field.shape, field.rank);
    if (field.column_range) {
      int64_t from, to;
      NNRT_TRY(findColumn(path, cells, field.columns[0], from));
      NNRT_TRY(findColumn(path, cells, field.columns[1], to));
      long long count = to - from + 1;
      if (count != elements)
        return wrong("%s: '%s' to '%s' are %lld columns, the field '%s' has %lld values", path.c_str(),
                     field.columns[0], field.columns[1], count, field.name, (long long)elements);
      for (int64_t k = from; k <= to; ++k)
        columns.push_back({i, k, k - from, elements});
      continue;
    }
    for (int64_t k = 0; k < elements; ++k) {
      const char *name = field.n_columns ? field.columns[k] : field.name;
      int64_t cell;
      NNRT_TRY(findColumn(path, cells, name, cell));
      columns.push_back({i, cell, k, elements});
    }
  }
  return {};
}

/// Nothing, or one of the words that stand for nothing.
static bool isMissing(std::string_view text) {
  return text.empty() || text == "?" || text == "NA" || text == "N/A" || text == "NaN" || text == "nan" ||
         text == "null";
}

template <typename T>
static const char *parse(const char *begin, const char *end, T &value, const char *otherwise) {
  if (begin != end && *begin == '+')
    ++begin;
  auto [stop, error] = std::from_chars(begin, end, value);
  if (stop != end || error == std::errc::invalid_argument)
    return otherwise;
  if constexpr (std::is_floating_point_v<T>) {
    if (error == std::errc::result_out_of_range) // too large, or so small that it is 0 or denormal
      value = T(strtod(std::string(begin, end).c_str(), nullptr));
    return std::isfinite(value) ? nullptr : error == std::errc() ? "is not finite" : "is beyond the range of its type";
  }
  return error == std::errc() ? nullptr : "is beyond the range of its type";
}

/// Writes a cell as one element; otherwise says what it should be.
static const char *store(const char *begin, const char *end, int32_t type, char *out) {
  if (type == NNRT_F32) {
    float value = 0;
    const char *problem = parse(begin, end, value, "is not a number");
    memcpy(out, &value, 4);
    return problem;
  }
  if (type == NNRT_F64) {
    double value = 0;
    const char *problem = parse(begin, end, value, "is not a number");
    memcpy(out, &value, 8);
    return problem;
  }
  if (type == NNRT_BOOL) {
    std::string word(begin, end);
    std::transform(word.begin(), word.end(), word.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    bool yes = word == "true" || word == "1", no = word == "false" || word == "0";
    *out = char(yes);
    return yes || no ? nullptr : "is none of true, false, 1 and 0";
  }
  int64_t value;
  if (const char *problem = parse(begin, end, value, "is not a whole number"))
    return problem;
  int32_t bytes = factsOf(type).bytes;
  int64_t low = type == NNRT_U8 ? 0 : std::numeric_limits<int64_t>::min() >> (64 - 8 * bytes),
          high = type == NNRT_U8 ? 255 : ~low;
  memcpy(out, &value, size_t(bytes));
  return value < low || value > high ? "is beyond the range of its type" : nullptr;
}

Status readCsv(const std::string &path, std::shared_ptr<Region> file, const nnrt_source &source,
               std::vector<Array> &arrays, std::vector<std::string> &names) {
  NNRT_TRY(unpack(path, file));
  std::vector<Cell> head, cells;
  Lines counter(path, *file);
  NNRT_TRY(counter.next(head));
  if (head.empty())
    return wrong("%s: is empty: its first line names the columns", path.c_str());
  std::vector<Column> columns;
  NNRT_TRY(findColumns(path, head, source, columns));
  int64_t records = -1;
  do {
    ++records;
    NNRT_TRY(counter.next(cells));
  } while (!cells.empty());

  for (int64_t i = 0; i < source.n_fields; ++i) {
    const nnrt_field &field = source.fields[i];
    Array &array = arrays[i];
    array.type = field.type;
    array.shape.assign(field.shape, field.shape + field.rank);
    array.shape.insert(array.shape.begin(), records);
    NNRT_TRY(Region::allocate(array.bytes(), array.keep, path));
    array.data = array.keep->data();
    names.push_back(format("%s, field '%s'", path.c_str(), field.name));
  }
  Lines lines(path, *file);
  NNRT_TRY(lines.next(cells));
  for (int64_t record = 0; record < records; ++record) {
    NNRT_TRY(lines.next(cells));
    if (cells.size() != head.size())
      return wrong("%s, line %lld: has %zu cells, the first line names %zu columns", path.c_str(),
                   (long long)lines.number(), cells.size(), head.size());
    for (const Column &column : columns) {
      const char *begin = cells[column.cell].begin, *end = begin + cells[column.cell].length;
      while (begin != end && *begin == ' ')
        ++begin;
      while (begin != end && end[-1] == ' ')
        --end;
      std::string_view text(begin, size_t(end - begin));
      Array &array = arrays[column.field];
      char *out = array.keep->data() + (record * column.elements + column.element) * factsOf(array.type).bytes;
      const char *problem = isMissing(text) ? "" : store(begin, end, array.type, out);
      if (!problem)
        continue;
      std::string where = format("%s, line %lld, column '%s'", path.c_str(), (long long)lines.number(),
                                 shown(head[column.cell].text()).c_str());
      return *problem ? wrong("%s: '%s' %s (%s)", where.c_str(), shown(std::string(text)).c_str(), problem,
                              factsOf(array.type).name)
                      : wrong("%s: the value is missing: fill it in, or take the line out", where.c_str());
    }
  }
  return {};
}

} // namespace nnrt
