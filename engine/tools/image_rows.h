// SPDX-License-Identifier: MIT
// Images, or what a detector finds in them, at a model's size: the rows that the tools run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/vision/crop.h"

namespace facet {

struct ImageRow {
    std::string name;  // "crowd.jpg", "crowd.jpg#3"
    std::vector<uint8_t> pixels;
};

struct ImageRowSource {
    std::vector<std::filesystem::path> images;            // files, or folders of them
    std::filesystem::path detector;                       // a model; empty: images are rows
    std::vector<std::filesystem::path> info_directories;  // for the detector's model-info
};

// One per image; with a detector one per detection, in its order. At least one. Errors name the
// file.
[[nodiscard]] Result<std::vector<ImageRow>> read_image_rows(const ImageRowSource& source,
                                                            const CropSpec& spec);

}  // namespace facet
