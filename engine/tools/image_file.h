// SPDX-License-Identifier: MIT
// Photos for the tools: JPEG and PNG files as pixels.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "engine/base/result.h"
#include "engine/vision/image_view.h"

namespace facet {

// Interleaved RGB without gaps.
struct DecodedImage {
    int width = 0, height = 0;
    std::vector<uint8_t> pixels;

    // Valid while the image lives where it is.
    [[nodiscard]] ImageView view() const;
};

// JPEG or PNG, told by the file's first bytes; alpha is dropped over black, grey becomes RGB.
// Errors name the file: kNotFound, or kCorrupt for what is damaged or of another format. Reentrant.
[[nodiscard]] Result<DecodedImage> read_image(const std::filesystem::path& path);

// Files as they are, and of folders what ends in .jpg, .jpeg or .png, by name, without the folders
// in them. Errors: kNotFound names what does not exist and a folder without such files.
[[nodiscard]] Result<std::vector<std::filesystem::path>> find_images(
    const std::vector<std::filesystem::path>& places);

}  // namespace facet
