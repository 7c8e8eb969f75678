// What all pictures share: the head of an SVG file, texts in it, and pixels.
#ifndef NNRT_SVG_H
#define NNRT_SVG_H
#include <cstdint>
#include <string>
#include <vector>

namespace nnrt {

/// The begin of a file, on white; "</svg>\n" ends it.
std::string svgHead(double width, double height);
/// With &, <, > and quotes as XML writes them, and U+FFFD for what is no character of it.
std::string xmlText(const std::string &text);
/// At most so many characters of UTF-8, the last one an ellipsis where there were more.
std::string shortened(const std::string &text, size_t characters);
/// Pixels, row by row, of 1 channel (grey) or 3, as a PNG in a data URI.
std::string pictureUri(int64_t channels, int64_t height, int64_t width, const std::vector<uint8_t> &pixels);

} // namespace nnrt
#endif
