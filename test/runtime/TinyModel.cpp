// A model written by hand as the compiler would describe it: softmax regression on 28x28 digits, momentum, cosine rate.
// Its kernels are plain functions, so the runtime is tested without the compiler.
#include "runtime/abi.h"
#include <cmath>
#include <cstring>

#ifndef TINY_VALIDATION
#define TINY_VALIDATION "fraction" // or "tail"
#endif
#ifndef TINY_SOURCE // by the hand that wrote the model
#define TINY_SOURCE                                                                                                    \
  "model Tiny(x: f32[batch, 784]) { return x |> Dense(10) }\n\ntrain Tiny {\n  optimizer = Momentum(0.1)\n}\n"
#endif
#ifndef TINY_PRECISION
#define TINY_PRECISION "f32"
#endif
#ifndef TINY_TARGET
#define TINY_TARGET "any"
#define TINY_FEATURES ""
#endif

namespace {
constexpr int64_t batch = 32, pixels = 784, classes = 10;

// The arena: owned tensors first, then what lives for one call.
constexpr int64_t up(int64_t n) { return (n + 63) / 64 * 64; }
constexpr int64_t weightBytes = classes * pixels * 4, biasBytes = classes * 4, rowsBytes = batch * classes * 4,
                  xBytes = batch * pixels * 4;
constexpr int64_t weight = 0, bias = up(weight + weightBytes), weightV = up(bias + biasBytes),
                  biasV = up(weightV + weightBytes);
constexpr int64_t lossSum = up(biasV + biasBytes), lossWeight = lossSum + 64, hits = lossWeight + 64, total = hits + 64;
constexpr int64_t persistent = total + 64;
constexpr int64_t image = persistent, label = up(image + batch * pixels), x = up(label + batch * 4),
                  logits = up(x + xBytes);
constexpr int64_t dLogits = up(logits + rowsBytes), rowLoss = up(dLogits + rowsBytes),
                  dWeight = up(rowLoss + batch * 4);
constexpr int64_t dBias = up(dWeight + weightBytes), dX = up(dBias + biasBytes), seed = up(dX + xBytes),
                  step = seed + 64;
constexpr int64_t steps = step + 64, valid = steps + 64, lr = valid + 64, loss = lr + 64, rate = loss + 64,
                  norm = rate + 64;
constexpr int64_t meanLoss = norm + 64, accuracy = meanLoss + 64, arenaBytes = accuracy + 64;

template <typename T>
T *at(char *arena, int64_t offset) {
  return reinterpret_cast<T *>(arena + offset);
}

void initKernel(char *arena, const int64_t *args, int64_t lo, int64_t hi) {
  uint64_t state = uint64_t(*at<int64_t>(arena, args[0])) * 0x9E3779B97F4A7C15u;
  float *w = at<float>(arena, args[1]);
  for (int64_t i = lo * pixels; i < hi * pixels; ++i) {
    uint64_t mixed = (state + uint64_t(i)) * 0xD6E8FEB86659FD93u;
    w[i] = 0.02f * (float(mixed >> 40) * 0x1p-24f - 0.5f);
  }
}

void zeroKernel(char *arena, const int64_t *args, int64_t, int64_t) { memset(arena + args[0], 0, size_t(args[1])); }

void scaleKernel(char *arena, const int64_t *args, int64_t lo, int64_t hi) {
  const uint8_t *from = at<uint8_t>(arena, args[0]);
  float *to = at<float>(arena, args[1]);
  for (int64_t i = lo * pixels; i < hi * pixels; ++i)
    to[i] = float(from[i]) / 255;
}

void logitsKernel(char *arena, const int64_t *args, int64_t lo, int64_t hi) {
  const float *in = at<float>(arena, args[0]), *w = at<float>(arena, args[1]), *b = at<float>(arena, args[2]);
  float *out = at<float>(arena, args[3]);
  for (int64_t row = lo; row < hi; ++row)
    for (int64_t c = 0; c < classes; ++c) {
      float sum[8] = {b[c]};
      for (int64_t k = 0; k < pixels; ++k)
        sum[k % 8] += in[row * pixels + k] * w[c * pixels + k];
      out[row * classes + c] = ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
    }
}

float logSumExp(const float *row) {
  float most = row[0], sum = 0;
  for (int64_t c = 1; c < classes; ++c)
    most = row[c] > most ? row[c] : most;
  for (int64_t c = 0; c < classes; ++c)
    sum += std::exp(row[c] - most);
  return most + std::log(sum);
}

void lossRowsKernel(char *arena, const int64_t *args, int64_t lo, int64_t hi) {
  const float *in = at<float>(arena, args[0]);
  const int32_t *ids = at<int32_t>(arena, args[1]);
  float *out = at<float>(arena, args[2]), *losses = at<float>(arena, args[3]);
  for (int64_t row = lo; row < hi; ++row) {
    const float *r = in + row * classes;
    float norm = logSumExp(r);
    losses[row] = norm - r[ids[row]];
    for (int64_t c = 0; c < classes; ++c)
      out[row * classes + c] = (std::exp(r[c] - norm) - (c == ids[row])) / float(batch);
  }
}

void lossKernel(char *arena, const int64_t *args, int64_t, int64_t) {
  const float *losses = at<float>(arena, args[0]);
  double sum = 0;
  for (int64_t row = 0; row < batch; ++row)
    sum += double(losses[row]);
  *at<float>(arena, args[1]) = float(sum / batch);
}

void gradientKernel(char *arena, const int64_t *args, int64_t lo, int64_t hi) {
  const float *d = at<float>(arena, args[0]), *in = at<float>(arena, args[1]);
  float *dw = at<float>(arena, args[2]), *db = at<float>(arena, args[3]);
  for (int64_t c = lo; c < hi; ++c) {
    db[c] = 0;
    memset(dw + c * pixels, 0, pixels * 4);
    for (int64_t row = 0; row < batch; ++row) {
      float scale = d[row * classes + c];
      db[c] += scale;
      for (int64_t k = 0; k < pixels; ++k)
        dw[c * pixels + k] += scale * in[row * pixels + k];
    }
  }
}

void inputGradientKernel(char *arena, const int64_t *args, int64_t lo, int64_t hi) {
  const float *d = at<float>(arena, args[0]), *w = at<float>(arena, args[1]);
  float *out = at<float>(arena, args[2]);
  for (int64_t row = lo; row < hi; ++row)
    for (int64_t k = 0; k < pixels; ++k) {
      float sum = 0;
      for (int64_t c = 0; c < classes; ++c)
        sum += d[row * classes + c] * w[c * pixels + k];
      out[row * pixels + k] = sum;
    }
}

void normKernel(char *arena, const int64_t *args, int64_t, int64_t) {
  double sum = 0;
  for (int64_t i = 0; i < classes * pixels; ++i)
    sum += double(at<float>(arena, args[0])[i]) * double(at<float>(arena, args[0])[i]);
  for (int64_t i = 0; i < classes; ++i)
    sum += double(at<float>(arena, args[1])[i]) * double(at<float>(arena, args[1])[i]);
  *at<float>(arena, args[2]) = float(std::sqrt(sum));
}

void rateKernel(char *arena, const int64_t *args, int64_t, int64_t) {
  double peak = *at<double>(arena, args[0]), now = double(*at<int64_t>(arena, args[1])),
         end = double(*at<int64_t>(arena, args[2]));
  *at<double>(arena, args[3]) = peak * 0.5 * (1 + std::cos(3.14159265358979 * now / end));
}

void updateKernel(char *arena, const int64_t *args, int64_t lo, int64_t hi) {
  float eta = float(*at<double>(arena, args[0]));
  auto update = [&](int64_t w, int64_t v, int64_t g, int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      float &velocity = at<float>(arena, v)[i];
      velocity = 0.9f * velocity + eta * at<float>(arena, g)[i];
      at<float>(arena, w)[i] -= velocity;
    }
  };
  update(args[3], args[4], args[1], lo * pixels, hi * pixels);
  update(args[5], args[6], args[2], lo, hi);
}

