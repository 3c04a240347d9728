// SPDX-License-Identifier: MIT
// Decodes with libjpeg.
#include "tests/support/photo.h"

// jpeglib.h needs FILE declared before it.
#include <cstdio>

#include <jpeglib.h>

#include <memory>
#include <stdexcept>

namespace facet::testing {

namespace {

[[noreturn]] void throw_message(j_common_ptr decoder) {
    char message[JMSG_LENGTH_MAX];
    decoder->err->format_message(decoder, message);
    throw std::runtime_error(message);
}

}  // namespace

ImageView Photo::view() const {
    ImageView image{.format = PixelFormat::kRgb, .width = width, .height = height};
    image.planes[0] = rgb.data();
    image.strides[0] = width * 3;
    return image;
}

Photo read_jpeg(const std::filesystem::path& path) {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
    if (file == nullptr) throw std::runtime_error("cannot open " + path.string());
    jpeg_error_mgr errors{};
    jpeg_decompress_struct decoder{};
    decoder.err = jpeg_std_error(&errors);
    errors.error_exit = throw_message;
    jpeg_create_decompress(&decoder);
    const std::unique_ptr<jpeg_decompress_struct, void (*)(j_decompress_ptr)> owned(
        &decoder, jpeg_destroy_decompress);
    jpeg_stdio_src(&decoder, file.get());
    jpeg_read_header(&decoder, TRUE);
    decoder.out_color_space = JCS_RGB;
    jpeg_start_decompress(&decoder);
    Photo photo{.width = static_cast<int>(decoder.output_width),
                .height = static_cast<int>(decoder.output_height),
                .rgb = {}};
    photo.rgb.resize(static_cast<size_t>(photo.width) * photo.height * 3);
    while (decoder.output_scanline < decoder.output_height) {
        JSAMPROW row = photo.rgb.data() + size_t{3} * photo.width * decoder.output_scanline;
        jpeg_read_scanlines(&decoder, &row, 1);
    }
    jpeg_finish_decompress(&decoder);
    return photo;
}

}  // namespace facet::testing
