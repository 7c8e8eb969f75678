// What the model says of the worst, and how that is written.
#include "Worst.h"
#include "Classes.h"
#include "Confusion.h"
#include "Svg.h"
#include "Text.h"
#include <algorithm>
#include <cmath>
#include <cstring>

namespace nnrt {

static std::string valuesText(int32_t type, const char *data, int64_t count) {
  constexpr int64_t most = 16;
  std::string text;
  for (int64_t i = 0; i < std::min(count, most); ++i)
    text += format(i ? " %.6g" : "%.6g", elementAt(type, data, i));
  return count > most ? text + format(" … (%lld values)", (long long)count) : text;
}

/// The field that the loss compares with, or -1.
static int64_t targetOf(const Instance &instance, const Dataset &data) {
  const nnrt_train *train = instance.model.train;
  return train && train->target ? data.find(train->target) : -1;
}

static std::string targetText(const Instance &instance, Dataset &data, int64_t record, bool isClass) {
  int64_t target = targetOf(instance, data);
  if (target < 0)
    return "";
  const nnrt_field &field = data.field(target);
  std::vector<char> value(data.recordBytes(target));
  data.copy(target, record, value.data());
  int64_t count = elementsOf(field.shape, field.rank);
  if (isClass)
    return className(instance, int64_t(elementAt(field.type, value.data(), 0)));
  if (instance.vocabulary.empty() || field.type != NNRT_I32 || strcmp(instance.model.train->data.kind, "text") != 0)
    return valuesText(field.type, value.data(), count);
  Vocabulary known(instance.vocabulary);
  std::string text;
  for (int64_t i = 0; i < count; ++i)
    appendCharacter(text, known.character(reinterpret_cast<const int32_t *>(value.data())[i]));
  return text;
}

/// What the model says of the examples, batch by batch.
static Status predictExamples(Instance &instance, const nnrt_entry &description, Part &part,
                              std::vector<Example> &worst) {
  Entry entry(instance, description);
  const nnrt_tensor *output = entry.find(NNRT_OUTPUT);
  Feeder feeder;
  NNRT_TRY(Feeder::bind(instance, entry, *part.data, feeder));
  int64_t classes = output ? classesOf(instance.model, *output) : 0;
  for (size_t first = 0; output && first < worst.size(); first += size_t(entry.batch())) {
    std::vector<int64_t> indices;
    part.picks.clear();
    for (size_t i = first; i < std::min(worst.size(), first + size_t(entry.batch())); ++i) {
      indices.push_back(int64_t(indices.size()));
      part.picks.push_back(uint32_t(worst[i].record));
    }
    NNRT_TRY(feeder.fill(part, indices.data(), int64_t(indices.size())));
    entry.run();
    int64_t rowBytes = output->bytes / output->shape[0];
    for (int64_t row : indices) {
      Example &example = worst[first + size_t(row)];
      const char *values = instance.at(*output) + row * rowBytes;
      if (classes) {
        const float *scores = reinterpret_cast<const float *>(values);
        int64_t best = largest(scores, classes);
        example.prediction = className(instance, best);
        example.probability = probabilityOf(scores, classes, best);
      } else if (example.prediction = charactersOf(instance, *output, row); example.prediction.empty()) {
        example.prediction = valuesText(output->type, values, elementsOf(output->shape + 1, output->rank - 1));
      }
      example.target = targetText(instance, *part.data, example.record, classes);
    }
  }
  return {};
}

Status describeWorst(Instance &instance, const Part &part, const std::vector<Measured> &measured,
                     std::vector<Example> &worst) {
  for (const Measured &one : measured)
    worst.push_back({one.record, one.loss, "", "", -1});
  Part examples{part.data, 0, 1, {0}};
  const nnrt_entry *predict = instance.find("predict_record");
  return predict ? predictExamples(instance, *predict, examples, worst) : Status();
}

static bool hasProbabilities(const std::vector<Example> &worst) { return !worst.empty() && worst[0].probability >= 0; }

std::string csvOf(const std::vector<Example> &worst) {
  bool probabilities = hasProbabilities(worst);
  std::string text = probabilities ? "record,target,prediction,probability,loss\n" : "record,target,prediction,loss\n";
  for (const Example &example : worst) {
    text += format("%lld,%s,%s,", (long long)example.record, csvCell(example.target).c_str(),
                   csvCell(example.prediction).c_str());
    if (probabilities)
      text += format("%.6g,", example.probability);
    text += format("%.9g\n", example.loss);
  }
  return text;
}

/// The first field, other than the target, that is a picture: one plane or three, or rows of bytes; or -1.
static int64_t pictureField(const Instance &instance, const Dataset &data) {
  for (int64_t i = 0; i < data.fields(); ++i) {
    const nnrt_field &field = data.field(i);
    bool planes = field.rank == 3 && (field.shape[0] == 1 || field.shape[0] == 3) && field.shape[1] > 1 &&
                  field.shape[2] > 1 && (field.type == NNRT_U8 || field.type == NNRT_F32);
    if (i != targetOf(instance, data) && (planes || (field.rank == 2 && field.type == NNRT_U8)))
      return i;
  }
  return -1;
}

/// The planes of a record as interleaved bytes: bytes as they are, other numbers from their smallest to their largest.
static std::vector<uint8_t> pixelsOf(Dataset &data, int64_t field, int64_t record, int64_t channels) {
  std::vector<char> value(data.recordBytes(field));
  data.copy(field, record, value.data());
  int32_t type = data.field(field).type;
  int64_t count = int64_t(value.size()) / factsOf(type).bytes, plane = count / channels;
  double low = 0, high = 255;
  if (type != NNRT_U8) {
    low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < count; ++i) {
      low = std::min(low, elementAt(type, value.data(), i));
      high = std::max(high, elementAt(type, value.data(), i));
    }
  }
  std::vector<uint8_t> pixels(count);
  for (int64_t i = 0; i < count; ++i) {
    double share = (elementAt(type, value.data(), i) - low) / (high - low);
    pixels[i % plane * channels + i / plane] = share > 0 ? uint8_t(std::min(share, 1.0) * 255 + 0.5) : 0;
  }
  return pixels;
}