void tallyKernel(char *arena, const int64_t *args, int64_t, int64_t) {
  const float *in = at<float>(arena, args[0]);
  const int32_t *ids = at<int32_t>(arena, args[1]);
  int32_t rows = *at<int32_t>(arena, args[2]);
  for (int64_t row = 0; row < rows; ++row) {
    const float *r = in + row * classes;
    int64_t best = 0;
    for (int64_t c = 1; c < classes; ++c)
      best = r[c] > r[best] ? c : best;
    *at<double>(arena, args[3]) += double(logSumExp(r) - r[ids[row]]);
    *at<double>(arena, args[4]) += 1;
    *at<double>(arena, args[5]) += best == ids[row];
    *at<double>(arena, args[6]) += 1;
  }
}

void resultKernel(char *arena, const int64_t *args, int64_t, int64_t) {
  *at<double>(arena, args[4]) = *at<double>(arena, args[0]) / *at<double>(arena, args[1]);
  *at<double>(arena, args[5]) = *at<double>(arena, args[2]) / *at<double>(arena, args[3]);
}

// Shapes and tensors.
const int64_t sWeight[] = {classes, pixels}, sBias[] = {classes}, sImage[] = {batch, 1, 28, 28}, sLabel[] = {batch},
              sLogits[] = {batch, classes};
