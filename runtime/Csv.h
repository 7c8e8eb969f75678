// Tables as text: a header that names the columns, then one record per line. RFC 4180, with either end of line; the
// separator is the first of comma, semicolon and tabulator that the header holds.
#ifndef NNRT_CSV_H
#define NNRT_CSV_H
#include "Array.h"

namespace nnrt {

/// Reads one array per field of the source, from the columns that the field names (its own name where it names none).
/// `names` say in messages where an array comes from.
Status readCsv(const std::string &path, std::shared_ptr<Region> file, const nnrt_source &source,
               std::vector<Array> &arrays, std::vector<std::string> &names);

} // namespace nnrt
#endif
