// Scales, ticks, lines.
#include "Chart.h"
#include "Message.h"
#include "Svg.h"
#include <algorithm>
#include <cmath>

namespace nnrt {

namespace {
/// Values lo..hi along an axis, in round steps (of powers of ten where it is logarithmic).
struct Scale {
  double lo = 0, hi = 1, step = 1;
  bool logarithmic = false;

  double position(double value) const { return ((logarithmic ? std::log10(value) : value) - lo) / (hi - lo); }
  std::string label(double tick) const { return format("%.6g", logarithmic ? std::pow(10, tick) : tick); }
  std::vector<double> ticks() const {
    std::vector<double> all;
    for (double tick = std::ceil(lo / step - 1e-9) * step; tick <= hi + step * 1e-9; tick += step)
      all.push_back(std::fabs(tick) < step * 1e-9 ? 0 : tick);
    return all;
  }
};

bool isShown(const Chart &chart, const std::pair<double, double> &point) {
  constexpr double most = 1e300; // the difference of two is a number
  return std::fabs(point.first) < most && std::fabs(point.second) < most && (!chart.logarithmicX || point.first > 0);
}

Scale scaleOf(const Chart &chart, bool ofX) {
  Scale scale;
  scale.logarithmic = ofX && chart.logarithmicX;
  bool any = false;
  for (const Curve &curve : chart.curves)
    for (const auto &point : curve.points) {
      if (!isShown(chart, point))
        continue;
      double value = ofX ? point.first : point.second;
      value = scale.logarithmic ? std::log10(value) : value;
      scale.lo = any ? std::min(scale.lo, value) : value;
      scale.hi = any ? std::max(scale.hi, value) : value;
      any = true;
    }
  double size = std::fabs(scale.hi);
  if (scale.hi - scale.lo < 1e-12 * std::max(1.0, size)) {
    double margin = std::max(0.5, 1e-9 * size); // far enough for ticks to be different numbers
    scale.lo -= margin, scale.hi += margin;
  }
  double raw = (scale.hi - scale.lo) / 5, power = std::pow(10, std::floor(std::log10(raw)));
  for (double factor : {1, 2, 5, 10})
    if (factor * power >= raw) {
      scale.step = factor * power;
      break;
    }
  if (scale.logarithmic)
    scale.step = std::max(1.0, std::round(scale.step));
  if (!ofX) {
    scale.lo = std::floor(scale.lo / scale.step) * scale.step;
    scale.hi = std::ceil(scale.hi / scale.step) * scale.step;
  }
  return scale;
}

constexpr double width = 720, height = 300, left = 64, right = 170, top = 28, bottom = 40;
/// Colours that people with any sight tell apart (Okabe and Ito, 2008).
const char *const colors[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"};
constexpr int colorCount = 7;

/// Of many points the smallest and the largest of each small range: all that a picture shows.
std::vector<std::pair<double, double>> thinned(const std::vector<std::pair<double, double>> &points) {
  constexpr size_t ranges = 400;
  size_t each = points.size() / ranges;
  if (each < 4)
    return points;
  std::vector<std::pair<double, double>> out;
  for (size_t i = 0; i < points.size(); i += each) {
    auto begin = points.begin() + i, end = points.begin() + std::min(i + each, points.size());
    auto [low, high] = std::minmax_element(begin, end, [](auto &a, auto &b) { return a.second < b.second; });
    out.push_back(*std::min(low, high));
    if (low != high)
      out.push_back(*std::max(low, high));
  }
  return out;
}

void drawAxes(std::string &out, const Chart &chart, const Scale &x, const Scale &y, double y0) {
  double w = width - left - right, h = height - top - bottom;
  for (double tick : y.ticks()) {
    double at = y0 + top + h * (1 - (tick - y.lo) / (y.hi - y.lo));
    out += format("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", left, left + w, at, at);
    out +=
        format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", left - 6, at + 4, y.label(tick).c_str());
  }
  for (double tick : x.ticks()) {
    double at = left + w * (tick - x.lo) / (x.hi - x.lo);
    out += format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n", at, y0 + top + h + 16,
                  x.label(tick).c_str());
  }
  out += format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" stroke=\"#888\"/>\n", left,
                y0 + top, w, h);
  out += format("<text x=\"%.1f\" y=\"%.1f\" font-weight=\"bold\">%s</text>\n", left, y0 + top - 9,
                xmlText(chart.title).c_str());
  out += format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n", left + w / 2, y0 + height - 8,
                xmlText(chart.x).c_str());
}

void drawCurves(std::string &out, const Chart &chart, const Scale &x, const Scale &y, double y0) {
  double w = width - left - right, h = height - top - bottom, legend = y0 + top + 10;
  for (bool faint : {true, false})
    for (const Curve &curve : chart.curves) {
      if (curve.faint != faint)
        continue;
      const char *color = colors[curve.color % colorCount];
      std::string path;
      bool pen = false;
      for (const auto &point : thinned(curve.points)) {
        if (isShown(chart, point))
          path += format("%s%.1f %.1f", pen ? "L" : "M", left + w * x.position(point.first),
                         y0 + top + h * (1 - y.position(point.second)));
        pen = isShown(chart, point);
      }
      out += format("<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" stroke-opacity=\"%s\"/>\n",
                    path.c_str(), color, faint ? "1" : "1.8", faint ? "0.3" : "1");
      if (faint)
        continue;
      out += format("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"3\"/>\n",
                    left + w + 10, left + w + 26, legend, legend, color);
      out += format("<text x=\"%.1f\" y=\"%.1f\">%s</text>\n", left + w + 32, legend + 4, xmlText(curve.name).c_str());
      legend += 16;
    }
}
} // namespace

std::string svgOf(const std::vector<Chart> &charts) {
  double total = height * double(charts.size());
  std::string out = svgHead(width, total);
  double y0 = 0;
  for (const Chart &chart : charts) {
    Scale x = scaleOf(chart, true), y = scaleOf(chart, false);
    drawAxes(out, chart, x, y, y0);
    drawCurves(out, chart, x, y, y0);
    y0 += height;
  }
  return out + "</svg>\n";
}

std::string textOf(const Chart &chart, int columns, int rows) {
  Scale x = scaleOf(chart, true), y = scaleOf(chart, false);
  std::vector<std::string> grid(rows, std::string(columns, ' '));
  auto cell = [](double position, int count) { return std::clamp(int(position * count), 0, count - 1); };
  for (size_t i = chart.curves.size(); i-- > 0;)
    for (const auto &point : chart.curves[i].points)
      if (isShown(chart, point))
        grid[rows - 1 - cell(y.position(point.second), rows)][cell(x.position(point.first), columns)] =
            i == 0 ? '*' : '.';
  std::string out;
  for (int row = 0; row < rows; ++row) {
    std::string label = row == 0 ? y.label(y.hi) : row == rows - 1 ? y.label(y.lo) : "";
    out += format("%10s |%s\n", label.c_str(), grid[row].substr(0, grid[row].find_last_not_of(' ') + 1).c_str());
  }
  out += std::string(11, ' ') + "+" + std::string(columns, '-') + "\n";
  std::string first = format("%.3g", chart.logarithmicX ? std::pow(10, x.lo) : x.lo);
  std::string last = format("%.3g", chart.logarithmicX ? std::pow(10, x.hi) : x.hi);
  int gap = std::max(1, columns - int(first.size() + last.size()));
  return out + std::string(12, ' ') + first + std::string(gap, ' ') + last + "  " + chart.x + "\n";
}

} // namespace nnrt
