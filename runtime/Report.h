// Files about an evaluation, for people and for scripts.
#ifndef NNRT_REPORT_H
#define NNRT_REPORT_H
#include "Evaluate.h"

namespace nnrt {

/// Writes metrics.json and, where the first output ranks the target's classes, confusion.csv (rows: target, columns:
/// prediction). Creates the folder.
Status writeReport(const std::string &folder, Instance &instance, const Part &part, const Metrics &metrics,
                   const std::vector<Table> &tables);

} // namespace nnrt
#endif