constexpr nnrt_tensor scalar(const char *name, int64_t offset, nnrt_type type, nnrt_role role, double value = 0) {
  return {name, nullptr, offset, type == NNRT_F32 || type == NNRT_I32 ? 4 : 8, value, 0, type, role, 0};
}
const nnrt_tensor owned[] = {
    {"dense_1.weight", sWeight, weight, weightBytes, 0, 2, NNRT_F32, NNRT_PARAM, 0},
    {"dense_1.bias", sBias, bias, biasBytes, 0, 1, NNRT_F32, NNRT_PARAM, 0},
    {"dense_1.weight/v", sWeight, weightV, weightBytes, 0, 2, NNRT_F32, NNRT_SLOT, 0},
    {"dense_1.bias/v", sBias, biasV, biasBytes, 0, 1, NNRT_F32, NNRT_SLOT, 0},
    scalar("loss/sum", lossSum, NNRT_F64, NNRT_TALLY),
    scalar("loss/weight", lossWeight, NNRT_F64, NNRT_TALLY),
    scalar("accuracy/hits", hits, NNRT_F64, NNRT_TALLY),
    scalar("accuracy/total", total, NNRT_F64, NNRT_TALLY),
};
const nnrt_tensor tImage = {"image", sImage, image, batch *pixels, 0, 4, NNRT_U8, NNRT_RECORD, 0};
const nnrt_tensor tInput = {"image", sImage, x, xBytes, 0, 4, NNRT_F32, NNRT_INPUT, 0};
const nnrt_tensor tLabel = {"label", sLabel, label, batch * 4, 0, 1, NNRT_I32, NNRT_RECORD, 0};
const nnrt_tensor tOutput = {"digit", sLogits, logits, rowsBytes, 0, 2, NNRT_F32, NNRT_OUTPUT, 0};
const nnrt_tensor tLoss = scalar("loss", loss, NNRT_F32, NNRT_LOSS), tSeed = scalar("seed", seed, NNRT_I64, NNRT_SEED);
const nnrt_tensor tDWeight = {"dense_1.weight", sWeight, dWeight, weightBytes, 0, 2, NNRT_F32, NNRT_GRADIENT, 0};
const nnrt_tensor tDBias = {"dense_1.bias", sBias, dBias, biasBytes, 0, 1, NNRT_F32, NNRT_GRADIENT, 0};
const nnrt_tensor tDImage = {"image", sImage, dX, xBytes, 0, 4, NNRT_F32, NNRT_GRADIENT, 0};

const nnrt_tensor initTensors[] = {tSeed};
const nnrt_tensor trainTensors[] = {tImage,
                                    tLabel,
                                    tSeed,
                                    scalar("step", step, NNRT_I64, NNRT_STEP),
                                    scalar("total", steps, NNRT_I64, NNRT_TOTAL),
                                    scalar("lr", lr, NNRT_F64, NNRT_HYPER, 0.05),
                                    tLoss,
                                    scalar("rate", rate, NNRT_F64, NNRT_RATE),
                                    scalar("norm", norm, NNRT_F32, NNRT_NORM)}; // the last one for train_step_log only
const nnrt_tensor gradientTensors[] = {tImage, tLabel, tSeed, tLoss, tDWeight, tDBias, tDImage};
const nnrt_tensor gradientInputTensors[] = {tInput, tLabel, tSeed, tLoss, tDWeight, tDBias, tDImage};
const nnrt_tensor evaluateTensors[] = {tImage, tLabel, scalar("valid", valid, NNRT_I32, NNRT_VALID)};
const nnrt_tensor resultTensors[] = {scalar("loss", meanLoss, NNRT_F64, NNRT_METRIC),
                                     scalar("accuracy", accuracy, NNRT_F64, NNRT_METRIC)};
const nnrt_tensor predictTensors[] = {tInput, tOutput};
const nnrt_tensor predictRecordTensors[] = {tImage, tOutput};

// Launches. The log entry has one more than the plain step.
const int64_t aInit[] = {seed, weight}, aZeroB[] = {bias, biasBytes}, aZeroV[] = {weightV, weightBytes},
              aZeroBV[] = {biasV, biasBytes};
const int64_t aScale[] = {image, x}, aLogits[] = {x, weight, bias, logits}, aRows[] = {logits, label, dLogits, rowLoss},
              aLoss[] = {rowLoss, loss};
const int64_t aGradient[] = {dLogits, x, dWeight, dBias}, aDX[] = {dLogits, weight, dX},
              aNorm[] = {dWeight, dBias, norm};
