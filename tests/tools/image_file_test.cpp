// SPDX-License-Identifier: MIT
// Photos as the tools read them.
#include "engine/tools/image_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// jpeglib.h needs FILE declared before it.
#include <cstdio>

#include <jpeglib.h>
#include <png.h>

#include <fstream>
#include <iterator>

#include "tests/formats/temporary_model.h"

namespace facet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryModel;

constexpr int kWidth = 40, kHeight = 24;

// The left half red, the right half blue.
std::vector<uint8_t> two_halves() {
    std::vector<uint8_t> pixels;
    for (int i = 0; i < kWidth * kHeight; ++i) {
        const bool left = i % kWidth < kWidth / 2;
        pixels.insert(pixels.end(), {uint8_t(left ? 255 : 0), 0, uint8_t(left ? 0 : 255)});
    }
    return pixels;
}

std::string png_bytes() {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = kWidth;
    image.height = kHeight;
    image.format = PNG_FORMAT_RGB;
    const std::vector<uint8_t> pixels = two_halves();
    png_alloc_size_t size = 0;
    png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr);
    std::string bytes(size, '\0');
    png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr);
    return bytes;
}

std::string jpeg_bytes() {
    jpeg_error_mgr errors{};
    jpeg_compress_struct encoder{};
    encoder.err = jpeg_std_error(&errors);
    jpeg_create_compress(&encoder);
    unsigned char* memory = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&encoder, &memory, &size);
    encoder.image_width = kWidth;
    encoder.image_height = kHeight;
    encoder.input_components = 3;
    encoder.in_color_space = JCS_RGB;
    jpeg_set_defaults(&encoder);
    jpeg_start_compress(&encoder, TRUE);
    std::vector<uint8_t> pixels = two_halves();
    while (encoder.next_scanline < encoder.image_height) {
        JSAMPROW row = pixels.data() + size_t{3} * kWidth * encoder.next_scanline;
        jpeg_write_scanlines(&encoder, &row, 1);
    }
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    std::string bytes(reinterpret_cast<char*>(memory), size);
    std::free(memory);
    return bytes;
}

// Of a pixel in the middle of each half.
void expect_two_halves(const DecodedImage& image) {
    ASSERT_EQ(image.width, kWidth);
    ASSERT_EQ(image.height, kHeight);
    const auto at = [&](int x, int channel) {
        return int{image.pixels[3 * (kHeight / 2 * kWidth + x) + channel]};
    };
    for (const auto& [x, red, blue] : {std::tuple{10, 255, 0}, std::tuple{30, 0, 255}}) {
        EXPECT_NEAR(at(x, 0), red, 3);
        EXPECT_NEAR(at(x, 1), 0, 3);
        EXPECT_NEAR(at(x, 2), blue, 3);
    }
}

class ImageFile : public ::testing::TestWithParam<std::string> {
  protected:
    [[nodiscard]] static std::string bytes() {
        return GetParam() == "png" ? png_bytes() : jpeg_bytes();
    }
};

TEST_P(ImageFile, KeepsColoursInTheirPlaces) {
    const TemporaryModel file;
    // The name does not count, the content does.
    const auto image = read_image(file.write("photo.dat", bytes()));
    ASSERT_TRUE(image) << image.error().text();
    expect_two_halves(*image);
    EXPECT_EQ(image->view().strides[0], 3 * kWidth);
}

TEST_P(ImageFile, CutShortIsAnErrorThatNamesTheFile) {
    const std::string whole = bytes();
    for (size_t length = 0; length + 12 < whole.size(); length += 7) {
        const TemporaryModel file;
        const auto image = read_image(file.write("photo.img", whole.substr(0, length)));
        ASSERT_FALSE(image) << length << " of " << whole.size() << " bytes";
        EXPECT_EQ(image.error().code, ErrorCode::kCorrupt);
        EXPECT_THAT(image.error().message, HasSubstr("photo.img"));
    }
}

INSTANTIATE_TEST_SUITE_P(Formats, ImageFile, ::testing::Values("png", "jpeg"),
                         [](const auto& tested) { return tested.param; });

TEST(ImageFiles, OfAFolderAreItsPhotosByName) {
    const TemporaryModel file;
    const auto last = file.write("z.JPG", "");
    file.write("notes.txt", "");
    const auto first = file.write("a.png", "");
    const auto found = find_images({last.parent_path(), last});
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_THAT(*found, ElementsAre(first, last, last));
}

TEST(ImageFiles, ThatAreNotThereAreNamed) {
    const auto found = find_images({"/nowhere/photo.jpg"});
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().text(), HasSubstr("/nowhere/photo.jpg: does not exist"));
}

}  // namespace
}  // namespace facet
