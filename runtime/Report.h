// Files about an evaluation, for people and for scripts.
#ifndef NNRT_REPORT_H
#define NNRT_REPORT_H
#include "Evaluate.h"
#include "Progress.h"

namespace nnrt {

/// Writes metrics.json; where the first output ranks the target's classes, confusion.csv and confusion.svg (rows:
/// target, columns: prediction); and the records with the largest loss as worst.csv and, where they are pictures,
/// worst.svg. Creates the folder; `written` are the names of the files.
Status writeReport(const std::string &folder, Instance &instance, const Part &part, const Metrics &metrics,
                   const std::vector<Table> &tables, Progress &progress, std::vector<std::string> &written);

} // namespace nnrt
#endif
