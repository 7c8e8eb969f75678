// `plot`: learning curves of logs as one picture. Runs have colours; losses of steps are drawn as they are, faint, and
// smoothed.
#include "Plot.h"
#include "Chart.h"
#include "File.h"
#include "Program.h"
#include <algorithm>
#include <cmath>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

namespace nnrt {

namespace {
/// Hears one line of a log: an object of numbers; NaN and infinities are strings. Tables are passed over.
class LineReader {
public:
  std::vector<std::pair<std::string, double>> values;

  bool Null() { return false; }
  bool Bool(bool) { return false; }
  bool RawNumber(const char *, rapidjson::SizeType, bool) { return false; }
  bool Int(int n) { return number(n); }
  bool Int64(int64_t n) { return number(double(n)); }
  bool Uint(unsigned n) { return number(n); }
  bool Uint64(uint64_t n) { return number(double(n)); }
  bool Double(double x) { return number(x); }
  bool String(const char *, rapidjson::SizeType, bool) { return number(NAN); }
  bool StartObject() { return ++depth == 1; }
  bool EndObject(rapidjson::SizeType) { return true; }
  bool StartArray() {
    if (values.empty())
      return false;
    if (!arrays++)
      values.pop_back();
    return arrays <= 2;
  }
  bool EndArray(rapidjson::SizeType) { return arrays-- > 0; }
  bool Key(const char *text, rapidjson::SizeType length, bool) {
    values.emplace_back(std::string(text, length), NAN);
    return true;
  }

private:
  bool number(double x) {
    if (arrays)
      return true;
    if (values.empty())
      return false;
    values.back().second = x;
    return true;
  }
  int depth = 0, arrays = 0;
};

/// Charts by title, in the order in which they appear.
class Charts {
public:
  std::vector<Chart> all;
  Curve &curve(const std::string &title, const std::string &name, int color, bool faint = false) {
    auto chart = std::find_if(all.begin(), all.end(), [&](const Chart &c) { return c.title == title; });
    if (chart == all.end())
      chart = all.insert(all.end(), Chart{title, "step", false, {}});
    for (Curve &known : chart->curves)
      if (known.name == name && known.color == color && known.faint == faint)
        return known;
    chart->curves.push_back({name, {}, color, faint});
    return chart->curves.back();
  }
};
} // namespace

/// A running mean over about a fiftieth of the points (exponential, corrected at its begin).
static std::vector<std::pair<double, double>> smoothed(const std::vector<std::pair<double, double>> &points) {
  double keep = 1 - 1 / std::max(1.0, double(points.size()) / 50), mean = 0, weight = 0;
  std::vector<std::pair<double, double>> out;
  for (const auto &[x, y] : points) {
    if (!std::isfinite(y))
      continue;
    mean = keep * mean + (1 - keep) * y;
    weight = keep * weight + (1 - keep);
    out.emplace_back(x, weight > 0 ? mean / weight : y);
  }
  return out;
}

static Status readLog(const std::string &path, int color, Charts &charts) {
  std::shared_ptr<Region> file;
  NNRT_TRY(Region::map(path, file, "plot takes logs that 'train --log FILE.jsonl' has written"));
  std::string log = fileName(path);
  log = log.substr(0, log.rfind(".jsonl"));
  const char *at = file->data(), *end = at + file->size();
  double step = 0;
  int64_t number = 0, used = 0;
  while (at < end) {
    const char *stop = std::find(at, end, '\n');
    std::string line(at, stop);
    at = stop + 1;
    ++number;
    if (line.empty())
      continue;
    LineReader values;
    rapidjson::StringStream text(line.c_str());
    rapidjson::Reader reader;
    rapidjson::ParseResult parsed = reader.Parse<rapidjson::kParseIterativeFlag>(text, values);
    if (parsed.IsError() && stop == end) // a line that is being written, or of a run that was killed
      break;
    if (parsed.IsError())
      return wrong("%s: line %lld is not a line of a log (%s)", path.c_str(), (long long)number,
                   rapidjson::GetParseError_En(parsed.Code()));
    bool ofStep = false;
    int fold = -1; // of a log of kfold, whose rounds are runs of their own
    for (const auto &[key, value] : values.values) {
      if (key == "step")
        step = value, ofStep = true;
      if (key != "fold")
        continue;
      if (!(value >= 0 && value < 1e6))
        return wrong("%s: line %lld: a fold is a number from 0, not %g", path.c_str(), (long long)number, value);
      fold = int(value);
    }
    std::string name = fold < 0 ? log : format("%s, fold %d", log.c_str(), fold);
    for (const auto &[key, value] : values.values) {
      if (key == "step" || key == "epoch" || key == "fold")
        continue;
      used += std::isfinite(value);
      std::string title = key == "val_loss" ? "loss" : key;
      bool ofValidation = key == "val_loss";
      // A run's validation has the colour behind that of its steps.
      Curve &curve = charts.curve(title, ofValidation ? name + " (validation)" : name,
                                  2 * (color + std::max(fold, 0)) + ofValidation, ofStep && key != "lr");
      curve.points.emplace_back(step, value);
    }
  }
  return used ? Status() : wrong("%s: holds no line of a log", path.c_str());
}

Status pictureOfLogs(const std::vector<std::string> &files, std::string &svg) {
  Charts charts;
  for (size_t i = 0; i < files.size(); ++i)
    NNRT_TRY(readLog(files[i], int(i), charts));
  for (Chart &chart : charts.all)
    for (size_t i = 0, count = chart.curves.size(); i < count; ++i)
      if (chart.curves[i].faint) {
        Curve clear{chart.curves[i].name, smoothed(chart.curves[i].points), chart.curves[i].color, false};
        chart.curves.push_back(std::move(clear));
      }
  svg = svgOf(charts.all);
  return {};
}

Status runPlot(const Invocation &invocation) {
  const std::vector<std::string> &files = invocation.options.arguments;
  std::string out = invocation.options.text("-o"), text;
  if (files.empty() || out.empty())
    return usage("plot takes logs and a picture to write: plot RUN.jsonl... -o FILE.svg");
  for (const std::string &file : files)
    if (isSameFile(file, out))
      return usage("-o %s: the picture would be written over a log", out.c_str());
  NNRT_TRY(checkWritable(out, "-o"));
  NNRT_TRY(pictureOfLogs(files, text));
  NNRT_TRY(writeFile(out, {{text.data(), int64_t(text.size())}}, "-o"));
  printf("wrote %s\n", out.c_str());
  return {};
}

} // namespace nnrt
