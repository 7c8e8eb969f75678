// JSON lines, and the same as events.
#include "Log.h"
#include "Json.h"
#include "Machine.h"
#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace nnrt {

Log::~Log() {
  if (file)
    fclose(file);
}

Status Log::open(const std::string &name, bool goesOn, int64_t keep) {
  path = name;
  if (path.empty())
    return {};
  line.reserve(4096);
  struct stat facts;
  bool isThere = goesOn && stat(path.c_str(), &facts) == 0, holds = isThere && S_ISREG(facts.st_mode) && keep > 0;
  if (isThere && S_ISREG(facts.st_mode) && facts.st_size > 0 && keep == 0)
    return wrong(
        "'%s' is there, and the run that goes on had no log when its checkpoint was written: name another file "
        "with --log, or move this one away",
        path.c_str());
  if (goesOn && !isThere && keep > 0)
    fprintf(stderr, "'%s' is not there any more: it begins behind the checkpoint\n", path.c_str());
  if (holds && facts.st_size < keep) {
    fprintf(stderr, "'%s' is shorter than when the checkpoint was written: lines are missing in it\n", path.c_str());
    keep = facts.st_size;
  }
  file = fopen(path.c_str(), holds ? "r+" : "w");
  bool good = file && (!holds || (ftruncate(fileno(file), keep) == 0 && fseek(file, 0, SEEK_END) == 0));
  written = holds ? keep : 0;
  return good ? Status()
              : wrong("cannot write '%s' (%s): choose another place with --log", path.c_str(), strerror(errno));
}

/// What a result of the validation is called among those of the steps.
static std::string nameOf(const std::string &metric) { return metric == "loss" ? "val_loss" : metric; }

Status Log::step(int64_t step, double loss, double rate, const double *norm) {
  lastStep = step;
  if (file)
    stepLine(step, loss, rate, norm);
  if (events.active()) {
    events.add("loss", loss);
    events.add("lr", rate);
    if (norm)
      events.add("grad_norm", *norm);
    NNRT_TRY(events.end(step));
  }
  return active() && seconds() - flushed > 1 ? flush() : Status();
}

Status Log::validation(int64_t epoch, const Metrics &metrics, const std::vector<Table> &tables) {
  if (file)
    validationLine(epoch, metrics, tables);
  if (!events.active())
    return {};
  for (const auto &[name, value] : metrics)
    events.add(nameOf(name), value);
  return events.end(lastStep);
}

void Log::stepLine(int64_t step, double loss, double rate, const double *norm) {
  line += head;
  append(line, "\"step\":%lld,\"loss\":", (long long)step);
  appendNumber(line, loss);
  line += ",\"lr\":";
  appendNumber(line, rate);
  if (norm) {
    line += ",\"grad_norm\":";
    appendNumber(line, *norm);
  }
  endLine();
}

void Log::validationLine(int64_t epoch, const Metrics &metrics, const std::vector<Table> &tables) {
  line += head;
  append(line, "\"epoch\":%lld", (long long)epoch);
  for (const auto &metric : metrics) {
    line += ',';
    appendString(line, nameOf(metric.first).c_str());
    line += ':';
    appendNumber(line, metric.second);
  }
  for (const Table &table : tables) {
    line += ',';
    appendTable(line, table);
  }
  endLine();
}

void Log::endLine() {
  line += "}\n";
  fputs(line.c_str(), file);
  written += int64_t(line.size());
  line.clear();
}

Status Log::flush() {
  flushed = seconds();
  if (file && (fflush(file) != 0 || ferror(file)))
    return machine("writing '%s' failed (%s)", path.c_str(), strerror(errno));
  return events.active() ? events.flush() : Status();
}

void Log::sync() const {
  if (file)
    fdatasync(fileno(file));
}

} // namespace nnrt
