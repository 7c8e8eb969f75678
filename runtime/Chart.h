// Curves as SVG and as characters. Knows nothing of what they mean.
#ifndef NNRT_CHART_H
#define NNRT_CHART_H
#include <string>
#include <utility>
#include <vector>

namespace nnrt {

struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points; // by rising x; values that are not finite leave a gap
  int color = 0;                                 // curves of one colour belong together
  bool faint = false;                            // behind the others
};

struct Chart {
  std::string title, x;
  bool logarithmicX = false;
  std::vector<Curve> curves;
};

/// One picture with the charts below each other and a legend, 720 units wide.
std::string svgOf(const std::vector<Chart> &charts);
/// `columns` x `rows` characters and axes; the first curve's points are '*'.
std::string textOf(const Chart &chart, int columns, int rows);

} // namespace nnrt
#endif
