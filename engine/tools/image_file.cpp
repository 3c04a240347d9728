// SPDX-License-Identifier: MIT
// Decodes with libjpeg and libpng.
#include "engine/tools/image_file.h"

// jpeglib.h needs FILE declared before it.
#include <cstdio>

#include <jerror.h>
#include <jpeglib.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <memory>
#include <string>

namespace facet {

namespace {

using File = std::unique_ptr<FILE, int (*)(FILE*)>;

struct JpegErrors {
    jpeg_error_mgr base;  // first, so that the library's pointer to it is one to the whole
    std::jmp_buf back;
    std::array<char, JMSG_LENGTH_MAX> message;
    bool cut_short;
};

[[noreturn]] void leave_jpeg(j_common_ptr decoder) {
    auto* errors = reinterpret_cast<JpegErrors*>(decoder->err);
    errors->base.format_message(decoder, errors->message.data());
    std::longjmp(errors->back, 1);
}

// A warning: the library goes on with grey for what is missing. Stray bytes do no harm.
void note_warning(j_common_ptr decoder) {
    auto* errors = reinterpret_cast<JpegErrors*>(decoder->err);
    const int code = decoder->err->msg_code;
    if (code != JWRN_JPEG_EOF && code != JWRN_HIT_MARKER) return;
    errors->base.format_message(decoder, errors->message.data());
    errors->cut_short = true;
}

// False with errors.message set. Holds no object with a destructor: longjmp runs none.
bool decode_jpeg(FILE* file, jpeg_decompress_struct& decoder, JpegErrors& errors,
                 DecodedImage& image) {
    if (setjmp(errors.back) != 0) return false;
    jpeg_stdio_src(&decoder, file);
    jpeg_read_header(&decoder, TRUE);
    decoder.out_color_space = JCS_RGB;
    jpeg_start_decompress(&decoder);
    image.width = static_cast<int>(decoder.output_width);
    image.height = static_cast<int>(decoder.output_height);
    image.pixels.resize(size_t{3} * decoder.output_width * decoder.output_height);
    while (decoder.output_scanline < decoder.output_height) {
        JSAMPROW row =
            image.pixels.data() + size_t{3} * decoder.output_width * decoder.output_scanline;
        jpeg_read_scanlines(&decoder, &row, 1);
    }
    jpeg_finish_decompress(&decoder);
    return !errors.cut_short;
}

Result<DecodedImage> read_jpeg(FILE* file) {
    JpegErrors errors{};
    jpeg_decompress_struct decoder{};
    decoder.err = jpeg_std_error(&errors.base);
    errors.base.error_exit = leave_jpeg;
    errors.base.output_message = note_warning;
    jpeg_create_decompress(&decoder);
    DecodedImage image;
    const bool decoded = decode_jpeg(file, decoder, errors, image);
    jpeg_destroy_decompress(&decoder);
    if (!decoded) return Error{ErrorCode::kCorrupt, errors.message.data()};
    return image;
}

Result<DecodedImage> read_png(FILE* file) {
    png_image header{};
    header.version = PNG_IMAGE_VERSION;
    if (png_image_begin_read_from_stdio(&header, file) == 0)
        return Error{ErrorCode::kCorrupt, header.message};
    header.format = PNG_FORMAT_RGB;
    DecodedImage image{static_cast<int>(header.width), static_cast<int>(header.height), {}};
    image.pixels.resize(PNG_IMAGE_SIZE(header));
    const png_color black{};
    if (png_image_finish_read(&header, &black, image.pixels.data(), 0, nullptr) == 0)
        return Error{ErrorCode::kCorrupt, header.message};
    return image;
}

bool is_image_name(const std::filesystem::path& path) {
    std::string extension = path.extension().string();
    std::ranges::transform(extension, extension.begin(),
                           [](unsigned char letter) { return std::tolower(letter); });
    return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

}  // namespace

ImageView DecodedImage::view() const {
    ImageView image{.format = PixelFormat::kRgb, .width = width, .height = height};
    image.planes[0] = pixels.data();
    image.strides[0] = width * 3;
    return image;
}

Result<DecodedImage> read_image(const std::filesystem::path& path) {
    const File file(std::fopen(path.c_str(), "rb"), std::fclose);
    if (!file) return Error{ErrorCode::kNotFound, path.string() + ": cannot be opened"};
    std::array<unsigned char, 4> start{};
    const size_t count = std::fread(start.data(), 1, start.size(), file.get());
    std::rewind(file.get());
    const bool jpeg = count >= 2 && start[0] == 0xff && start[1] == 0xd8;
    const bool png = count == 4 && start[0] == 0x89 && start[1] == 'P' && start[2] == 'N';
    if (!jpeg && !png)
        return Error{ErrorCode::kCorrupt, path.string() + ": supported: JPEG and PNG images"};
    Result<DecodedImage> image = jpeg ? read_jpeg(file.get()) : read_png(file.get());
    if (!image.ok()) return image.error().within(path.string());
    return image;
}

Result<std::vector<std::filesystem::path>> find_images(
    const std::vector<std::filesystem::path>& places) {
    std::vector<std::filesystem::path> files;
    for (const std::filesystem::path& place : places) {
        std::error_code error;
        if (!std::filesystem::is_directory(place, error)) {
            if (!std::filesystem::exists(place, error))
                return Error{ErrorCode::kNotFound, place.string() + ": does not exist"};
            files.push_back(place);
            continue;
        }
        std::vector<std::filesystem::path> found;
        for (const auto& entry : std::filesystem::directory_iterator(place, error))
            if (entry.is_regular_file(error) && is_image_name(entry.path()))
                found.push_back(entry.path());
        if (found.empty())
            return Error{ErrorCode::kNotFound, place.string() + ": holds no .jpg, .jpeg or .png"};
        std::ranges::sort(found);
        files.insert(files.end(), found.begin(), found.end());
    }
    return files;
}

}  // namespace facet
