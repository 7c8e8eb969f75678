// JSON lines.
#include "Log.h"
#include "Json.h"
#include <cerrno>
#include <cstring>

namespace nnrt {

Log::~Log() {
  if (file)
    fclose(file);
}

Status Log::open(const std::string &name) {
  path = name;
  if (path.empty())
    return {};
  file = fopen(path.c_str(), "w");
  return file ? Status()
              : wrong("cannot write '%s' (%s): choose another place with --log", path.c_str(), strerror(errno));
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
  fputs((line + "}\n").c_str(), file);
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
  fputs((line + "}\n").c_str(), file);
}

Status Log::flush() {
  if (file && (fflush(file) != 0 || ferror(file)))
    return machine("writing '%s' failed (%s)", path.c_str(), strerror(errno));
  return {};
}

} // namespace nnrt
