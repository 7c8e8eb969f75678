// Generated digits in place of a file (`--data builtin`): strokes with a random affine map, a smooth distortion, a
// random pen and noise. Deterministic by seed; training, validation and test digits come from different random streams.
#ifndef NNRT_DIGITS_H
#define NNRT_DIGITS_H
#include "Dataset.h"
#include "Philox.h"

namespace nnrt {

class Digits : public Dataset {
public:
  /// The first field of at least two extents becomes the image (its last two extents are height and width), the first
  /// integer scalar the label. Fails where the source's fields do not look like that.
  static Status open(const nnrt_source &source, SourceRole role, std::unique_ptr<Dataset> &dataset);
  void copy(int64_t field, int64_t record, char *out) override;

private:
  Digits(const nnrt_source &source, Draw draw, int64_t count) : Dataset(source), draw(draw) { records = count; }
  const uint8_t *image(int64_t record);
  int label(int64_t record) const;

  Draw draw;
  int64_t imageField = -1, labelField = -1, height = 0, width = 0;
  int classes = 10;
  // Drawn when first asked for, then kept.
  std::shared_ptr<Region> pixels;
  std::vector<bool> drawn;
};

/// Draws one digit into height x width bytes, 0 background, 255 ink.
void drawDigit(int digit, RandomStream &random, int64_t height, int64_t width, uint8_t *out);

} // namespace nnrt
#endif
