// Glyphs as splines, their distortion, and an anti-aliased pen.
#include "Digits.h"
#include <algorithm>
#include <cmath>
#include <cstring>

namespace nnrt {

namespace {
struct Point {
  float x, y;
};
struct Glyph {
  int digit;
  const char
      *strokes; // points in percent, "x,y"; ';' lifts the pen; a smooth curve goes through the points of a stroke
};
} // namespace

// Several ways of writing each digit; a corner is where one stroke ends and the next begins.
static const Glyph glyphs[] = {
    {0, "50,8 22,22 15,50 22,78 50,92 78,78 85,50 78,22 50,8"},
    {0, "60,8 30,18 18,55 30,88 55,92 78,70 82,35 62,10 40,14"},
    {1, "50,8 50,92"},
    {1, "30,28 54,8;54,8 52,92"},
    {1, "32,26 52,8;52,8 52,92;30,92 74,92"},
    {2, "20,30 30,12 55,8 78,22 74,44 50,66 20,92;20,92 84,92"},
    {2, "20,28 45,8 75,22 68,50 40,80 22,90 20,78 36,75 60,88 86,84"},
    {3, "20,18 46,7 75,18 72,38 44,48;44,48 78,58 80,80 50,93 18,82"},
    {3, "20,9 78,9;78,9 46,42;46,42 78,54 80,78 50,93 18,84"},
    {4, "62,8 14,62;14,62 88,62;66,8 66,92"},
    {4, "26,10 20,52;20,52 84,50;74,8 68,92"},
    {5, "80,8 30,9;30,9 25,45;25,45 50,37 78,52 78,76 50,93 20,85"},
    {5, "76,10 36,12 27,42;27,42 56,40 76,58 68,84 40,92 18,82"},
    {6, "70,8 40,26 20,60 30,88 60,92 80,72 65,52 40,52 22,70"},
    {6, "58,8 28,35 18,68 36,92 66,90 74,68 52,56 24,68"},
    {7, "15,10 85,10;85,10 40,92"},
    {7, "16,12 84,10;84,10 60,45 42,92;34,50 72,50"},
    {8, "50,50 25,36 28,15 50,7 73,15 75,36 50,50 22,64 22,85 50,93 78,85 78,64 50,50"},
    {8, "74,18 48,7 26,22 42,44 72,66 66,90 36,92 24,72 46,52 74,34 74,18"},
    {9, "76,30 60,10 35,10 20,30 35,50 60,48 77,28;77,28 75,60 62,92"},
    {9, "76,30 58,10 34,12 22,32 38,50 62,46 77,26;77,26 80,62 62,90 30,88"},
};

/// The strokes of a glyph, points in -1 .. 1 around its middle.
static std::vector<std::vector<Point>> parseStrokes(const char *text) {
  std::vector<std::vector<Point>> strokes(1);
  int x = 0, number = 0;
  for (;; ++text) {
    if (*text >= '0' && *text <= '9') {
      number = 10 * number + (*text - '0');
      continue;
    }
    if (*text == ',')
      x = number;
    else
      strokes.back().push_back({float(x) / 50 - 1, float(number) / 50 - 1});
    number = 0;
    if (*text == ';')
      strokes.emplace_back();
    if (!*text)
      break;
  }
  return strokes;
}

namespace {
/// The random hand of one digit: maps a glyph's points to pixels.
struct Hand {
  Hand(RandomStream &random, float height, float width) {
    float angle = random.between(-0.26f, 0.26f), shear = random.between(-0.38f, 0.32f),
          size = random.between(0.66f, 1.0f);
    float sx = size * random.between(0.65f, 1.0f) * width * 0.40f, sy = size * height * 0.42f;
    float c = std::cos(angle), s = std::sin(angle);
    xx = c * sx, xy = (c * shear - s) * sx, yx = s * sy, yy = (s * shear + c) * sy;
    cx = width * (0.5f + random.between(-0.07f, 0.07f)) - 0.5f;
    cy = height * (0.5f + random.between(-0.07f, 0.07f)) - 0.5f;
    for (float &p : phase)
      p = random.between(0, 6.2831853f);
    wave = random.between(0.0f, 0.18f);
  }
  Point operator()(Point p) const {
    float x = p.x + wave * std::sin(2.3f * p.y + phase[0]) + 0.5f * wave * std::sin(4.1f * p.x + phase[1]);
    float y = p.y + wave * std::sin(2.1f * p.x + phase[2]) + 0.5f * wave * std::sin(3.7f * p.y + phase[3]);
    return {cx + xx * x + xy * y, cy + yx * x + yy * y};
  }
  float xx, xy, yx, yy, cx, cy, wave, phase[4];
};

/// A round pen that darkens pixels within its radius, with a soft edge one pixel wide.
struct Pen {
  float radius, ink;
  int64_t height, width;
  uint8_t *out;
  void line(Point a, Point b) const {
    float reach = radius + 0.5f, dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy,
          scale = square > 0 ? 1 / square : 0;
    int64_t left = std::max<int64_t>(0, int64_t(std::ceil(std::min(a.x, b.x) - reach)));
    int64_t right = std::min<int64_t>(width - 1, int64_t(std::floor(std::max(a.x, b.x) + reach)));
    int64_t top = std::max<int64_t>(0, int64_t(std::ceil(std::min(a.y, b.y) - reach)));
    int64_t bottom = std::min<int64_t>(height - 1, int64_t(std::floor(std::max(a.y, b.y) + reach)));
    for (int64_t y = top; y <= bottom; ++y)
      for (int64_t x = left; x <= right; ++x) {
        float px = float(x) - a.x, py = float(y) - a.y;
        float t = std::clamp((px * dx + py * dy) * scale, 0.0f, 1.0f);
        float ex = px - t * dx, ey = py - t * dy, away = std::sqrt(ex * ex + ey * ey);
        uint8_t value = uint8_t(ink * std::clamp(reach - away, 0.0f, 1.0f));
        out[y * width + x] = std::max(out[y * width + x], value);
      }
  }
  /// A Catmull-Rom spline through the points, four lines to a span.
  void curve(const std::vector<Point> &points) const {
    size_t n = points.size();
    bool closed = n > 2 && points[0].x == points[n - 1].x && points[0].y == points[n - 1].y;
    for (size_t i = 0; i + 1 < n; ++i) {
      Point b = points[i], c = points[i + 1];
      Point a = i ? points[i - 1] : closed ? points[n - 2] : b, d = i + 2 < n ? points[i + 2] : closed ? points[1] : c;
      if (n == 2) {
        line(b, c);
        continue;
      }
      Point last = b;
      for (int k = 1; k <= 4; ++k) {
        float t = 0.25f * float(k), t2 = t * t, t3 = t2 * t;
        auto mix = [&](float p, float q, float r, float s) {
          return 0.5f * (2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t2 + (3 * q - p - 3 * r + s) * t3);
        };
        Point next{mix(a.x, b.x, c.x, d.x), mix(a.y, b.y, c.y, d.y)};
        line(last, next);
        last = next;
      }
    }
  }
};
} // namespace

void drawDigit(int digit, RandomStream &random, int64_t height, int64_t width, uint8_t *out) {
  int ways = 0;
  for (const Glyph &glyph : glyphs)
    ways += glyph.digit == digit;
  int way = int(random.below(uint32_t(ways)));
  const Glyph *chosen = nullptr;
  for (const Glyph &glyph : glyphs)
    if (glyph.digit == digit && way-- == 0)
      chosen = &glyph;

  memset(out, 0, size_t(height * width));
  Hand hand(random, float(height), float(width));
  float unit = float(std::min(height, width)) / 28;
  Pen pen{random.between(0.55f, 1.7f) * unit, random.between(150, 255), height, width, out};
  for (std::vector<Point> &stroke : parseStrokes(chosen->strokes)) {
    Point first = stroke.front(), last = stroke.back();
    bool closed = stroke.size() > 2 && first.x == last.x && first.y == last.y;
    for (Point &p : stroke)
      p = hand({p.x + 0.07f * random.roughNormal(), p.y + 0.06f * random.roughNormal()});
    if (closed)
      stroke.back() = stroke.front();
    pen.curve(stroke);
  }
  // Sensor noise, four pixels to a draw, stronger on some sheets than on others.
  int strength = int(random.below(40));
  for (int64_t i = 0; i < height * width; i += 4) {
    uint32_t bits = random.bits();
    for (int64_t k = i; k < std::min(i + 4, height * width); ++k, bits >>= 8) {
      int noise = (int(bits & 255) - 128) * strength >> 7;
      out[k] = uint8_t(std::clamp(int(out[k]) + noise, 0, 255));
    }
  }
}

Status Digits::open(const nnrt_source &source, SourceRole role, std::unique_ptr<Dataset> &dataset) {
  Draw draw = role == SourceRole::Data   ? Draw::DigitTrain
              : role == SourceRole::Test ? Draw::DigitTest
                                         : Draw::DigitValidation;
  std::unique_ptr<Digits> digits(new Digits(source, draw, role == SourceRole::Data ? 60000 : 10000));
  for (int64_t i = 0; i < source.n_fields; ++i) {
    const nnrt_field &field = source.fields[i];
    bool pixel = field.type == NNRT_U8 || field.type == NNRT_F32;
    if (digits->imageField < 0 && field.rank >= 2 && pixel)
      digits->imageField = i;
    else if (digits->labelField < 0 && field.rank == 0 &&
             (field.type == NNRT_I32 || field.type == NNRT_I64 || field.type == NNRT_U8))
      digits->labelField = i;
  }
  if (digits->imageField < 0 || digits->labelField < 0 || source.n_fields != 2)
    return wrong("--data builtin makes images of digits with labels: the data of this model has other fields; give a "
                 "folder with --data DIR");
  const nnrt_field &image = source.fields[digits->imageField];
  digits->height = image.shape[image.rank - 2];
  digits->width = image.shape[image.rank - 1];
  int64_t limit = source.fields[digits->labelField].limit;
  digits->classes = limit > 0 && limit < 10 ? int(limit) : 10;
  NNRT_TRY(Region::allocate(digits->count() * digits->height * digits->width, digits->pixels, "the built-in data"));
  digits->drawn.resize(digits->count());
  dataset = std::move(digits);
  return {};
}

// Every ten records in a row hold each digit once, in an order of their own.
int Digits::label(int64_t record) const {
  RandomStream random(0, draw, uint64_t(record / classes) | uint64_t(1) << 40);
  int order[10];
  for (int i = 0; i < classes; ++i)
    order[i] = i;
  for (int i = classes - 1; i > 0; --i)
    std::swap(order[i], order[random.below(uint32_t(i) + 1)]);
  return order[record % classes];
}

const uint8_t *Digits::image(int64_t record) {
  uint8_t *at = reinterpret_cast<uint8_t *>(pixels->data()) + record * height * width;
  if (!drawn[record]) {
    RandomStream random(0, draw, uint64_t(record));
    drawDigit(label(record), random, height, width, at);
    drawn[record] = true;
  }
  return at;
}

void Digits::copy(int64_t i, int64_t record, char *out) {
  if (i == labelField) {
    int64_t value = label(record);
    memcpy(out, &value, size_t(recordBytes(i)));
    return;
  }
  const uint8_t *from = image(record);
  int64_t plane = height * width, planes = elementsOf(field(i).shape, field(i).rank) / plane;
  for (int64_t p = 0; p < planes; ++p)
    for (int64_t k = 0; k < plane; ++k) {
      if (field(i).type == NNRT_U8)
        out[p * plane + k] = char(from[k]);
      else
        reinterpret_cast<float *>(out)[p * plane + k] = float(from[k]) / 255;
    }
}

} // namespace nnrt
