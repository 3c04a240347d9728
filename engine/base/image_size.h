// SPDX-License-Identifier: MIT
// ImageSize: width and height of a model's image input.
#pragma once

#include <string>

namespace facet {

struct ImageSize {
    int width = 0, height = 0;  // pixels
    friend bool operator==(const ImageSize&, const ImageSize&) = default;

    // "320x240"
    [[nodiscard]] std::string text() const {
        return std::to_string(width) + "x" + std::to_string(height);
    }
};

}  // namespace facet
