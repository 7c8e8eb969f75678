// JSON lines.
#include "Log.h"
#include "Json.h"
#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace nnrt {

Log::~Log() {
  if (file)
    fclose(file);
}

Status Log::open(const std::string &name, int64_t keep) {
  path = name;
  if (path.empty())
    return {};
  struct stat facts;
  bool holds = keep > 0 && stat(path.c_str(), &facts) == 0;
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

void Log::line(const std::string &text) {
  fputs(text.c_str(), file);
  written += int64_t(text.size());
}

void Log::step(int64_t step, double loss, double rate, const double *norm) {
  if (!file)
    return;
  std::string line = format("{\"step\":%lld,\"loss\":", (long long)step);
  appendNumber(line, loss);
  line += ",\"lr\":";
  appendNumber(line, rate);
  if (norm) {
    line += ",\"grad_norm\":";
    appendNumber(line, *norm);
  }
  this->line(line + "}\n");
}

void Log::validation(int64_t epoch, const Metrics &metrics) {
  if (!file)
    return;
  std::string line = format("{\"epoch\":%lld", (long long)epoch);
  for (const auto &metric : metrics) {
    line += ',';
    appendString(line, (metric.first == "loss" ? "val_" + metric.first : metric.first).c_str());
    line += ':';
    appendNumber(line, metric.second);
  }
  this->line(line + "}\n");
}

Status Log::flush() {
  if (file && (fflush(file) != 0 || ferror(file)))
    return machine("writing '%s' failed (%s)", path.c_str(), strerror(errno));
  return {};
}

void Log::sync() const {
  if (file)
    fdatasync(fileno(file));
}

} // namespace nnrt
