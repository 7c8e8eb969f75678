// PNG through libpng, JPEG through libjpeg. Not part of the runtime's archive: programs that read no images do without
// these libraries.
#include "Picture.h"
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <jpeglib.h>
#include <png.h>

using nnrt::Picture;

/// What is announced must be possible: deflate packs 1032 bytes into one at best, and a byte is eight pixels at best;
/// of a JPEG a byte is 1024 pixels at best (64 per block, and a block in its first scan takes a bit). Beyond it lies
/// arithmetic coding, which is not used.
static bool isPossible(int64_t pixels, int64_t bytes, int64_t most) {
  constexpr int64_t mostPixels = int64_t(1) << 28;
  return pixels <= mostPixels && pixels <= (bytes + 1) * most;
}

static bool decodePng(const char *data, int64_t bytes, Picture &picture, std::string &problem) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, data, size_t(bytes))) {
    image.format = PNG_FORMAT_RGB;
    picture.height = image.height;
    picture.width = image.width;
    if (isPossible(picture.height * picture.width, bytes, 8 * 1032)) {
      picture.pixels.resize(size_t(3 * picture.height * picture.width));
      png_color black{0, 0, 0}; // behind what is transparent
      if (png_image_finish_read(&image, &black, picture.pixels.data(), 0, nullptr))
        return true;
    }
  }
  problem = *image.message ? image.message : "its header announces more pixels than it can hold";
  png_image_free(&image);
  return false;
}

namespace {
struct JpegError {
  jpeg_error_mgr manager; // first: libjpeg knows the address of this one
  jmp_buf leave;
  char text[JMSG_LENGTH_MAX];
};
} // namespace

static void fail(j_common_ptr info) {
  auto *error = reinterpret_cast<JpegError *>(info->err);
  error->manager.format_message(info, error->text);
  longjmp(error->leave, 1);
}

/// libjpeg makes do with a file that is cut off and only warns: here that is an error.
static void warn(j_common_ptr info, int level) {
  if (level < 0)
    fail(info);
}

static bool decodeJpeg(const char *data, int64_t bytes, Picture &picture, std::string &problem) {
  jpeg_decompress_struct info;
  JpegError error;
  info.err = jpeg_std_error(&error.manager);
  error.manager.error_exit = fail;
  error.manager.emit_message = warn;
  if (setjmp(error.leave)) { // nothing with a destructor lives between here and the calls that may jump
    jpeg_destroy_decompress(&info);
    problem = error.text;
    return false;
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char *>(data), static_cast<unsigned long>(bytes));
  jpeg_read_header(&info, TRUE);
  picture.height = info.image_height;
  picture.width = info.image_width;
  if (!isPossible(picture.height * picture.width, bytes, 1024)) {
    jpeg_destroy_decompress(&info);
    problem = "its header announces more pixels than it can hold";
    return false;
  }
  picture.pixels.resize(size_t(3 * picture.height * picture.width));
  info.out_color_space = JCS_RGB;
  info.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = picture.pixels.data() + size_t(3) * info.output_scanline * info.output_width;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return true;
}

bool nnrt_decode_picture(const char *data, int64_t bytes, Picture *picture, std::string *problem) {
  bool png = bytes >= 8 && !memcmp(data, "\x89PNG\r\n\x1a\n", 8);
  return png ? decodePng(data, bytes, *picture, *problem) : decodeJpeg(data, bytes, *picture, *problem);
}
