// SPDX-License-Identifier: MIT
// A JPEG file as a frame.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "engine/vision/image_view.h"

namespace facet::testing {

struct Photo {
    int width = 0, height = 0;
    std::vector<uint8_t> rgb;

    // Valid while the photo lives.
    [[nodiscard]] ImageView view() const;
};

// Throws std::runtime_error when the file cannot be read.
[[nodiscard]] Photo read_jpeg(const std::filesystem::path& path);

}  // namespace facet::testing
