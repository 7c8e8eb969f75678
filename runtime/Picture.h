// Pictures as pixels: decoding, which only programs that read images are linked with, and scaling.
#ifndef NNRT_PICTURE_H
#define NNRT_PICTURE_H
#include "File.h"
#include <string>
#include <vector>

namespace nnrt {

/// Red, green and blue of each pixel, row by row.
struct Picture {
  int64_t height = 0, width = 0;
  std::vector<uint8_t> pixels;
};

bool looksLikePicture(const Region &file);

/// Decodes PNG or JPEG and writes channels x height x width bytes: three channels, or one of luminance. A picture of
/// another size is scaled to it with a triangle filter that is as wide as the pixels that become one.
Status readPicture(const std::string &path, int64_t channels, int64_t height, int64_t width, uint8_t *out);

/// Scales one plane of interleaved pixels; the sums are taken in f64, so that they are the same everywhere.
void scalePicture(const Picture &picture, int64_t height, int64_t width, Picture &scaled);

} // namespace nnrt

/// In libnnrt-images.a (DecodePicture.cpp), with libpng and libjpeg. Answers false with what is wrong.
extern "C" __attribute__((weak)) bool nnrt_decode_picture(const char *data, int64_t bytes, nnrt::Picture *picture,
                                                          std::string *problem);

#endif
