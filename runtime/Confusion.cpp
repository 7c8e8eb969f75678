// The table and the picture.
#include "Confusion.h"
#include "Message.h"
#include "Svg.h"
#include <algorithm>
#include <numeric>

namespace nnrt {

std::string csvCell(const std::string &text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos)
    return text;
  std::string out = "\"";
  for (char c : text)
    out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string csvOf(const Confusion &confusion) {
  std::string text = "target";
  for (const std::string &name : confusion.names)
    text += "," + csvCell(name);
  for (int64_t t = 0; t < confusion.classes(); ++t) {
    text += "\n" + csvCell(confusion.names[t]);
    for (int64_t p = 0; p < confusion.classes(); ++p)
      text += format(",%lld", (long long)confusion.at(t, p));
  }
  return text + "\n";
}

/// White for nothing; the least share can still be told from it.
static std::string shade(double share, bool right) {
  const double blue[] = {0, 114, 178}, orange[] = {213, 94, 0};
  std::string color = "#";
  for (int i = 0; i < 3; ++i) {
    double depth = 0.1 + 0.9 * share, full = right ? blue[i] : orange[i];
    color += format("%02x", int(255 + depth * (full - 255) + 0.5));
  }
  return color;
}

namespace {
/// Where things lie.
struct Layout {
  static constexpr size_t longest = 20; // characters of a name
  double cell, font, margin;            // margin: beside the names, above and to the left

  explicit Layout(const Confusion &confusion) {
    cell = std::clamp(660 / double(confusion.classes()), 11.0, 48.0);
    font = std::min(12.0, 0.85 * cell);
    size_t widest = 0;
    for (const std::string &name : confusion.names)
      widest = std::max(widest, std::min(name.size(), longest));
    margin = 34 + 0.62 * font * double(widest);
  }
  double at(int64_t i) const { return margin + cell * double(i); }
  double middle(int64_t i) const { return at(i) + cell / 2; }
};
} // namespace

static void drawNames(std::string &out, const Confusion &confusion, const Layout &layout) {
  double end = layout.at(confusion.classes()), middle = (layout.margin + end) / 2;
  out += format("<text x=\"%.1f\" y=\"16\" text-anchor=\"middle\" font-weight=\"bold\">prediction</text>\n", middle);
  out += format("<text transform=\"translate(16 %.1f) rotate(-90)\" text-anchor=\"middle\" "
                "font-weight=\"bold\">target</text>\n",
                middle);
  for (int64_t i = 0; i < confusion.classes(); ++i) {
    std::string name = xmlText(shortened(confusion.names[i], Layout::longest));
    double line = layout.middle(i) + 0.35 * layout.font;
    out += format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" font-size=\"%.1f\">%s</text>\n", layout.margin - 5,
                  line, layout.font, name.c_str());
    out += format("<text transform=\"translate(%.1f %.1f) rotate(-90)\" font-size=\"%.1f\">%s</text>\n", line,
                  layout.margin - 5, layout.font, name.c_str());
  }
}

static void drawRow(std::string &out, const Confusion &confusion, const Layout &layout, int64_t target) {
  auto row = confusion.counts.begin() + target * confusion.classes();
  int64_t total = std::accumulate(row, row + confusion.classes(), int64_t(0));
  for (int64_t p = 0; p < confusion.classes(); ++p) {
    int64_t count = row[p];
    if (!count)
      continue;
    double share = double(count) / double(total);
    std::string text = std::to_string(count);
    double font = std::min(layout.font, 0.9 * layout.cell / (0.58 * double(text.size())));
    out += format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"><title>%s taken for %s: "
                  "%lld of %lld</title></rect>\n",
                  layout.at(p), layout.at(target), layout.cell, layout.cell, shade(share, p == target).c_str(),
                  xmlText(confusion.names[target]).c_str(), xmlText(confusion.names[p]).c_str(), (long long)count,
                  (long long)total);
    out += format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" font-size=\"%.1f\" fill=\"%s\" "
                  "pointer-events=\"none\">%s</text>\n",
                  layout.middle(p), layout.middle(target) + 0.35 * font, font, share > 0.5 ? "white" : "black",
                  text.c_str());
  }
}

std::string svgOf(const Confusion &confusion) {
  Layout layout(confusion);
  double end = layout.at(confusion.classes()), size = end - layout.margin;
  std::string out = svgHead(end + 12, end + 12);
  drawNames(out, confusion, layout);
  for (int64_t target = 0; target < confusion.classes(); ++target)
    drawRow(out, confusion, layout, target);
  for (int64_t i = 1; i < confusion.classes(); ++i) {
    out += format("<path d=\"M%.1f %.1fv%.1fM%.1f %.1fh%.1f\" stroke=\"#ddd\" stroke-width=\"0.5\"/>\n", layout.at(i),
                  layout.margin, size, layout.margin, layout.at(i), size);
  }
  return out +
         format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" stroke=\"#888\"/>\n</svg>\n",
                layout.margin, layout.margin, size, size);
}

} // namespace nnrt