std::string svgOf(const Instance &instance, Dataset &data, const std::vector<Example> &worst) {
  int64_t field = pictureField(instance, data);
  if (field < 0 || worst.empty())
    return "";
  const nnrt_field &facts = data.field(field);
  int64_t channels = facts.rank == 3 ? facts.shape[0] : 1, height = facts.shape[facts.rank - 2],
          width = facts.shape[facts.rank - 1];
  const char *const blue = "#0072b2", *const orange = "#d55e00";
  constexpr int columns = 5;
  constexpr double cell = 160, picture = 120, lines = 62, top = 34;
  int rows = (int(worst.size()) + columns - 1) / columns;
  std::string out = svgHead(columns * cell + 10, rows * (picture + lines) + top);
  bool classes = hasProbabilities(worst);
  out += format("<text x=\"10\" y=\"20\">The largest losses: <tspan fill=\"%s\">target</tspan>, <tspan "
                "fill=\"%s\">prediction%s</tspan></text>\n",
                blue, orange, classes ? " (its probability)" : "");
  for (size_t i = 0; i < worst.size(); ++i) {
    const Example &example = worst[i];
    std::string said = classes ? format("%s (%.3g)", shortened(example.prediction, 12).c_str(), example.probability)
                               : shortened(example.prediction, 18);
    out += format("<svg x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"%.0f\">\n", 10 + double(i % columns) * cell,
                  top + double(i / columns) * (picture + lines), cell - 10, picture + lines - 4);
    out += format("<title>record %lld: target %s, prediction %s</title>\n", (long long)example.record,
                  xmlText(example.target).c_str(), xmlText(example.prediction).c_str());
    out +=
        format("<image width=\"%.0f\" height=\"%.0f\" style=\"image-rendering:pixelated\" href=\"%s\"/>\n", picture,
               picture, pictureUri(channels, height, width, pixelsOf(data, field, example.record, channels)).c_str());
    out += format("<text y=\"%.0f\" fill=\"%s\">%s</text>\n", picture + 16, blue,
                  xmlText(shortened(example.target, 18)).c_str());
    out += format("<text y=\"%.0f\" fill=\"%s\">%s</text>\n", picture + 32, orange, xmlText(said).c_str());
    out += format("<text y=\"%.0f\" fill=\"#666\">loss %.4g, record %lld</text>\n</svg>\n", picture + 48, example.loss,
                  (long long)example.record);
  }
  return out + "</svg>\n";
}

} // namespace nnrt
