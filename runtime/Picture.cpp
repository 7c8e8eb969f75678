// Scaling, and from a file to the planes of a record.
#include "Picture.h"
#include <algorithm>
#include <cmath>
#include <cstring>

namespace nnrt {

bool looksLikePicture(const Region &file) {
  return file.size() >= 4 && (!memcmp(file.data(), "\x89PNG", 4) || !memcmp(file.data(), "\xff\xd8\xff", 3));
}

namespace {
/// What the pixels of a line become when it has another length: for each new pixel the old ones and their weights.
class Filter {
public:
  Filter(int64_t from, int64_t to) : taps(size_t(to)) {
    double scale = double(from) / double(to), reach = std::max(scale, 1.0);
    for (int64_t i = 0; i < to; ++i) {
      double centre = (double(i) + 0.5) * scale, sum = 0;
      int64_t first = std::max<int64_t>(0, int64_t(std::floor(centre - reach))),
              last = std::min(from - 1, int64_t(std::ceil(centre + reach)));
      taps[i].first = first;
      for (int64_t k = first; k <= last; ++k)
        taps[i].weights.push_back(std::max(0.0, 1 - std::abs(double(k) + 0.5 - centre) / reach));
      for (double weight : taps[i].weights)
        sum += weight;
      for (double &weight : taps[i].weights)
        weight /= sum;
    }
  }
  double at(int64_t i, const double *line) const {
    double sum = 0;
    for (size_t k = 0; k < taps[i].weights.size(); ++k)
      sum += taps[i].weights[k] * line[taps[i].first + int64_t(k)];
    return sum;
  }
  int64_t first(int64_t i) const { return taps[i].first; }
  int64_t end(int64_t i) const { return taps[i].first + int64_t(taps[i].weights.size()); }
  double weight(int64_t i, int64_t k) const { return taps[i].weights[k - taps[i].first]; }

private:
  struct Taps {
    int64_t first;
    std::vector<double> weights;
  };
  std::vector<Taps> taps;
};
} // namespace

void scalePicture(const Picture &picture, int64_t height, int64_t width, Picture &scaled) {
  Filter across(picture.width, width), down(picture.height, height);
  std::vector<double> line(size_t(picture.width)), narrow(size_t(3 * width)), sums(size_t(3 * height * width));
  int64_t from = 0; // the first row that is not finished
  for (int64_t y = 0; y < picture.height; ++y) {
    for (int64_t c = 0; c < 3; ++c) {
      for (int64_t x = 0; x < picture.width; ++x)
        line[x] = picture.pixels[(y * picture.width + x) * 3 + c];
      for (int64_t x = 0; x < width; ++x)
        narrow[x * 3 + c] = across.at(x, line.data());
    }
    while (from < height && down.end(from) <= y)
      ++from;
    for (int64_t row = from; row < height && down.first(row) <= y; ++row)
      for (int64_t k = 0; k < 3 * width && y < down.end(row); ++k)
        sums[row * 3 * width + k] += down.weight(row, y) * narrow[k];
  }
  scaled.height = height;
  scaled.width = width;
  scaled.pixels.resize(sums.size());
  for (size_t i = 0; i < sums.size(); ++i)
    scaled.pixels[i] = uint8_t(std::clamp(sums[i] + 0.5, 0.0, 255.0));
}

Status readPicture(const std::string &path, int64_t channels, int64_t height, int64_t width, uint8_t *out) {
  std::shared_ptr<Region> file;
  NNRT_TRY(Region::map(path, file));
  if (!nnrt_decode_picture)
    return wrong("%s: is a PNG or JPEG picture, which this program does not read: save its pixels as a .npy file",
                 path.c_str());
  if (!looksLikePicture(*file))
    return wrong("%s: is neither PNG nor JPEG, whatever its name says: convert it, or take it out", path.c_str());
  Picture picture, scaled;
  std::string problem;
  if (!nnrt_decode_picture(file->data(), file->size(), &picture, &problem))
    return wrong("%s: cannot be decoded (%s): it is damaged or cut off, fetch it again or take it out", path.c_str(),
                 problem.c_str());
  bool fits = picture.height == height && picture.width == width;
  if (!fits)
    scalePicture(picture, height, width, scaled);
  const uint8_t *pixels = fits ? picture.pixels.data() : scaled.pixels.data();
  int64_t plane = height * width;
  for (int64_t i = 0; i < plane; ++i, pixels += 3)
    if (channels == 1) // the luminance of ITU-R BT.601, as JPEG's
      out[i] = uint8_t((299 * pixels[0] + 587 * pixels[1] + 114 * pixels[2] + 500) / 1000);
    else
      for (int64_t c = 0; c < 3; ++c)
        out[c * plane + i] = pixels[c];
  return {};
}

} // namespace nnrt