const int64_t aRate[] = {lr, step, steps, rate}, aUpdate[] = {rate, dWeight, dBias, weight, weightV, bias, biasV};
const int64_t aTally[] = {logits, label, valid, lossSum, lossWeight, hits, total};
const int64_t aResult[] = {lossSum, lossWeight, hits, total, meanLoss, accuracy};
const nnrt_launch lScale = {scaleKernel, aScale, nullptr, batch, 0, 0},
                  lLogits = {logitsKernel, aLogits, nullptr, batch, 1, 0};
const nnrt_launch lRows = {lossRowsKernel, aRows, nullptr, batch, 1, 0}, lLoss = {lossKernel, aLoss, nullptr, 1, 1, 0},
                  lGradient = {gradientKernel, aGradient, nullptr, classes, 0, 0};
const nnrt_launch initLaunches[] = {{initKernel, aInit, nullptr, classes, 0, 0},
                                    {zeroKernel, aZeroB, nullptr, 1, 0, 0},
                                    {zeroKernel, aZeroV, nullptr, 1, 0, 0},
                                    {zeroKernel, aZeroBV, nullptr, 1, 0, 0}};
const nnrt_launch trainLaunches[] = {lScale,
                                     lLogits,
                                     lRows,
                                     lLoss,
                                     lGradient,
                                     {rateKernel, aRate, nullptr, 1, 0, 0},
                                     {updateKernel, aUpdate, nullptr, classes, 1, 0},
                                     {normKernel, aNorm, nullptr, 1, 0, 0}};
const nnrt_launch gradientLaunches[] = {lScale, lLogits,   lRows,
                                        lLoss,  lGradient, {inputGradientKernel, aDX, nullptr, batch, 0, 0}};
const nnrt_launch evaluateLaunches[] = {lScale, lLogits, {tallyKernel, aTally, nullptr, 1, 1, 0}};
const nnrt_launch resultLaunches[] = {{resultKernel, aResult, nullptr, 1, 0, 0}};

const nnrt_entry entries[] = {
    {"init", initTensors, initLaunches, 1, 4, 1},
    {"train_step", trainTensors, trainLaunches, 8, 7, batch},
    {"train_step_log", trainTensors, trainLaunches, 9, 8, batch},
    {"gradients", gradientTensors, gradientLaunches, 7, 6, batch},
    {"gradients_input", gradientInputTensors, gradientLaunches + 1, 7, 5, batch},
    {"evaluate", evaluateTensors, evaluateLaunches, 3, 3, batch},
    {"result", resultTensors, resultLaunches, 2, 1, 1},
    {"predict", predictTensors, gradientLaunches + 1, 2, 1, batch},
    {"predict_record", predictRecordTensors, gradientLaunches, 2, 2, batch},
};

const int64_t recordShape[] = {1, 28, 28};
const nnrt_field fields[] = {{"image", recordShape, 3, NNRT_U8, 0, 0, nullptr, 0, 0},
                             {"label", nullptr, 0, NNRT_I32, classes, 0, nullptr, 0, 0}};
const char *const trainFiles[] = {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"};
const char *const testFiles[] = {"t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"};
const char *const names[] = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"};
const nnrt_train trainBlock = {{"idx", trainFiles, fields, 2, 2, 0, nullptr, 0},
                               {TINY_VALIDATION, nullptr, nullptr, 0, 0, 0.1, nullptr, 0},
                               {"idx", testFiles, fields, 2, 2, 0, nullptr, 0},
                               1,
                               0,
                               0,
                               1,
                               0,
                               names,
                               classes,
                               "label",
                               nullptr,
                               0,
                               nullptr};
const int64_t sFlat[] = {batch, pixels};
const nnrt_layer layers[] = {
    {"flatten_1", "flatten", sFlat, 2, 0, 0, 0, 0},
    {"dense_1", "Dense", sLogits, 2, classes * pixels + classes, 2 * classes * pixels, biasBytes + weightBytes, 0}};
} // namespace

extern "C" const nnrt_model nnrt_program = {NNRT_ABI_VERSION,
                                            64,
                                            "Tiny",
                                            TINY_SOURCE,
                                            "0123abcd",
                                            "by hand",
                                            TINY_TARGET,
                                            TINY_FEATURES,
                                            TINY_PRECISION,
                                            owned,
                                            entries,
                                            &trainBlock,
                                            layers,
                                            8,
                                            9,
                                            2,
                                            persistent,
                                            arenaBytes,
                                            weightBytes + biasBytes,
                                            weightBytes + biasBytes,
                                            weightBytes + biasBytes,
                                            xBytes + 2 * rowsBytes,
                                            0,
                                            1,
                                            2 * classes *pixels};
